"""How a letter looks on paper, and that it is printed again as it was sent."""

import base64
from collections import OrderedDict
from io import BytesIO

from odoo import models

_REPORT = "membership_billing_nordic.report_dunning_letter_template"


class DunningLetter(models.Model):
    _inherit = "dunning.letter"

    def _print_logo(self):
        """The logo on top of the letter; empty without one. Rooms that know more say whose."""
        company = self.company_id
        return False if company.uses_default_logo else company.logo

    def _print_fee_label(self):
        """What the fee of this letter is for."""
        labels = {
            "reminder": self.env._("Reminder fee"),
            "notice": self.env._("Fee for this notice"),
            "demand": self.env._("Fee for this demand"),
            "plan": self.env._("Fee of the payment plan"),
        }
        return labels[self.kind]


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    def _render_qweb_pdf_prepare_streams(self, report_ref, data, res_ids=None):
        """A letter that was sent is printed as it was sent, whatever has changed since."""
        kept = self.env["dunning.letter"]
        if self._get_report(report_ref).report_name == _REPORT:
            kept = kept.browse(res_ids).filtered("content")
        if not kept:
            return super()._render_qweb_pdf_prepare_streams(report_ref, data, res_ids=res_ids)
        left = [letter_id for letter_id in res_ids if letter_id not in kept.ids]
        made = (
            super()._render_qweb_pdf_prepare_streams(report_ref, data, res_ids=left) if left else {}
        )
        made |= {
            letter.id: {"stream": BytesIO(base64.b64decode(letter.content)), "attachment": None}
            for letter in kept
        }
        return OrderedDict((letter_id, made[letter_id]) for letter_id in res_ids)
