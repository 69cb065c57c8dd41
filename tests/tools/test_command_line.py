"""How ./dev reads its arguments, and what it says when something is missing."""

import functools
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading

import pytest

from devtools import cli, testing
from devtools.paths import PYTHON, ROOT

SUB_COMMANDS = ["demo", "test", "serve", "shell", "bench", "lint", "clean", "inspect"]


def dev(*arguments, cwd=ROOT, python=sys.executable, **variables):
    """Run ./dev for real; returns the finished process."""
    return subprocess.run(
        [python, str(cwd / "dev"), *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, **variables},
        timeout=120,
    )


@pytest.fixture
def copy(tmp_path):
    """A checkout of its own, without .dev/, so that nothing here touches the real one."""
    target = tmp_path / "checkout"
    target.mkdir()
    shutil.copy(ROOT / "dev", target)
    shutil.copy(ROOT / "requirements.txt", target)
    shutil.copytree(ROOT / "devtools", target / "devtools")
    return target


@pytest.mark.parametrize("name", SUB_COMMANDS)
def test_every_sub_command_explains_itself(name):
    done = dev(name, "--help")
    assert done.returncode == 0
    assert f"./dev {name}" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nonsense"], "invalid choice"),
        (["demo", "--nonsense"], "unrecognized arguments: --nonsense"),
        (["inspect"], "inspect needs a FILE"),
    ],
)
def test_wrong_arguments_are_said(arguments, message):
    done = dev(*arguments)
    assert done.returncode == 2
    assert message in done.stderr


def test_arguments_of_test_reach_pytest_untouched():
    assert cli.parse(["test", "-k", "kid or ocr", "-x"]).arguments == ["-k", "kid or ocr", "-x"]


def test_without_arguments_every_stage_runs():
    chosen = testing.select([])
    assert chosen.lint
    assert chosen.outside == ["tests"]
    assert "membership_billing_nordic" in chosen.inside


def test_a_path_chooses_its_stage():
    chosen = testing.select(["tests/tools/test_command_line.py::test_x", "-x"])
    assert chosen.outside == [f"{ROOT}/tests/tools/test_command_line.py::test_x"]
    assert (chosen.inside, chosen.lint, chosen.options) == ([], False, ["-x"])
    chosen = testing.select(["l10n_no_ocr"])
    assert (chosen.outside, chosen.inside) == ([], [f"{ROOT}/l10n_no_ocr"])


def test_the_value_of_an_option_is_no_path():
    chosen = testing.select(["-k", "tests"])
    assert chosen.options == ["-k", "tests"]
    assert chosen.outside == ["tests"]


@pytest.mark.parametrize("slow", ["here", "beside"])
def test_a_stage_apart_runs_once_where_there_is_time_first(monkeypatch, tmp_path, capsys, slow):
    """The stages run beside one another; of the two lanes the first free one takes the third."""
    monkeypatch.setattr(testing, "LOGS", tmp_path)
    begun = {name: threading.Event() for name in ("beside", "third")}
    ran_in = []

    def stage(name, **output):
        if name == "here":
            assert begun["beside"].wait(30)
        else:
            begun[name].set()
        if name == "third":
            ran_in.append(threading.current_thread() is threading.main_thread())
        if name == slow:
            assert begun["third"].wait(30)
        if output:
            output["stdout"].write(name.encode())
        return testing.Counts(passed=1)

    stages = {name: functools.partial(stage, name) for name in ("beside", "third")}
    assert str(testing._beside(lambda: stage("here"), **stages)) == "3 passed, 0 failed, 0 skipped"
    assert ran_in == [slow == "beside"]
    said = capsys.readouterr().out
    assert said.index("== beside ==") < said.index("== third ==")


def test_an_interrupted_stage_leaves_none_to_begin(monkeypatch, tmp_path):
    monkeypatch.setattr(testing, "LOGS", tmp_path)
    begun, is_over, third = threading.Event(), threading.Event(), []

    def interrupted():
        begun.wait(30)
        threading.Timer(0.2, is_over.set).start()
        raise KeyboardInterrupt

    def beside(**output):
        begun.set()
        is_over.wait(30)
        return testing.Counts()

    with pytest.raises(KeyboardInterrupt):
        testing._beside(interrupted, beside=beside, third=lambda **output: third.append(1))
    assert third == []


def test_counts_are_read_from_the_report(tmp_path):
    report = tmp_path / "junit.xml"
    report.write_text(
        '<testsuites><testsuite tests="7" failures="1" errors="1" skipped="2"/></testsuites>'
    )
    assert str(testing.read_report(report)) == "3 passed, 2 failed, 2 skipped"
    assert str(testing.read_report(tmp_path / "none.xml")) == "0 passed, 0 failed, 0 skipped"


def test_a_taken_port_is_one_line():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = dev("serve", "--port", str(port))
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"dev: port {port} is taken by another program; stop it or choose another with --port."
    ]


def test_an_old_python_is_one_line(tmp_path):
    # The launcher's own check, with the version it would see under Python 3.9.
    code = "import sys, runpy; sys.version_info = (3, 9, 1); runpy.run_path('dev')"
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr == "dev: Python 3.10 or newer is needed, this is Python 3.9.\n"


def test_the_launcher_itself_can_be_read_by_old_pythons():
    assert b"f'" not in (ROOT / "dev").read_bytes()
    assert b'f"' not in (ROOT / "dev").read_bytes()


def test_no_network_is_one_line(copy):
    done = dev(
        "lint",
        cwd=copy,
        PIP_INDEX_URL="http://127.0.0.1:9/simple",
        PIP_RETRIES="0",
        PIP_CONFIG_FILE="/dev/null",
        PIP_NO_INDEX="",
        PIP_FIND_LINKS="",
        PIP_NO_CACHE_DIR="1",
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "dev: Installing the Python packages failed: no network, or the package registry does not"
        " answer (log: .dev/logs/pip.log)."
    )


def test_missing_scenarios_are_one_line(copy):
    shutil.rmtree(copy / "devtools" / "scenarios")
    done = dev("demo", cwd=copy)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "devtools/scenarios is missing" in done.stderr


def test_clean_without_anything_to_clean_is_fine(copy):
    assert dev("clean", cwd=copy).returncode == 0


def test_an_interrupted_run_goes_on_afterwards(copy):
    """Ctrl-C in the middle of the first step leaves no stamp, and the message says what to do."""
    # In the background of a shell it is ignored, and the child would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    child = subprocess.Popen(
        [str(PYTHON), str(copy / "dev"), "lint"],
        cwd=copy,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not (copy / ".dev" / "logs" / "venv.log").exists():
        assert child.poll() is None
    os.killpg(child.pid, 2)
    _out, err = child.communicate(timeout=60)
    assert child.returncode == 130
    assert "dev: interrupted; the same command goes on where this one stopped." in err
    assert "Traceback" not in err
    assert not (copy / ".dev" / "stamps" / "venv").exists()
