"""The private virtual environment, from the pinned requirements.txt."""

import os
import shutil
import sys

from .paths import PYTHON, REQUIREMENTS, VENV
from .process import run
from .progress import progress
from .state import exclusive, hash_of, is_stamped, stamp


def ensure():
    """Make or update the virtual environment; does nothing when it is as it should be."""
    with exclusive():
        interpreter = hash_of(sys.version, sys.base_prefix, str(VENV))
        key = hash_of(interpreter, REQUIREMENTS.read_bytes())
        if PYTHON.exists() and is_stamped("venv", key):
            return
        with progress.step("Python packages"):
            if not (PYTHON.exists() and is_stamped("venv-python", interpreter)):
                _create(interpreter)
            _install()
        stamp("venv", key)


def _create(interpreter):
    shutil.rmtree(VENV, ignore_errors=True)
    run([sys.executable, "-m", "venv", VENV], log="venv", what="Making the virtual environment")
    stamp("venv-python", interpreter)


def _install():
    # The list is complete, so pip need not resolve anything; an sdist among
    # them is built with the setuptools of its own list.
    command = [PYTHON, "-m", "pip", "install", "--no-deps", "--disable-pip-version-check"]
    environment = {**os.environ, "PIP_NO_INPUT": "1", "PYTHONWARNINGS": "ignore"}
    run(
        [*command, "-r", REQUIREMENTS],
        log="pip",
        what="Installing the Python packages",
        env=environment,
    )
