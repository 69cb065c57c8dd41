from odoo import api, fields, models
from odoo.fields import Domain

HOLDS = [("discarded", "Its file was discarded"), ("rejected", "Its file was rejected")]
REQUEST_WAITS = Domain("state", "=", "requested") & Domain("request_file_id", "=", False)
CANCELLATION_WAITS = Domain("cancel_wanted", "=", True) & Domain("cancel_file_id", "=", False)
CHANGE_WAITS = (
    Domain("state", "=", "active")
    & Domain("new_payer_number", "!=", False)
    & Domain("change_file_id", "=", False)
)
WAITS = (REQUEST_WAITS | CANCELLATION_WAITS | CHANGE_WAITS) & Domain("hold", "=", False)
# Ended here, and the bank has not said that it knows.
END_UNANSWERED = (
    Domain("state", "=", "cancelled")
    & (Domain("cancel_wanted", "=", True) | Domain("cancel_file_id", "!=", False))
    & Domain("cancel_answered", "=", False)
)
# What is asked of the bank with a mandate in this state; else it is told of its end.
_KEYS = {"requested": "request", "active": "change"}


class DirectDebitMandate(models.Model):
    """How the bank is asked for a mandate, and told of its end when it is ended here.

    Request, change of number and cancellation are one record of a file each. A file that is
    discarded or rejected gives back what was in it.
    """

    _inherit = "direct.debit.mandate"

    waits_since = fields.Datetime(
        readonly=True, copy=False, help="When it was last to be asked for, or ended, at the bank."
    )
    waits_for_file = fields.Boolean(
        compute="_compute_waits_for_file",
        compute_sudo=True,
        help="It goes to the bank with the next file.",
    )
    request_file_id = fields.Many2one(
        "bank.file",
        string="Requested In",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The file that asks the bank for the mandate.",
    )
    request_record = fields.Integer(
        string="Record of the Request", readonly=True, copy=False, help="Its place in the file."
    )
    cancel_wanted = fields.Boolean(
        string="Bank to Be Told",
        readonly=True,
        copy=False,
        help="It was ended here, and the bank is told with a file.",
    )
    cancel_file_id = fields.Many2one(
        "bank.file",
        string="Ended In",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The file that tells the bank that the mandate has ended.",
    )
    cancel_record = fields.Integer(
        string="Record of the Cancellation", readonly=True, copy=False, help="Its place there."
    )
    cancel_answered = fields.Boolean(
        string="End Answered", readonly=True, copy=False, help="The bank has answered to its end."
    )
    hold = fields.Selection(
        HOLDS,
        string="Held Because",
        readonly=True,
        copy=False,
        help="Why it does not go into the next file by itself.",
    )
    returned_file_id = fields.Many2one(
        "bank.file", string="Came Back From", readonly=True, copy=False, index="btree_not_null"
    )
    left_out = fields.Char(
        string="Why It Cannot Be Sent", readonly=True, copy=False, help="Empty when it can."
    )

    _requested_once = models.UniqueIndex(
        "(request_file_id, request_record) WHERE request_file_id IS NOT NULL",
        "A record of a file requests one mandate.",
    )
    _cancelled_once = models.UniqueIndex(
        "(cancel_file_id, cancel_record) WHERE cancel_file_id IS NOT NULL",
        "A record of a file ends one mandate.",
    )

    @api.depends(
        "state",
        "request_file_id",
        "cancel_wanted",
        "cancel_file_id",
        "new_payer_number",
        "change_file_id",
        "hold",
    )
    def _compute_waits_for_file(self):
        waiting = self.filtered_domain(WAITS)
        for mandate in self:
            can = {"requested": mandate.can_request, "active": mandate.can_renumber}
            mandate.waits_for_file = mandate in waiting and can.get(mandate.state, True)

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._with_waiting(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._with_waiting(vals))

    @api.model
    def _with_waiting(self, vals):
        """``vals``, and since when it waits for a file if they make it wait for one."""
        wanted = vals.get("cancel_wanted") or vals.get("new_payer_number")
        if vals.get("state") == "requested" or wanted:
            return {"waits_since": fields.Datetime.now()} | vals
        return vals

    def _file_key(self):
        """By which a file's record of this mandate is known."""
        self.ensure_one()
        return f"{_KEYS.get(self.state, 'end')}-{self.id}"

    # ------------------------------------------------------------------ ended

    def _end_by_us(self, meaning):
        known = self.filtered(lambda mandate: mandate.state == "active" or mandate.request_file_id)
        result = super()._end_by_us(meaning)
        known.filtered(lambda mandate: mandate.agreement_id._can_cancel_mandates()).write(
            {"cancel_wanted": True}
        )
        return result

    def _ended(self):
        result = super()._ended()
        self._release()
        return result

    def _unanswered_ends(self, agreements, payers):
        """Mandates of these payers that were ended here, of which the bank has said nothing."""
        return self.search(
            END_UNANSWERED
            & Domain("agreement_id", "in", agreements.ids)
            & Domain("partner_id", "in", payers.ids),
            order="id",
        )

    def _end_confirmed(self):
        """The bank has ended these too."""
        self.write({"cancel_wanted": False, "cancel_answered": True})

    def _refused_by_bank(self, meaning):
        """The bank did not do what it was asked for with these; a person has to find out why."""
        ended = self.filtered(lambda mandate: mandate.state == "cancelled")
        ended.write({"cancel_wanted": False, "cancel_answered": True})
        self.env["billing.exception"]._open_all(
            {
                mandate: self.env._(
                    "The bank refused what it was asked for with the mandate of %(payer)s. %(why)s",
                    payer=mandate.partner_id.name,
                    why=meaning or "",
                )
                for mandate in self
            },
            "mandate_refused",
            self.env._(
                "Ask the bank. With a mandate that was ended here nothing is collected any more."
            ),
        )

    # ------------------------------------------------------------------ come back, released

    def _is_unanswered_request(self):
        """Was it asked for, and the bank has not said that there is such a mandate?"""
        return self.state == "requested" or (self.state == "cancelled" and not self.event_ids)

    def _request_comes_back(self, file, hold, text):
        """The bank did not get the requests of these, or refused their file."""
        values = {"request_file_id": False, "request_record": 0}
        # What the bank was never asked for needs no end there.
        ended = self.filtered(lambda mandate: mandate.state == "cancelled")
        ended.write(values | {"cancel_wanted": False})
        (self - ended)._come_back(file, hold, text, values)

    def _cancellation_comes_back(self, file, hold, text):
        """The bank was not told that these have ended, or refused the file."""
        self._come_back(
            file, hold, text, {"cancel_file_id": False, "cancel_record": 0, "cancel_wanted": True}
        )

    def _come_back(self, file, hold, text, values):
        if not self:
            return
        self.write(values | {"hold": hold, "left_out": text, "returned_file_id": file.id})
        file._refresh_returned_mandates()

    def action_release(self):
        """Let held requests and cancellations go with the next file."""
        self._check_may_change()
        self.filtered("hold")._release()

    def _release(self):
        rows = self.filtered(lambda mandate: mandate.hold or mandate.left_out)
        returned = rows.returned_file_id
        rows.write({"hold": False, "left_out": False, "returned_file_id": False})
        self.env["billing.exception"]._close(rows, "mandate_left_out")
        returned.sudo()._refresh_returned_mandates()
