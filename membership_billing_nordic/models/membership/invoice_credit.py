"""Credit notes: what is left to credit of an invoice, and what crediting it brings with it."""

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_amount, format_date

from ..debit.direct_debit_order import AT_THE_BANK
from .association_rights import ADMINISTRATOR
from .billing_pricing import Pricing

BILLING_USER = "membership_billing_nordic.group_billing_user"
_WARNED = ("overdue", "reminded", "noticed")


class ResCompany(models.Model):
    _inherit = "res.company"

    mbn_administrators_credit = fields.Boolean(
        string="Administrators of Associations May Credit",
        help="They may credit the invoices of their own members. Paying money back stays with the "
        "office.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    mbn_administrators_credit = fields.Boolean(
        related="company_id.mbn_administrators_credit", readonly=False
    )


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    mbn_credited_line_id = fields.Many2one(
        "account.move.line",
        string="Credited Line",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The line of an invoice of which this line of a credit note takes back a part.",
    )

    def _mbn_credited_amounts(self):
        """What posted credit notes have taken back of each of these lines, tax included."""
        posted = [("parent_state", "=", "posted"), ("move_id.move_type", "=", "out_refund")]
        by_line = self._read_group(
            [("mbn_credited_line_id", "in", self.ids), *posted],
            ["mbn_credited_line_id"],
            ["price_total:sum"],
        )
        credited = dict(by_line)
        # Credit notes of before say the charge only.
        for charge, amount in self._read_group(
            [
                ("mbn_credited_line_id", "=", False),
                ("mbn_credited_charge_id", "in", self.mbn_charge_id.ids),
                *posted,
            ],
            ["mbn_credited_charge_id"],
            ["price_total:sum"],
        ):
            line = charge.invoice_line_id
            credited[line] = credited.get(line, 0.0) + amount
        return credited

    def _mbn_credit_vals(self, amount, text, pricing, is_as_invoiced):
        """Values of a line that takes back ``amount`` of this one, tax included.

        With tax on top the price is that of ``amount``, so that all lines of the credit note
        come to the sum of their amounts; what is credited as a whole may be as it was invoiced.
        """
        self.ensure_one()
        vals = {
            "product_id": self.product_id.id,
            "name": f"{self.name or self.product_id.display_name}\n{text}",
            "account_id": self.account_id.id,
            "tax_ids": [Command.set(self.tax_ids.ids)],
            "analytic_distribution": self.analytic_distribution,
            "quantity": self.quantity,
            "price_unit": self.price_unit,
            "discount": self.discount,
            "mbn_credited_line_id": self.id,
            "mbn_credited_charge_id": self.mbn_charge_id.id,
        }
        currency = self.currency_id
        is_exact = is_as_invoiced or all(
            self.tax_ids.flatten_taxes_hierarchy().mapped("price_include")
        )
        if not is_exact or currency.compare_amounts(amount, self.price_total):
            price = pricing._price_of(amount, self.product_id, self.tax_ids, currency)
            vals |= {"quantity": 1.0, "discount": 0.0, "price_unit": price}
        return vals


class AccountMove(models.Model):
    _inherit = "account.move"

    mbn_credited = fields.Monetary(
        string="Credited",
        readonly=True,
        copy=False,
        help="What posted credit notes have taken back of this invoice.",
    )
    mbn_can_credit = fields.Boolean(
        string="Can Be Credited", compute="_compute_mbn_can_credit", compute_sudo=True
    )

    @api.depends("state", "mbn_credited", "mbn_agreement_id", "mbn_charge_ids")
    @api.depends_context("uid")
    def _compute_mbn_can_credit(self):
        for move in self:
            move.mbn_can_credit = (
                move._mbn_is_ours()
                and move.state == "posted"
                and move.currency_id.compare_amounts(move.amount_total, move.mbn_credited) > 0
                and move._mbn_user_may_credit()
            )

    def _mbn_is_ours(self):
        """Is it a customer invoice that we bill or collect?"""
        self.ensure_one()
        move = self.sudo()
        return move.move_type == "out_invoice" and bool(
            move.mbn_agreement_id or move.mbn_run_id or move.mbn_charge_ids
        )

    # ------------------------------------------------------------------
    # Who may
    # ------------------------------------------------------------------

    def _mbn_user_may_credit(self):
        """Billing users, and administrators of associations of their own members if they may."""
        user = self.env.user
        if user.has_group(BILLING_USER):
            return True
        move = self.sudo()
        return (
            move.company_id.mbn_administrators_credit
            and user._mbn_has_part(ADMINISTRATOR)
            and bool(move.mbn_charge_ids)
            and move.mbn_charge_ids.contract_id.with_user(user).has_access("read")
        )

    def _mbn_check_may_credit(self):
        """:raises AccessError: the user may not credit these invoices"""
        if self.env.su:
            return
        self.check_access("read")
        user = self.env.user
        any_right = user.has_group(BILLING_USER) or user._mbn_has_part(ADMINISTRATOR)
        if not any_right or not all(move._mbn_user_may_credit() for move in self):
            raise AccessError(
                self.env._("You may not credit this invoice. Ask the billing office.")
            )

    # ------------------------------------------------------------------
    # What is left
    # ------------------------------------------------------------------

    def _post(self, soft=True):
        posted = super()._post(soft)
        posted._mbn_note_credits()
        return posted

    def button_draft(self):
        result = super().button_draft()
        self._mbn_note_credits()
        return result

    def button_cancel(self):
        result = super().button_cancel()
        self._mbn_note_credits()
        return result

    def _mbn_note_credits(self):
        """Note on the invoices of these credit notes what is credited of them.

        The note is written on the invoice, so that of two who credit at once one is refused by
        the database and sees, when it tries again, what the other has credited.

        :raises UserError: more than the invoice comes to
        """
        notes = self.filtered(lambda move: move.move_type == "out_refund")
        invoices = notes.sudo().reversed_entry_id.filtered(lambda move: move._mbn_is_ours())
        if not invoices:
            return
        sums = invoices._mbn_credit_sums()
        for invoice in invoices:
            currency, amount = invoice.currency_id, sums[invoice]
            if currency.compare_amounts(amount, invoice.amount_total) > 0:
                raise UserError(
                    self.env._(
                        "%(invoice)s comes to %(total)s: no more than that can be credited, and "
                        "with this it would be %(amount)s.",
                        invoice=invoice.name,
                        total=format_amount(self.env, invoice.amount_total, currency),
                        amount=format_amount(self.env, amount, currency),
                    )
                )
            invoice.mbn_credited = amount

    def _mbn_left_to_credit(self):
        """What is left to credit of each line of this invoice, tax included; lines with nothing
        left are missing.

        What credit notes took back without saying of which line is taken off from the end.
        """
        self.ensure_one()
        invoice, currency = self.sudo(), self.currency_id
        lines = invoice.invoice_line_ids.filtered(
            lambda line: line.display_type == "product" and not currency.is_zero(line.price_total)
        )
        credited = lines._mbn_credited_amounts()
        left = {line: currency.round(line.price_total - credited.get(line, 0.0)) for line in lines}
        total = currency.round(invoice.amount_total - invoice._mbn_credit_sums()[invoice])
        surplus = currency.round(sum(left.values()) - total)
        for line in reversed(lines.sorted(lambda line: (line.sequence, line.id))):
            if currency.compare_amounts(surplus, 0.0) > 0 and left[line] > 0:
                part = min(left[line], surplus)
                left[line] = currency.round(left[line] - part)
                surplus = currency.round(surplus - part)
        return {line: amount for line, amount in left.items() if not currency.is_zero(amount)}

    # ------------------------------------------------------------------
    # Crediting
    # ------------------------------------------------------------------

    def _mbn_credit(self, parts, text, quiet=False, bill_again=False):
        """Credit parts of this invoice by a posted credit note.

        It is set off against what is open of the invoice; the rest stands to the payer's credit.

        :param parts: invoice line to the amount to credit, tax included
        :param text: why, for the payer
        :param quiet: the credit note is not sent
        :param bill_again: memberships and charges that are credited as a whole are billed anew
        :raises UserError: nothing, or more than is left of a line
        :return: the credit note
        """
        self.ensure_one()
        self._mbn_check_may_credit()
        invoice = self.sudo()
        if invoice.state != "posted" or invoice.move_type != "out_invoice":
            raise UserError(self.env._("Only a confirmed customer invoice can be credited."))
        if not invoice.try_lock_for_update():
            raise UserError(
                self.env._("Somebody else is working on %(invoice)s.", invoice=invoice.name)
            )
        invoice._mbn_check_parts(parts)
        left = invoice._mbn_left_to_credit()
        is_whole = not invoice.mbn_credited and all(
            line in parts and not invoice.currency_id.compare_amounts(parts[line], amount)
            for line, amount in left.items()
        )
        note = invoice._mbn_make_credit_note(parts, text, quiet, is_whole)
        if note.mbn_send_state == "waiting":
            note._mbn_trigger_sending()
        charges = self.env["account.move.line"].sudo().union(*parts).mbn_charge_id
        if bill_again:
            charges._wholly_credited()._take_back()
        return note.with_env(self.env)

    def _mbn_check_parts(self, parts):
        currency, left = self.currency_id, self._mbn_left_to_credit()
        for line, amount in parts.items():
            rest = left.get(line.sudo(), 0.0)
            if amount * rest < 0 or currency.compare_amounts(abs(amount), abs(rest)) > 0:
                raise UserError(
                    self.env._(
                        "Of “%(what)s” only %(left)s is left to credit.",
                        what=(line.name or line.product_id.display_name).split("\n")[0],
                        left=format_amount(self.env, rest, currency),
                    )
                )
        if currency.compare_amounts(sum(parts.values()), 0.0) <= 0:
            raise UserError(self.env._("Enter what is credited: an amount above zero."))

    def _mbn_credit_day(self, text):
        """Day and text of a credit note; ``mbn_credit_as`` of the context tells others."""
        return self.env.context.get("mbn_credit_as") or (self.company_id._billing_today(), text)

    def _mbn_make_credit_note(self, parts, text, quiet, is_as_invoiced):
        """The posted credit note of ``parts`` (line to amount), set off against the invoice."""
        company = self.company_id
        invoice = self.with_company(company).with_context(**company._billing_context())
        today, text = invoice._mbn_credit_day(text)
        pricing = Pricing(company)
        note = invoice.env["account.move"].create(
            {
                "move_type": "out_refund",
                "reversed_entry_id": invoice.id,
                "company_id": company.id,
                "journal_id": invoice.journal_id.id,
                "partner_id": invoice.partner_id.id,
                "currency_id": invoice.currency_id.id,
                "fiscal_position_id": invoice.fiscal_position_id.id,
                "invoice_date": today,
                "date": today,
                "invoice_payment_term_id": False,
                "invoice_cash_rounding_id": (
                    invoice.invoice_cash_rounding_id.id if is_as_invoiced else False
                ),
                "invoice_origin": invoice.invoice_origin,
                "ref": text,
                "mbn_send_state": "waiting" if company.mbn_send_invoices and not quiet else False,
                "invoice_line_ids": [
                    Command.create(line._mbn_credit_vals(amount, text, pricing, is_as_invoiced))
                    for line, amount in parts.items()
                ],
            }
        )
        note.action_post()
        claims = (invoice + note).line_ids.filtered(
            lambda line: line.display_type == "payment_term" and not line.reconciled
        )
        if len(claims.move_id) > 1:
            claims.reconcile()
        return note

    # ------------------------------------------------------------------
    # What it brings with it: rows of (text, day, amount, tone)
    # ------------------------------------------------------------------

    def _mbn_credit_rows(self, parts, bill_again, money):
        """What crediting ``parts`` of this invoice touches, for the dialog."""
        invoice, currency = self.sudo(), self.currency_id
        amount = currency.round(sum(parts.values()))
        set_off = min(amount, invoice.amount_residual)
        after = currency.round(invoice.amount_residual - set_off)
        rows = [(self.env._("Credited"), None, amount, "fw-bold")]
        if not currency.is_zero(invoice.amount_residual):
            rows.append((self.env._("Open of the invoice afterwards"), None, after, ""))
        return [
            *rows,
            *invoice._mbn_credit_debit_rows(after),
            *invoice._mbn_credit_claim_rows(after),
            *invoice._mbn_credit_charge_rows(parts, bill_again),
            *invoice._mbn_credit_money_rows(currency.round(amount - set_off), money),
        ]

    def _mbn_credit_debit_rows(self, after):
        rows = []
        if not self.amount_residual:
            return rows
        for order in self._mbn_live_orders():
            if order.state not in AT_THE_BANK:
                text = (
                    self.env._("The planned debit goes down, on")
                    if after
                    else self.env._("The planned debit is dropped, on")
                )
                rows.append((text, order.due_date, None, ""))
            elif order._can_withdraw():
                text = self.env._("The debit is at the bank and is withdrawn, on")
                rows.append((text, order.due_date, order.amount, ""))
            else:
                text = self.env._(
                    "The debit cannot be stopped any more: its money comes, and stands to the "
                    "payer, on"
                )
                rows.append((text, order.due_date, order.amount, "text-warning-emphasis"))
        return rows

    def _mbn_credit_claim_rows(self, after):
        claims = self.env["dunning.claim"].search([("invoice_id", "=", self.id)])
        warned = claims.filtered(lambda claim: claim.state in _WARNED)
        rows = []
        if warned and not after:
            rows.append((self.env._("Reminders of it end"), None, None, ""))
        elif warned:
            rows.append((self.env._("Reminders go on for what is open"), None, after, ""))
        costs = sum(
            claim.fee_open + claim.interest_open + claim.compensation_open for claim in claims
        )
        if costs:
            text = self.env._("Claimed by letters besides: stays, unless the letter is cancelled")
            rows.append((text, None, costs, "text-warning-emphasis"))
        return rows

    def _mbn_credit_charge_rows(self, parts, bill_again):
        """Of each membership: whether it is billed again."""
        rows = []
        credited = self.mbn_charge_ids._credited_amounts()
        for charge in self.mbn_charge_ids:
            amount = parts.get(charge.invoice_line_id)
            if not amount:
                continue
            left = charge.amount - credited.get(charge, 0.0) - amount
            what = charge._credit_label()
            if charge.currency_id.compare_amounts(left, 0.0) > 0:
                text = self.env._("%(what)s: stays, at a lower price", what=what)
            elif bill_again:
                text = self.env._("%(what)s: is billed again by the next run", what=what)
            elif charge.period_id:
                text = self.env._(
                    "%(what)s: does not count as paid, is not billed again", what=what
                )
            else:
                text = self.env._("%(what)s: is not charged again", what=what)
            rows.append((text, None, None, ""))
        return rows

    def _mbn_credit_money_rows(self, stands, money):
        if self.currency_id.compare_amounts(stands, 0.0) <= 0:
            return []
        payer = self.commercial_partner_id
        refunds = self.env["bank.refund"]
        rows = [
            (
                self.env._("Was paid, and stands to %(payer)s", payer=payer.name),
                None,
                stands,
                "fw-bold",
            )
        ]
        unpaid = refunds._unpaid(self.company_id, payer, self.currency_id)
        others = ", ".join(name for name in unpaid.split(", ") if name and name != self.name)
        company = self.company_id
        if money == "open":
            text = (
                self.env._("Used for %(invoices)s, the oldest due first", invoices=others)
                if others
                else self.env._("Nothing is open: it stands until the next invoice")
            )
        elif money == "refund":
            agreement, _route = refunds._find_route(company, payer, self.currency_id)
            text = (
                self.env._("Its refund is proposed next, through %(bank)s", bank=agreement.name)
                if agreement
                else refunds._no_route_text(payer, self.currency_id)
            )
        elif company.mbn_use_standing and not self._mbn_is_above_limit(
            company, self.currency_id, stands
        ):
            text = self.env._("Used by itself on the next invoice")
        else:
            text = self.env._("Stands until somebody uses it (Billing, Money Standing)")
        rows.append((text, None, None, ""))
        if others and money != "open":
            text = self.env._("Not paid by this payer: %(invoices)s", invoices=others)
            rows.append((text, None, None, "text-warning-emphasis"))
        return rows

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------

    def action_mbn_credit(self):
        """Show what is left to credit of this invoice, and what crediting brings with it."""
        self._mbn_check_may_credit()
        self.ensure_one()
        return self.env["billing.credit"]._open_for(self)

    def action_reverse(self):
        """Core's button: our invoices are credited by our dialog."""
        if len(self) == 1 and self.state == "posted" and self._mbn_is_ours():
            return self.action_mbn_credit()
        return super().action_reverse()


class MembershipCharge(models.Model):
    _inherit = "membership.charge"

    def _wholly_credited(self):
        """Those of these charges of which credit notes have taken back everything."""
        credited = self._credited_amounts()
        return self.filtered(
            lambda charge: (
                charge in credited
                and charge.currency_id.compare_amounts(credited[charge], charge.amount) >= 0
            )
        )

    def _credit_label(self):
        """What it is for, in the dialog of a credit note."""
        period = self.period_id
        member = self.contract_id.member_id.name
        if not period:
            return self.env._("%(what)s of %(member)s", what=self.name, member=member)
        return self.env._(
            "%(member)s, %(first)s - %(last)s",
            member=member,
            first=format_date(self.env, self.date_from or period.date_from),
            last=format_date(self.env, self.date_to or period.date_to),
        )
