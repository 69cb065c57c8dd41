"""Killed in the middle and run again: exactly the result of an undisturbed run."""

import time
from datetime import date
from decimal import Decimal

import psycopg2
import pytest

from devtools import databases, odoo
from devtools.scenarios import association
from tests.bank_simulator import nets

OPENED = date(2026, 10, 1)
MEMBERS = 40
FOUND = f"""
from datetime import date
from devtools.scenarios import association
club = association.found(env, date({OPENED.year}, {OPENED.month}, {OPENED.day}))
association.join(env, club.plans["SEASON"], {MEMBERS}, date(2026, 10, 1), seed=1)
env.cr.commit()
"""
BILL = """
Run = env["billing.run"]
type(Run)._run_chunk_size = 4
run = Run.search([("date", "=", "2026-10-01")]) or Run.create({"date": "2026-10-01"})
if run.state == "draft":
    run.action_preview()
    env.cr.commit()
Run._cron_work()
if run.state == "preview":
    run.action_confirm()
    env.cr.commit()
Run._cron_work()
env.cr.commit()
print("state", run.state, "failed", run.run_failed)
"""
DELIVER_AND_PAY = """
invoices = env["account.move"].search([("move_type", "=", "out_invoice")], order="id")
invoices[::3].write({"mbn_send_state": "sent"})
for invoice in invoices[1::10]:
    env["account.payment.register"].with_context(
        active_model="account.move", active_ids=invoice.ids
    ).create({})._create_payments()
env.cr.commit()
"""
UNDO = """
from odoo.addons.membership_billing_nordic.models.membership import billing_run_undo
billing_run_undo.UNDO_CHUNK = 4
run = env["billing.run"].search([("date", "=", "2026-10-01")])
if run.state == "done":
    run.action_undo()
    env.cr.commit()
run._cron_work()
env.cr.commit()
print("state", run.state, "undone", run.undone_count, "kept", run.kept_count)
"""
BILL_AGAIN = """
run = env["billing.run"].create({"date": "2026-10-02"})
run.action_preview()
run.action_confirm()
run._cron_work()
env.cr.commit()
print("again", run.state, run.run_done, run.run_failed)
"""
ONE_OFF_COUNT = 200
ONE_OFF = f"""
OneOff = env["billing.one.off"]
type(OneOff)._run_chunk_size = 20
one_off = OneOff.search([])
if not one_off:
    shirt, fee = env["product.product"].create(
        [{{"name": "Shirt", "type": "service"}}, {{"name": "Invoice fee", "type": "service"}}]
    )
    env["billing.invoice.fee"].create(
        {{"amount": 29.5, "product_id": fee.id, "date_from": "2026-10-01"}}
    )
    contracts = env["membership.contract"].search([], order="id")
    times = {ONE_OFF_COUNT} // len(contracts)
    one_off = OneOff.create(
        {{
            "date": "2026-10-01",
            "unreached": True,
            "item_ids": [
                (0, 0, {{"product_id": shirt.id, "price_unit": 150.25}}),
                (0, 0, {{"name": "Camp", "price_unit": 99.5}}),
            ],
            "line_ids": [
                (0, 0, {{"contract_id": contract.id}}) for contract in contracts for _n in range(times)
            ],
        }}
    )
    one_off.action_preview()
    one_off.action_confirm()
    env.cr.commit()
OneOff._cron_work()
env.cr.commit()
print("one-off", one_off.state, one_off.made_count, one_off.out_count)
"""
ONE_OFFS = """
SELECT line.id, line.state, line.amount, line.fee_amount, invoice.state, invoice.amount_total,
       invoice.amount_residual, invoice.name, invoice.payment_reference,
       (SELECT count(*) FROM billing_reference WHERE move_id = invoice.id),
       (SELECT array_agg((part.mbn_one_off_item_id, part.price_total, charge.kind, charge.state)
                         ORDER BY part.id)::text
          FROM account_move_line part
          JOIN membership_charge charge ON charge.id = part.mbn_charge_id
           AND charge.invoice_line_id = part.id
         WHERE part.mbn_one_off_line_id = line.id AND part.move_id = invoice.id)
  FROM billing_one_off_line line
  LEFT JOIN account_move invoice ON invoice.id = line.invoice_id
 ORDER BY line.id
"""
MADE_OF_ONE_OFFS = """
SELECT (SELECT count(*) FROM account_move WHERE mbn_one_off_id IS NOT NULL),
       (SELECT count(*) FROM account_move_line WHERE mbn_one_off_line_id IS NOT NULL),
       (SELECT count(*) FROM membership_charge),
       (SELECT count(*) FROM billing_reference)
"""
BOOK = """
from pathlib import Path
from odoo.addons.membership_billing_nordic.models.bank import bank_file
bank_file._ROWS_PER_CHUNK = 6
File = env["bank.file"]
type(File)._run_chunk_size = 4
if not File.search([]):
    File._receive("ocr.txt", Path({path!r}).read_bytes())
    env.cr.commit()
File._cron_process()
env.cr.commit()
print("state", File.search([]).state)
"""
COLLECT = f"""
from datetime import date
from freezegun import freeze_time
from devtools.scenarios import association
with freeze_time("2026-09-14 07:00:00", tick=True):
    club = association.found(env, date(2026, 10, 1))
    club.agreement.write({{"debit_out": True, "debit_make_hours": 24 * 60}})
    contracts = association.join(env, club.plans["SEASON"], {MEMBERS}, date(2026, 10, 1), seed=1)
    mandates = env["direct.debit.mandate"].create(
        [
            {{"agreement_id": club.agreement.id, "partner_id": member.id}}
            for member in contracts.member_id
        ]
    )
    mandates.action_activate()
    for contract in contracts:
        env["account.move"].create(
            {{
                "move_type": "out_invoice",
                "partner_id": contract.member_id.id,
                "journal_id": club.journal.id,
                "invoice_date": "2026-09-14",
                "invoice_date_due": "2026-10-20",
                "invoice_payment_term_id": False,
                "invoice_line_ids": [(0, 0, {{"name": "Season", "price_unit": 1250}})],
            }}
        ).action_post()
    env.cr.commit()
print("orders", env["direct.debit.order"].search_count([("state", "=", "planned")]))
"""
# Between storing a file and noting its debits it takes its time: there it is killed.
MAKE_FILES = """
import time
from freezegun import freeze_time
from odoo.addons.membership_billing_nordic.models.debit import debit_making
debit_making.FILE_SIZE = 8
note = debit_making.DebitFileMaker._note
def slowly(self, file, records):
    env.flush_all()
    time.sleep(0.15)
    note(self, file, records)
    env.flush_all()
    time.sleep(0.15)
debit_making.DebitFileMaker._note = slowly
with freeze_time("2026-09-14 08:00:00"):
    env["bank.connection"]._cron_make_debit_files()
    env.cr.commit()
files = env["bank.file"].search([("direction", "=", "out")], order="id")
print("made", len(files), all(file._checked_bytes() for file in files))
"""
MADE = """
SELECT transmission_number, name, state, request_count, requests_sum, sha256, size
  FROM bank_file WHERE direction = 'out' ORDER BY id
"""
COLLECTED = """
SELECT debit.id, debit.state, debit.record, debit.reference, file.transmission_number
  FROM direct_debit_order debit LEFT JOIN bank_file file ON file.id = debit.file_id
 ORDER BY debit.id
"""
NUMBERS = """
SELECT connection.next_transmission_number, agreement.next_assignment_number
  FROM bank_connection connection
  JOIN bank_agreement agreement ON agreement.connection_id = connection.id
"""
BILLED = """
SELECT contract.member_id, period.date_from, period.date_to, charge.amount, charge.state,
       invoice.name, invoice.amount_total, invoice.amount_residual, invoice.payment_state
  FROM membership_period period
  JOIN membership_contract contract ON contract.id = period.contract_id
  LEFT JOIN membership_charge charge ON charge.period_id = period.id
  LEFT JOIN account_move_line line ON line.id = charge.invoice_line_id
  LEFT JOIN account_move invoice ON invoice.id = line.move_id
 ORDER BY contract.member_id, period.date_from, invoice.name
"""
REFERENCES = """
SELECT count(*), count(DISTINCT reference.value), count(DISTINCT invoice.payment_reference)
  FROM account_move invoice
  JOIN billing_reference reference ON reference.move_id = invoice.id
 WHERE invoice.move_type = 'out_invoice'
"""
UNDONE = """
SELECT line.state, line.contract_id, line.problem, invoice.name, invoice.payment_state,
       note.name, note.invoice_date, note.amount_total, note.amount_residual, note.mbn_send_state,
       (SELECT count(*) FROM account_move credit WHERE credit.reversed_entry_id = invoice.id)
  FROM billing_run_line line
  LEFT JOIN account_move invoice ON invoice.id = line.invoice_id
  LEFT JOIN account_move note ON note.id = line.credit_note_id
 ORDER BY line.run_id, line.contract_id
"""
BOOKED = """
SELECT payment.record, payment.amount, payment.state, payment.outcome, payment.partner_id,
       sum(allocation.amount), count(allocation.id)
  FROM bank_payment payment
  LEFT JOIN bank_payment_allocation allocation ON allocation.payment_id = payment.id
 GROUP BY payment.id ORDER BY payment.record
"""
LEDGER = """
SELECT account.name->>'en_US', line.partner_id, sum(line.balance), sum(line.amount_residual),
       count(*) FILTER (WHERE line.reconciled)
  FROM account_move_line line
  JOIN account_account account ON account.id = line.account_id
 WHERE line.parent_state = 'posted' AND account.account_type NOT LIKE 'income%%'
   AND line.balance != 0
 GROUP BY 1, 2 ORDER BY 1, 2
"""


class Books:
    """A database seen by SQL from outside, while Odoo works on it."""

    def __init__(self, database):
        server = odoo.connection().environment
        self.connection = psycopg2.connect(
            dbname=database,
            host=server["PGHOST"],
            port=server.get("PGPORT", "5432"),
            user=server["PGUSER"],
            password=server.get("PGPASSWORD"),
        )
        self.connection.autocommit = True

    def rows(self, query):
        with self.connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()

    def number(self, query):
        return self.rows(query)[0][0]

    def close(self):
        self.connection.close()


@pytest.fixture
def books():
    opened = []

    def look(database):
        opened.append(Books(database))
        return opened[-1]

    yield look
    for one in opened:
        one.close()


@pytest.fixture
def twins(database, odoo_script, database_factory):
    """Two databases with the same club: one stays undisturbed, one is killed again and again."""
    odoo_script(database, FOUND).wait()
    yield from twin_of(database)


@pytest.fixture
def collecting_twins(database, odoo_script, database_factory):
    """The same with open invoices of payers who have a mandate."""
    assert f"orders {MEMBERS}" in odoo_script(database, COLLECT).wait()
    yield from twin_of(database)


@pytest.fixture
def billed_twins(database, odoo_script, database_factory):
    """The same after a billing run of which some invoices were sent and some are paid."""
    odoo_script(database, FOUND).wait()
    assert "state done failed 0" in odoo_script(database, BILL + DELIVER_AND_PAY).wait()
    yield from twin_of(database)


def twin_of(database):
    killed = databases.scratch_name("killed")
    databases.copy(database, killed)
    yield database, killed
    databases.drop(killed)


def kill_when(script, look, query, reached, within=120):
    """SIGKILL the script once the committed figure of `query` has reached `reached`."""
    end = time.monotonic() + within
    while look.number(query) < reached:
        assert script.process.poll() is None, f"ended before it was killed:\n{script.output}"
        assert time.monotonic() < end, f"not reached:\n{script.output}"
        time.sleep(0.005)
    script.kill()


def test_a_killed_billing_run_and_booking_end_as_if_undisturbed(
    twins, odoo_script, books, tmp_path
):
    undisturbed, killed = twins
    billing_ends_the_same(undisturbed, killed, odoo_script, books)
    path = tmp_path / "ocr.txt"
    path.write_bytes(a_file_of_payments(books(undisturbed), books(killed)))
    booking_ends_the_same(undisturbed, killed, odoo_script, books, BOOK.format(path=str(path)))


def billing_ends_the_same(undisturbed, killed, odoo_script, books):
    posted = "SELECT count(*) FROM account_move WHERE state = 'posted'"
    odoo_script(undisturbed, BILL).wait()
    for reached in (4, 16, 32):
        with_books = books(killed)
        kill_when(odoo_script(killed, BILL), with_books, posted, reached)
        assert with_books.number(posted) < MEMBERS
    assert "state done failed 0" in odoo_script(killed, BILL).wait()
    assert books(undisturbed).rows(BILLED) == books(killed).rows(BILLED)
    assert len(books(killed).rows(BILLED)) == MEMBERS
    assert books(killed).rows(REFERENCES) == [(MEMBERS, MEMBERS, MEMBERS)]


def test_killed_while_one_off_invoices_are_made_each_is_made_once(twins, odoo_script, books):
    undisturbed, killed = twins
    posted = "SELECT count(*) FROM account_move WHERE mbn_one_off_id IS NOT NULL"
    result = f"one-off done {ONE_OFF_COUNT} 0"
    assert result in odoo_script(undisturbed, ONE_OFF).wait()
    look = books(killed)
    for reached in (20, 80, 160):
        kill_when(odoo_script(killed, ONE_OFF), look, posted, reached)
        assert reached <= look.number(posted) < ONE_OFF_COUNT
        made = "SELECT count(*) FROM billing_one_off_line WHERE state = 'done'"
        assert look.number(made) == look.number(posted)
    assert result in odoo_script(killed, ONE_OFF).wait()
    rows = look.rows(ONE_OFFS)
    total, fee = Decimal("349.06"), Decimal("36.88")  # with 25 % tax
    assert {row[1:7] for row in rows} == {("done", total, fee, "posted", total, total)}
    assert len({row[8] for row in rows}) == ONE_OFF_COUNT
    of_each = (1, 3, 3, 1)
    assert look.rows(MADE_OF_ONE_OFFS) == [tuple(ONE_OFF_COUNT * count for count in of_each)]
    assert rows == books(undisturbed).rows(ONE_OFFS)


def test_a_killed_undo_ends_as_if_undisturbed(billed_twins, odoo_script, books):
    undisturbed, killed = billed_twins
    result = "state undone undone 36 kept 4"
    credited = "SELECT count(*) FROM account_move WHERE move_type = 'out_refund'"
    assert result in odoo_script(undisturbed, UNDO).wait()
    for reached in (4, 12, 28):
        look = books(killed)
        kill_when(odoo_script(killed, UNDO), look, credited, reached)
        assert look.number(credited) < MEMBERS - 4
    assert result in odoo_script(killed, UNDO).wait()
    both = [books(undisturbed), books(killed)]
    for query in (UNDONE, BILLED, LEDGER):
        assert both[0].rows(query) == both[1].rows(query)
    assert [look.number(credited) for look in both] == [36, 36]
    for database in billed_twins:
        assert "again done 36 0" in odoo_script(database, BILL_AGAIN).wait()
    assert both[0].rows(BILLED) == both[1].rows(BILLED)


def test_killed_while_files_of_debits_are_made_they_are_the_same_in_the_end(
    collecting_twins, odoo_script, books
):
    undisturbed, killed = collecting_twins
    made = "SELECT count(*) FROM bank_file WHERE direction = 'out'"
    assert "made 5 True" in odoo_script(undisturbed, MAKE_FILES).wait()
    look = books(killed)
    for reached in (1, 3):
        kill_when(odoo_script(killed, MAKE_FILES), look, made, reached)
        assert look.number(made) < MEMBERS / 8
    assert "made 5 True" in odoo_script(killed, MAKE_FILES).wait()
    both = [books(undisturbed), look]
    # Byte for byte, under the same numbers.
    assert both[0].rows(MADE) == both[1].rows(MADE)
    assert [row[0] for row in look.rows(MADE)] == ["1", "2", "3", "4", "5"]
    assert both[0].rows(COLLECTED) == both[1].rows(COLLECTED)
    assert [state for _id, state, *_rest in look.rows(COLLECTED)] == ["sent"] * MEMBERS
    assert look.rows(NUMBERS) == [(6, 6)]


def a_file_of_payments(*both):
    """One bank file for both clubs: most references exact, some amounts wrong, some unknown."""
    query = """
        SELECT invoice.payment_reference, (invoice.amount_total * 100)::bigint
          FROM account_move invoice WHERE invoice.move_type = 'out_invoice' ORDER BY invoice.name
    """
    claims, same = (look.rows(query) for look in both)
    known = set(claims) & set(same)
    lines = []
    for number, (reference, amount) in enumerate(claims):
        paid = amount + {0: 5000, 7: -5000}.get(number % 10, 0)
        known_reference = reference if (reference, amount) in known else ""
        lines.append(
            nets.Transaction(
                settled_on=date(2026, 10, 12),
                amount=paid,
                kid=known_reference if number % 13 else "",
                bank_sum=(1, 1, 1 + number // 8),
            )
        )
    payments = nets.Payments(
        account=association.ACCOUNT, agreement=association.AGREEMENT_NUMBER, transactions=lines
    )
    return nets.file_of(
        [payments], number=1, recipient=association.CUSTOMER_NUMBER, made_on=date(2026, 10, 12)
    )


def booking_ends_the_same(undisturbed, killed, odoo_script, books, book):
    stored = "SELECT count(*) FROM bank_payment"
    placed = "SELECT count(*) FROM bank_payment WHERE state NOT IN ('new')"
    odoo_script(undisturbed, book).wait()
    for query, reached in ((stored, 6), (placed, 4), (placed, 20)):
        kill_when(odoo_script(killed, book), books(killed), query, reached)
    odoo_script(killed, book).wait()
    assert books(undisturbed).rows(BOOKED) == books(killed).rows(BOOKED)
    assert books(undisturbed).rows(LEDGER) == books(killed).rows(LEDGER)
    assert books(killed).number(stored) == MEMBERS
