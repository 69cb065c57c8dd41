"""One-off invoices from a list: who gets what, each row checked for itself."""

import re
from decimal import Decimal, InvalidOperation

from odoo import api, models
from odoo.exceptions import UserError

from ..formats.references import normalise
from ..models.membership.association_rights import ADMINISTRATOR
from .csv_list import MOST_ROWS, read_rows

WHO = ("member_number", "payer_number", "external_id")
WHAT = ("product", "plan", "description", "quantity", "amount")
COLUMNS = (*WHO, *WHAT)
# What another program may give besides: ids of records it has read.
IDS = ("contract_id", "member_id")
RUNNING = ("confirmed", "paused")
_BLANKS = re.compile(r"[\s\u00a0\u202f']")
_GROUPED = re.compile(r"-?\d{1,3}([.,]\d{3})+")


class _WrongCell(Exception):
    """A cell that cannot be used: its column, and what was expected."""

    def __init__(self, column, expected):
        super().__init__(expected)
        self.column = column
        self.expected = expected


class BillingOneOffLine(models.Model):
    _inherit = "billing.one.off.line"

    @api.model
    def _list_columns(self):
        return COLUMNS

    @api.model
    def _read_list(self, one_off):
        """Put the rows of the list of ``one_off`` in the place of those read before.

        :raise UserError: the list as a whole cannot be read
        """
        uneven, name = [], one_off.file_name or self.env._("The list")
        try:
            rows = read_rows(self.env, one_off.content, COLUMNS, uneven)
        except UserError as error:
            raise UserError(self.env._("%(file)s: %(reason)s", file=name, reason=error)) from error
        wrong = {
            number: self.env._(
                "%(file)s, line %(row)s: expected as many cells as there are columns.",
                file=name,
                row=number,
            )
            for number in uneven
        }
        one_off.line_ids.filtered("source").sudo().unlink()
        self._take_rows(one_off, rows, wrong, name)

    @api.model
    def _take_rows(self, one_off, rows, wrong, name):
        """Lines with their items for ``rows``; a row that is wrong is a line that says why.

        :param rows: pairs of number and cells
        :param wrong: number to text of rows that are known to be wrong
        :param name: what the rows came in
        """
        reader = _RowReader(self.env(su=False)["billing.one.off.line"], one_off)
        recipients, wrong = {}, dict(wrong)
        for number, cells in rows:
            try:
                contract, member = reader.who(cells)
                item = reader.what(cells)
            except _WrongCell as cell:
                wrong[number] = self._wrong_text(name, number, cells, cell)
                continue
            recipients.setdefault((contract, member), []).append((number, item))
        self._create_recipients(one_off, recipients)
        self.sudo().create(
            [
                {
                    "one_off_id": one_off.id,
                    "source": str(number),
                    "state": "left_out",
                    "problem_kind": "row",
                    "problem": text,
                }
                for number, text in sorted(wrong.items())
            ]
        )

    @api.model
    def _wrong_text(self, name, number, cells, cell):
        return self.env._(
            "%(file)s, line %(row)s, column %(column)s: “%(found)s” - expected %(expected)s.",
            file=name,
            row=number,
            column=cell.column,
            found=cells.get(cell.column, ""),
            expected=cell.expected,
        )

    @api.model
    def _create_recipients(self, one_off, recipients):
        """:param recipients: (contract, member) to list of (row number, values of the item)"""
        lines = self.sudo().create(
            [
                {
                    "one_off_id": one_off.id,
                    "contract_id": contract.id,
                    "member_id": member.id,
                    "source": ", ".join(str(number) for number, _item in items),
                }
                for (contract, member), items in recipients.items()
            ]
        )
        self.env["billing.one.off.item"].sudo().create(
            [
                item | {"one_off_id": one_off.id, "line_id": line.id}
                for line, items in zip(lines, recipients.values(), strict=True)
                for _number, item in items
            ]
        )
        one_off._back_to_draft()


class _RowReader:
    """Finds what the cells of a row name, among what the user may see."""

    def __init__(self, lines, one_off):
        self.env = lines.env
        self.company = one_off.company_id
        self._found = {}

    # -- who ---------------------------------------------------------------------------

    def who(self, cells):
        """The contract (may be empty) and the person of a row."""
        given = [name for name in (*WHO, *IDS) if cells.get(name)]
        if not given:
            raise _WrongCell(WHO[0], self.env._("a member number, payer number or external id"))
        key = given[0], cells[given[0]]
        if key not in self._found:
            self._found[key] = getattr(self, f"_by_{key[0]}")(key[1])
        contract, member = self._found[key]
        if not contract and self.env.user._mbn_has_part(ADMINISTRATOR):
            raise _WrongCell(key[0], self.env._("a member of one of your associations"))
        return contract, member

    def _by_member_number(self, number):
        member = self.env["res.partner"].search([("mbn_member_number", "=", number)])
        if not member:
            raise _WrongCell("member_number", self.env._("the number of a member you may see"))
        return self._with_contract("member_id", member)

    def _by_external_id(self, external_id):
        contracts = self.env["membership.contract"].search(
            [("external_id", "=", external_id), ("company_id", "=", self.company.id)]
        )
        if contracts:
            return contracts, contracts.member_id
        member = self.env["res.partner"].search([("mbn_external_id", "=", external_id)])
        if not member:
            raise _WrongCell(
                "external_id", self.env._("the external id of a contract or member you may see")
            )
        return self._with_contract("member_id", member)

    def _by_payer_number(self, number):
        rows = self.env["bank.payer.number"].sudo()
        rows = rows.search(
            [("number", "=", normalise(number)), ("company_id", "=", self.company.id)]
        )
        payer = self.env["res.partner"].search([("id", "in", rows.partner_id.ids)])
        if not payer:
            raise _WrongCell("payer_number", self.env._("the number of a payer you may see"))
        if len(payer) > 1:
            raise _WrongCell(
                "payer_number",
                self.env._("a number that only one payer has; use the member number"),
            )
        return self._with_contract("payer_id", payer)

    def _by_contract_id(self, contract_id):
        contract = self.env["membership.contract"].search(
            [("id", "=", contract_id), ("company_id", "=", self.company.id)]
        )
        if not contract:
            raise _WrongCell("contract_id", self.env._("the id of a contract you may see"))
        return contract, contract.member_id

    def _by_member_id(self, member_id):
        member = self.env["res.partner"].search([("id", "=", member_id)])
        if not member:
            raise _WrongCell("member_id", self.env._("the id of a member you may see"))
        return self._with_contract("member_id", member)

    def _with_contract(self, role, person):
        """The person's running membership, if there is one; of a payer the own one first."""
        contracts = self.env["membership.contract"].search(
            [
                (role, "=", person.id),
                ("company_id", "=", self.company.id),
                ("state", "in", RUNNING),
            ],
            order="date_start, id",
        )
        own = contracts.filtered(lambda contract: contract.member_id == person)
        contract = (own or contracts)[:1]
        return contract, contract.member_id or person

    # -- what --------------------------------------------------------------------------

    def what(self, cells):
        """Values of the item of a row."""
        product, plan = self._product(cells.get("product")), self._plan(cells.get("plan"))
        if product and plan:
            raise _WrongCell("plan", self.env._("a product or a plan, not both"))
        text = cells.get("description", "")
        if not (product or plan or text):
            raise _WrongCell(
                "description", self.env._("what is invoiced: a text, a product or a plan")
            )
        item = {
            "product_id": product.id,
            "plan_id": plan.id,
            "quantity": float(self._number(cells, "quantity", Decimal(1), above_zero=True)),
        }
        price = self._number(cells, "amount", None)
        if price is None and not (product or plan):
            raise _WrongCell("amount", self.env._("what one costs, as 450.00"))
        item["name"] = text or plan.name or product.display_name
        item["price_unit"] = float(price) if price is not None else product.lst_price or 0.0
        return item

    def _product(self, code):
        products = self.env["product.product"]
        if not code:
            return products
        domain = [*products._check_company_domain(self.company), ("default_code", "=", code)]
        found = products.search(domain, limit=2)
        if len(found) != 1:
            raise _WrongCell("product", self.env._("the internal reference of one product"))
        return found

    def _plan(self, code):
        plans = self.env["membership.plan"]
        if not code:
            return plans
        found = plans.search([*plans._check_company_domain(self.company), ("code", "=", code)])
        if len(found) != 1:
            raise _WrongCell("plan", self.env._("the code of a plan"))
        return found

    def _number(self, cells, column, usual, above_zero=False):
        text = _BLANKS.sub("", str(cells.get(column, "")))
        if not text:
            return usual
        number = _decimal(text)
        if number is None or abs(number) >= 10**9 or (above_zero and number <= 0):
            expected = self.env._("a number as 450.00 or 450,00, without separators of thousands")
            if above_zero:
                expected = self.env._("a number above zero")
            raise _WrongCell(column, expected)
        return number


def _decimal(text):
    """The number of a cell; None where it is none, or may mean two things (``1.234``)."""
    if _GROUPED.fullmatch(text):
        return None
    if "," in text and "." in text:
        whole, mark, cents = text.rpartition(max(",.", key=text.rfind))
        other = "," if mark == "." else "."
        text = f"{whole.replace(other, '')}.{cents}"
    try:
        number = Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


class BillingOneOff(models.Model):
    _inherit = "billing.one.off"

    @api.model
    def _from_rows(self, vals, rows, name):
        """One-off invoices for ``rows`` of cells, as another program gives them, looked through.

        :raise UserError: there are too many rows, or none
        """
        if not rows or len(rows) > MOST_ROWS:
            raise UserError(self.env._("rows: expected 1 to %(limit)s of them.", limit=MOST_ROWS))
        one_off = self.create(vals)
        self.env["billing.one.off.line"]._take_rows(
            one_off, list(enumerate(rows, start=1)), {}, name
        )
        one_off.action_preview()
        return one_off


class MembershipContract(models.Model):
    _inherit = "membership.contract"

    def action_one_off(self):
        """One-off invoices for these memberships: say what for, look through them, make them."""
        self.env["billing.one.off"].check_access("create")
        self.check_access("read")
        return self.env["billing.one.off"]._start(self, self.env["res.partner"])


class ResPartner(models.Model):
    _inherit = "res.partner"

    def action_mbn_one_off(self):
        """One-off invoices for these people: say what for, look through them, make them."""
        self.env["billing.one.off"].check_access("create")
        self.check_access("read")
        return self.env["billing.one.off"]._start(self.env["membership.contract"], self)
