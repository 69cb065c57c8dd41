from odoo import models

from ...formats.messages import Transmission


class BankConnection(models.Model):
    _inherit = "bank.connection"

    def _debit_encoder(self):
        """What writes the files of debits (``formats.registry.Encoder``); None without one.

        For the schemes, which know their formats.
        """
        self.ensure_one()

    def _debit_transmission(self, number, today):
        """Who sends the file to whom.

        :param number: int, the running number of the file on this connection
        :param today: the date the file is made on
        :return: ``formats.messages.Transmission``
        """
        self.ensure_one()
        return Transmission(
            record=1,
            sender=self.customer_number or "",
            number=str(number),
            created_on=today,
            is_test=self.is_test,
        )
