"""`./dev inspect [--validate [--schema XSD]] FILE`: a bank file as JSON lines.

Needs neither Odoo nor a database; validating needs the official schemas or one of yours.
"""

import os
import subprocess
import sys
from importlib import import_module

from . import schemas, venv
from .errors import DevError
from .mount import mount
from .paths import PYTHON, ROOT

READER = "odoo.addons.membership_billing_nordic.formats.inspect"


def run(arguments):
    """Read the file in the virtual environment's Python; returns the reader's exit status."""
    venv.ensure()
    if "--validate" in arguments and not any(each.startswith("--schema") for each in arguments):
        arguments = ["--schema", str(schemas.ensure()), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    command = [str(PYTHON), "-m", "devtools.inspect_file", *arguments]
    return subprocess.call(command, env=environment)


def main(arguments):
    """Run the reader of the core add-on; this runs in the virtual environment."""
    mount()
    return import_module(READER).main(arguments)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except DevError as error:
        sys.exit(f"dev: {error}")
