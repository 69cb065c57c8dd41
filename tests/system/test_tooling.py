"""The fixtures that every other system test stands on."""

import pytest

from devtools import databases, demo, postgres


@pytest.fixture(scope="module")
def database(database_factory):
    """Odoo without our add-ons, so that a mistake in those does not show up here."""
    return database_factory("base")


def test_a_script_runs_inside_odoo_and_its_failure_is_seen(database, odoo_script):
    installed = odoo_script(
        database, "print(env['ir.module.module'].search([('name', '=', 'l10n_no')]).state)"
    )
    assert "installed" in installed.wait()
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        odoo_script(database, "1 / 0").wait()


def test_a_killed_script_leaves_only_what_it_committed(database, odoo_script):
    script = odoo_script(
        database,
        "import time\n"
        "env['res.partner'].create({'name': 'Kari committed'})\n"
        "env.cr.commit()\n"
        "env['res.partner'].create({'name': 'Ola not committed'})\n"
        "env.flush_all()\n"
        "print('half way', flush=True)\n"
        "time.sleep(600)\n",
    )
    script.wait_for("half way")
    script.kill()
    found = odoo_script(
        database,
        "print(env['res.partner'].search([('name', 'like', '% committed')]).mapped('name'))",
    )
    assert "['Kari committed']" in found.wait()


def test_databases_have_the_nordic_languages_and_no_demo_data(database, odoo_script):
    output = odoo_script(
        database,
        "print(sorted(code for code, _name in env['res.lang'].get_installed()))\n"
        "print(env['account.move'].with_context(lang='nb_NO')._fields['name']"
        ".get_description(env(context={'lang': 'nb_NO'}))['string'])\n"
        "print('demo', env.ref('base.module_base').demo)\n"
        "print(env['ir.config_parameter'].get_param('account.pdf_generation_batch'))\n",
    ).wait()
    assert output.splitlines()[-4:] == [
        "['da_DK', 'en_US', 'nb_NO', 'sv_SE']",
        "Nummer",
        "demo False",
        "0",
    ]


def test_a_server_runs_scheduled_actions(database, odoo_server, odoo_script):
    server = odoo_server(database, cron_threads=1)
    odoo_script(
        database,
        "env.ref('base.autovacuum_job')._trigger()\n"
        "env.cr.commit()\n"
        "print(env.ref('base.autovacuum_job').cron_name)\n",
    ).wait()
    server.wait_for("Job 'Base: Auto-vacuum internal data'")


def test_the_web_client_opens_in_a_browser(database, odoo_server, log_in):
    page = log_in(odoo_server(database))
    page.wait_for_selector(".o_main_navbar")
    assert "/odoo" in page.url


def test_a_given_server_gets_a_role_of_its_own(monkeypatch):
    """Odoo refuses to work as `postgres`, so ./dev makes another role there."""
    ours = postgres.ensure()
    monkeypatch.setenv("PGHOST", ours.host)
    monkeypatch.setenv("PGPORT", ours.port)
    if ours.user == postgres.ROLE and postgres.SOCKET_DIR.exists():
        monkeypatch.setenv("PGUSER", "postgres")
    given = postgres.ensure()
    assert given.user != "postgres"
    assert postgres.query(given, "SELECT current_user") == [[given.user]]


def test_an_old_template_goes_and_the_current_one_stays(database_factory):
    stale = f"{databases.PREFIX}_base_000000000000"
    base = databases.ensure_base()
    databases.copy(base, stale)
    assert stale in databases.existing()
    databases._drop_others("base", base)
    assert base in databases.existing()
    assert stale not in databases.existing()


def test_a_copy_has_its_own_files(database_factory):
    """An attachment removed in the copy must stay in the template."""
    name = database_factory("base")
    base = databases.ensure_base()
    ours, theirs = (databases._filestore(each) for each in (name, base))
    files = [path.relative_to(theirs) for path in theirs.rglob("*") if path.is_file()]
    assert files
    (ours / files[0]).unlink()
    assert (theirs / files[0]).exists()
    databases.drop(name)
    assert not ours.exists()
    assert (theirs / files[0]).exists()


def test_the_demo_knows_where_its_scenarios_are():
    assert (demo.SCENARIOS / "norway.py").is_file()
