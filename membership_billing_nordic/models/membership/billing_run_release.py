from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_amount

BILL_CHUNK = 500  # invoices made and posted between two commits: some ten seconds
AT_ONCE = 50  # memberships that are billed while somebody waits


class BillingRun(models.Model):
    """Releasing a preview: a sample, in waves or all of it; what follows when it is done."""

    _inherit = "billing.run"

    _run_chunk_size = BILL_CHUNK

    def action_release_part(self):
        """Ask which part to release."""
        self.check_access("write")
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Release a Part of %(run)s", run=self.name),
            "res_model": "billing.run.release",
            "view_mode": "form",
            "target": "new",
            "context": {"default_run_id": self.id},
        }

    # ------------------------------------------------------------------
    # Which memberships
    # ------------------------------------------------------------------

    def _waiting_domain(self):
        return (
            Domain("run_id", "=", self.id)
            & Domain("state", "=", "pending")
            & Domain("released", "=", False)
        )

    def _sample(self, count):
        """``count`` waiting lines spread over the plans, the same ones each time it is asked."""
        self.env["billing.run.line"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id FROM (
                    SELECT id, row_number() OVER (
                               PARTITION BY plan_id ORDER BY md5(id::text)
                           ) AS place
                      FROM billing_run_line
                     WHERE run_id = %(run)s AND state = 'pending' AND released IS NOT TRUE
                ) line ORDER BY place, id LIMIT %(count)s
                """,
                run=self.id,
                count=count,
            )
        )
        return self._with_payers(self.env["billing.run.line"].browse(id for (id,) in rows))

    def _next_wave(self, count):
        """The next ``count`` waiting lines."""
        lines = self.env["billing.run.line"]
        return self._with_payers(
            lines.search(self._waiting_domain(), order="payer_id.id, id", limit=count)
        )

    def _chosen(self, plans, associations):
        """The waiting lines of these plans and associations; of all where none are given."""
        domain = self._waiting_domain()
        if plans:
            domain &= Domain("plan_id", "in", plans.ids)
        if associations:
            domain &= Domain("association_id", "child_of", associations.ids)
        return self._with_payers(self.env["billing.run.line"].search(domain))

    def _with_payers(self, lines):
        """``lines`` with what else waits of their payers, who may get one common invoice."""
        lines.fetch(["payer_id"])
        return lines.search(self._waiting_domain() & Domain("payer_id", "in", lines.payer_id.ids))

    # ------------------------------------------------------------------
    # Release
    # ------------------------------------------------------------------

    def _release_by_person(self, lines=None):
        """Release ``lines``, all that wait when None.

        :raise UserError: when it is not the time for it, or somebody else has to
        """
        if self.state not in ("preview", "partly"):
            raise UserError(
                self.env._("Only a preview can be released. Refresh %(run)s.", run=self.name)
            )
        self._check_second_person()
        self._release(lines)

    def _release(self, lines=None):
        """Start the invoicing, after a look at what would stop it.

        :raise UserError: what is wrong with journals, agreements or lock dates, and what to do
        """
        if lines is None:
            lines = self.env["billing.run.line"].search(self._waiting_domain())
        if not lines:
            raise UserError(self.env._("There is nothing to bill in %(run)s.", run=self.name))
        self._check_can_be_invoiced()
        lines.released = True
        self.env.flush_all()
        self._count_released()
        self.write({"state": "confirmed", "run_finished": False})
        self.env["billing.exception"]._close(self, "billing_run_waiting")

    def _count_released(self):
        released = self.env["billing.run.line"].search_count(
            Domain("run_id", "=", self.id) & self._work_domain()
        )
        self.run_total = released + self.run_done + self.run_failed

    def _check_can_be_invoiced(self):
        domain = self._waiting_domain()
        lines = self.env["billing.run.line"]
        journals = self.env["account.journal"].union(
            *(journal for (journal,) in lines._read_group(domain, ["journal_id"]))
        )
        agreements = self.env["bank.agreement"].union(
            *(agreement for (agreement,) in lines._read_group(domain, ["agreement_id"]))
        )
        for journal in journals:
            self._check_not_locked(journal)
        for agreement in agreements | journals.mbn_agreement_id:
            agreement._check_ready()
        self._check_income_accounts(journals)

    def _check_income_accounts(self, journals):
        if all(journal.default_account_id for journal in journals):
            return
        for product in self.total_ids.plan_id.product_id.with_company(self.company_id):
            if not product._get_product_accounts()["income"]:
                raise UserError(
                    self.env._(
                        "%(product)s has no income account. Set one on the product or its "
                        "category.",
                        product=product.display_name,
                    )
                )

    def _go_on_after_hold(self):
        self.state = "confirmed"
        if not self._run_take(1):
            self._run_end()

    def _leave_rest(self):
        """End the run: what was not invoiced is left to the next one."""
        self._give_up_rest()
        self._run_end()

    def _give_up_rest(self):
        rest = self.env["billing.run.line"].search(
            [("run_id", "=", self.id), ("state", "=", "pending")]
        )
        rest.write(
            {
                "state": "left_out",
                "problem_kind": "not_released",
                "problem": self.env._("Not released in this run. The next run bills it."),
            }
        )
        self.env.flush_all()

    # ------------------------------------------------------------------
    # When it is done
    # ------------------------------------------------------------------

    def _finish_release(self):
        """Done, or the next part waits to be released."""
        waiting = self.env["billing.run.line"].search_count(self._waiting_domain())
        self.state = "partly" if waiting else "done"
        self.message_post(body=self._summary())
        if waiting:
            self._report_waiting(waiting)
        else:
            self.env["billing.exception"]._close(self, "billing_run_waiting")
            self._report_failures()
        self._trigger_sending()

    def _trigger_sending(self):
        if self.company_id.mbn_send_invoices:
            self.env.ref("membership_billing_nordic.ir_cron_billing_send")._trigger()

    def _summary(self):
        groups = self.env["account.move"]._read_group(
            [("mbn_run_id", "=", self.id)], ["currency_id"], ["__count", "amount_total:sum"]
        )
        return self.env._(
            "%(done)s memberships billed: %(count)s invoices, %(amounts)s. Left out or failed: "
            "%(out)s.",
            done=self.billed_count,
            out=self.out_count,
            count=sum(count for _currency, count, _amount in groups),
            amounts=", ".join(
                format_amount(self.env, amount, currency) for currency, _count, amount in groups
            )
            or format_amount(self.env, 0.0, self.currency_id),
        )

    def _report_waiting(self, count):
        """Put what waits to be released on the desk."""
        amount = self.env["billing.run.line"]._read_group(
            self._waiting_domain(), ["currency_id"], ["amount:sum"]
        )
        self.env["billing.exception"]._open(
            self,
            "billing_run_waiting",
            self.env._(
                "%(count)s memberships wait to be billed, %(amount)s",
                count=count,
                amount=", ".join(
                    format_amount(self.env, total, currency) for currency, total in amount
                ),
            ),
            self.env._("Look through the preview and release it."),
        )

    def _report_failures(self):
        """One to-do per company: the last run that left somebody out or failed on somebody."""
        desk = self.env["billing.exception"]
        earlier = self.search(
            [
                ("company_id", "=", self.company_id.id),
                ("id", "!=", self.id),
                ("state", "in", ("done", "undone")),
            ]
        )
        if self.is_daily:
            desk._close(earlier.filtered("is_daily"), "billing_run_failed")
        failed = self.env["billing.run.line"].search_count(
            [
                ("run_id", "=", self.id),
                ("state", "in", ("left_out", "failed")),
                ("problem_kind", "not in", ("not_released", "blocked")),
            ]
        )
        if not failed:
            desk._close(self, "billing_run_failed")
            return
        desk._open(
            self,
            "billing_run_failed",
            self.env._(
                "%(count)s memberships were not billed by %(run)s",
                count=failed,
                run=self.name,
            ),
            self.env._("Open the run, correct what each line says; the next run bills them."),
        )

    # ------------------------------------------------------------------
    # At once
    # ------------------------------------------------------------------

    @api.model
    def _bill_now(self, contracts):
        """Bill what is due of ``contracts`` of one company today, without waiting for a run.

        The caller has checked what the user may do. Up to AT_ONCE contracts are billed in
        this transaction, more by the scheduled action. Where the company demands a second
        person, the run is left as a preview for somebody else to release.

        :return: the run; empty when nothing of ``contracts`` is due
        :raise UserError: what is wrong with journals, agreements or lock dates, and what to do
        """
        company = contracts.company_id.ensure_one()
        run = self.sudo().create(
            {
                "company_id": company.id,
                "date": company._billing_today(),
                "contract_ids": contracts.ids,
            }
        )
        run = run._in_company()
        run._start_preview()
        while run.state == "preparing":
            run._prepare_chunk()
        if not run.line_ids:
            run.unlink()
            return self.browse()
        if not run.run_total:
            run._finish_release()
        elif not run._may_be_released_by(self.env.user):
            run._report_waiting(run.run_total)
        else:
            run._release()
            if run.run_total <= AT_ONCE:
                run._run_at_once()
            else:
                self._trigger_work()
        return run.with_env(self.env)


class BillingRunLine(models.Model):
    _inherit = "billing.run.line"

    problem_kind = fields.Selection(selection_add=[("not_released", "Not released")])
