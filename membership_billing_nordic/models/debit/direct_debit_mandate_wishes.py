from odoo import fields, models
from odoo.exceptions import UserError


class DirectDebitMandate(models.Model):
    """Mandates that payers gave in their net bank, where the bank waits for our answer."""

    _inherit = "direct.debit.mandate"

    wish = fields.Selection(
        [("open", "To Answer"), ("accepted", "Accepted"), ("refused", "Refused")],
        string="Payer's Request",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="The payer asked for the mandate with the bank, which wants to know whether you "
        "accept it.",
    )

    def action_accept_wish(self):
        """Accept what these payers asked their banks for; the next file says so."""
        self._check_may_change()
        for mandate in self:
            mandate._require_open_wish()
        self._accept_wish()

    def action_refuse_wish(self):
        """Refuse what these payers asked their banks for; the next file says so."""
        self._check_may_change()
        for mandate in self:
            mandate._require_open_wish()
        self.wish = "refused"
        self._end("cancelled", self.env._("Refused by %(user)s", user=self.env.user.name))
        # The bank gives no answer to it.
        self.write({"cancel_wanted": True, "cancel_answered": True})

    def _require_open_wish(self):
        self._require_state("draft")
        if self.wish != "open":
            raise UserError(
                self.env._(
                    "%(payer)s did not ask the bank for this mandate: there is nothing to answer.",
                    payer=self.partner_id.display_name,
                )
            )

    def _accept_wish(self):
        self.write({"wish": "accepted", "state": "requested"})
        self.env["billing.exception"]._close(self, "mandate_wish")

    def _ended(self):
        result = super()._ended()
        self.env["billing.exception"]._close(self, "mandate_wish")
        return result

    def _take_wish(self, values):
        """A payer asks for a mandate: accept it, or let a person decide.

        :param values: of the mandate, as the bank tells them
        :return: the mandate; the one that was asked for before when the bank reminds of it
        """
        known = self.search(
            [
                ("agreement_id", "=", values["agreement_id"]),
                ("partner_id", "=", values["partner_id"]),
                ("wish", "=", "open"),
                ("state", "=", "draft"),
            ],
            limit=1,
        )
        if known:
            return known
        quiet = self.with_context(mail_create_nolog=True, mail_create_nosubscribe=True)
        mandate = quiet.create(values | {"wish": "open"})
        if mandate.agreement_id.mandate_wishes == "accept" and mandate._is_sure_wish():
            mandate._accept_wish()
        else:
            mandate._put_wish_on_desk()
        return mandate

    def _is_sure_wish(self):
        """May it be accepted without a person? For the schemes that know more of payers."""
        return True

    def _put_wish_on_desk(self):
        self.env["billing.exception"]._open(
            self,
            "mandate_wish",
            self.env._(
                "%(payer)s asked the bank for a mandate and waits for your answer.",
                payer=self.partner_id.name,
            ),
            self.env._("Accept or refuse it; the next file tells the bank."),
        )
