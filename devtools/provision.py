"""Everything a command needs, made once: downloads run side by side."""

from concurrent.futures import ThreadPoolExecutor

from . import databases, fetch_odoo, odoo, system_packages, venv
from .state import exclusive


def downloads(programs=system_packages.FOR_DEMO):
    """Virtual environment, Odoo and Debian programs, in parallel."""
    tasks = (venv.ensure, fetch_odoo.ensure, lambda: system_packages.ensure(programs))
    with exclusive(), ThreadPoolExecutor(len(tasks)) as pool:
        for future in [pool.submit(task) for task in tasks]:
            future.result()
        fetch_odoo.version()
        fetch_odoo.make_importable()


def server(programs=system_packages.FOR_DEMO):
    """Downloads, a running PostgreSQL, and Odoo's configuration for it."""
    with exclusive():
        downloads(programs)
        odoo.connection()
        odoo.write_config()


def everything(programs=system_packages.FOR_DEMO):
    """All that a demo needs; returns the name of the template with our add-ons."""
    with exclusive():
        server(programs)
        return databases.ensure_addons()
