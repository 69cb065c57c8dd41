"""`./dev clean`: everything the tooling made goes away."""

import shutil

from . import databases, postgres
from .errors import DevError
from .paths import DEV, PYTHON
from .progress import progress
from .state import exclusive


def run():
    """Stop the private PostgreSQL server and remove .dev/; a given server loses our databases."""
    if not DEV.exists():
        return 0
    with exclusive():
        if PYTHON.exists():
            _databases()
        with progress.step("Removing .dev"):
            shutil.rmtree(DEV)
    return 0


def _databases():
    try:
        if postgres.is_private():
            postgres.stop()
        else:
            databases.drop_all()
    except DevError as error:
        # What is broken must not keep the rest from being removed.
        progress.say(str(error))
