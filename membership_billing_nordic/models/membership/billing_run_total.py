from collections import defaultdict

from odoo import api, fields, models


class BillingRunTotal(models.Model):
    """What one plan, association, channel, means of payment or reason comes to in a run."""

    _name = "billing.run.total"
    _description = "Billing Run Total"
    _order = "kind, amount desc, contract_count desc, id"

    run_id = fields.Many2one(
        "billing.run", required=True, index=True, ondelete="cascade", help="The billing run."
    )
    company_id = fields.Many2one(related="run_id.company_id", store=True, index=True)
    kind = fields.Selection(
        [
            ("plan", "Plan"),
            ("club", "Association"),
            ("sales", "Sales Channel"),
            ("delivery", "Delivery"),
            ("means", "Means of Payment"),
            ("problem", "Reason"),
        ],
        default="plan",
        required=True,
        help="What was added up.",
    )
    label = fields.Char(string="What", compute="_compute_label", help="What was added up.")
    plan_id = fields.Many2one("membership.plan", ondelete="restrict", help="The plan.")
    association_id = fields.Many2one(
        "membership.association", ondelete="restrict", help="The association."
    )
    agreement_id = fields.Many2one(
        "bank.agreement", ondelete="restrict", help="The bank agreement that is paid to."
    )
    key = fields.Char(help="Key of the channel or reason.")
    currency_id = fields.Many2one("res.currency", required=True, help="Currency of the amount.")
    contract_count = fields.Integer(string="Memberships", help="Memberships to invoice.")
    period_count = fields.Integer(
        string="Periods", help="Periods to invoice; more than one where periods were missed."
    )
    amount = fields.Monetary(string="To Invoice", help="What payers pay, tax included.")
    count_before = fields.Integer(
        string="Memberships Last Time", help="Memberships that the last run invoiced."
    )
    amount_before = fields.Monetary(
        string="Invoiced Last Time", help="What the last run invoiced, tax included."
    )
    count_change = fields.Integer(
        string="More or Fewer", compute="_compute_changes", help="Memberships against last time."
    )
    amount_change = fields.Monetary(
        string="Difference", compute="_compute_changes", help="Amount against last time."
    )

    @api.depends("contract_count", "count_before", "amount", "amount_before")
    def _compute_changes(self):
        for total in self:
            total.count_change = total.contract_count - total.count_before
            total.amount_change = total.amount - total.amount_before

    @api.depends("kind", "plan_id", "association_id", "agreement_id", "key")
    def _compute_label(self):
        for total in self:
            total.label = getattr(total, f"_label_{total.kind}")()

    def _label_plan(self):
        return self.plan_id.display_name

    def _label_club(self):
        return self.association_id.display_name or self.env._("No association")

    def _label_sales(self):
        return self.key or self.env._("No sales channel")

    def _label_delivery(self):
        ways = dict(
            self.env["res.partner"]
            ._fields["invoice_sending_method"]
            ._description_selection(self.env)
        )
        return ways.get(self.key, self.key) or self.env._("Not sent")

    def _label_means(self):
        return self.agreement_id.display_name or self.env._("No bank agreement")

    def _label_problem(self):
        reasons = dict(
            self.env["billing.run.line"]._fields["problem_kind"]._description_selection(self.env)
        )
        return reasons.get(self.key, self.key)

    def action_view_lines(self):
        """Show the memberships behind the total, with what to correct on each."""
        self.check_access("read")
        self.ensure_one()
        action = self.run_id.action_view_lines()
        action["domain"] = [("run_id", "=", self.run_id.id), *self._line_domain()]
        return action

    def _line_domain(self):
        field, value = {
            "plan": ("plan_id", self.plan_id.id),
            "club": ("association_id", self.association_id.id),
            "sales": ("sales_channel", self.key),
            "delivery": ("channel", self.key),
            "means": ("agreement_id", self.agreement_id.id),
            "problem": ("problem_kind", self.key),
        }[self.kind]
        return [(field, "=", value or False)]

    # ------------------------------------------------------------------
    # Adding up
    # ------------------------------------------------------------------

    @api.model
    def _make(self, run):
        """Add up the preview of ``run``, and compare it with the run before."""
        self.search([("run_id", "=", run.id)]).unlink()
        return self.create(
            [
                {"run_id": run.id} | vals
                for vals in (
                    *self._plan_vals(run),
                    *self._simple_vals(run, "club", "association_id"),
                    *self._simple_vals(run, "sales", "sales_channel"),
                    *self._simple_vals(run, "delivery", "channel"),
                    *self._means_vals(run),
                    *self._problem_vals(run),
                )
            ]
        )

    def _sums(self, run, fields_list, states=("pending",)):
        """Rows of the run's lines: the values of ``fields_list``, count, periods, amount."""
        return self.env["billing.run.line"]._read_group(
            [("run_id", "=", run.id), ("state", "in", states)],
            [*fields_list, "currency_id"],
            ["__count", "period_count:sum", "amount:sum"],
        )

    def _plan_vals(self, run):
        before = {}
        if run.previous_run_id:
            for plan, currency, count, _periods, amount in self._sums(
                run.previous_run_id, ["plan_id"], ("done", "kept")
            ):
                if not run.plan_ids or plan in run.plan_ids:
                    before[plan, currency] = {"count_before": count, "amount_before": amount}
        rows = {
            (plan, currency): self._figures(count, periods, amount)
            for plan, currency, count, periods, amount in self._sums(run, ["plan_id"])
        }
        return [
            {"kind": "plan", "plan_id": key[0].id, "currency_id": key[1].id}
            | rows.get(key, self._figures(0, 0, 0.0))
            | before.get(key, {})
            for key in {**rows, **before}
        ]

    def _simple_vals(self, run, kind, field):
        name = field if field.endswith("_id") else "key"
        return [
            {
                "kind": kind,
                name: value.id if name == field else value,
                "currency_id": currency.id,
                **self._figures(count, periods, amount),
            }
            for value, currency, count, periods, amount in self._sums(run, [field])
        ]

    def _means_vals(self, run):
        """By bank agreement: the line's own, else that of the journal."""
        sums = defaultdict(lambda: [0, 0, 0.0])
        for agreement, journal, currency, *figures in self._sums(
            run, ["agreement_id", "journal_id"]
        ):
            key = agreement or journal.mbn_agreement_id, currency
            sums[key] = [old + new for old, new in zip(sums[key], figures, strict=True)]
        return [
            {
                "kind": "means",
                "agreement_id": agreement.id,
                "currency_id": currency.id,
                **self._figures(*figures),
            }
            for (agreement, currency), figures in sums.items()
        ]

    def _problem_vals(self, run):
        return [
            {
                "kind": "problem",
                "key": kind,
                "currency_id": currency.id,
                **self._figures(count, periods, amount),
            }
            for kind, currency, count, periods, amount in self._sums(
                run, ["problem_kind"], ("left_out", "failed")
            )
        ]

    @staticmethod
    def _figures(count, periods, amount):
        return {"contract_count": count, "period_count": periods or 0, "amount": amount or 0.0}
