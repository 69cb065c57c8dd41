"""What of the fees is whose: rows that say how much, and the entries they are booked with."""

import json
from collections import defaultdict

import psycopg2
from odoo import Command, api, fields, models
from odoo.exceptions import AccessError

from .association_sharing import Sharing

CHUNK = 500
DESK = "membership_share_stuck"


class MembershipShare(models.Model):
    """One amount that an association got of a charge, or gave back. Never changed afterwards.

    The rows of a charge and an association add up to what it is to have by now; the sum of all
    rows that are not paid out is what is owed to the association.
    """

    _name = "membership.share"
    _description = "Share of a Fee"
    _order = "date desc, id desc"
    _rec_name = "association_id"
    _check_company_auto = True

    charge_id = fields.Many2one(
        "membership.charge", required=True, readonly=True, index=True, ondelete="restrict"
    )
    number = fields.Integer(
        required=True, readonly=True, help="The how-manieth row of this charge and association."
    )
    association_id = fields.Many2one(
        "membership.association",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        help="Whose share it is.",
    )
    home_id = fields.Many2one(
        related="charge_id.association_id",
        string="Member's Association",
        store=True,
        index="btree_not_null",
    )
    rule_id = fields.Many2one(
        "membership.share.rule",
        string="Fee Share",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    contract_id = fields.Many2one(related="charge_id.contract_id", store=True, index=True)
    member_id = fields.Many2one(related="contract_id.member_id", string="Member")
    period_id = fields.Many2one(related="charge_id.period_id", store=True, index=True)
    plan_id = fields.Many2one(related="period_id.plan_id", store=True)
    invoice_id = fields.Many2one(related="charge_id.invoice_id", string="Invoice")
    date = fields.Date(required=True, readonly=True, index=True, help="When it was booked.")
    amount = fields.Monetary(
        required=True, readonly=True, help="Below zero: taken back, as less is paid or owed."
    )
    move_line_id = fields.Many2one(
        "account.move.line",
        string="Entry Line",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        help="The line of the association's payable that it is part of.",
    )
    move_id = fields.Many2one(related="move_line_id.move_id", string="Entry")

    _once = models.Constraint(
        "UNIQUE (charge_id, association_id, number)", "This share was booked already."
    )

    # ------------------------------------------------------------------ booking

    @api.model
    def _cron_book(self):
        """Book what associations are to get of fees, or to give back, in committed chunks."""
        charges = self.env["membership.charge"].sudo()
        for (company,) in charges._read_group([("share_pending", "=", True)], ["company_id"]):
            worker = self.sudo().with_company(company).with_context(**company._billing_context())
            if not worker._book_pending(company):
                return

    @api.model
    def _book_pending(self, company):
        """Book all that waits in ``company``; False when the time of the action is over."""
        charges = self.env["membership.charge"]
        pending = [("share_pending", "=", True), ("company_id", "=", company.id)]
        while chunk := charges.search(pending, order="id", limit=CHUNK):
            chunk = chunk.try_lock_for_update(allow_referencing=True)
            if not chunk:
                break
            self._book_chunk(chunk)
            if not self.env["ir.cron"]._commit_progress(
                len(chunk), remaining=charges.search_count(pending)
            ):
                return False
        return True

    @api.model
    def _book_chunk(self, charges):
        """Book ``charges`` with one entry; after an error one by one, the bad ones to the desk."""
        try:
            with self.env.cr.savepoint():
                self._book(charges)
                self.env["billing.exception"]._close(charges, DESK)
                self.env.flush_all()
        except psycopg2.OperationalError:
            raise
        except Exception:
            self.env.invalidate_all(flush=False)
            for charge in charges:
                self.env["billing.exception"]._try(
                    charge,
                    DESK,
                    lambda charge=charge: self._book(charge),
                    self.env._("Correct the fee share, then book the shares again."),
                )
        charges.share_pending = False

    @api.model
    def _book(self, charges):
        charges.invalidate_recordset()
        rows = self._missing(charges)
        if not rows:
            return self
        company = charges.company_id
        entry = self._book_entry(company, rows)
        shares = self.create(
            [
                {
                    "charge_id": row["charge"].id,
                    "number": row["number"],
                    "association_id": row["association"].id,
                    "rule_id": row["rule"].id,
                    "company_id": company.id,
                    "currency_id": row["charge"].currency_id.id,
                    "date": entry.date,
                    "amount": row["amount"],
                    "move_line_id": row["line"].id,
                }
                for row in rows
            ]
        )
        return shares

    @api.model
    def _missing(self, charges):
        """What associations are to get or give back of ``charges``, beyond what is booked."""
        sharing = Sharing(charges.company_id, charges)
        booked = defaultdict(dict)
        for charge, association, amount, count in self._read_group(
            [("charge_id", "in", charges.ids)],
            ["charge_id", "association_id"],
            ["amount:sum", "__count"],
        ):
            booked[charge][association] = amount, count
        rows = []
        for charge in charges:
            targets = sharing.targets(charge)
            for association in dict.fromkeys([*targets, *booked[charge]]):
                target, rule = targets.get(association, (0.0, self.rule_id))
                before, count = booked[charge].get(association, (0.0, 0))
                amount = charge.currency_id.round(target - before)
                if amount:
                    rows.append(
                        {
                            "charge": charge,
                            "association": association,
                            "rule": rule,
                            "number": count + 1,
                            "amount": amount,
                        }
                    )
        return rows

    # ------------------------------------------------------------------ the entry

    @api.model
    def _book_entry(self, company, rows):
        """One entry: income to payables. Every row gets the ``line`` of its association."""
        day = company._billing_today()
        payables, incomes = defaultdict(lambda: [0.0, 0.0]), defaultdict(lambda: [0.0, 0.0])
        for row in rows:
            charge, amount = row["charge"], row["amount"]
            balance = charge.currency_id._convert(amount, company.currency_id, company, day)
            row["key"] = row["association"], charge.currency_id
            for total in (payables[row["key"]], incomes[self._income_key(company, charge)]):
                total[0] += amount
                total[1] += balance
        lines = [
            self._entry_line(
                currency,
                total,
                -1,
                account_id=association._share_account(company).id,
                partner_id=association.partner_id.commercial_partner_id.id,
                name=self.env._("Shares of fees, %(association)s", association=association.name),
            )
            for (association, currency), total in payables.items()
        ]
        lines += [
            self._entry_line(
                currency,
                total,
                1,
                account_id=account.id,
                analytic_distribution=json.loads(analytic),
                name=self.env._("Shares of fees"),
            )
            for (account, analytic, currency), total in incomes.items()
        ]
        entry = self._post_entry(company, day, self.env._("Shares of fees"), lines)
        of_key = dict(zip(payables, entry.line_ids.sorted("id"), strict=False))
        for row in rows:
            row["line"] = of_key[row["key"]]
        return entry

    @api.model
    def _income_key(self, company, charge):
        line = charge.invoice_line_id
        account = company.mbn_share_contra_account_id or line.account_id
        return account, json.dumps(line.analytic_distribution or False), charge.currency_id

    @api.model
    def _entry_line(self, currency, total, sign, **vals):
        company = self.env.company
        return vals | {
            "currency_id": currency.id,
            "amount_currency": sign * currency.round(total[0]),
            "balance": sign * company.currency_id.round(total[1]),
            "tax_ids": [],
            "display_type": "product",
        }

    @api.model
    def _post_entry(self, company, day, ref, lines):
        """A posted entry of the journal of shares. Its lines are in the order of ``lines``."""
        entry = (
            self.env["account.move"]
            .with_company(company)
            .create(
                {
                    "move_type": "entry",
                    "journal_id": company._mbn_share_journal().id,
                    "date": day,
                    "ref": ref,
                    "line_ids": [Command.create(line) for line in lines],
                }
            )
        )
        entry.action_post()
        return entry

    def action_open_invoice(self):
        """Show the invoice of the fee."""
        self.check_access("read")
        return self.env["account.move"]._mbn_list_action(self.invoice_id)


class MembershipCharge(models.Model):
    _inherit = "membership.charge"

    share_pending = fields.Boolean(
        readonly=True, copy=False, help="What associations get of it is to be worked out anew."
    )
    share_ids = fields.One2many(
        "membership.share",
        "charge_id",
        string="Shares of Associations",
        groups="membership_billing_nordic.group_billing_user,"
        "membership_billing_nordic.group_billing_auditor,"
        "membership_billing_nordic.group_association_administrator",
    )

    _share_idx = models.Index("(company_id, id) WHERE share_pending")

    def _set_states(self, states):
        result = super()._set_states(states)
        self._mark_shares()
        return result

    @api.model
    def _tie_to_lines(self, invoices):
        result = super()._tie_to_lines(invoices)
        shared = invoices.filtered(
            lambda move: (
                move.company_id.mbn_share_when == "billed"
                or move.amount_residual != move.amount_total
            )
        )
        self.search([("invoice_id", "in", shared.ids)])._mark_shares()
        return result

    def _mark_shares(self):
        """What happened to these charges may change the shares of their fees."""
        fees = self.filtered(
            lambda charge: charge.kind == "fee" and charge.period_id and not charge.share_pending
        )
        if fees._has_share_rules():
            fees.share_pending = True

    def _has_share_rules(self):
        """Does any association get a share of fees of the companies of these?"""
        of_companies = [("company_id", "parent_of", self.company_id.ids)]
        rules = self.env["membership.share.rule"].sudo()
        return bool(self and rules.search_count(of_companies, limit=1))


class MembershipContract(models.Model):
    _inherit = "membership.contract"

    def write(self, vals):
        """A member who moves may take the share of a period along."""
        result = super().write(vals)
        if "association_id" in vals or "next_association_id" in vals:
            self.sudo().charge_ids._mark_shares()
        return result

    def _consequence_labels(self):
        return super()._consequence_labels() | {"share": self.env._("Shares of the running period")}

    def _changed_rows(self, day, vals, today):
        rows = super()._changed_rows(day, vals, today)
        old = self.association_id.id
        if (vals.get("association_id", old) or False) != (old or False):
            rows += self._share_rows(day or today)
        return rows

    def _share_rows(self, day):
        """Which association gets the share of the period in which the member moves."""
        period = self.period_ids.filtered(
            lambda period: (
                period.state in ("open", "paid") and period.date_from < day <= period.date_to
            )
        )[:1]
        if not period.charge_ids._has_share_rules():
            return []
        if self.company_id.mbn_share_transfer == "by_day":
            text = self.env._("Share of the running period: each association's for its days")
        else:
            text = self.env._(
                "Share of the running period: stays with %(association)s",
                association=self.association_id.display_name or "-",
            )
        return [self._consequence("share", text, day=period.date_to)]


class MembershipAssociation(models.Model):
    _inherit = "membership.association"

    def _share_account(self, company):
        """The payable account on which ``company`` owes shares to the association."""
        account = company.mbn_share_account_id
        partner = self.partner_id.commercial_partner_id.with_company(company)
        return account or partner.property_account_payable_id


class ResCompany(models.Model):
    _inherit = "res.company"

    mbn_share_when = fields.Selection(
        [("paid", "When the member has paid"), ("billed", "When the fee is billed")],
        string="Shares of Associations",
        default="paid",
        required=True,
        help="When an association's share of a fee becomes a debt of the company. What is credited, "
        "reversed or charged back takes its part of the share back.",
    )
    mbn_share_transfer = fields.Selection(
        [
            ("first_day", "The one on the first day of the period"),
            ("by_day", "Each for its days"),
        ],
        string="Member Moves Within a Period",
        default="first_day",
        required=True,
        help="Which association gets the share of a period in which a member moves. A change holds "
        "for what is booked from then on.",
    )
    mbn_share_account_id = fields.Many2one(
        "account.account",
        string="Payable to Associations",
        check_company=True,
        domain="[('account_type', '=', 'liability_payable')]",
        ondelete="restrict",
        help="Where shares are owed. Empty: the payable account of the association's contact. An "
        "account of its own keeps shares apart from what you buy of associations.",
    )
    mbn_share_contra_account_id = fields.Many2one(
        "account.account",
        string="Shares Taken From",
        check_company=True,
        ondelete="restrict",
        help="What is debited. Empty: the income account of the fee, so that only what is yours "
        "stays there.",
    )
    mbn_share_journal_id = fields.Many2one(
        "account.journal",
        string="Journal of Shares",
        check_company=True,
        domain="[('type', '=', 'general')]",
        ondelete="restrict",
        help="Empty: the company's first journal of this kind that no agreement with a bank "
        "books in.",
    )

    def write(self, vals):
        """Another moment of sharing holds for all that is billed and not paid."""
        changed = self.filtered(
            lambda company: (
                "mbn_share_when" in vals and vals["mbn_share_when"] != company.mbn_share_when
            )
        )
        result = super().write(vals)
        if changed:
            open_charges = (
                self.env["membership.charge"]
                .sudo()
                .search([("company_id", "in", changed.ids), ("state", "=", "invoiced")])
            )
            open_charges._mark_shares()
        return result

    def _mbn_share_journal(self):
        """The general journal of shares and pay-outs.

        :raises UserError: there is none
        """
        self.ensure_one()
        return self.mbn_share_journal_id or self._mbn_general_journal()


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    mbn_share_when = fields.Selection(related="company_id.mbn_share_when", readonly=False)
    mbn_share_transfer = fields.Selection(related="company_id.mbn_share_transfer", readonly=False)
    mbn_share_account_id = fields.Many2one(
        related="company_id.mbn_share_account_id", readonly=False
    )
    mbn_share_contra_account_id = fields.Many2one(
        related="company_id.mbn_share_contra_account_id", readonly=False
    )
    mbn_share_journal_id = fields.Many2one(
        related="company_id.mbn_share_journal_id", readonly=False
    )
    mbn_associations_bill = fields.Boolean(
        related="company_id.mbn_associations_bill", readonly=False
    )


class BillingException(models.Model):
    _inherit = "billing.exception"

    kind = fields.Selection(
        selection_add=[(DESK, "Shares of associations not booked")], ondelete={DESK: "cascade"}
    )

    def action_book_shares(self):
        """Book shares again that could not be booked."""
        self.check_access("read")
        if not self.env.user.has_group("membership_billing_nordic.group_billing_user"):
            raise AccessError(self.env._("Only a billing user can book shares."))
        charges = self._of_kinds("membership.charge", (DESK,)).sudo()
        for company, own in charges.grouped("company_id").items():
            own.share_pending = True
            worker = self.env["membership.share"].sudo().with_company(company)
            worker.with_context(**company._billing_context())._book_chunk(own)
