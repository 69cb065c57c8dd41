"""No class of an add-on replaces, unnoticed, what another of its classes does for the same model."""

import ast
from collections import defaultdict

import pytest

from devtools import addons
from devtools.paths import ROOT

# Replaced on purpose: where memberships know a payer's addresses, the plain ones do not count.
DELIBERATE = {("direct.debit.failure", "_address"), ("dunning.letter", "_address")}


def _loaded(path, seen):
    """The files of a package from ``path`` on, in the order in which Python runs their classes."""
    if path in seen or not path.is_file():
        return
    seen.add(path)
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.level:
            target = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            names = [target, *(target / alias.name for alias in node.names)]
            for name in names:
                yield from _loaded(name.with_suffix(".py"), seen)
                yield from _loaded(name / "__init__.py", seen)
    yield path


def _model(node):
    """The name of the model that a class makes or extends; None of other classes."""
    told = {
        target.id: statement.value
        for statement in node.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name) and target.id in ("_name", "_inherit")
    }
    name = told.get("_name") or told.get("_inherit")
    return name.value if isinstance(name, ast.Constant) else None


def _calls_super(method):
    return any(
        isinstance(node, ast.Attribute)
        and node.attr == method.name
        and isinstance(node.value, ast.Call)
        and getattr(node.value.func, "id", "") == "super"
        for node in ast.walk(method)
    )


def _is_hook(method):
    """A default for others to replace: it does nothing, and returns a literal at most."""
    body = method.body[1:] if ast.get_docstring(method) else method.body
    if not body or not isinstance(body[0], ast.Return):
        return not body
    try:
        ast.literal_eval(body[0].value)
    except ValueError:
        return False
    return True


def _replaced(files):
    """(model, method) of those that a later class defines anew without calling the earlier."""
    known, found = defaultdict(list), []
    for path in files:
        for node in ast.walk(ast.parse(path.read_text())):
            model = _model(node) if isinstance(node, ast.ClassDef) else None
            for method in node.body if model else ():
                if isinstance(method, ast.FunctionDef):
                    earlier = known[model, method.name]
                    if not _calls_super(method) and not all(map(_is_hook, earlier)):
                        found.append((model, method.name))
                    earlier.append(method)
    return found


@pytest.mark.parametrize("addon", addons.names())
def test_no_method_is_replaced_without_calling_it(addon):
    files = list(_loaded(ROOT / addon / "__init__.py", set()))
    assert any("models" in path.parts for path in files)
    assert set(_replaced(files)) <= DELIBERATE


def test_what_is_replaced_is_found(tmp_path):
    first = 'class A(m.Model):\n    _inherit = "x"\n    def _one(self):\n        return self.n\n'
    (tmp_path / "__init__.py").write_text("from . import a, b\nfrom . import c\n")
    (tmp_path / "a.py").write_text(first)
    (tmp_path / "b.py").write_text(first.replace("self.n", "super()._one()"))
    (tmp_path / "c.py").write_text(first.replace("self.n", "1"))
    assert _replaced(_loaded(tmp_path / "__init__.py", set())) == [("x", "_one")]
