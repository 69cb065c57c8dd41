"""`./dev bench [name]`: comparisons that print ratios."""

import ast
import os
import subprocess

from . import databases, odoo, provision, venv
from .errors import DevError
from .paths import PYTHON, ROOT
from .process import tracked

FOLDER = ROOT / "benchmarks"


def names(folder=FOLDER):
    """Names of the benchmarks, as typed: ocr-parse for bench_ocr_parse.py."""
    found = folder.glob("bench_*.py")
    return sorted(path.stem.removeprefix("bench_").replace("_", "-") for path in found)


def run(name):
    """Run one benchmark, or list them when no name is given; returns the exit status."""
    if not name:
        for known in names():
            print(f"{known:16} {_summary(_path(known))}")
        return 0
    if name not in names():
        raise DevError(f"there is no benchmark '{name}'; known: {', '.join(names()) or 'none'}.")
    path = _path(name)
    if needs_database(path):
        return _run_inside_odoo(path)
    venv.ensure()
    code = f"from devtools.mount import mount; mount(); from benchmarks import {path.stem} as bench"
    return _call([PYTHON, "-c", f"{code}; raise SystemExit(bench.main())"], os.environ)


def needs_database(path):
    """Whether the benchmark declares NEEDS_DATABASE = True; read without running it."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "NEEDS_DATABASE":
            return ast.literal_eval(node.value)
    return False


def _path(name):
    return FOLDER / f"bench_{name.replace('-', '_')}.py"


def _summary(path):
    return (ast.get_docstring(ast.parse(path.read_text())) or "").split("\n")[0]


def _run_inside_odoo(path):
    provision.everything()
    database = databases.clone(databases.scratch_name("bench"))
    code = f"from benchmarks import {path.stem} as bench\nraise SystemExit(bench.main(env))\n"
    command = odoo.command(database, "--no-http", "--log-level=error", subcommand=["shell"])
    try:
        return _call(command, odoo.environment(), code)
    finally:
        databases.drop(database)


def _call(command, environment, code=""):
    child = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, text=True)
    with tracked(child):
        child.communicate(code)
    return child.returncode
