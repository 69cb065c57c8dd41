"""Lines of a document that are shown as one: the ledger keeps each of them."""

from dataclasses import dataclass, field

from odoo import Command, fields, models

GROUPINGS = [
    ("line", "One line each"),
    ("member", "One line for each member"),
    ("plan", "One line for each plan"),
]


@dataclass(slots=True)
class LineGroup:
    """Invoice lines that are one row of the document. Those of one have the same taxes."""

    lines: list
    text: str = ""
    quantity: float = 0.0  # 0: none is printed
    price_unit: float | None = None  # None: it is not the same for all
    members: list = field(default_factory=list)

    @property
    def price_subtotal(self):
        return sum(line.price_subtotal for line in self.lines)

    @property
    def price_total(self):
        return sum(line.price_total for line in self.lines)


class ResCompany(models.Model):
    _inherit = "res.company"

    mbn_line_grouping = fields.Selection(
        GROUPINGS,
        string="Lines of Invoices",
        default="line",
        required=True,
        help="How invoices for several memberships show their lines: payment notice, invoice PDF "
        "and portal. The sum is the same, and the ledger and e-invoices keep each line.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    mbn_line_grouping = fields.Selection(related="company_id.mbn_line_grouping", readonly=False)


class AccountMove(models.Model):
    _inherit = "account.move"

    def _mbn_line_groups(self, lines):
        """``lines`` of this document as its company groups them: list of :class:`LineGroup`.

        What is no membership's, and what a line stands alone for, is a group of its own.
        """
        self.ensure_one()
        way = self.company_id.sudo().mbn_line_grouping
        groups = {}
        for line in lines:
            key = _KEYS[way](line) if way in _KEYS and line.display_type == "product" else None
            key = (*key, tuple(line.tax_ids.ids)) if key else line.id
            groups.setdefault(key, LineGroup([])).lines.append(line)
        for group in groups.values():
            if len(group.lines) > 1:
                _TEXTS[way](group)
        return list(groups.values())

    def _get_move_lines_to_report(self):
        lines = super()._get_move_lines_to_report()
        if self.company_id.sudo().mbn_line_grouping == "line" or len(lines) < 2:
            return lines
        groups = self._mbn_line_groups(lines.sudo())
        if len(groups) == len(lines):
            return lines
        return lines.browse().union(
            *(
                self._mbn_printed_line(group) if len(group.lines) > 1 else group.lines[0]
                for group in groups
            )
        )

    def _mbn_printed_line(self, group):
        """A line for the report only, which is never stored."""
        first = group.lines[0]
        quantity = group.quantity if group.price_unit is not None else 1.0
        price = group.price_unit
        if price is None:
            included = all(first.tax_ids.flatten_taxes_hierarchy().mapped("price_include"))
            price = group.price_total if included else group.price_subtotal
        return first.new(
            {
                "display_type": "product",
                "sequence": first.sequence,
                "currency_id": first.currency_id.id,
                "name": group.text,
                "quantity": quantity,
                "price_unit": price,
                "discount": 0.0,
                "tax_ids": [Command.set(first.tax_ids.ids)],
                "price_subtotal": group.price_subtotal,
                "price_total": group.price_total,
            }
        )


def _charge_of(line):
    charge = line.mbn_charge_id or line.mbn_credited_charge_id
    return charge if charge and charge.kind != "invoice_fee" else None


def _member_key(line):
    charge = _charge_of(line)
    return charge and (charge.contract_id.member_id.id,)


def _plan_key(line):
    charge = _charge_of(line)
    if not charge:
        return None
    plan = charge.period_id.plan_id or charge.contract_id.plan_id
    return charge.kind, plan.id, line.product_id.id


def _bare_texts(group):
    """What the lines are for, without the members; and the members, in their order."""
    texts = {}
    for line in group.lines:
        member = _charge_of(line).contract_id.member_id
        if member not in group.members:
            group.members.append(member)
        texts[(line.name or "").removesuffix(f", {member.name}")] = None
    return list(texts)


def _text_of_member(group):
    texts = _bare_texts(group)
    group.text = "\n".join([group.members[0].name, *texts])


def _text_of_plan(group):
    texts = _bare_texts(group)
    names = ", ".join(member.name for member in group.members)
    group.text = "\n".join([*texts, names])
    group.quantity = sum(line.quantity for line in group.lines)
    prices = {(line.price_unit, line.discount) for line in group.lines}
    if len(prices) == 1 and not any(line.discount for line in group.lines):
        group.price_unit = group.lines[0].price_unit


_KEYS = {"member": _member_key, "plan": _plan_key}
_TEXTS = {"member": _text_of_member, "plan": _text_of_plan}
