"""`./dev demo`, `./dev serve` and `./dev shell`: one database with a worked example."""

import shutil
import sys

from . import databases, odoo, provision, schemas
from .errors import DevError
from .ledger import DIFFERS
from .paths import DEMO_DIR, ROOT
from .process import shown
from .progress import progress
from .state import exclusive

DATABASE = f"{databases.PREFIX}_demo"
SCENARIOS = ROOT / "devtools" / "scenarios"
PORT = 8069
TABLE = DEMO_DIR / "result.txt"
# The tables go through a file: what Odoo logs has no place in them.
_CODE = f"""
import os
from pathlib import Path
from devtools.scenarios import whole
parameters = env["ir.config_parameter"]
parameters.set_param("report.url", os.environ["REPORT_URL"])
env.cr.commit()
Path({str(TABLE)!r}).write_text(whole.run(env, Path({str(DEMO_DIR)!r})))
parameters.set_param("report.url", False)
env.cr.commit()
"""


def run(serve, port=PORT):
    """Make the demo database, run the scenarios and print their tables; then serve if wished.

    :return: the exit status; 1 when a table differs from the ledger
    """
    if not SCENARIOS.exists():
        raise DevError(f"the folder {shown(SCENARIOS)} is missing, so there is nothing to show.")
    if serve:
        odoo.require_free_port(port)
    tables = _make()
    print(tables)
    print(f"The files are in {shown(DEMO_DIR)}/.")
    if DIFFERS in tables:
        print("What differs from the ledger is marked.", file=sys.stderr)
        return 1
    return start_server(port) if serve else 0


def _make():
    """Build beside the present demo database, take its place at the end, return the tables."""
    with exclusive("demo"):
        provision.everything()
        schemas.ensure_ubl()
        database = databases.clone(f"{DATABASE}_new")
        shutil.rmtree(DEMO_DIR, ignore_errors=True)
        DEMO_DIR.mkdir(parents=True)
        with (
            progress.step("Months in Norway, Denmark and Sweden, reminders, collection and desks"),
            odoo.answering(database) as address,
        ):
            odoo.run_script(database, _CODE, log="demo", what="The demo", REPORT_URL=address)
        databases.drop(DATABASE)
        databases.rename(database, DATABASE)
    return TABLE.read_text()


def ensure():
    """Provision, and make the demo database when it is not there; returns its name."""
    provision.everything()
    if DATABASE not in databases.existing():
        print(_make())
    return DATABASE


def start_server(port=PORT):
    """Serve the demo database until interrupted; returns the exit status."""
    odoo.require_free_port(port)
    database = ensure()
    print(f"Open http://localhost:{port} and log in as {odoo.LOGIN} with password {odoo.PASSWORD}.")
    print("Ctrl-C stops the server.", flush=True)
    return odoo.serve(database, port)


def shell():
    """An Odoo shell on the demo database."""
    return odoo.shell(ensure())
