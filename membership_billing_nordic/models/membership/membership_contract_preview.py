from contextlib import contextmanager
from datetime import timedelta

from odoo import models
from odoo.exceptions import UserError, ValidationError

from .membership_contract_schedule import TAKEN


class MembershipContract(models.Model):
    """What a change, a pause or an end would bring with it, before anybody decides."""

    _inherit = "membership.contract"

    def _consequences(self, operation, day, vals=None):
        """All that an operation touches.

        :param operation: ``change``, ``pause`` or ``end``
        :param day: change: from when on the association changes; pause: first day of it; end:
            last day of membership
        :param vals: change: as for :meth:`_change`; pause: ``resume_date``; end: ``credit`` and
            ``exit_fee``, as for :meth:`_end`
        :return: list of dicts: ``contract_id``, ``kind``, ``text``, ``amount`` (None: none, tax
            included), ``date`` (None: none). Kind ``problem``: what makes it impossible.
        """
        self.with_user(self.env.user).check_access("read")
        self._check_named(vals or {})
        rows = []
        for contract in self.sudo():
            try:
                rows += getattr(contract, f"_consequences_of_{operation}")(day, vals or {})
            except (UserError, ValidationError) as error:
                rows.append(contract._consequence("problem", str(error)))
        return rows

    def _consequence(self, kind, text, amount=None, day=None):
        return {
            "contract_id": self.id,
            "kind": kind,
            "text": text,
            "amount": amount,
            "date": day or None,
        }

    def _consequence_labels(self):
        """What each kind is called where only sums are shown."""
        return {
            "problem": self.env._("Cannot be done"),
            "change": self.env._("Changes"),
            "notice": self.env._("Notice or binding lasts longer than today"),
            "early": self.env._("Earlier than notice and binding allow"),
            "before": self.env._("Next invoices until now"),
            "after": self.env._("Next invoices then"),
            "pause": self.env._("Pause"),
            "resume": self.env._("Go on"),
            "end": self.env._("End"),
            "invoiced": self.env._("Invoiced beyond that day"),
            "open_invoice": self.env._("Open invoices"),
            "waiting": self.env._("Waiting to be invoiced"),
            "dropped": self.env._("Waiting for the time after: dropped"),
            "left": self.env._("Left of the time that is invoiced"),
            "credit": self.env._("Credited"),
            "charge": self.env._("Charged for the rest of the period"),
            "rule": self.env._("Against the rules of the plan: by agreement only"),
            "freeze": self.env._("What the freeze costs"),
            "kept": self.env._("Nothing is credited"),
            "stands": self.env._("Was paid, and stands to the payer"),
            "exit_fee": self.env._("Leaving within the binding period"),
            "bank": self.env._("On its way to the bank"),
        }

    # -- change ----------------------------------------------------------------------

    def _consequences_of_change(self, day, vals):
        today = self.company_id._billing_today()
        rows = self._changed_rows(day, vals, today)
        if not rows:
            return []
        switches = self._switches(vals)
        for switch in switches:
            rows += self._switch_rows(switch)
        if not switches:
            rows += self._next_bill_rows(vals)
        payer = self.env["res.partner"].browse(vals.get("payer_id", self.payer_id.id))
        rows += self._open_invoice_rows()
        rows += self._waiting_rows(payer)
        return rows + self._bank_rows()

    def _next_bill_rows(self, vals):
        before = self._next_bill()
        with self._supposing(self._supposed(vals)):
            after = self._next_bill()
        return [
            self._next_bill_row("before", self.env._("Next invoice until now"), before),
            self._next_bill_row("after", self.env._("Next invoice then"), after),
        ]

    def _changed_rows(self, day, vals, today):
        rows = []
        for name in ("plan_id", "payer_id", "agreement_id", "association_id"):
            if name not in vals or (vals[name] or False) == (self[name].id or False):
                continue
            new = self[name].browse(vals[name] or ())
            since = {
                "plan_id": lambda: self._terms_day(vals),
                "association_id": lambda: day or today,
            }
            if name == "plan_id":
                self._check_plan(new, self._terms_day(vals))
                rows += self._binding_rows(today)
            if name == "payer_id":
                new._mbn_check_own_payer()
            if name == "association_id" and new:
                self._check_takes_members(new, max(day or today, self.date_start))
            text = self.env._(
                "%(what)s: %(old)s → %(new)s",
                what=self._fields[name]._description_string(self.env),
                old=self[name].display_name or "-",
                new=new.display_name or "-",
            )
            rows.append(self._consequence("change", text, day=since.get(name, lambda: today)()))
        return rows + self._changed_price_rows(vals) + self._changed_line_rows(vals)

    def _terms_day(self, vals):
        """From when on another plan, price or product holds."""
        plan = self._wanted_plan(vals)
        return self._middle_day(vals.get("date"), plan) or self._plan_change_day()

    def _changed_price_rows(self, vals):
        if "own_price" not in vals:
            return []
        if vals["own_price"] is False:
            text = self.env._("The price of the price list")
            return [self._consequence("change", text, day=self._terms_day(vals))]
        text = self.env._("Own price of a whole period")
        return [self._consequence("change", text, vals["own_price"], self._terms_day(vals))]

    def _changed_line_rows(self, vals):
        if not (vals.get("new_lines") or vals.get("end_line_ids")):
            return []
        self._check_lines_alone(vals)
        day = self._terms_day(vals)
        named = [
            *(line["name"] for line in vals.get("new_lines") or ()),
            *(self.env._("No longer: %(name)s", name=one.name) for one in self._ended_lines(vals)),
        ]
        return [self._consequence("change", name, day=day) for name in named]

    def _switches(self, vals):
        """What changes in mid-period bring with them; empty when all is at the end of it."""
        day = self._middle_day(vals.get("date"), self._wanted_plan(vals))
        if not day:
            return []
        if vals.get("new_lines") or vals.get("end_line_ids"):
            return [self._switch_lines(vals.get("new_lines") or [], self._ended_lines(vals), day)]
        plan = self._wanted_plan(vals)
        own_price = vals.get("own_price")
        if plan == (self.next_plan_id or self.plan_id) and own_price is None:
            return []
        return [self._switch_plan(plan, day, own_price)]

    def _binding_rows(self, today):
        end = self._binding_end(today)
        if not end:
            return []
        return [self._consequence("notice", self.env._("Bound to the present plan until"), day=end)]

    def _supposed(self, vals):
        """What the contract's fields would be after a change by ``vals``."""
        supposed = {name: vals[name] for name in ("payer_id", "agreement_id") if name in vals}
        plan = self.env["membership.plan"].browse(vals.get("plan_id", self.plan_id.id))
        if plan != self.plan_id:
            start = self._plan_change_day()
            days = [self._waiting_since().get(self.id), start - timedelta(days=plan.lead_days)]
            supposed |= {
                "next_plan_id": plan.id,
                "next_plan_date": start,
                "next_period_start": start,
                "next_invoice_date": min(filter(None, days)),
            }
        return supposed

    @contextmanager
    def _supposing(self, vals):
        """Reckon as if the contract's fields had these values. Nothing is written."""
        self.flush_recordset()
        known = {name: self[name] for name in vals}
        for name, value in vals.items():
            self._suppose(name, value)
        try:
            yield
        finally:
            for name, value in known.items():
                self._suppose(name, value)

    def _suppose(self, name, value):
        field = self._fields[name]
        field._update_cache(self, field.convert_to_cache(value, self, validate=False))

    def _next_bill(self):
        """The day of the next invoice, and what it comes to; None when it cannot be told."""
        day = self.next_invoice_date
        if not day:
            return None, None
        day = max(day, self.company_id._billing_today())
        return day, self._quote_amount(day)

    def _next_bill_row(self, kind, text, bill):
        day, amount = bill
        if not day:
            text = self.env._("%(what)s: none", what=text)
        elif amount is None:
            text = self.env._("%(what)s: no price is valid then", what=text)
        return self._consequence(kind, text, amount, day)

    # -- pause -----------------------------------------------------------------------

    def _consequences_of_pause(self, day, vals):
        resume = vals.get("resume_date")
        self._check_pause(day, resume)
        rows = [self._consequence("pause", self.env._("Pauses from"), day=day)]
        if resume:
            rows.append(self._consequence("resume", self.env._("Goes on by itself"), day=resume))
        else:
            text = self.env._("Nothing new is invoiced until somebody lets it go on")
            rows.append(self._consequence("resume", text))
        running = self.period_ids.filtered(
            lambda period: period.state in TAKEN and period.date_to >= day
        )
        if running and not self._is_cut_by_pause(day):
            text = self.env._("Invoiced already: stays as it is, until")
            last = max(running.mapped("date_to"))
            rows.append(self._consequence("invoiced", text, day=last))
        rows += self._freeze_rows(day, vals)
        rows += self._open_invoice_rows()
        rows += self._waiting_rows(self.payer_id, self._pause_left(day))
        return rows + self._bank_rows()

    # -- end -------------------------------------------------------------------------

    def _consequences_of_end(self, day, vals):
        self._check_can_end(day)
        rows = [self._consequence("end", self.env._("Last day of membership"), day=day)]
        rows += self._notice_rows(day)
        taken = self._covered_spans(TAKEN).get(self.id)
        if taken and taken[-1][1] > day:
            text = self.env._("Invoiced already beyond the end, until")
            rows.append(self._consequence("invoiced", text, day=taken[-1][1]))
        rows += self._open_invoice_rows()
        rows += self._left_rows(day, vals)
        fee = self._exit_fee_on(day)
        if fee:
            charged = vals.get("exit_fee")
            text = (
                self.env._("Leaving within the binding period, charged with the next run")
                if charged
                else self.env._("Leaving within the binding period, not charged")
            )
            rows.append(self._consequence("exit_fee", text, fee if charged else 0.0))
        return rows + self._bank_rows()

    def _notice_rows(self, day):
        today = self.company_id._billing_today()
        earliest = self._earliest_end(today)
        rows = []
        if earliest > today:
            text = self.env._("Earliest end by notice and binding")
            rows.append(self._consequence("notice", text, day=earliest))
        if day < earliest:
            text = self.env._("Earlier than notice and binding allow: by agreement only")
            rows.append(self._consequence("early", text))
        return rows

    def _left_rows(self, day, vals):
        """What was charged for the time after ``day``, and what becomes of it."""
        left = self._left_after(day)
        waiting = {charge: left[charge] for charge in left if charge.state == "to_invoice"}
        rows = []
        if waiting:
            text = self.env._("Waits to be invoiced for the time after: dropped")
            rows.append(self._consequence("dropped", text, sum(waiting.values())))
        billed = {charge: left[charge] for charge in left if charge not in waiting}
        if billed:
            text = self.env._("Left of the time that is invoiced")
            rows.append(self._consequence("left", text, sum(billed.values())))
        rows += [
            self._left_row(invoice, sum(billed[charge] for charge in charges), vals)
            for invoice, charges in self._by_invoice(billed)
        ]
        if vals.get("credit"):
            rows += self._stands_rows(billed, vals.get("money"))
        return rows + self._waiting_rows(self.payer_id, waiting)

    def _paid_of(self, billed):
        """What of the amounts to credit was paid: it stands to the payer when it is credited."""
        return sum(
            max(sum(billed[charge] for charge in charges) - invoice.amount_residual, 0.0)
            for invoice, charges in self._by_invoice(billed)
        )

    def _stands_rows(self, billed, money):
        stands = self.currency_id.round(self._paid_of(billed))
        if self.currency_id.is_zero(stands):
            return []
        texts = {
            "open": self.env._("Was paid: used on open invoices of the payer"),
            "refund": self.env._("Was paid: proposed to be paid back"),
        }
        text = texts.get(money) or self.env._("Was paid: stands for the payer's next invoice")
        return [self._consequence("stands", text, stands)]

    def _by_invoice(self, charges):
        return self.env["membership.charge"].union(*charges).grouped("invoice_id").items()

    def _left_row(self, invoice, amount, vals):
        if vals.get("credit"):
            text = self.env._("%(invoice)s: credited", invoice=invoice.name)
            return self._consequence("credit", text, amount)
        text = self.env._("%(invoice)s: stays as it is, nothing is credited", invoice=invoice.name)
        return self._consequence("kept", text)

    # -- what all have in common -----------------------------------------------------

    def _open_invoice_rows(self):
        """The invoices that are not paid: they stay with whom they were sent to."""
        invoices = self.charge_ids.filtered(lambda charge: charge.state == "invoiced").invoice_id
        return [
            self._consequence(
                "open_invoice",
                self.env._(
                    "%(invoice)s is open and stays with %(payer)s, due",
                    invoice=invoice.name,
                    payer=invoice.partner_id.name,
                ),
                invoice.amount_residual,
                invoice.invoice_date_due,
            )
            for invoice in invoices.sorted("invoice_date_due")
        ]

    def _waiting_rows(self, payer, but=()):
        """The charges that wait for an invoice: whoever pays then gets them."""
        waiting = self.charge_ids.filtered(
            lambda charge: charge.state == "to_invoice" and charge not in but
        ).sorted("date_invoice")
        instalments = waiting.filtered(lambda charge: charge.instalment_count > 1)
        rows = [
            self._consequence(
                "waiting",
                self.env._(
                    "%(what)s: to be invoiced to %(payer)s",
                    what=charge.name or charge.display_name,
                    payer=payer.name,
                ),
                charge.amount,
                charge.date_invoice,
            )
            for charge in waiting - instalments
        ]
        if instalments:
            text = self.env._(
                "%(count)s instalments: to be invoiced to %(payer)s, the next one from",
                count=len(instalments),
                payer=payer.name,
            )
            total = sum(instalments.mapped("amount"))
            rows.append(self._consequence("waiting", text, total, instalments[0].date_invoice))
        return rows

    def _bank_rows(self):
        """What is already on its way to the bank: for add-ons that collect."""
        return []
