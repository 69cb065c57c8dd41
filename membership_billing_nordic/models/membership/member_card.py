"""The member card: what a clerk has to know while the member is on the phone.

The card has four boxes, each made of rows by one method of ``res.partner``. What adds to the
card overrides that method and adds rows to ``super()``'s:

========================  =======================================================
box                       method, and what it returns
========================  =======================================================
Standing                  ``_mbn_card_standing``: list of :class:`CardRow`
Who pays how              ``_mbn_card_payment``: list of :class:`CardRow`
Last events               ``_mbn_card_events``: list of :class:`CardEvent`
Open invoices             ``_mbn_card_invoices``: list of ``account.move``
========================  =======================================================

They may be called for one person at a time, by whoever may read that person. Contracts are
read with the user's own rights; what hangs on a contract that the user sees (charges,
invoices, payments, payer numbers) is read with ``sudo``, because the desk has no access to
accounting. No row may show a bank account to somebody who is no billing user.
"""

from collections import defaultdict
from datetime import date
from typing import NamedTuple

from markupsafe import Markup
from odoo import api, fields, models
from odoo.tools import format_date, formatLang

from .membership_contract import MEMBER_STATUSES

CARD_GROUPS = (
    "membership_billing_nordic.group_billing_front_desk,"
    "membership_billing_nordic.group_association_administrator,"
    "membership_billing_nordic.group_outside_partner,"
    "membership_billing_nordic.group_billing_auditor"
)
_EVENTS_SHOWN = 9
_ROWS_READ = 60
_PAID_FOR_SHOWN = 40
_LIVE = ("draft", "confirmed", "paused")


class CardRow(NamedTuple):
    """One line of a box: what it is about, and what is so. ``tone``: a Bootstrap colour."""

    label: str
    text: str | Markup
    tone: str = ""


class CardEvent(NamedTuple):
    """Something that happened. Of one day the higher ``rank`` came later."""

    day: date
    text: str | Markup
    rank: int = 0
    tone: str = ""


class ResPartner(models.Model):
    _inherit = "res.partner"

    mbn_card_status = fields.Char(
        string="What Happens Next",
        compute="_compute_mbn_card_status",
        help="The reason of the member's status and what happens next.",
    )
    mbn_card_standing = fields.Html(
        string="Standing", compute="_compute_mbn_card", sanitize=False, groups=CARD_GROUPS
    )
    mbn_card_payment = fields.Html(
        string="Who Pays How", compute="_compute_mbn_card", sanitize=False, groups=CARD_GROUPS
    )
    mbn_card_events = fields.Html(
        string="Last Events", compute="_compute_mbn_card", sanitize=False, groups=CARD_GROUPS
    )
    mbn_card_invoices = fields.Html(
        string="Open Invoices", compute="_compute_mbn_card", sanitize=False, groups=CARD_GROUPS
    )
    mbn_card_contract_ids = fields.Many2many(
        "membership.contract",
        string="Memberships Seen",
        compute="_compute_mbn_card_contract_ids",
        help="Those of the person's memberships that the user may see.",
    )
    mbn_live_contract_count = fields.Integer(
        string="Running Memberships",
        compute="_compute_mbn_live_contract_count",
        help="Memberships that are agreed on and have not ended.",
    )
    mbn_household_contract_ids = fields.Many2many(
        "membership.contract",
        string="Paid For",
        compute="_compute_mbn_household_contract_ids",
        help="Running memberships of others that this person, or who pays for this person, pays.",
    )
    mbn_payer_warning = fields.Char(
        compute="_compute_mbn_payer_warning", help="Why this payer cannot pay, and what to do."
    )

    # -- computed fields -----------------------------------------------------------------

    @api.depends("mbn_contract_ids")
    def _compute_mbn_card_contract_ids(self):
        """Searched for: what a rule of the person has read as superuser is in the cache."""
        found = self.env["membership.contract"].search([("member_id", "in", self._origin.ids)])
        contracts = found.grouped("member_id")
        for partner in self:
            partner.mbn_card_contract_ids = contracts.get(partner._origin, found.browse())

    @api.depends("mbn_contract_ids.status_text")
    def _compute_mbn_card_status(self):
        for partner in self:
            partner.mbn_card_status = (
                partner._mbn_leading_contract().status_text or partner._mbn_payer_status()
            )

    @api.depends("mbn_contract_ids", "mbn_payer_contract_ids")
    def _compute_mbn_card(self):
        for partner in self:
            known = partner._origin
            if not known:
                partner.mbn_card_standing = partner.mbn_card_payment = False
                partner.mbn_card_events = partner.mbn_card_invoices = False
                continue
            partner.mbn_card_standing = _render_rows(known._mbn_card_standing())
            partner.mbn_card_payment = _render_rows(known._mbn_card_payment())
            partner.mbn_card_events = known._mbn_render_events(known._mbn_card_events())
            partner.mbn_card_invoices = known._mbn_render_invoices(known._mbn_card_invoices())

    @api.depends("mbn_contract_ids.state")
    def _compute_mbn_live_contract_count(self):
        for partner in self:
            partner.mbn_live_contract_count = len(partner._mbn_live_contracts())

    @api.depends("mbn_contract_ids.payer_id", "mbn_payer_contract_ids")
    def _compute_mbn_household_contract_ids(self):
        for partner in self:
            payers = partner._origin | partner._mbn_live_contracts().payer_id
            partner.mbn_household_contract_ids = self.env["membership.contract"].search(
                [
                    ("payer_id", "in", payers.ids),
                    ("member_id", "!=", partner._origin.id),
                    ("state", "in", _LIVE),
                ],
                limit=_PAID_FOR_SHOWN,
            )

    @api.depends("commercial_partner_id", "mbn_payer_contract_ids.state")
    def _compute_mbn_payer_warning(self):
        for partner in self:
            wrong = partner._origin.commercial_partner_id != partner._origin
            paying = wrong and (
                not partner.mbn_card_contract_ids
                or any(one.state != "ended" for one in partner._mbn_contracts_paid_for())
            )
            partner.mbn_payer_warning = paying and partner._origin._mbn_not_own_payer_text()

    def _mbn_payer_status(self):
        paid = self._mbn_contracts_paid_for().filtered(lambda one: one.state in _LIVE)
        names = sorted(set(paid.member_id.mapped("name")))
        if not names:
            return False
        return self.env._("No member. Pays for %(names)s.", names=", ".join(names))

    def _mbn_live_contracts(self):
        return self.mbn_card_contract_ids.filtered(lambda contract: contract.state in _LIVE)

    def _mbn_contracts_paid_for(self):
        """The memberships this person pays, those that run first, as far as the user sees them."""
        self.ensure_one()
        contracts = self.env["membership.contract"].search(
            [("payer_id", "=", self._origin.id)], limit=_PAID_FOR_SHOWN
        )
        return contracts.sorted(lambda contract: contract.state == "ended")

    def _mbn_leading_contract(self):
        """The contract by which the person's status is told."""
        self.ensure_one()
        ranks = [status for status, _label in MEMBER_STATUSES]
        of_status = self.mbn_card_contract_ids.filtered(
            lambda contract: contract.member_status == self.mbn_member_status
        )
        live = of_status.filtered(lambda contract: contract.state in _LIVE)
        return (live or of_status or self.mbn_card_contract_ids).sorted(
            lambda contract: ranks.index(contract.member_status or ranks[0])
        )[:1]

    # -- the boxes -------------------------------------------------------------------------

    def _mbn_card_standing(self):
        """Rows of "Standing": paid until, what is open, the next invoice.

        :return: list of :class:`CardRow`
        """
        self.ensure_one()
        rows = []
        if self.mbn_paid_until:
            rows.append(
                CardRow(self.env._("Paid until"), format_date(self.env, self.mbn_paid_until))
            )
        rows.append(self._mbn_open_row(self._mbn_card_invoices()))
        rows += [
            CardRow(self.env._("Next invoice"), contract._for_whom(self, text))
            for contract in self._mbn_live_contracts() or self._mbn_contracts_paid_for()
            if (text := contract._next_invoice_text())
        ]
        born = self.mbn_birth_date
        if born:
            rows.append(CardRow(self.env._("Born"), format_date(self.env, born)))
        return rows

    def _mbn_open_row(self, invoices):
        """What is open, and since when it is overdue."""
        sums = defaultdict(float)
        for move in invoices:
            sums[move.currency_id] += move.amount_residual * move.direction_sign * -1
        if not sums:
            return CardRow(self.env._("Open"), self.env._("Nothing"))
        text = " + ".join(
            formatLang(self.env, amount, currency_obj=currency) for currency, amount in sums.items()
        )
        late = [move for move in invoices if _is_overdue(move)]
        if late:
            text = self.env._(
                "%(amount)s, overdue since %(day)s",
                amount=text,
                day=format_date(self.env, min(move.invoice_date_due for move in late)),
            )
        return CardRow(self.env._("Open"), text, "danger" if late else "")

    def _mbn_card_payment(self):
        """Rows of "Who pays how": payer, means, delivery; once for each way of paying.

        :return: list of :class:`CardRow`
        """
        self.ensure_one()
        contracts = self._mbn_live_contracts() or self._mbn_contracts_paid_for()[:1]
        ways = {}
        for contract in contracts:
            ways.setdefault((contract.payer_id, contract._means_text()), contract)
        rows = []
        for (payer, means), contract in ways.items():
            rows.append(CardRow(self.env._("Payer"), self._mbn_payer_text(payer)))
            rows.append(CardRow(self.env._("Pays by"), means))
            rows.append(payer._mbn_delivery_row(contract.company_id))
        return rows

    def _mbn_payer_text(self, payer):
        name = self.env._("%(name)s (same person)", name=payer.name)
        if payer != self:
            name = payer._mbn_card_link()
        numbers = payer.sudo().mbn_payer_number_ids.filtered(
            lambda row: not row.is_alias and row.company_id in self.env.companies
        )
        if not numbers:
            return name
        return Markup("%s, %s") % (
            name,
            self.env._("payer number %(number)s", number=", ".join(numbers.mapped("number"))),
        )

    def _mbn_delivery_row(self, company):
        """How invoices reach this payer: the first channel that has an address."""
        label = self.env._("Invoices go")
        names = dict(self._fields["invoice_sending_method"]._description_selection(self.env))
        names["email"] = self.env._("by e-mail")  # core's own text lacks translations
        channels = self._mbn_delivery_channels(company)
        if not channels:
            return CardRow(label, self.env._("nowhere: nothing is to be sent"), "warning")
        for channel in channels:
            address = self._mbn_delivery_address(channel)
            if address:
                name = names.get(channel, channel)
                return CardRow(label, name if address == channel else f"{name}: {address}")
        return CardRow(label, self.env._("nowhere: there is no address"), "danger")

    def _mbn_card_invoices(self):
        """The open invoices of the box "Open invoices", the oldest due first.

        Those for this person's memberships, whoever pays, and those this person is to pay.
        """
        self.ensure_one()
        charges = self.env["membership.charge"].search(
            [
                ("invoice_id", "!=", False),
                ("state", "=", "invoiced"),
                "|",
                ("contract_id", "in", self.mbn_card_contract_ids.ids),
                ("payer_id", "=", self.id),
            ]
        )
        moves = charges.sudo().invoice_id
        if self.env["account.move"].has_access("read"):
            moves |= self.env["account.move"].search(
                [
                    ("commercial_partner_id", "=", self.id),
                    ("move_type", "in", ("out_invoice", "out_refund")),
                    ("state", "=", "posted"),
                    ("amount_residual", "!=", 0),
                ]
            )
        return (
            moves.sudo()
            .filtered(
                lambda move: (
                    move.state == "posted" and not move.currency_id.is_zero(move.amount_residual)
                )
            )
            .sorted(lambda move: (move.invoice_date_due or move.date, move.id))
        )

    def _mbn_card_events(self):
        """What happened, for "Last events"; the card shows the newest.

        :return: list of :class:`CardEvent`, in any order
        """
        self.ensure_one()
        contracts = self.mbn_card_contract_ids or self._mbn_contracts_paid_for()
        moves = self._mbn_card_moves(contracts)
        return [
            *self._mbn_change_events(contracts),
            *self._mbn_invoice_events(moves),
            *self._mbn_delivery_events(moves),
            *self._mbn_payment_events(moves),
        ]

    def _mbn_card_moves(self, contracts):
        """The latest invoices of ``contracts`` and of this payer, with their credit notes."""
        charges = self.env["membership.charge"].search(
            [
                ("invoice_id", "!=", False),
                "|",
                ("contract_id", "in", contracts.ids),
                ("payer_id", "=", self.id),
            ],
            order="id desc",
            limit=_ROWS_READ,
        )
        moves = charges.sudo().invoice_id
        moves |= moves.search([("reversed_entry_id", "in", moves.ids)])
        posted = moves.filtered(lambda move: move.state == "posted")
        return posted.sorted("id", reverse=True)[:_EVENTS_SHOWN]

    def _mbn_change_events(self, contracts):
        rows = self.env["membership.contract.change"].search(
            [("contract_id", "in", contracts.ids)], order="id desc", limit=_ROWS_READ
        )
        events = []
        made_together = rows.grouped(
            lambda row: (row.contract_id, row.create_date, row.reason == "joined")
        )
        for (contract, moment, joined), group in made_together.items():
            day = fields.Datetime.context_timestamp(self, moment).date()
            texts = group._texts()
            if joined:
                day, texts = min(day, contract.date_start), [contract._joined_text()]
            events += [CardEvent(day, contract._for_whom(self, text)) for text in texts]
        return events

    def _mbn_invoice_events(self, moves):
        return [
            CardEvent(move.invoice_date or move.date, self._mbn_invoice_text(move), 1)
            for move in moves
        ]

    def _mbn_invoice_text(self, move):
        facts = {
            "amount": formatLang(self.env, move.amount_total, currency_obj=move.currency_id),
            "number": self._mbn_move_link(move),
        }
        if move.move_type == "out_refund":
            return self.env._("Credited %(amount)s, %(number)s", **facts)
        day = format_date(self.env, move.invoice_date_due)
        return self.env._("Invoiced %(amount)s, due %(day)s, %(number)s", day=day, **facts)

    def _mbn_delivery_events(self, moves):
        """Every try to bring an invoice or receipt to the payer."""
        tries = self.env["billing.delivery"].sudo().search([("move_id", "in", moves.ids)])
        channels = dict(tries._selection_channel())
        states = dict(tries._fields["state"]._description_selection(self.env))
        documents = dict(tries._fields["document"]._description_selection(self.env))
        events = []
        for one in tries:
            text = self.env._(
                "%(document)s %(number)s %(channel)s: %(state)s",
                document=documents[one.document],
                number=one.move_id.name,
                channel=channels.get(one.channel, one.channel),
                state=states[one.state],
            )
            missed = one.state in ("failed", "bounced")
            if missed and one.reason:
                text = f"{text} ({one.reason})"
            day = fields.Datetime.context_timestamp(self, one.date).date()
            events.append(CardEvent(day, text, 2, "danger" if missed else ""))
        return events

    def _mbn_payment_events(self, moves):
        """Money that was placed on ``moves``; what was credited has an event of its own."""
        invoices = moves.filtered(lambda move: move.move_type == "out_invoice")
        paid = defaultdict(float)
        for partial in invoices.line_ids.matched_credit_ids:
            move, source = partial.debit_move_id.move_id, partial.credit_move_id.move_id
            if source.move_type != "out_refund":
                paid[move, source.date] += partial.debit_amount_currency
        return [
            CardEvent(
                day,
                self.env._(
                    "Paid %(amount)s, %(number)s",
                    amount=formatLang(self.env, amount, currency_obj=move.currency_id),
                    number=self._mbn_move_link(move),
                ),
                3,
                "success",
            )
            for (move, day), amount in paid.items()
        ]

    # -- how it looks ------------------------------------------------------------------------

    def _mbn_render_events(self, events):
        newest = sorted(events, key=lambda event: (event.day, event.rank), reverse=True)
        return _render_rows(
            CardRow(format_date(self.env, event.day), event.text, event.tone)
            for event in newest[:_EVENTS_SHOWN]
        )

    def _mbn_render_invoices(self, moves):
        if not moves:
            return False
        heads = [
            self.env._("Invoice"),
            self.env._("Payer"),
            self.env._("Due"),
            self.env._("Reference"),
            self.env._("Open"),
        ]
        body = Markup().join(self._mbn_render_invoice(move) for move in moves)
        head = Markup().join(Markup("<th>%s</th>") % text for text in heads[:-1])
        head += Markup('<th class="text-end">%s</th>') % heads[-1]
        return Markup(
            '<table class="table table-sm mb-0"><thead><tr>%s</tr></thead><tbody>%s</tbody></table>'
        ) % (head, body)

    def _mbn_render_invoice(self, move):
        sign = -move.direction_sign
        cells = [
            self._mbn_move_link(move),
            move.partner_id.name,
            format_date(self.env, move.invoice_date_due),
            move.payment_reference or "",
        ]
        amount = formatLang(self.env, sign * move.amount_residual, currency_obj=move.currency_id)
        row = Markup().join(Markup('<td class="py-1">%s</td>') % cell for cell in cells)
        row += Markup('<td class="text-end py-1">%s</td>') % amount
        return Markup('<tr class="%s">%s</tr>') % ("text-danger" if _is_overdue(move) else "", row)

    def _mbn_move_link(self, move):
        """The number of ``move``, for those who may open it as a link."""
        if not self.env["account.move"].has_access("read"):
            return move.name
        return _link("action_membership_invoice", move, move.name)

    def _mbn_card_action(self):
        """The window action that shows the card."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_members"
        )
        view = self.env.ref("membership_billing_nordic.res_partner_view_form_card")
        return action | {"views": [(view.id, "form")], "res_id": self.id}

    def _mbn_card_link(self):
        """The person's name as a link to the card."""
        self.ensure_one()
        return _link("action_members", self, self.name)


class MembershipContract(models.Model):
    _inherit = "membership.contract"

    def _paying_agreement(self):
        """The bank agreement through which the next invoice is paid; read as superuser."""
        self.ensure_one()
        contract = self.sudo()
        journal = contract.company_id._mbn_sale_journal()
        return contract._chosen_agreement() or journal.mbn_agreement_id

    def _chosen_agreement(self):
        """Its own bank agreement, else that of its association or of the nearest above it.

        Empty: it is paid to the agreement of the company's sale journal.
        """
        association = self.association_id
        return self.agreement_id or association._nearest_with("agreement_id").agreement_id

    def _means_text(self):
        """By what the contract is paid. Others see no account numbers, so no agreement."""
        agreement = self._paying_agreement()
        if agreement and self.env["bank.agreement"].has_access("read"):
            return self.env._(
                "Invoice with payment reference, to %(agreement)s", agreement=agreement.display_name
            )
        return self.env._("Invoice with payment reference")

    def _next_invoice_text(self):
        """When the next invoice comes, and what it comes to, as far as it is known."""
        self.ensure_one()
        day = self.next_invoice_date
        if not day or self.state not in ("confirmed", "paused"):
            return ""
        day = max(day, self.company_id._billing_today())
        facts = {"day": format_date(self.env, day), "plan": self._plan_on(day).name}
        amount = self._quote_amount(day)
        if amount is None:
            return self.env._("%(day)s (%(plan)s)", **facts)
        amount = formatLang(self.env, amount, currency_obj=self.currency_id)
        return self.env._("%(day)s: %(amount)s (%(plan)s)", amount=amount, **facts)

    def _may_be_confirmed_by_user(self):
        """Outside partners leave their contracts for the office to confirm."""
        user = self.env.user
        return self.env.su or not (
            user.has_group("membership_billing_nordic.group_outside_partner")
            and not user.has_group("membership_billing_nordic.group_billing_front_desk")
        )

    def _joined_text(self):
        self.ensure_one()
        if not self.association_id:
            return self.env._("Joined: %(plan)s", plan=self.plan_id.name)
        return self.env._(
            "Joined: %(plan)s, %(association)s",
            plan=self.plan_id.name,
            association=self.association_id.display_name,
        )

    def _for_whom(self, partner, text):
        """``text`` with the member's name where the card is somebody else's."""
        if self.member_id == partner:
            return text
        return f"{self.member_id.name}: {text}"


class MembershipContractChange(models.Model):
    _inherit = "membership.contract.change"

    def _texts(self):
        """What these changes, made together, are in words."""
        reasons = dict(self._fields["reason"]._description_selection(self.env))
        texts = []
        for row in self:
            text = row._text()
            texts.append(f"{text} ({reasons[row.reason]})" if row.reason else text)
        return texts

    def _text(self):
        self.ensure_one()
        day = format_date(self.env, self.date)
        known = {
            "paused": self.env._("Paused from %(day)s", day=day),
            "confirmed": self.env._("Goes on from %(day)s", day=day),
            "ended": self.env._("Ended"),
        }
        if self.kind == "status":
            return known.get(self.state, "")
        if self.kind == "end":
            return (
                self.env._("Ends on %(day)s", day=format_date(self.env, self.date_value))
                if self.date_value
                else self.env._("End taken back")
            )
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        if self.kind == "means":
            return self.env._("%(what)s changed", what=kinds[self.kind])
        return self.env._(
            "%(what)s: %(value)s from %(day)s", what=kinds[self.kind], value=self.value, day=day
        )


def _is_overdue(move):
    return (
        move.amount_residual > 0
        and move.invoice_date_due
        and move.invoice_date_due < move.company_id._billing_today()
    )


def _link(action, record, text):
    return Markup('<a href="/odoo/action-membership_billing_nordic.%s/%s">%s</a>') % (
        action,
        record.id,
        text,
    )


def _render_rows(rows):
    body = Markup().join(
        Markup(
            '<tr><td class="text-muted text-nowrap ps-0 pe-3 py-0" style="width: 1%%">%s</td>'
            '<td class="py-0 text-break %s">%s</td></tr>'
        )
        % (row.label, f"text-{row.tone}" if row.tone else "", row.text)
        for row in rows
    )
    return Markup('<table class="table table-sm table-borderless mb-0">%s</table>') % body
