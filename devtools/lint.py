"""Linters, and what no linter knows about this project."""

import csv
import io
import re
import subprocess
from xml.etree import ElementTree

from . import addons
from .paths import DEV, PYTHON, ROOT
from .progress import progress

# Spelled in parts, so that this file passes its own check.
_HOSTS = "|".join(
    re.escape(".".join(parts))
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("deb", "debian", "org"),
        ("security", "debian", "org"),
        ("proxy", "golang", "org"),
    )
)
_FORBIDDEN = (
    (re.compile(_HOSTS), "names a package registry's host"),
    (re.compile(r"(?<![\w.])/(?:work|root|home)/\w"), "holds an absolute path of one machine"),
    (re.compile(r"\.\./" + "shared"), "points outside the checkout"),
)
_BINARY = {".png", ".jpg", ".gif", ".ico", ".pdf", ".zip", ".gz"}


def run():
    """Run every linter, print what they find, return {name: passed}."""
    results = {}
    for name, check in CHECKS.items():
        with progress.step(f"Lint: {name}"):
            findings = check()
        results[name] = not findings
        if findings:
            print(findings)
    return results


def _tool(*command):
    """What the tool printed if it found something, else the empty string."""
    done = subprocess.run(
        [str(PYTHON), "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return (done.stdout + done.stderr).strip() if done.returncode else ""


def _ruff_check():
    return _tool("ruff", "check", "--output-format=concise", ".")


def _ruff_format():
    return _tool("ruff", "format", "--check", ".")


def _pylint_odoo():
    return _tool("pylint", "--rcfile=.pylintrc", "-j2", *addons.names())


def project_files():
    """Text files that are or would be part of a commit."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode:
        # Not a git checkout (an unpacked archive): everything but our own folder.
        files = [path for path in ROOT.rglob("*") if DEV not in path.parents]
    else:
        files = [ROOT / name for name in listing.stdout.split("\0") if name]
    return [path for path in files if path.is_file() and path.suffix not in _BINARY]


def _contents():
    findings = []
    for path in project_files():
        text = path.read_bytes().decode("utf-8", "replace")
        name = path.relative_to(ROOT)
        findings += [f"{name}: {problem}" for problem in _problems(path, text)]
    return "\n".join(findings)


def _problems(path, text):
    for pattern, problem in _FORBIDDEN:
        for match in pattern.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield f"line {line} {problem}: {match.group()}"
    if path.suffix == ".xml":
        yield from _xml_problems(text)
    if path.name == "ir.model.access.csv":
        yield from _csv_problems(text)


def _xml_problems(text):
    try:
        ElementTree.fromstring(text.encode())  # noqa: S314  (our own files)
    except ElementTree.ParseError as error:
        yield f"is not well-formed XML: {error}"


def _csv_problems(text):
    rows = list(csv.reader(io.StringIO(text)))
    for number, row in enumerate(rows, 1):
        if row and len(row) != len(rows[0]):
            yield f"line {number} has {len(row)} columns instead of {len(rows[0])}"


CHECKS = {
    "ruff check": _ruff_check,
    "ruff format": _ruff_format,
    "pylint-odoo": _pylint_odoo,
    "file contents": _contents,
}
