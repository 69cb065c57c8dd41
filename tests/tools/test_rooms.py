"""The house rules: who may import or name whom."""

import ast
import re

import pytest

from devtools import addons
from devtools.paths import ROOT

CORE = ROOT / "membership_billing_nordic"
MODELS = CORE / "models"
# What each room owns; a room may use the rooms before it, never those after it.
ROOMS = {
    "common": r"billing\.(exception|(preview|run)\.mixin|invoice\.writer|settlement\.writer)",
    "bank": r"bank\.\w+(\.\w+)*|billing\.reference",
    "debit": r"direct\.debit\.\w+(\.\w+)*|billing\.payment\.attempt",
    "dunning": r"dunning\.\w+(\.\w+)*|debt\.collection\.\w+",
    "membership": r"membership\.\w+(\.\w+)*|billing\.run(?!\.mixin)(\.\w+)*",
    "outside": r"billing\.(api|change)",
}
COUNTRY_WORDS = re.compile(
    r"\b(norw\w*|norge|nets|kid|ocr|swed\w*|sverige|bankgirot?|bgmax|autogiro|avtalegiro|dan(mark|ish)"
    r"|denmark|betalingsservice|l10n_(no|se|dk)\w*|krone\w*|nok|sek|dkk)\b",
    re.IGNORECASE,
)


def _python_files(folder):
    return sorted(folder.rglob("*.py"))


def _names(path):
    return path.relative_to(ROOT).as_posix()


def _imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module


def _strings(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


FORMATS = [path for name in addons.names() for path in _python_files(ROOT / name / "formats")]
LAW = _python_files(CORE / "law")
NOTICES = _python_files(CORE / "notices")


@pytest.mark.parametrize("path", [*FORMATS, *LAW, *NOTICES], ids=_names)
def test_formats_law_and_notices_import_no_odoo(path):
    assert not [name for name in _imports(path) if name.split(".")[0] == "odoo"]


@pytest.mark.parametrize("path", NOTICES, ids=_names)
def test_notices_know_no_format_and_no_clock(path):
    text = path.read_text()
    assert not re.search(r"\.today\(|\.now\(|\btime\b\.|from \.\.", text)


@pytest.mark.parametrize("path", LAW, ids=_names)
def test_the_law_reads_no_clock_and_of_the_formats_only_banking_days(path):
    text = path.read_text()
    assert not re.search(r"\.today\(|\.now\(|\btime\b\.", text)
    assert set(re.findall(r"from \.\.(\S+) import", text)) <= {"formats.banking_days"}


@pytest.mark.parametrize(
    "path",
    [path for path in _python_files(CORE) if "tests" not in path.parts],
    ids=_names,
)
def test_only_the_room_of_dunning_uses_the_law(path):
    if path.is_relative_to(MODELS / "dunning") or path in LAW:
        pytest.skip("may use the law")
    assert not re.search(r"^\s*from \.+law\b", path.read_text(), re.MULTILINE)


@pytest.mark.parametrize(
    "path",
    [*_python_files(ROOT / "tests" / "bank_simulator"), CORE / "tests" / "iso_bank.py"],
    ids=_names,
)
def test_the_bank_simulator_does_not_know_our_codecs(path):
    text = path.read_text()
    assert not re.search(r"membership_billing_nordic|l10n_(no|se|dk)_", text)


@pytest.mark.parametrize("path", _python_files(MODELS), ids=_names)
def test_a_room_names_no_room_above_it(path):
    room = path.relative_to(MODELS).parts[0]
    if room not in ROOMS:
        pytest.skip("the package's own list of rooms")
    later = list(ROOMS)[list(ROOMS).index(room) + 1 :]
    forbidden = [re.compile(ROOMS[name]) for name in later]
    named = [text for text in _strings(path) if any(one.fullmatch(text) for one in forbidden)]
    assert not named


@pytest.mark.parametrize(
    "path",
    [path for path in _python_files(CORE) if "tests" not in path.parts],
    ids=_names,
)
def test_the_core_names_no_country(path):
    assert not COUNTRY_WORDS.findall(path.read_text())
