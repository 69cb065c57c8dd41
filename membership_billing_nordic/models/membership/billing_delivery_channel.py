from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    invoice_sending_method = fields.Selection(
        selection_add=[
            ("portal", "Portal only"),
            ("sms", "by SMS"),
            ("letter", "by Letter"),
            ("einvoice", "by E-invoice"),
        ],
        ondelete={
            "portal": "set null",
            "sms": "set null",
            "letter": "set null",
            "einvoice": "set null",
        },
    )

    def _mbn_delivery_channels(self, company):
        """The channels by which this payer gets the invoices of ``company``, best first.

        The payer's own choice comes first, then the company's order. Whether there is an
        address is not looked at. Empty: nothing is to be sent.

        :return: list of the keys of ``invoice_sending_method``
        """
        self.ensure_one()
        own = self.commercial_partner_id.with_company(company).invoice_sending_method
        if own == "manual":
            return []
        channels = self.env["billing.delivery.step"]._channels(company)
        if not own:
            return list(channels)
        return [own, *(channel for channel in channels if channel != own)]

    def _mbn_delivery_address(self, channel):
        """Where this payer is reached by ``channel``; empty when there is no usable address.

        A channel that needs no address, or one of another add-on, gives its own name.
        """
        self.ensure_one()
        find = {
            "email": self._mbn_email_address,
            "sms": self._mbn_sms_address,
            "letter": self._mbn_letter_address,
            "einvoice": self._mbn_einvoice_address,
        }.get(channel)
        return find() if find else channel

    def _mbn_has_address(self, channel):
        """Whether this payer can be reached by ``channel``."""
        return bool(self._mbn_delivery_address(channel))

    def _mbn_email_address(self):
        address = self.email_normalized or ""
        return address if "." in address.rpartition("@")[2] else ""

    def _mbn_sms_address(self):
        return self._phone_format() or ""

    def _mbn_einvoice_address(self):
        """Scheme and number by which networks of e-invoices know the payer."""
        payer = self.commercial_partner_id
        if not (payer.peppol_eas and payer.peppol_endpoint):
            return ""
        return f"{payer.peppol_eas}:{payer.peppol_endpoint}"

    def _mbn_letter_address(self):
        if not (self.zip and self.city and (self.street or self.street2)):
            return ""
        lines = self._display_address(without_company=True).split("\n")
        return ", ".join(line for line in lines if line.strip())
