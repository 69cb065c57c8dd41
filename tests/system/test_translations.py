"""The templates hold the texts that the add-ons have now."""

import polib
import pytest

from devtools import addons, translations
from devtools.paths import ROOT


@pytest.mark.parametrize("addon", addons.names())
def test_the_template_is_up_to_date(module_database, addon, tmp_path):
    fresh = tmp_path / f"{addon}.pot"
    translations.export(module_database, addon, fresh)
    kept = ROOT / addon / "i18n" / f"{addon}.pot"
    both = [{entry.msgid for entry in polib.pofile(str(path))} for path in (fresh, kept)]
    assert both[0] == both[1], "run ./dev i18n and translate what it prints"
