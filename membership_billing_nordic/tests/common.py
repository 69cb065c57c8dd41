"""What the tests of all topics build on."""

from odoo import Command, fields
from odoo.addons.account.tests.common import AccountTestInvoicingCommon


class BillingCommon(AccountTestInvoicingCommon):
    """A company with one bank agreement, a sales journal tied to it, and a payer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.env.user.group_ids += cls.env.ref("membership_billing_nordic.group_billing_manager")
        cls.bank_journal = cls.company_data["default_journal_bank"]
        cls.connection = cls.env["bank.connection"].create(
            {"name": "Test bank", "scheme": "generic", "customer_number": "00123456"}
        )
        cls.agreement = cls._agreement()
        cls.sale_journal = cls.company_data["default_journal_sale"]
        cls.sale_journal.mbn_agreement_id = cls.agreement
        cls.payer = cls._payer("Kari Nordmann")

    @classmethod
    def setup_independent_company(cls, **kwargs):
        """That which the test database was given for all; elsewhere one is made."""
        chart = cls.chart_template or cls.country_code or "generic_coa"
        name = f"Test company {chart.lower()}"
        prepared = cls.env["res.company"].search([("name", "=", name)])
        if not prepared:
            return super().setup_independent_company(**kwargs)
        cls.env.user.company_ids = [Command.link(prepared.id)]
        return prepared

    @classmethod
    def _agreement(cls, account="99991042764", **vals):
        """An agreement of ``cls.connection`` on an account of its own, with one layout."""
        return cls.env["bank.agreement"].create(
            {
                "name": f"Agreement {account}",
                "connection_id": cls.connection.id,
                "number": "001234567",
                "journal_id": cls.bank_journal.id,
                "partner_bank_id": cls._own_account(account).id,
                "layout_ids": [Command.create({"payer_digits": 7, "serial_digits": 7})],
            }
            | vals
        )

    @classmethod
    def _own_account(cls, account):
        accounts = cls.env["res.partner.bank"]
        partner = cls.env.company.partner_id
        found = accounts.search([("acc_number", "=", account), ("partner_id", "=", partner.id)])
        return found or accounts.create({"acc_number": account, "partner_id": partner.id})

    @classmethod
    def _payer(cls, name, **vals):
        return cls.env["res.partner"].create({"name": name, "company_id": False} | vals)

    def _pay(self, invoice, amount=None, day=None):
        """Money that comes for an invoice, by default today and all of it; its entry's line.

        What is too much stays on the payer.
        """
        line = invoice.line_ids.filtered(lambda line: line.display_type == "payment_term")
        return self.env["billing.settlement.writer"]._book(
            self.agreement.booking_journal_id,
            day or fields.Date.today(),
            "Payment",
            self.agreement.clearing_account_id,
            [
                {
                    "partner": invoice.partner_id,
                    "account": line.account_id,
                    "amount": amount or invoice.amount_residual,
                    "currency": invoice.currency_id,
                    "label": "Payment",
                    "lines": line,
                }
            ],
        )[0]

    @classmethod
    def _invoice(cls, partner, amount, post=True, **vals):
        """A one-line invoice without tax in the journal of the agreement."""
        invoice = cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": partner.id,
                "journal_id": cls.sale_journal.id,
                "invoice_date": "2026-01-15",
                "invoice_line_ids": [
                    Command.create(
                        {"name": "Fee", "price_unit": amount, "tax_ids": [Command.clear()]}
                    )
                ],
            }
            | vals
        )
        if post:
            invoice.action_post()
        return invoice
