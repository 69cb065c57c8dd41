"""The papers of the invoice desk: PDF, XML and CSV as they go out, held against their schemas."""

import base64

import xmlschema
from lxml import etree
from odoo.addons.membership_billing_nordic.formats.iso20022 import schema
from odoo.addons.membership_billing_nordic.models.membership.payment_notice_report import NOTICE

from devtools import schemas

_OWN = "membership_billing_nordic.report_"


def write(desk):
    """Everything goes into the folder ``papers`` of the desk."""
    folder = desk.folder / "papers"
    folder.mkdir(exist_ok=True)
    reports = desk.env["ir.actions.report"]
    moves = {name: each for name, each in desk.papers.items() if not isinstance(each, bytes)}
    for name, move in moves.items():
        _put(folder / f"{name}.pdf", reports._render_qweb_pdf(NOTICE, move.ids)[0])
    for name in desk.papers.keys() - moves.keys():
        _put(folder / f"{name}.xml", desk.papers[name])
    _put(folder / "einvoice.xml", _einvoice(desk))
    _print_letters(desk, folder)
    letter = desk.env["dunning.letter"].search(
        [("company_id", "=", desk.company.id), ("kind", "=", "notice")], limit=1
    )
    if letter:
        _put(folder / "reminder.pdf", base64.b64decode(letter.content))
    if reports.get_wkhtmltopdf_state() != "install":
        pages = {"member_account": desk.people["double"], "payout": desk.payouts[:1]}
        for name, record in pages.items():
            _put(folder / f"{name}.pdf", reports._render_qweb_pdf(_OWN + name, record.ids)[0])
    for payout in desk.payouts:
        attachment = payout.with_env(desk.boss).action_csv()["url"].split("/")[3].partition("?")[0]
        content = desk.env["ir.attachment"].browse(int(attachment)).raw
        _put(folder / f"payout-{payout.association_id.id}.csv", content)


def _print_letters(desk, folder):
    """The run's letters in one file, and the list for the mailing house."""
    desk.run.action_print_letters()
    bundle = desk.run.bundle_ids
    _put(folder / "letters.pdf", base64.b64decode(bundle.file))
    _put(folder / "letters.csv", base64.b64decode(bundle.index_file))
    desk.tell_count("Print bundle: letters", 2, bundle.letter_count)


def _einvoice(desk):
    content, errors = desk.env[desk.country.builder]._export_invoice(desk.invoice("firm"))
    desk.tell_text("E-invoice: objections", "none", "; ".join(map(str, errors)) or "none")
    return content


def _put(path, content):
    path.write_bytes(content)


def checks(desk):
    """Statements of all payers, and files by their official schemas: (what, expected, found)."""
    payers = desk.env["res.partner"].union(*desk.people.values())
    ledger = sum(desk.receivable(payer) for payer in payers)
    differing = sum(
        round(100 * one.closing) != desk.receivable(payers.browse(one.partner_id))
        for one in payers._mbn_statements(desk.company)
    )
    told = sum(round(100 * one.closing) for one in payers._mbn_statements(desk.company))
    yield "Statements of all members", told, ledger
    yield "  statements that say something else", "0", str(differing)
    for path in sorted((desk.folder / "papers").glob("payments-*.xml")):
        with path.open("rb") as stream:
            faults = list(schema.faults(stream, schema.schema_of(stream, None)))
        yield "Payment file (pain.001): faults by its schema", "0", str(len(faults))
    root = etree.fromstring((desk.folder / "papers" / "einvoice.xml").read_bytes())
    name = f"UBL-{etree.QName(root).localname}-{desk.country.ubl}.xsd"
    place = schemas.ensure_ubl() / f"xsd-{desk.country.ubl}" / "maindoc" / name
    rules = xmlschema.XMLSchema(str(place), allow="local", defuse="always")
    faults = list(rules.iter_errors(root))
    yield f"E-invoice (UBL {desk.country.ubl}): faults by its schema", "0", str(len(faults))
