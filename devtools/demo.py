"""`./dev demo`, `./dev serve` and `./dev shell`: one database with a worked example."""

import shutil

from . import databases, odoo, provision
from .errors import DevError
from .paths import DEMO_DIR, ROOT
from .process import shown
from .progress import progress
from .state import exclusive

DATABASE = f"{databases.PREFIX}_demo"
SCENARIOS = ROOT / "devtools" / "scenarios"
PORT = 8069
TABLE = DEMO_DIR / "result.txt"
# The table goes through a file: what Odoo logs has no place in it.
_CODE = f"""
from pathlib import Path
from devtools.scenarios import denmark, norway, sweden
tables = [country.run(env, Path({str(DEMO_DIR)!r})) for country in (norway, denmark, sweden)]
env.cr.commit()
Path({str(TABLE)!r}).write_text("".join(tables))
"""


def run(serve, port=PORT):
    """Make the demo database, run the scenario and print its table; then serve if wished."""
    if not SCENARIOS.exists():
        raise DevError(f"the folder {shown(SCENARIOS)} is missing, so there is nothing to show.")
    if serve:
        odoo.require_free_port(port)
    print(_make())
    print(f"The files are in {shown(DEMO_DIR)}/.")
    return start_server(port) if serve else 0


def _make():
    """Build beside the present demo database, take its place at the end, return the table."""
    with exclusive("demo"):
        provision.everything()
        database = databases.clone(f"{DATABASE}_new")
        shutil.rmtree(DEMO_DIR, ignore_errors=True)
        DEMO_DIR.mkdir(parents=True)
        with progress.step("Months in Norway, Denmark and Sweden"):
            odoo.run_script(database, _CODE, log="demo", what="The demo")
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
