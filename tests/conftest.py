"""Outside-in tests: bank formats without Odoo, and real Odoo processes from outside."""

import os

import pytest
from hypothesis import settings

from devtools.mount import mount


def pytest_configure(config):
    """Formats must work without Odoo, so the plugin that imports it has to stay out."""
    if config.pluginmanager.has_plugin("pytest_odoo") or config.pluginmanager.has_plugin("odoo"):
        raise pytest.UsageError("run these with ./dev test, or with pytest -p no:odoo")


mount()

# Machines are busy: no limit on the time of one example. What is new is looked for by people's
# runs; continuous integration tries the same examples each time.
settings.register_profile("nordic", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("nordic")

pytest_plugins = ["tests.support.fixtures"]
