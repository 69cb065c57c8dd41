"""The add-ons' formats can be used without Odoo, under the names they have inside Odoo."""

import subprocess
import sys

from devtools.paths import ROOT

ADDON = """
from . import models
"""
FORMATS = """
from ...other_addon.formats.messages import Deposit
"""


def run(code, cwd=ROOT):
    """Run code in an interpreter of its own; its output."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}"],
        check=False,
        cwd=cwd,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_our_messages_import_without_odoo():
    output = run(
        "from devtools.mount import mount; mount()\n"
        "import odoo.addons.membership_billing_nordic.formats.messages as messages\n"
        "import sys\n"
        "print(messages.__name__, 'odoo.tools' in sys.modules)"
    )
    assert output == "odoo.addons.membership_billing_nordic.formats.messages False"


def test_odoo_itself_stays_out_of_reach():
    output = run(
        "from devtools.mount import mount; mount()\n"
        "try:\n    import odoo.tools\nexcept ModuleNotFoundError as error:\n    print(error)"
    )
    assert output == "No module named 'odoo.tools'"


def test_add_ons_import_each_other_relatively_and_only_once(tmp_path):
    for name, formats in (("other_addon", ""), ("one_addon", FORMATS)):
        (tmp_path / name / "formats").mkdir(parents=True)
        (tmp_path / name / "__manifest__.py").write_text("{'name': 'x'}")
        (tmp_path / name / "__init__.py").write_text(ADDON)
        (tmp_path / name / "formats" / "__init__.py").write_text(formats)
    (tmp_path / "other_addon" / "formats" / "messages.py").write_text("class Deposit: pass")
    output = run(
        "from pathlib import Path\n"
        "from devtools.mount import mount\n"
        f"mount(Path({str(tmp_path)!r})); mount(Path({str(tmp_path)!r}))\n"
        "from odoo.addons.one_addon import formats\n"
        "from odoo.addons.other_addon.formats.messages import Deposit\n"
        "print(formats.Deposit is Deposit)"
    )
    assert output == "True"


def test_mounting_beside_a_loaded_odoo_is_refused():
    output = run(
        "import sys, types; sys.modules['odoo'] = types.ModuleType('odoo')\n"
        "from devtools.mount import mount\n"
        "from devtools.errors import DevError\n"
        "try:\n    mount()\nexcept DevError as error:\n    print(error)"
    )
    assert output.startswith("Odoo is already imported here")
