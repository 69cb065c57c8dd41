"""The demo: months of three clubs, what becomes of unpaid invoices, and one of each at their desks."""

from datetime import date
from pathlib import Path

from devtools.scenarios import denmark, desk, dunning, norway, sweden
from devtools.scenarios.days import month_before
from devtools.scenarios.dunning_countries import DENMARK, NORWAY, SWEDEN

# Reminders, collection and the desks take up to three months after the clubs' own; all is over
# by now.
MONTHS_BACK = 4
REMINDED_FROM = 23


def run(env, out_dir: Path) -> str:
    """Play it all; the files stay in ``out_dir``. Returns the tables to print."""
    month = month_before(date.today(), MONTHS_BACK)
    played = [
        (country, *play(env, out_dir, month))
        for country, play in (
            (NORWAY, norway.play),
            (DENMARK, denmark.run),
            (SWEDEN, sweden.run),
        )
    ]
    stories = [dunning.Story(country, bank, out_dir) for country, _table, bank in played]
    last = dunning.play(env, stories, month.replace(day=REMINDED_FROM))
    tables = [*(table for _country, table, _bank in played), dunning.tables(stories)]
    tables.append(desk.play(env, stories, out_dir, last))
    env.cr.commit()
    return "".join(tables)
