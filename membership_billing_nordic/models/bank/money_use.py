"""Money that stands to payers: where it is from, and how it pays what they owe."""

from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount

_KNOW = (
    "membership_billing_nordic.group_billing_user,membership_billing_nordic.group_billing_auditor"
)
SOURCES = [
    ("over", "Overpaid"),
    ("double", "Paid twice"),
    ("account", "Paid on account"),
    ("returned", "Refund that came back"),
    ("moved", "Moved from another payer"),
    ("credit", "Credit note"),
    ("other", "Entry"),
]
# How a payment was placed tells why a part of it stands; by any other outcome it is on account.
_BY_OUTCOME = {"over": "over", "double": "double", "refund_back": "returned"}


class ResCompany(models.Model):
    _inherit = "res.company"

    mbn_use_standing = fields.Boolean(
        string="Use Money Standing for New Invoices",
        default=True,
        help="What payers paid too much or twice, and what was credited, pays their next invoice "
        "before a debit is planned for it.",
    )
    mbn_use_standing_limit = fields.Monetary(
        string="By Itself Up To",
        help="When more than this stands to a payer, a person decides what becomes of it. 0: there "
        "is no limit.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    mbn_use_standing = fields.Boolean(related="company_id.mbn_use_standing", readonly=False)
    mbn_use_standing_limit = fields.Monetary(
        related="company_id.mbn_use_standing_limit", readonly=False
    )


class AccountMove(models.Model):
    _inherit = "account.move"

    def _post(self, soft=True):
        posted = super()._post(soft)
        posted._mbn_use_standing()
        return posted

    def _mbn_takes_standing(self):
        """May money that stands to the payer pay this invoice unasked? Only what is owed."""
        self.ensure_one()
        return self.move_type == "out_invoice" and self.state == "posted"

    def _mbn_use_standing(self):
        """Let money that stands to the payers of these new invoices pay them."""
        invoices = self.sudo().filtered(lambda move: move.move_type == "out_invoice")
        refunds = self.env["bank.refund"].sudo()
        for (company, currency), group in invoices.grouped(
            lambda move: (move.company_id, move.currency_id)
        ).items():
            if credits := refunds._standing(company, group.partner_id, currency):
                group._mbn_use_promised(credits)
                if company.mbn_use_standing:
                    group._mbn_use_credits(company, currency, credits._mbn_free_credits())

    def _mbn_use_promised(self, credits):
        """Let those of ``credits`` that were promised for these invoices pay them, whatever the
        settings. For rooms that promise."""

    def _mbn_use_credits(self, company, currency, credits):
        by_payer = self.grouped("commercial_partner_id")
        left = credits.filtered(lambda line: line.amount_residual_currency < 0)
        used, claims = credits.browse(), credits.browse()
        for payer, standing in left.grouped("partner_id").items():
            invoices = by_payer.get(payer, self.browse())
            owed = invoices.filtered(lambda move: move._mbn_takes_standing())._mbn_open_claims()
            if not owed:
                continue
            total = -sum(standing.mapped("amount_residual_currency"))
            if self._mbn_is_above_limit(company, currency, total):
                owed.move_id[:1]._mbn_ask_standing(payer, total)
            else:
                used |= standing
                claims |= owed
        used._mbn_pay(claims)

    @api.model
    def _mbn_is_above_limit(self, company, currency, total):
        limit = company.mbn_use_standing_limit
        if not limit:
            return False
        total = currency._convert(total, company.currency_id, company, company._billing_today())
        return company.currency_id.compare_amounts(total, limit) > 0

    def _mbn_ask_standing(self, payer, total):
        """More stands than is used by itself: a person decides."""
        self.env["billing.exception"]._open(
            self,
            "standing_to_use",
            self.env._(
                "%(amount)s stands to %(payer)s, more than is used by itself, and %(invoice)s is "
                "open.",
                amount=format_amount(self.env, total, self.currency_id),
                payer=payer.name,
                invoice=self.name,
            ),
            self.env._("Use it under Billing, Money Standing; or move it, or pay it back."),
        )

    def _mbn_open_claims(self):
        return self.line_ids.filtered(
            lambda line: (
                line.account_type == "asset_receivable"
                and not line.reconciled
                and line.amount_residual_currency > 0
            )
        )


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    mbn_source = fields.Selection(
        SOURCES,
        string="From",
        compute="_compute_mbn_source",
        compute_sudo=True,
        groups=_KNOW,
        help="Why this money stands to the payer.",
    )
    mbn_standing_days = fields.Integer(
        string="Days",
        compute="_compute_mbn_standing_days",
        aggregator=None,
        groups=_KNOW,
        help="For how many days it has stood.",
    )
    mbn_unpaid = fields.Char(
        string="Not Paid",
        compute="_compute_mbn_unpaid",
        compute_sudo=True,
        groups=_KNOW,
        help="Invoices of the payer that are open. The money could be used for them.",
    )

    def _compute_mbn_source(self):
        used = self.env["bank.payment.allocation"].search([("entry_line_id", "in", self.ids)])
        outcomes = {one.entry_line_id: one.payment_id.outcome for one in used}
        moved = self.env["bank.money.move"].search([("move_id", "in", self.move_id.ids)]).move_id
        for line in self:
            if line.move_id.move_type == "out_refund":
                line.mbn_source = "credit"
            elif line in outcomes or line.payment_id or line.statement_line_id:
                line.mbn_source = _BY_OUTCOME.get(outcomes.get(line), "account")
            else:
                line.mbn_source = "moved" if line.move_id in moved else "other"

    @api.depends("date")
    def _compute_mbn_standing_days(self):
        for line in self:
            today = (line.company_id or self.env.company)._billing_today()
            line.mbn_standing_days = (today - line.date).days if line.date else 0

    def _compute_mbn_unpaid(self):
        refunds = self.env["bank.refund"]
        known = {}
        for line in self:
            key = (line.company_id, line.partner_id, line.currency_id)
            if key not in known:
                known[key] = refunds._unpaid(*key) if line.partner_id else False
            line.mbn_unpaid = known[key]

    # ------------------------------------------------------------------ using it

    def _mbn_free_credits(self):
        """Those of these open credits that are meant for nothing else; other rooms leave out more."""
        return self

    def _mbn_pay(self, claims):
        """Let these open credits pay open ``claims`` of the same payers, both oldest first.

        :return: the invoices that were paid, in full or in part
        """
        plan, paid = [], self.env["account.move"]
        owed = claims.sorted("date_maturity").grouped(
            lambda line: (line.partner_id, line.account_id)
        )
        groups = self.grouped(lambda line: (line.partner_id, line.account_id))
        for key, credits in groups.items():
            if lines := owed.get(key):
                plan.append(credits.sorted(lambda line: (line.date, line.id)) + lines)
        if not plan:
            return paid
        before = {line: line.amount_residual_currency for line in claims}
        self.env["account.move.line"]._reconcile_plan(plan)
        sums = defaultdict(float)
        for line, amount in before.items():
            sums[line.move_id] += amount - line.amount_residual_currency
        for move, amount in sums.items():
            if not move.currency_id.is_zero(amount):
                paid |= move
                move._message_log(
                    body=self.env._(
                        "%(amount)s that stood to %(payer)s was used for it.",
                        amount=format_amount(self.env, amount, move.currency_id),
                        payer=move.commercial_partner_id.name,
                    )
                )
        return paid

    def _mbn_claims_of_payers(self):
        """What the payers of these credits owe in the same books and currency."""
        claims = self.browse()
        refunds = self.env["bank.refund"]
        for (company, currency), group in self.grouped(
            lambda line: (line.company_id, line.currency_id)
        ).items():
            claims |= self.search(
                [
                    *refunds._receivables(company, group.partner_id, currency),
                    ("amount_residual_currency", ">", 0),
                ]
            )
        return claims.filtered(
            lambda line: (
                line.move_id.move_type != "out_invoice" or line.move_id._mbn_takes_standing()
            )
        )._mbn_not_disputed()

    def _mbn_not_disputed(self):
        """Those of these claims that the payer does not dispute; the room of reminders knows."""
        return self

    def _mbn_lock_standing(self):
        """These credits as superuser, locked and read again.

        :raises UserError: somebody works on them, or they are not standing any more
        """
        credits = self.sudo()
        payers = ", ".join(sorted(set(credits.partner_id.mapped("name"))))
        if credits.try_lock_for_update() != credits:
            raise UserError(
                self.env._(
                    "Somebody else is working on the account of %(payer)s. Try again shortly.",
                    payer=payers,
                )
            )
        credits.invalidate_recordset(["amount_residual_currency", "reconciled", "parent_state"])
        for credit in credits:
            if credit.parent_state != "posted" or credit.amount_residual_currency >= 0:
                raise UserError(
                    self.env._("This money of %(payer)s was used already.", payer=payers)
                )
            if credit.mbn_refund_id:
                raise UserError(
                    self.env._(
                        "%(payer)s is being paid back this money by refund %(refund)s. Cancel the "
                        "refund first.",
                        payer=credit.partner_id.name,
                        refund=credit.mbn_refund_id.reference,
                    )
                )
        return credits

    def action_mbn_use(self):
        """Use this money for what its payers owe, the oldest due first.

        :raises UserError: nothing is open, or the money is being paid back
        """
        self.env["bank.refund"]._check_may_propose()
        self.check_access("read")
        credits = self._mbn_lock_standing()
        paid = credits._mbn_pay(credits._mbn_claims_of_payers())
        if not paid:
            raise UserError(
                self.env._(
                    "%(payers)s owes nothing that this money could pay.",
                    payers=", ".join(sorted(set(credits.partner_id.mapped("name")))),
                )
            )
        self.env["billing.exception"]._close(paid, "standing_to_use")
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "Used for %(invoices)s.", invoices=", ".join(paid.mapped("name"))
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def action_mbn_move(self):
        """Ask to which other payer this money goes."""
        self.env["bank.refund"]._check_may_propose()
        self.check_access("read")
        self.ensure_one()
        return self.env["bank.money.move.make"]._open_for(self)


class BillingException(models.Model):
    _inherit = "billing.exception"

    kind = fields.Selection(
        selection_add=[("standing_to_use", "Money standing to use")],
        ondelete={"standing_to_use": "cascade"},
    )

    @api.model
    def _close_used_standing(self):
        """Take invoices off the desk that are paid, or whose payers have nothing standing."""
        rows = self.search([("kind", "=", "standing_to_use"), ("state", "=", "open")])
        refunds = self.env["bank.refund"]
        for row in rows:
            move = row._record()
            open_claims = move and move._mbn_open_claims()
            if not open_claims or not refunds._standing(
                move.company_id, move.partner_id, move.currency_id
            ):
                row.action_close()
