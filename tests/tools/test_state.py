"""Keys, stamps, the lock, and the words for what went wrong."""

import subprocess
import sys
import time

import pytest

from devtools import addons, fetch_odoo, lint, postgres, process, state
from devtools.errors import DevError, plain_cause
from devtools.paths import ROOT, VENV


@pytest.fixture
def checkout(tmp_path):
    """Two add-ons, one leaning on the other and on Odoo's account."""
    for name, depends in (("core", ["account"]), ("country", ["core", "l10n_no"])):
        addon = tmp_path / name
        (addon / "tests").mkdir(parents=True)
        (addon / "models").mkdir()
        (addon / "__manifest__.py").write_text(repr({"name": name, "depends": depends}))
        (addon / "models" / "thing.py").write_text("A = 1\n")
    return tmp_path


def key(checkout):
    return state.hash_of_files(addons.installed_files(checkout), checkout)


def test_a_change_of_code_changes_the_key_and_a_change_of_tests_does_not(checkout):
    before = key(checkout)
    (checkout / "core" / "tests" / "test_thing.py").write_text("B = 2\n")
    (checkout / "core" / "README.md").write_text("words")
    assert key(checkout) == before
    (checkout / "core" / "models" / "thing.py").write_text("A = 2\n")
    assert key(checkout) != before


def test_renaming_a_file_changes_the_key(checkout):
    before = key(checkout)
    thing = checkout / "core" / "models" / "thing.py"
    thing.rename(thing.with_name("other.py"))
    assert key(checkout) != before


def test_the_base_template_holds_what_our_manifests_need(checkout):
    assert addons.names(checkout) == ["core", "country"]
    assert addons.foreign_dependencies(checkout) == ["account", "l10n_no"]


def test_a_broken_manifest_is_one_line(checkout):
    (checkout / "core" / "__manifest__.py").write_text("{'name': ")
    with pytest.raises(DevError, match=r"^core/__manifest__.py cannot be read"):
        addons.names(checkout)


def test_hashes_do_not_run_parts_together():
    assert state.hash_of("ab", "c") != state.hash_of("a", "bc")
    assert state.hash_of("ab") == state.hash_of(b"ab")


def test_a_stamp_counts_only_for_its_key(tmp_path, monkeypatch):
    monkeypatch.setattr(state, "DEV", tmp_path)
    assert not state.is_stamped("venv", "1")
    state.stamp("venv", "1")
    assert state.is_stamped("venv", "1")
    assert not state.is_stamped("venv", "2")


_HOLD = """
import sys, time
from pathlib import Path
from devtools import state
state.DEV = Path(sys.argv[1])
with state.exclusive(), state.exclusive():
    print("in", time.time(), flush=True)
    time.sleep(0.5)
    print("out", time.time(), flush=True)
"""


def test_two_runs_at_once_wait_for_one_another(tmp_path):
    command = [sys.executable, "-c", _HOLD, str(tmp_path)]
    options = {"cwd": ROOT, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    runs = [subprocess.Popen(command, **options) for _ in range(2)]
    outputs = [run.communicate(timeout=30) for run in runs]
    spans = sorted(
        [float(line.split()[1]) for line in output.splitlines()] for output, _err in outputs
    )
    assert spans[0][1] <= spans[1][0]
    assert sum("Waiting for another ./dev" in err for _out, err in outputs) == 1


def test_an_interrupted_holder_frees_the_lock(tmp_path):
    command = [sys.executable, "-c", _HOLD.replace("0.5", "60"), str(tmp_path)]
    holder = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    holder.stdout.readline()
    holder.kill()
    holder.communicate()
    begun = time.monotonic()
    command = [sys.executable, "-c", _HOLD, str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize(
    ("output", "cause"),
    [
        ("tar: write error: No space left on device", "the disk is full"),
        (
            "W: x\nE: Temporary failure resolving 'mirror'",
            "no network, or the package registry does not answer",
        ),
        (
            "one\nValueError: Invalid field 'x'\nInitiating shutdown\n",
            "ValueError: Invalid field 'x'",
        ),
        ("", "it printed nothing"),
    ],
)
def test_the_cause_of_a_failed_command_is_said_plainly(output, cause):
    assert plain_cause(output) == cause


def test_a_program_that_is_not_there_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(process, "LOGS", tmp_path)
    with pytest.raises(DevError, match="Testing: no-such-program is not on this machine"):
        process.run(["no-such-program"], log="x", what="Testing")


def test_an_unreachable_server_is_one_line(monkeypatch):
    for name, value in {"PGHOST": "127.0.0.1", "PGPORT": "9", "PGUSER": "odoo"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(DevError) as caught:
        postgres.ensure()
    assert str(caught.value).startswith("PostgreSQL at 127.0.0.1: ")
    assert "\n" not in str(caught.value)


def test_a_server_without_a_role_is_one_line(monkeypatch):
    monkeypatch.setenv("PGHOST", "127.0.0.1")
    monkeypatch.delenv("PGUSER", raising=False)
    with pytest.raises(DevError, match="PGUSER is not"):
        postgres.ensure()


def test_the_socket_path_is_short_however_deep_the_checkout():
    assert len(str(postgres.SOCKET_DIR / ".s.PGSQL.5432")) < 60


def test_another_odoo_series_is_refused(tmp_path, monkeypatch):
    (tmp_path / "odoo").mkdir()
    release = tmp_path / "odoo" / "release.py"
    monkeypatch.setenv("ODOO_HOME", str(tmp_path))
    release.write_text("version_info = (18, 0, 0, FINAL, 0, '')\n")
    with pytest.raises(DevError, match=r"^Odoo 19.0 is needed"):
        fetch_odoo.version()
    release.write_text("version_info = (19, 0, 0, FINAL, 0, '')\n")
    assert len(fetch_odoo.version()) == 12


def test_a_folder_without_odoo_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("ODOO_HOME", str(tmp_path))
    with pytest.raises(DevError, match="is not an Odoo checkout"):
        fetch_odoo.python_path()


def test_the_mirror_comes_from_the_machine(tmp_path, monkeypatch):
    monkeypatch.setattr(fetch_odoo, "APT_SOURCES", tmp_path)
    with pytest.raises(DevError, match="no Debian mirror"):
        fetch_odoo._mirror()
    (tmp_path / "sources.list").write_text("deb http://mirror.example/debian-security x main\n")
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d" / "a.sources").write_text(
        "Types: deb\n# URIs: http://no.example/debian\nURIs: http://mirror.example/debian\n"
    )
    assert fetch_odoo._mirror() == "http://mirror.example/debian"


def test_absolute_links_are_turned_and_dangling_ones_dropped(tmp_path):
    font = tmp_path / "usr" / "share" / "font.ttf"
    font.parent.mkdir(parents=True)
    font.write_text("font")
    good, bad = tmp_path / "usr" / "good.ttf", tmp_path / "usr" / "bad.ttf"
    good.symlink_to("/usr/share/font.ttf")
    bad.symlink_to("/usr/share/none.ttf")
    fetch_odoo._repair_links(tmp_path)
    assert good.read_text() == "font"
    assert not good.readlink().is_absolute()
    assert not bad.is_symlink()


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.py", "url = 'https://py" + "pi.org/simple'", "names a package registry's host"),
        ("a.py", "path = '/wo" + "rk/main'", "holds an absolute path of one machine"),
        ("a.xml", "<odoo><record></odoo>", "is not well-formed XML"),
        ("ir.model.access.csv", "id,name\nx\n", "line 2 has 1 columns instead of 2"),
    ],
)
def test_lint_finds_what_no_linter_knows(name, text, problem):
    assert any(problem in found for found in lint._problems(ROOT / name, text))


def test_requirements_are_pinned_and_leave_out_what_breaks_odoo():
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    names = [line for line in lines if line and not line.startswith("#")]
    assert all("==" in line for line in names)
    assert not any(line.lower().startswith(("pypdf2", "psycopg2==", "odoo")) for line in names)


def test_the_virtual_environment_is_complete():
    """The list is installed with --no-deps: nothing that a package needs may be missing."""
    command = [VENV / "bin" / "python", "-m", "pip", "check"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    missing = [line for line in done.stdout.splitlines() if "not installed" in line]
    # Left out on purpose: psycopg2-binary and pypdf take their places.
    replaced = ("requires psycopg2,", "requires pypdf2,")
    assert not [line for line in missing if not any(name in line for name in replaced)]
