"""Fixtures for tests that look at Odoo from outside: databases, servers, scripts, a browser."""

import itertools

import pytest

from devtools import databases, odoo, provision, system_packages

from .processes import OdooScript, OdooServer

_numbers = itertools.count(1)
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def addons_template():
    """The template with our add-ons; if it cannot be made, that is tried only once."""
    return provision.everything(())


@pytest.fixture(scope="session")
def database_factory(request):
    """Call it for a fresh database with our add-ons; every one is dropped at the end.

    With "base" for its argument it leaves our add-ons out.
    """
    provision.server(())
    made = []

    def make(layer="addons"):
        if layer == "addons":
            request.getfixturevalue("addons_template")
        name = databases.scratch_name(f"outside{next(_numbers)}")
        made.append(name)
        return databases.clone(name, layer)

    yield make
    for name in made:
        databases.drop(name)


@pytest.fixture
def database(database_factory):
    """The name of a fresh database for one test."""
    name = database_factory()
    yield name
    databases.drop(name)


@pytest.fixture(scope="module")
def module_database(database_factory):
    """The name of one database that the tests of a module share."""
    name = database_factory()
    yield name
    databases.drop(name)


@pytest.fixture(scope="module")
def odoo_server(tmp_path_factory):
    """Call it with a database name for a running Odoo; see OdooServer for its options."""
    servers = []

    def start(database, **options):
        log = tmp_path_factory.mktemp("server") / "odoo.log"
        servers.append(OdooServer(database, log, **options))
        return servers[-1].wait_until_ready()

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def odoo_script(tmp_path):
    """Call it with (database, code) to run Python in `odoo shell`, in a process of its own.

    Returns an OdooScript: `.wait()` gives its output, `.kill()` ends it with SIGKILL.
    """
    scripts = []

    def start(database, code):
        scripts.append(OdooScript(database, code, tmp_path / f"script{next(_numbers)}.log"))
        return scripts[-1]

    yield start
    for script in scripts:
        script.kill()


@pytest.fixture(scope="session")
def browser():
    """Debian's Chromium, driven by Playwright."""
    system_packages.ensure((system_packages.CHROMIUM,))
    executable = system_packages.path_of(system_packages.CHROMIUM)
    if not executable:
        pytest.skip("chromium is not on this machine and cannot be installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=str(executable), args=list(CHROMIUM_ARGUMENTS)
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def log_in(browser):
    """Call it with a server for a page on which the administrator is logged in."""
    contexts = []

    def open_page(server, login=odoo.LOGIN, password=odoo.PASSWORD, path="/odoo"):
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{server.url}/web/login?redirect={path}")
        page.fill("input[name=login]", login)
        page.fill("input[name=password]", password)
        page.click(".oe_login_form button[type=submit]")
        page.wait_for_selector(".o_web_client, .o_portal")
        return page

    yield open_page
    for context in contexts:
        context.close()
