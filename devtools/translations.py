"""`./dev i18n`: the texts of our add-ons as they are now, into the templates and translations."""

import subprocess

from . import addons, databases, odoo, provision
from .paths import PYTHON, ROOT
from .process import run
from .progress import progress

LANGUAGES = ("da", "sv", "nb")


def update(root=ROOT):
    """Export every add-on's texts and merge them into its translations.

    Returns 1 when texts are left to translate, which are then printed.
    """
    provision.everything(())
    name = databases.clone(databases.scratch_name("i18n"))
    try:
        with progress.step("Texts of our add-ons"):
            for addon in addons.names(root):
                export(name, addon, root / addon / "i18n" / f"{addon}.pot")
    finally:
        databases.drop(name)
    folders = [root / addon / "i18n" for addon in addons.names(root)]
    command = [PYTHON, "-m", "devtools.merge_translations", *LANGUAGES, "--", *folders]
    return subprocess.call([str(part) for part in command], cwd=ROOT)


def export(database, addon, path):
    """Write the texts of one installed add-on as a template."""
    path.parent.mkdir(exist_ok=True)
    command = odoo.command(database, "-o", path, addon, subcommand=["i18n", "export"])
    run(command, log="i18n", what="Exporting the texts", env=odoo.environment(), cwd=ROOT)
