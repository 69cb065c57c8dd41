"""One-off invoices: what is invoiced besides memberships, to one person or to thousands."""

from markupsafe import Markup
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_date, formatLang

from .association_rights import ADMINISTRATOR
from .billing_fee import Fees

AT_ONCE = 50  # invoices that are made while somebody waits
PREVIEW_AT_ONCE = 1000  # and recipients that are looked at
WORKING = ("preparing", "confirmed")
STARTED = ("confirmed", "done")
BILLED = ("pending", "done")  # states of recipients
OUT = ("left_out", "failed")
USERS = ("membership_billing_nordic.group_billing_user", ADMINISTRATOR)
ROW = Markup(
    '<tr><td class="ps-0">%s</td><td class="text-end">%s</td><td class="text-end pe-0">%s</td></tr>'
)


class BillingOneOff(models.Model):
    """Invoices that no plan makes: chosen, looked through, then made.

    Up to AT_ONCE invoices are made at once, more in the background, in chunks that are
    committed; a line of an invoice knows what it was made for, and the database lets there be
    only one for each.
    """

    _name = "billing.one.off"
    _inherit = ["mail.thread", "billing.run.mixin", "billing.prepared.mixin"]
    _description = "One-off Invoices"
    _order = "date desc, id desc"
    _check_company_auto = True

    _run_chunk_size = 200

    name = fields.Char(
        string="What For",
        required=True,
        default=lambda self: self.env._("One-off invoices"),
        help="How you find these invoices again; the payers do not see it.",
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        help="The company that invoices.",
    )
    currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        help="The currency of all prices here. The bank agreement must take it.",
    )
    date = fields.Date(
        string="Invoice Date",
        required=True,
        default=lambda self: self.env.company._billing_today(),
        help="The date of the invoices.",
    )
    date_due = fields.Date(
        string="Due",
        help="When the invoices are to be paid. Empty: by the terms of each member's plan, and 14 "
        "days for those without a membership.",
    )
    unreached = fields.Boolean(
        string="Also Those No Channel Reaches",
        help="Invoice those, too, who have no usable address: their invoice is on the portal only.",
    )
    content = fields.Binary(
        string="List (CSV)",
        attachment=False,
        copy=False,
        help="A list with a line of headings on top; who gets what.",
    )
    file_name = fields.Char(copy=False)
    columns = fields.Char(string="Columns That Are Read", compute="_compute_columns")
    external_id = fields.Char(
        string="External ID",
        copy=False,
        help="What another program calls these invoices. It makes them once, however often it asks.",
    )
    state = fields.Selection(
        [
            ("draft", "New"),
            ("preparing", "Being Prepared"),
            ("preview", "Preview"),
            ("confirmed", "Working"),
            ("done", "Done"),
        ],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
        help="Preview: nothing is invoiced yet. Working: invoices are being made.",
    )
    item_ids = fields.One2many(
        "billing.one.off.item",
        "one_off_id",
        string="What Everybody Gets",
        domain=[("line_id", "=", False)],
        copy=True,
        help="The lines of each invoice. Those of a list come with the list.",
    )
    line_ids = fields.One2many(
        "billing.one.off.line", "one_off_id", string="Who Gets It", help="One invoice for each."
    )
    bill_line_ids = fields.One2many(
        "billing.one.off.line",
        "one_off_id",
        string="Who Is Invoiced",
        domain=[("state", "in", BILLED)],
    )
    out_line_ids = fields.One2many(
        "billing.one.off.line",
        "one_off_id",
        string="Who Is Left Out",
        domain=[("state", "in", OUT)],
        help="Who is not invoiced, why, and what to do.",
    )
    line_count = fields.Integer(string="Chosen", compute="_compute_counts")
    bill_count = fields.Integer(string="To Invoice", compute="_compute_counts")
    made_count = fields.Integer(string="Invoiced", compute="_compute_counts")
    out_count = fields.Integer(string="Left Out", compute="_compute_counts")
    amount_total = fields.Monetary(
        string="Total", compute="_compute_counts", help="What all payers together pay."
    )
    totals = fields.Html(compute="_compute_totals", sanitize=False)

    _external_unique = models.UniqueIndex(
        "(company_id, external_id) WHERE external_id IS NOT NULL",
        "Other one-off invoices of this company have this external ID.",
    )

    # ------------------------------------------------------------------ computed fields

    @api.depends("company_id")
    def _compute_currency_id(self):
        for one_off in self:
            one_off.currency_id = one_off.company_id.currency_id

    def _compute_columns(self):
        self.columns = ", ".join(self.env["billing.one.off.line"]._list_columns())

    @api.depends("line_ids.state", "line_ids.amount")
    def _compute_counts(self):
        groups = self.env["billing.one.off.line"]._read_group(
            [("one_off_id", "in", self.ids)],
            ["one_off_id", "state"],
            ["__count", "amount:sum"],
        )
        sums = {(one_off.id, state): (count, amount) for one_off, state, count, amount in groups}
        for one_off in self:
            own = {state: sums[key, state] for key, state in sums if key == one_off.id}
            billed = [own.get(state, (0, 0.0)) for state in BILLED]
            one_off.line_count = sum(count for count, _amount in own.values())
            one_off.made_count = billed[1][0]
            one_off.bill_count = billed[0][0] + billed[1][0]
            one_off.amount_total = billed[0][1] + billed[1][1]
            one_off.out_count = sum(own.get(state, (0,))[0] for state in OUT)

    @api.depends("line_ids.state", "line_ids.amount", "line_ids.channel", "line_ids.means")
    def _compute_totals(self):
        titles = {
            "channel": self.env._("By delivery"),
            "means": self.env._("By means of payment"),
            "problem_kind": self.env._("Left out"),
        }
        for one_off in self:
            one_off.totals = Markup().join(
                one_off._total_table(title, field, OUT if field == "problem_kind" else BILLED)
                for field, title in titles.items()
            )

    def _total_table(self, title, field, states):
        lines = self.env["billing.one.off.line"]
        groups = lines._read_group(
            [("one_off_id", "=", self.id), ("state", "in", states)],
            [field],
            ["__count", "amount:sum"],
        )
        if not groups:
            return ""
        names = lines._names_of(field)
        rows = [ROW % (Markup("<b>%s</b>") % title, self.env._("Invoices"), self.env._("Amount"))]
        rows += [
            ROW
            % (
                names.get(value, value or "-"),
                count,
                formatLang(self.env, amount, currency_obj=self.currency_id),
            )
            for value, count, amount in groups
        ]
        return Markup('<table class="table table-sm mb-4">%s</table>') % Markup().join(rows)

    # ------------------------------------------------------------------ what a person may write

    @api.model_create_multi
    def create(self, vals_list):
        check_by_hand(self, vals_list)
        if not self.env.su:
            vals_list = [vals | {"state": "draft", "prepared_by_id": False} for vals in vals_list]
        return super().create(vals_list)

    def write(self, vals):
        check_by_hand(self, [vals])
        if not self.env.su and vals.keys() - {"name"} and any(one.state in STARTED for one in self):
            raise UserError(
                self.env._("These invoices are made already. Make new one-off invoices.")
            )
        result = super().write(vals)
        if not self.env.su and vals.keys() - {"name", "content", "file_name"}:
            self._back_to_draft()
        return result

    def _back_to_draft(self):
        """What was looked through has changed: it is to be looked through again."""
        self.sudo().filtered(lambda one: one.state == "preview").state = "draft"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_started(self):
        if any(one_off.state in STARTED for one_off in self):
            raise UserError(self.env._("One-off invoices that were made cannot be deleted."))

    @api.constrains("date", "date_due")
    def _check_date_due(self):
        for one_off in self:
            if one_off.date_due and one_off.date_due < one_off.date:
                raise ValidationError(
                    self.env._("The invoices cannot be due before their date. Choose a later day.")
                )

    # ------------------------------------------------------------------ buttons

    def action_read_list(self):
        """Take over the rows of the list: who gets what. Wrong rows are left out and told."""
        self._check_user()
        self.ensure_one()
        self._check_open()
        self.env["billing.one.off.line"]._read_list(self)
        return self.action_preview()

    def action_preview(self):
        """Work out who is invoiced for what. Nothing is made yet."""
        self._check_user()
        for one_off in self:
            one_off._check_open()
            one_off.line_ids._check_recipients()
            one_off.sudo()._in_company()._start_preview()
        return True

    def action_confirm(self):
        """Make the invoices: a few at once, many in the background."""
        self._check_user()
        for one_off in self:
            if one_off.state in ("draft", "preparing"):
                one_off.action_preview()
            one_off.sudo()._in_company()._release()
        if len(self) == 1 and self.state == "done" and self.made_count:
            return self.action_view_invoices()
        return True

    def action_view_invoices(self):
        """Show the invoices that were made."""
        self.check_access("read")
        invoices = self.sudo().line_ids.invoice_id
        return self.env["account.move"]._mbn_list_action(invoices)

    def action_discard(self):
        """Delete what was not made."""
        self.check_access("unlink")
        self.unlink()
        return self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_billing_one_off"
        ) | {"target": "main"}

    def _check_user(self):
        """:raise AccessError: when the user may not make invoices"""
        self.check_access("write")
        if self.env.su:
            return
        if not any(self.env.user.has_group(group) for group in USERS):
            raise AccessError(self.env._("Only a billing user can make invoices."))
        if self.env.user._mbn_has_part(ADMINISTRATOR) and not all(
            self.sudo().company_id.mapped("mbn_associations_bill")
        ):
            raise AccessError(
                self.env._(
                    "Members are invoiced by the office. It can let administrators of associations "
                    "invoice their own in the settings."
                )
            )

    def _check_open(self):
        if self.state in STARTED:
            raise UserError(self.env._("%(name)s was released already.", name=self.name))

    @api.model
    def _start(self, contracts, members):
        """New one-off invoices for ``contracts`` and ``members``, to be filled in: their form."""
        company = contracts.company_id if len(contracts.company_id) == 1 else self.env.company
        one_off = self.create({"company_id": company.id})
        one_off._check_user()
        lines = self.env["billing.one.off.line"].with_company(company)
        lines.create(
            [vals | {"one_off_id": one_off.id} for vals in lines._recipients(contracts, members)]
        )
        return one_off._form_action()

    def _form_action(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("One-off Invoice"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
        }

    # ------------------------------------------------------------------ preview and release

    def _start_preview(self):
        lines = self.line_ids.filtered(lambda line: line.problem_kind != "row")
        if not self.line_ids:
            raise UserError(self.env._("Choose who gets an invoice, or bring a list."))
        lines.write({"state": "new", "problem_kind": False, "problem": False, "released": False})
        self._run_begin(len(lines), state="preparing", prepared_by_id=self.env.uid)
        self._work_now_or_later(PREVIEW_AT_ONCE)

    def _work_now_or_later(self, at_once):
        if self.run_total <= at_once:
            self._run_at_once()
        else:
            self.env.ref("membership_billing_nordic.ir_cron_billing_one_off").sudo()._trigger()

    def _release(self):
        """:raise UserError: what stands in the way, and what to do"""
        if self.state != "preview":
            raise UserError(
                self.env._("%(name)s is not ready: look at its preview first.", name=self.name)
            )
        self._check_second_person()
        lines = self.line_ids.filtered(lambda line: line.state == "pending")
        if not lines:
            raise UserError(self._nobody_text())
        self._check_can_be_made(lines)
        lines.released = True
        self._run_begin(len(lines), state="confirmed")
        self._work_now_or_later(AT_ONCE)

    def _nobody_text(self):
        """Why nobody is invoiced: of a few the reasons themselves."""
        reasons = [text for text in self.line_ids.mapped("problem") if text]
        nobody = self.env._("Nobody is left to be invoiced.")
        return "\n".join([nobody, *dict.fromkeys(reasons[:5])])

    def _check_can_be_made(self, lines):
        for journal in lines.journal_id:
            locks = self.company_id._get_violated_lock_dates(self.date, True, journal)
            if locks:
                raise UserError(
                    self.env._(
                        "The books are closed on the invoice date %(date)s: %(locks)s. Choose a "
                        "later invoice date, or open the period first.",
                        date=format_date(self.env, self.date),
                        locks=self.company_id._format_lock_dates(locks),
                    )
                )
        (lines.agreement_id | lines.journal_id.mbn_agreement_id)._check_ready()

    # ------------------------------------------------------------------ work

    @api.model
    def _cron_work(self):
        """Go on with what is being prepared or made."""
        for one_off in self.search([("state", "in", WORKING)], order="id"):
            if not one_off._in_company()._run_work():
                return

    def _work_domain(self):
        if self.state == "preparing":
            return Domain("state", "=", "new")
        return Domain("state", "=", "pending") & Domain("released", "=", True)

    def _run_take(self, limit):
        lines = self.env["billing.one.off.line"]
        domain = Domain("one_off_id", "=", self.id) & self._work_domain()
        if self.state == "preparing":
            return lines.search(domain, order="id", limit=limit)
        return self._run_take_by_payer(lines, domain, "payer_id", limit)

    def _run_process(self, rows):
        return rows._prepare() if self.state == "preparing" else rows._make()

    def _run_split(self, rows):
        """Payer by payer: their lines may share an invoice."""
        by_payer = list(rows.grouped("payer_id").values())
        return by_payer if len(by_payer) > 1 else list(rows)

    def _run_fail(self, rows, message):
        state = "left_out" if self.state == "preparing" else "failed"
        rows.write({"state": state, "problem_kind": "error", "problem": message})

    def _run_finish(self):
        if self.state == "preparing":
            self.line_ids._put_fees(
                [("one_off_id", "=", self.id)], Fees(self.company_id, self.date, True)
            )
            self.state = "preview"
            return
        self.state = "done"
        self.message_post(
            body=self.env._(
                "%(made)s invoices made, %(amount)s. Left out or failed: %(out)s.",
                made=self.made_count,
                out=self.out_count,
                amount=formatLang(self.env, self.amount_total, currency_obj=self.currency_id),
            )
        )
        if self.company_id.mbn_send_invoices:
            self.env.ref("membership_billing_nordic.ir_cron_billing_send").sudo()._trigger()


def check_by_hand(records, vals_list):
    """Only what is not readonly is written by a person; the rest follows from the buttons.

    :raise AccessError: when something else is in ``vals_list``
    """
    if records.env.su:
        return
    kept = {
        name
        for vals in vals_list
        for name in vals
        if name in records._fields
        and records._fields[name].store
        and records._fields[name].readonly
        and not name.startswith("message_")
    }
    if kept:
        raise AccessError(
            records.env._(
                "These are kept by the program: %(fields)s. Use the buttons.",
                fields=", ".join(sorted(kept)),
            )
        )
