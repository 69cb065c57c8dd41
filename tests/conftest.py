"""Outside-in tests: bank formats without Odoo, and real Odoo processes from outside."""

import pytest

from devtools.mount import mount


def pytest_configure(config):
    """Formats must work without Odoo, so the plugin that imports it has to stay out."""
    if config.pluginmanager.has_plugin("pytest_odoo") or config.pluginmanager.has_plugin("odoo"):
        raise pytest.UsageError("run these with ./dev test, or with pytest -p no:odoo")


mount()

pytest_plugins = ["tests.support.fixtures"]
