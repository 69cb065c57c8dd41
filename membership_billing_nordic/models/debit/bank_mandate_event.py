from odoo import api, fields, models
from odoo.exceptions import UserError

from ...formats.references import normalise

_STEPS = {
    "registered": "_apply_registered",
    "requested": "_apply_requested",
    "rejected": "_apply_rejected",
    "cancelled": "_apply_cancelled",
    "listed": "_apply_listed",
    "answer_accepted": "_apply_answer_accepted",
    "answer_rejected": "_apply_answer_rejected",
    "unchanged": "_apply_unchanged",
}


class BankMandateEvent(models.Model):
    _inherit = "bank.mandate.event"

    state = fields.Selection(
        [
            ("new", "New"),
            ("applied", "Applied"),
            ("to_place", "To Place"),
            ("listed", "In a Full List"),
            ("dismissed", "Left Aside"),
        ],
        required=True,
        default="new",
        readonly=True,
        index=True,
        help="Applied: the mandate was changed. To place: no payer was found, a person must choose "
        "one. In a full list: compared with the mandates here, not applied by itself.",
    )
    note = fields.Char(
        string="What Was Done", readonly=True, help="Why it was not applied, or what it changed."
    )
    mandate_id = fields.Many2one(
        "direct.debit.mandate",
        index="btree_not_null",
        readonly=True,
        check_company=True,
        ondelete="set null",
        help="The mandate that the message is about.",
    )

    def _run_in_file(self):
        """Change the mandates as the messages say, in the order of the file."""
        mandates = self.env["direct.debit.mandate"]._live_of(self.agreement_id, self.partner_id)
        self._register_new(mandates)
        for event in self.filtered(lambda row: row.state == "new").sorted("record"):
            if event.partner_id:
                key = (event.agreement_id.id, event.partner_id.id)
                mandates[key] = event._apply(mandates.get(key, event.mandate_id.browse()))
            else:
                event._leave_to_a_person()

    def _fail_in_file(self, message):
        self.write({"state": "to_place", "note": message})

    def _register_new(self, mandates):
        """Make the mandates of payers of whom the messages say nothing else, all together."""
        registered = self.browse()
        asked = self.mandate_id._unanswered_ends(self.agreement_id, self.partner_id)
        asked |= self.mandate_id._wishing(self.agreement_id, self.partner_id)
        mandates = mandates | {(row.agreement_id.id, row.partner_id.id): row for row in asked}
        for (agreement, payer), events in self.grouped(
            lambda row: (row.agreement_id, row.partner_id)
        ).items():
            if payer and (agreement.id, payer.id) not in mandates and len(events) == 1:
                registered |= events.filtered(lambda row: row.event == "registered")
        made = registered.mandate_id._make_active(
            [event._mandate_vals() for event in registered.sorted("id")]
        )
        for event, mandate in zip(registered.sorted("id"), made, strict=True):
            event.write({"state": "applied", "mandate_id": mandate.id})

    def _apply(self, mandate):
        """Apply one message to the payer's live ``mandate``; returns the live one after it."""
        self.ensure_one()
        mandate = getattr(self, _STEPS[self.event])(mandate)
        if self.state == "new":
            self.state = "applied"
        return mandate

    # -- what each message does ------------------------------------------------------------

    def _apply_registered(self, mandate):
        self._follow_payer_number(mandate)
        values = self._mandate_vals()
        if not mandate and (ended := self._ended_meanwhile()):
            self.write(
                {
                    "mandate_id": ended.id,
                    "note": self.env._("It was ended here meanwhile; the bank is told."),
                }
            )
            return mandate
        if not mandate:
            mandate = mandate._make_active([values])
        else:
            was_usable = mandate.state == "active" and not self._renews(mandate)
            if self._renews(mandate):
                values |= {
                    "valid_from": mandate.valid_from,
                    "valid_to": False,
                    "ended_meaning": False,
                }
            mandate._change_by_bank(values | {"state": "active"})
            if not was_usable:
                mandate._became_active()
        self.mandate_id = mandate
        return mandate

    def _renews(self, mandate):
        """The bank said when the mandate ends, and now that there is another in its place."""
        ends = mandate.state == "active" and mandate.ended_meaning and mandate.valid_to
        return bool(ends) and not self.end_date

    def _apply_requested(self, mandate):
        """The payer gave a mandate in the net bank, and the bank wants an answer to it."""
        if mandate.wish == "accepted" and mandate.state == "requested":
            self.mandate_id = mandate
        elif mandate:
            self.write(
                {
                    "mandate_id": mandate.id,
                    "state": "to_place",
                    "note": self.env._("The payer has a mandate: answer the bank by hand."),
                }
            )
        else:
            self.mandate_id = mandate._take_wish(self._mandate_vals())
            if self.mandate_id.state == "requested":
                return self.mandate_id
        return mandate

    def _apply_rejected(self, mandate):
        if mandate.state != "requested" and (ended := self._ended_here()):
            self.mandate_id = ended
            ended._refused_by_bank(self.meaning)
            return mandate
        return self._end(mandate, "rejected")

    def _apply_cancelled(self, mandate):
        if ended := self._ended_here():
            self.mandate_id = ended
            ended._end_confirmed()
            return mandate
        return self._end(mandate, "cancelled")

    def _apply_answer_accepted(self, mandate):
        if self._answers_end(mandate):
            return self._apply_cancelled(mandate)
        if mandate.request_file_id:
            return self._apply_registered(mandate)
        self.note = self.env._("The bank was asked for nothing.")
        return mandate

    def _apply_answer_rejected(self, mandate):
        if not self._answers_end(mandate) and mandate.state == "requested":
            return self._end(mandate, "rejected")
        return self._apply_unchanged(mandate)

    def _apply_unchanged(self, mandate):
        """The bank did not do what it was asked for: a person has to ask why."""
        refused = self._ended_here() if self._answers_end(mandate) else mandate
        self.mandate_id = refused
        if refused:
            refused._refused_by_bank(self.meaning)
        else:
            self.note = self.env._("The bank was asked for nothing.")
        return mandate

    # -- mandates ended here, which the bank was or is to be told ----------------------------

    def _ended_here(self):
        """The payer's mandate of whose end the bank has said nothing yet; empty without one."""
        ends = self.env["direct.debit.mandate"]._unanswered_ends(self.agreement_id, self.partner_id)
        return ends[:1]

    def _ended_meanwhile(self):
        """A mandate the bank was asked for, and which was ended here before it answered."""
        ended = self._ended_here()
        return ended.filtered(lambda row: row.request_file_id and not row.event_ids)

    def _answers_end(self, mandate):
        """Of an end and a request the one that was sent first is answered first."""
        ended = self._ended_here()
        if not ended.cancel_file_id or mandate.state != "requested" or not mandate.request_file_id:
            return bool(ended.cancel_file_id)
        end = (ended.cancel_file_id.id, ended.cancel_record)
        return end < (mandate.request_file_id.id, mandate.request_record)

    def _end(self, mandate, state):
        if not mandate:
            self.note = self.env._("The payer had no mandate here.")
            return mandate
        if mandate.number and self.mandate_number not in (False, "", mandate.number):
            self.note = self.env._("It is about a former mandate of the payer.")
            return mandate
        self.mandate_id = mandate
        # The message is the history: no log beside it.
        quiet = mandate.with_context(tracking_disable=True)
        if state == "cancelled" and self.effective_date and self.effective_date > quiet._today():
            quiet._end_later(self.meaning or "", self.effective_date)
            return mandate
        quiet._end(state, self.meaning or "", self.effective_date)
        return mandate.browse()

    def _apply_listed(self, mandate):
        self.write({"state": "listed", "mandate_id": mandate.id})
        return mandate

    def _leave_to_a_person(self):
        """No payer was found: without one nothing can be done but to ask."""
        if self.event == "listed":
            self.state = "listed"
        else:
            self.write(
                {
                    "state": "to_place",
                    "note": self.env._("No payer has this reference or payer number."),
                }
            )

    def _follow_payer_number(self, mandate):
        """The bank has given the payer another number: of a known mandate, or as we asked."""
        number = normalise(self.payer_number)
        wishing = mandate._wishing(self.agreement_id, self.partner_id).filtered(
            lambda row: row.new_payer_number == number
        )
        is_known = bool(mandate.number) and mandate.number == self.mandate_number
        if number and (is_known or wishing):
            numbers = self.env["bank.payer.number"].sudo()
            if numbers._follow(self.agreement_id, self.partner_id, number):
                mandate._change_by_bank({"payer_number": number})
        wishing._change_by_bank({"new_payer_number": False})

    def _mandate_vals(self):
        """What the message says of the mandate, empty things left out."""
        said = {
            "reference": self.reference,
            "written_notice": self.written_notice,
            "number": self.mandate_number,
            "valid_from": self.effective_date,
            "valid_to": self.end_date,
            "partner_bank_id": self._account().id,
        }
        return {name: value for name, value in said.items() if value} | {
            "agreement_id": self.agreement_id.id,
            "partner_id": self.partner_id.id,
        }

    def _account(self):
        """The payer's account as the message gives it; made when it is not known yet."""
        accounts = self.env["res.partner.bank"].sudo()
        if not self.payer_account:
            return accounts
        return accounts._mbn_of_payer(self.partner_id, self.payer_account)

    # -- a person decides --------------------------------------------------------------------

    def _place(self, partner):
        """Apply messages that found no payer to ``partner``, who is chosen by a person."""
        for event in self.sorted("id"):
            if event.state not in ("to_place", "listed"):
                raise UserError(
                    event.env._(
                        "The message on %(reference)s is done with.", reference=event.reference
                    )
                )
            event.write({"partner_id": partner.id, "state": "new", "note": False})
            mandates = self.env["direct.debit.mandate"]._live_of(event.agreement_id, partner)
            mandate = mandates.get((event.agreement_id.id, partner.id), event.mandate_id.browse())
            if event.event == "listed":
                event._apply_registered(mandate)
                event.state = "applied"
            else:
                event._apply(mandate)
        self.file_id._refresh_desk()

    def action_dismiss(self):
        """Leave messages aside: they are of somebody who is no payer of yours."""
        self.env["bank.file"]._check_may_process()
        self.check_access("read")
        open_rows = self.sudo().filtered(lambda row: row.state == "to_place")
        open_rows.state = "dismissed"
        open_rows.file_id._refresh_desk()

    @api.model
    def _to_place(self, files):
        """How many messages of each file a person has to place, as ``{file: count}``."""
        return dict(
            self._read_group(
                [("file_id", "in", files.ids), ("state", "=", "to_place")],
                ["file_id"],
                ["__count"],
            )
        )
