from odoo import api, models
from odoo.fields import Domain

from . import arguments
from .billing_api import MOST_ROWS, day_text
from .faults import faults
from .upsert_mandates import MandateUpsert


class BillingApi(models.AbstractModel):
    """Mandates of direct debit, for other programs."""

    _inherit = "billing.api"

    @api.model
    def list_mandates(
        self, payer_id: int = 0, state: str = "", after_id: int = 0, limit: int = 100
    ) -> list[dict]:
        """Mandates in the order of their ids, of one payer or of all.

        :param state: ``draft``, ``requested``, ``active``, ``rejected``, ``cancelled``,
            ``expired`` or empty for all
        :return: rows of ``mandate_id``, ``payer_id``, ``payer_name``, ``agreement`` (its
            number), ``payer_number``, ``reference``, ``mandate_number``, ``state``,
            ``why_ended``, ``written_notice`` (``yes``, ``no`` or empty), ``valid_from``,
            ``valid_to``, ``failures`` (in a row). The payer's account is not told.
        """
        self._check_internal()
        mandates = self.env["direct.debit.mandate"]
        with faults(self.env):
            states = dict(mandates._fields["state"].selection)
            domain = Domain.TRUE
            if payer_id:
                domain &= Domain("partner_id", "=", arguments.whole("payer_id", payer_id))
            if state := arguments.choice("state", state, tuple(states)):
                domain &= Domain("state", "=", state)
        return self._mandate_rows(self._page(mandates._name, domain, after_id, limit))

    @api.model
    def upsert_mandates(self, rows: list) -> list[dict]:
        """Make or change the mandates of payers: one live mandate per payer and agreement.

        Each row names the payer by ``payer_id``, ``payer_external_id`` or
        ``payer_member_number``, and the ``agreement`` by its number when there are several.
        Further fields: ``state`` (``draft``; ``requested`` to have the bank asked with the
        next file; ``active`` for one the bank knows already), ``payer_number`` (the number
        the bank knows the payer by, for payers who have none yet), ``reference``,
        ``mandate_number``, ``account``, ``identity`` (the payer's person or organisation
        number, where the bank wants it of a request), ``written_notice`` (true or false),
        ``valid_from``, ``valid_to``. Identity, and the account where the bank does not tell it,
        are kept until the bank has answered, and never told. At most 1000 rows; a bad row does
        not hinder the others.

        :return: for each row, in order: ``row`` (its number from 1), ``external_id`` (empty),
            ``mandate_id``, ``outcome`` (``created``, ``updated``, ``unchanged`` or
            ``error``) and ``error``, a sentence that names the field and what was expected
        """
        self._check_internal()
        self.env["direct.debit.mandate"]._check_may_change()
        with faults(self.env):
            arguments.rows("rows", rows, most=MOST_ROWS)
        return MandateUpsert(self.env).run(rows)

    @api.model
    def cancel_mandate(self, mandate_id: int, note: str = "") -> dict:
        """End a mandate: nothing more is collected with it.

        :param note: why, for people
        :return: the row of :meth:`list_mandates`
        """
        self._check_internal()
        self.env["direct.debit.mandate"]._check_may_change()
        with faults(self.env):
            mandate = self._row("direct.debit.mandate", "mandate_id", mandate_id)
            note = arguments.text("note", note)
        mandate.action_cancel()
        if note:
            mandate.message_post(body=note)
        return self._mandate_rows(mandate)[0]

    def _mandate_rows(self, mandates):
        return [
            {
                "mandate_id": mandate.id,
                "payer_id": mandate.partner_id.id,
                "payer_name": mandate.partner_id.name or "",
                "agreement": mandate.agreement_id.sudo().number or "",
                "payer_number": mandate.payer_number or "",
                "reference": mandate.reference or "",
                "mandate_number": mandate.number or "",
                "state": mandate.state,
                "why_ended": mandate.ended_meaning or "",
                "written_notice": mandate.written_notice or "",
                "valid_from": day_text(mandate.valid_from),
                "valid_to": day_text(mandate.valid_to),
                "failures": mandate.failure_count,
            }
            for mandate in mandates
        ]
