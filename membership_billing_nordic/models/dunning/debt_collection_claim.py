"""Claims that are ready for a collection agency, or with one: no letter goes out meanwhile."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .debt_collection_judge import HAND_OVER_REASONS, HandOverJudge, leave_out_small

READY = "debt_collection_ready"


class DunningPolicy(models.Model):
    _inherit = "dunning.policy"

    agency_id = fields.Many2one(
        "debt.collection.agency",
        string="Then Hand Over To",
        check_company=True,
        index="btree_not_null",
        help="What is not paid after the last letter is proposed for this agency. Empty: the "
        "letters are all that happens.",
    )

    @api.constrains("agency_id", "claim_kind")
    def _check_agency(self):
        for policy in self:
            if policy.agency_id and policy.claim_kind != "fee":
                raise ValidationError(
                    policy.env._("Only an enforceable fee can be handed over to an agency.")
                )


class DunningClaim(models.Model):
    _inherit = "dunning.claim"

    state = fields.Selection(selection_add=[("collection", "At Collection"), ("paid",)])
    case_line_ids = fields.One2many(
        "debt.collection.line", "claim_id", string="Collection", readonly=True
    )
    case_id = fields.Many2one(
        "debt.collection.case",
        string="Collection Case",
        compute="_compute_case_id",
        store=True,
        index="btree_not_null",
        help="The case by which an agency collects it now.",
    )
    is_ready = fields.Boolean(
        string="Ready for Collection",
        readonly=True,
        index=True,
        help="The deadline of the last letter is over, nothing stands in the way, and the law "
        "allows it to be handed over.",
    )
    is_returned = fields.Boolean(
        string="Back from Collection",
        readonly=True,
        help="An agency gave it back, or it was called back. It is not handed over again before a "
        "person says so.",
    )
    not_ready_reason = fields.Selection(
        HAND_OVER_REASONS, string="Not Handed Over Because", readonly=True
    )
    not_ready_detail = fields.Char(string="Not Handed Over: Details", readonly=True)

    @api.depends("case_line_ids.is_handed")
    def _compute_case_id(self):
        for claim in self:
            claim.case_id = claim.case_line_ids.filtered("is_handed").case_id[:1]

    @api.depends("case_id")
    def _compute_state(self):  # pylint: disable=missing-return
        super()._compute_state()
        for claim in self:
            if claim.case_id and claim.state in ("overdue", "reminded", "noticed"):
                claim.state = "collection"

    def _next_level(self):
        return self.level_id[:0] if self.state == "collection" else super()._next_level()

    # ------------------------------------------------------------------ what is ready

    @api.model
    def _candidates(self, agency):
        """Claims whose letters are all sent and whose deadline is over."""
        today = agency.company_id._billing_today()
        return self.search(
            [
                ("company_id", "=", agency.company_id.id),
                ("policy_id.agency_id", "=", agency.id),
                ("state", "in", ("reminded", "noticed")),
                ("next_level_id", "=", False),
                ("claim_kind", "=", "fee"),
                ("deadline", "<", today),
                ("is_returned", "=", False),
            ],
            order="partner_id, due_date, id",
        )

    def _judge_hand_over(self, agency):
        """What is right for each of these claims today, noted on them.

        :return: list of verdicts
        """
        today = agency.company_id._billing_today()
        verdicts = list(HandOverJudge(agency.company_id, today).judge(self).values())
        leave_out_small(verdicts, agency, today)
        for verdict in verdicts:
            verdict.claim.write(
                {
                    "is_ready": not verdict.reason,
                    "not_ready_reason": verdict.reason or False,
                    "not_ready_detail": verdict.detail or False,
                }
            )
        return verdicts

    @api.model
    def _note_ready(self, agency):
        """Find out what is ready for an agency, and tell the desk."""
        claims = self._candidates(agency)
        known = self.search([("policy_id.agency_id", "=", agency.id), ("is_ready", "=", True)])
        (known - claims).write({"is_ready": False})
        claims._judge_hand_over(agency)
        proposed = self.env["debt.collection.line"].search(
            [("claim_id", "in", claims.ids), ("is_open", "=", True)]
        )
        ready = claims.filtered("is_ready") - proposed.claim_id
        desk = self.env["billing.exception"]
        if not ready:
            desk._close(agency, READY)
            return
        desk._open(
            agency,
            READY,
            self.env._(
                "%(count)s claims are ready for %(agency)s", count=len(ready), agency=agency.name
            ),
            self.env._("Press Propose Cases on the agency, look through them and approve."),
        )

    def action_collect_again(self):
        """Let claims that came back from collection be proposed again."""
        self.env["debt.collection.agency"]._check_manager()
        self.check_access("read")
        self.sudo().write({"is_returned": False})
        return True
