"""The demo's story of reminders: letters, hand-over and the ledger, by scheduled actions alone."""

from devtools.ledger import AGREES, DIFFERS

# What letters look like is no matter here, and takes a second or two each.
_CODE = """
from datetime import date
from pathlib import Path
from unittest.mock import patch

from devtools.scenarios import denmark, dunning
from devtools.scenarios.dunning_countries import DENMARK

root = Path({folder!r})
bank = denmark.play(env, root, date(2026, 7, 5), date(2026, 7, 8), count=3)
story = dunning.Story(DENMARK, bank, root)
letters = type(env["dunning.letter"])
with patch.object(letters, "_render", lambda self: self.write({{"content": b"UERG"}})):
    dunning.play(env, [story], date(2026, 7, 23))
print(dunning.tables([story]))
print("MOST FEES", max(story.env["dunning.letter"].search([]).mapped("fee_total")))
print("TOLD", story.agency.told())
"""


def test_unpaid_invoices_go_to_the_agency_and_the_books_agree(database, odoo_script, tmp_path):
    output = odoo_script(database, _CODE.format(folder=str(tmp_path))).wait(timeout=900)
    assert DIFFERS not in output
    assert output.count(AGREES) == 12
    assert "MOST FEES 100.0" in output
    # Who paid us although the agency had it was reported there.
    assert "TOLD {'Karen Vang': ['payment']" in output
