"""The add-ons of this checkout: every top-level folder with a manifest."""

import ast

from .errors import DevError
from .paths import ROOT

_NOT_INSTALLED = {"tests", "static/description", "readme"}


def names(root=ROOT):
    """Names of our installable add-ons, in alphabetical order."""
    found = [path.parent.name for path in root.glob("*/__manifest__.py")]
    return sorted(name for name in found if manifest(name, root).get("installable", True))


def names_of_core(root=ROOT):
    """Names of those of our add-ons that depend on no other one of ours."""
    ours = set(names(root))
    return [name for name in sorted(ours) if not ours & set(manifest(name, root)["depends"])]


def manifest(name, root=ROOT):
    """The manifest of one add-on as a dictionary."""
    path = root / name / "__manifest__.py"
    try:
        return ast.literal_eval(path.read_text())
    except (SyntaxError, ValueError) as error:
        raise DevError(f"{name}/__manifest__.py cannot be read: {error}.") from error


def foreign_dependencies(root=ROOT):
    """What our add-ons need and do not bring along themselves."""
    ours = names(root)
    needed = {dependency for name in ours for dependency in manifest(name, root).get("depends", [])}
    return sorted(needed - set(ours))


def installed_files(root=ROOT):
    """The files that decide what an installed database looks like."""
    return sorted(path for name in names(root) for path in _files_of(root / name))


def _files_of(addon):
    for path in addon.rglob("*"):
        inside = path.relative_to(addon).as_posix()
        skipped = any(inside.startswith(f"{folder}/") for folder in _NOT_INSTALLED)
        if path.is_file() and not skipped and path.suffix not in (".pyc", ".md", ".rst"):
            yield path
