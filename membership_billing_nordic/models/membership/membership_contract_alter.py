from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

RUNNING = ("confirmed", "paused")
# What of a change can take effect in mid-period.
SWITCHED = {"plan_id", "own_price", "new_lines", "end_line_ids"}


class MembershipContract(models.Model):
    """Changes of a running contract: plan, payer, bank agreement and association."""

    _inherit = "membership.contract"

    next_association_id = fields.Many2one(
        "membership.association",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="The association the member moves to.",
    )
    next_association_date = fields.Date(
        string="Next Association From",
        readonly=True,
        copy=False,
        help="First day in the next association.",
    )
    change_text = fields.Char(
        string="Planned Change", compute="_compute_change_text", help="What changes, and when."
    )

    _next_association_has_a_date = models.Constraint(
        "CHECK ((next_association_id IS NULL) = (next_association_date IS NULL))",
        "A planned change of association needs a day.",
    )

    @api.depends("next_plan_id", "next_plan_date", "next_association_id", "next_association_date")
    def _compute_change_text(self):
        for contract in self:
            planned = [
                (contract.next_plan_date, contract.next_plan_id),
                (contract.next_association_date, contract.next_association_id),
            ]
            contract.change_text = " ".join(
                self.env._(
                    "Changes to %(what)s on %(day)s.",
                    what=record.display_name,
                    day=contract._day(day),
                )
                for day, record in planned
                if day
            )

    def action_change(self):
        """Ask what is to change: plan, payer, bank agreement or association."""
        self.env["membership.contract.alter"].check_access("create")
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Change Membership"),
            "res_model": "membership.contract.alter",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_contract_ids": self.ids},
        }

    def action_undo_change(self):
        """Forget the changes that are planned for later."""
        self.check_access("write")
        for contract in self:
            contract._forget_next_plan("correction")
            contract._forget_next_association("correction")
        self._refresh_status()

    def _change(self, vals, day=None, reason=False, note=False):
        """Change running contracts. Plan, price and further products change at the end of what is
        billed or in mid-period, as the plan says; the payer and the bank agreement from the next
        invoice on; waiting charges go along.

        :param vals: any of ``plan_id``, ``payer_id``, ``agreement_id`` and ``association_id``,
            as ids, of which only what is different counts; ``own_price``: what a period costs
            this member, False for the price list; ``new_lines``: dicts of ``product_id``,
            ``name``, ``quantity``, ``price_unit``; ``end_line_ids``: further products that end;
            ``date``: from when on plan, price and products change in mid-period, today if missing
        :param day: from when on the member is in the association; today when None
        :raises UserError: what cannot be changed; nothing is changed then
        """
        if any(contract.state not in RUNNING for contract in self):
            raise UserError(self.env._("Only a confirmed membership can be changed."))
        settled = self._settled_at_once() if vals.keys() & SWITCHED else self.browse()
        for contract in self:
            today = contract.company_id._billing_today()
            if "plan_id" in vals or "own_price" in vals:
                contract._change_terms(vals, today, reason, note)
            if vals.get("new_lines") or vals.get("end_line_ids"):
                contract._change_lines(vals)
            at_once = {
                name: vals[name]
                for name in ("payer_id", "agreement_id")
                if name in vals and vals[name] != contract[name].id
            }
            if at_once:
                contract._write_dated(at_once, today, reason, note)
            if "association_id" in vals:
                contract._change_association(
                    vals["association_id"], day or today, today, reason, note
                )
        self._refresh_status()
        settled._bill_switches()

    # -- plan ------------------------------------------------------------------------

    def _plan_change_day(self):
        """The first day that is not billed: from then on another plan can hold."""
        self.ensure_one()
        if self.next_period_start:
            return self.next_period_start
        spans = self._covered_spans(("open", "paid", "credited")).get(self.id)
        return fields.Date.add(spans[-1][1], days=1) if spans else self.billed_from

    def _change_terms(self, vals, today, reason, note):
        """Another plan, another price, or both, from one day on."""
        plan, own_price = self._wanted_plan(vals), vals.get("own_price")
        is_new = plan != (self.next_plan_id or self.plan_id)
        if not is_new and own_price is None:
            return
        if is_new:
            self._forget_next_plan(reason, note)
        if plan == self.plan_id and own_price is None:
            return
        middle = self._middle_day(vals.get("date"), plan)
        day = middle or self._plan_change_day()
        self._check_plan(plan, day)
        switch = middle and self._switch_plan(plan, middle, own_price)
        if plan != self.plan_id and is_new:
            self._write_plan(plan, day, today, reason, note)
        if own_price is not None:
            self._write_own_price(own_price, day, reason, note)
        if switch:
            self._carry_out_switch(switch, self._switch_text(plan, middle))

    def _wanted_plan(self, vals):
        planned = self.next_plan_id or self.plan_id
        return self.env["membership.plan"].browse(vals.get("plan_id", planned.id))

    def _write_plan(self, plan, day, today, reason, note):
        if day <= today:
            self._write_dated({"plan_id": plan.id}, day, reason, note)
            return
        self.write({"next_plan_id": plan.id, "next_plan_date": day})
        self._note_planned("plan", plan, day, reason, note)

    def _write_own_price(self, own_price, day, reason, note):
        amount = None if own_price is False else own_price
        self.env["membership.contract.price"].sudo()._begin(self, day, {self: amount})
        price = self.sudo()._price_on(day).amount if amount is None else amount
        self.env["membership.contract.change"].sudo().create(
            {
                "contract_id": self.id,
                "date": day,
                "kind": "price",
                "amount": price,
                "reason": reason,
                "note": note,
            }
        )

    def _switch_text(self, plan, day):
        """Why something is credited, in the payer's language."""
        env = self.with_context(lang=self.payer_id.lang or self.env.lang).env
        return env._(
            "Changed to %(plan)s on %(day)s",
            plan=plan.with_env(env).name,
            day=format_date(env, day),
        )

    def _change_lines(self, vals):
        """Further products that are charged from now on, and those that are not any more."""
        self._check_lines_alone(vals)
        added, ended = vals.get("new_lines") or [], self._ended_lines(vals)
        middle = self._middle_day(vals.get("date"))
        day = middle or self._plan_change_day()
        switch = middle and self._switch_lines(added, ended, middle)
        ended.filtered(lambda line: line.date_start and line.date_start >= day).unlink()
        ended.exists().date_end = fields.Date.subtract(day, days=1)
        ended.create([line | {"contract_id": self.id, "date_start": day} for line in added])
        if switch:
            env = self.with_context(lang=self.payer_id.lang or self.env.lang).env
            text = env._("No longer from %(day)s on", day=format_date(env, middle))
            self._carry_out_switch(switch, text)

    def _check_lines_alone(self, vals):
        if "plan_id" in vals or "own_price" in vals:
            raise UserError(
                self.env._("Change the plan or its price first, then the further products.")
            )

    def _ended_lines(self, vals):
        return self.line_ids.filtered(lambda line: line.id in (vals.get("end_line_ids") or ()))

    def _check_plan(self, plan, day):
        self.ensure_one()
        if not plan.active:
            raise UserError(
                self.env._("The plan %(plan)s is archived: nobody can join it.", plan=plan.name)
            )
        if plan.currency_id != self.currency_id:
            raise UserError(
                self.env._(
                    "%(plan)s is in %(new)s, the membership in %(old)s. End it and sign the "
                    "member up anew.",
                    plan=plan.name,
                    new=plan.currency_id.name,
                    old=self.currency_id.name,
                )
            )
        if self.date_end and self.date_end < day:
            raise UserError(
                self.env._(
                    "%(contract)s ends on %(end)s, before the plan could change on %(day)s. Undo "
                    "the end first.",
                    contract=self.display_name,
                    end=format_date(self.env, self.date_end),
                    day=format_date(self.env, day),
                )
            )

    def _forget_next_plan(self, reason=False, note=False):
        if self.next_plan_id:
            day = self.next_plan_date
            if self.plan_id.change_timing == "middle":
                self._cut_off(day, self._switch_text(self.plan_id, day))
            self._note_planned("plan", self.plan_id, day, reason, note)
            self.write({"next_plan_id": False, "next_plan_date": False})

    # -- association -----------------------------------------------------------------

    def _change_association(self, association_id, day, today, reason, note):
        association = self.env["membership.association"].browse(association_id or ())
        planned = self.next_association_id or self.association_id
        if association == planned and (not self.next_association_id or day > today):
            return
        self._forget_next_association(reason, note)
        if association == self.association_id:
            return
        if day < self.date_start:
            raise UserError(
                self.env._(
                    "%(contract)s starts on %(day)s: it cannot move to another association before.",
                    contract=self.display_name,
                    day=format_date(self.env, self.date_start),
                )
            )
        if day <= today or not association:
            self._write_dated({"association_id": association.id}, min(day, today), reason, note)
            return
        self._check_takes_members(association, day)
        self.write({"next_association_id": association.id, "next_association_date": day})
        self._note_planned("association", association, day, reason, note)

    def _forget_next_association(self, reason=False, note=False):
        if self.next_association_id:
            self._note_planned(
                "association", self.association_id, self.next_association_date, reason, note
            )
            self.write({"next_association_id": False, "next_association_date": False})

    # -- what was planned ------------------------------------------------------------

    def _note_planned(self, kind, record, day, reason, note):
        self.env["membership.contract.change"].sudo().create(
            {
                "contract_id": self.id,
                "date": day,
                "kind": kind,
                f"{kind}_id": record.id,
                "reason": reason,
                "note": note,
            }
        )

    def _carry_out_changes(self, today):
        """The planned changes of a running contract whose day has come. They are noted already."""
        for kind in ("plan", "association"):
            day = self[f"next_{kind}_date"]
            if day and day <= today:
                self.with_context(mbn_change={"date": day, "noted": True}).write(
                    {
                        f"{kind}_id": self[f"next_{kind}_id"].id,
                        f"next_{kind}_id": False,
                        f"next_{kind}_date": False,
                    }
                )
