"""Databases: two layers of templates, and quick copies of them.

`base` holds Odoo with what our add-ons depend on; `addons` is a copy of it with
our add-ons installed. Each is keyed by a hash of what went in, so that an edit
of our own code only makes the second one again.
"""

import os
import shutil

from . import addons, fetch_odoo, odoo, postgres
from .errors import DevError
from .paths import CHECKOUT, DATA_DIR
from .progress import progress
from .state import exclusive, hash_of, hash_of_files

# Beside what our manifests name: all three countries' charts, outside access, and cards to try.
BASE_MODULES = ("account", "portal", "sms", "rpc", "payment_demo", "l10n_dk", "l10n_se", "l10n_no")
# Thirteen seconds once; loaded here, our own translations come along whenever an add-on is installed.
LANGUAGES = ("en_US", "da_DK", "sv_SE", "nb_NO")
# Debian's wkhtmltopdf refuses several documents in one call.
PARAMETERS = {"account.pdf_generation_batch": "0"}
# The first page a browser opens would otherwise wait for these in every copy anew.
BUNDLES = ("web.assets_web", "web.assets_frontend", "web.report_assets_common")
_PREPARE_BUNDLES = f"""
for name in {BUNDLES!r}:
    bundle = env["ir.qweb"]._get_asset_bundle
    bundle(name, css=True, js=False).css()
    bundle(name, css=False, js=True).js()
bundle("web.assets_frontend_minimal", css=False, js=True).js()
bundle("web.assets_frontend_lazy", css=False, js=True).js()
env.cr.commit()
"""
PREFIX = f"mbn_{CHECKOUT}"


def base_modules():
    """The modules of the base template."""
    return sorted({*BASE_MODULES, *addons.foreign_dependencies()})


def base_key():
    """Changes with Odoo and with everything that is put into the base."""
    settings = (*LANGUAGES, *PARAMETERS.items(), _PREPARE_BUNDLES)
    return hash_of(fetch_odoo.version(), *base_modules(), *settings)


def addons_key():
    """Changes with the base and every file of our add-ons that Odoo installs."""
    return hash_of(base_key(), hash_of_files(addons.installed_files(), addons.ROOT))


def ensure_base():
    """Make the base template when it is missing; returns its name."""
    with exclusive():
        name = f"{PREFIX}_base_{base_key()}"
        if name not in existing():
            with progress.step(f"Base database ({', '.join(base_modules())})"):
                _build(name, _make_base)
            _drop_others("base", name)
        return name


def ensure_addons():
    """Make the template with our add-ons when it is missing; returns its name."""
    with exclusive():
        base = ensure_base()
        ours = addons.names()
        if not ours:
            return base
        name = f"{PREFIX}_addons_{addons_key()}"
        if name not in existing():
            with progress.step(f"Database with our add-ons ({', '.join(ours)})"):
                _build(name, lambda unfinished: _add_ours(base, unfinished))
            _drop_others("addons", name)
        return name


def clone(name, layer="addons"):
    """A fresh database `name`, copied from a template; one that exists is replaced."""
    if layer not in ("base", "addons"):
        raise DevError(f"there is no template '{layer}'; use base or addons.")
    with exclusive():
        template = ensure_addons() if layer == "addons" else ensure_base()
        drop(name)
        copy(template, name)
    return name


def existing():
    """Names of all databases on the server."""
    rows = _sql("SELECT datname FROM pg_database WHERE NOT datistemplate")
    return {row[0] for row in rows}


def drop(name):
    """Remove a database and its files; no matter if it is not there."""
    _sql('DROP DATABASE IF EXISTS :"name" WITH (FORCE)', name=name)
    shutil.rmtree(_filestore(name), ignore_errors=True)


def rename(old, new):
    """Give a database another name."""
    shutil.rmtree(_filestore(new), ignore_errors=True)
    if _filestore(old).exists():
        _filestore(old).rename(_filestore(new))
    _sql('ALTER DATABASE :"old" RENAME TO :"new"', old=old, new=new)


def drop_all():
    """Remove every database of this checkout."""
    for name in existing():
        if name.startswith(PREFIX):
            drop(name)


def _build(name, make):
    """Build under a passing name and rename at the end: a half-made template is never used."""
    unfinished = f"{PREFIX}_unfinished"
    drop(unfinished)
    make(unfinished)
    drop(name)
    rename(unfinished, name)


def _make_base(name):
    _sql("CREATE DATABASE :\"name\" ENCODING 'UTF8' TEMPLATE template0", name=name)
    odoo.install(name, base_modules(), f"--load-language={','.join(LANGUAGES)}")
    for key, value in PARAMETERS.items():
        postgres.query(odoo.connection(), _SET_PARAMETER, name, key=key, value=value)
    odoo.run_script(name, _PREPARE_BUNDLES, log="bundles", what="Preparing the web client")


def _add_ours(base, name):
    copy(base, name)
    odoo.install(name, addons.names())


_SET_PARAMETER = """
INSERT INTO ir_config_parameter (key, value, create_uid, write_uid, create_date, write_date)
VALUES (:'key', :'value', 1, 1, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC')
ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value
"""


def _drop_others(layer, keep):
    for name in existing():
        if name.startswith(f"{PREFIX}_{layer}_") and name != keep:
            drop(name)


def copy(template, name):
    """A database `name` with everything that `template` holds, its files included."""
    # Nobody may be connected to a template while it is copied.
    _sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :'template'",
        template=template,
    )
    _sql(
        'CREATE DATABASE :"name" TEMPLATE :"template" STRATEGY FILE_COPY',
        name=name,
        template=template,
    )
    shutil.rmtree(_filestore(name), ignore_errors=True)
    if _filestore(template).exists():
        # Files are named by their content and never changed, so both may share them.
        shutil.copytree(_filestore(template), _filestore(name), copy_function=os.link)


def _filestore(database):
    return DATA_DIR / "filestore" / database


def _sql(statement, **values):
    return postgres.query(odoo.connection(), statement, **values)


def scratch_name(purpose):
    """A name for a database of one process, so that parallel runs do not meet."""
    return f"{PREFIX}_{purpose}_{os.getpid()}"
