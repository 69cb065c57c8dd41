import logging
from contextlib import contextmanager

import psycopg2
from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..common.error_text import error_text

_logger = logging.getLogger(__name__)


class DebtCollectionAgency(models.Model):
    """An agency that collects what reminders did not bring, and how it is talked to."""

    _name = "debt.collection.agency"
    _inherit = ["mail.thread"]
    _description = "Collection Agency"
    _order = "name, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one(
        "res.partner",
        string="Contact",
        required=True,
        index=True,
        help="The agency's address. Money that comes from its bank accounts is known as money of "
        "the agency.",
    )
    creditor_number = fields.Char(
        string="Our Number There", help="The number by which the agency knows us as a creditor."
    )
    channel_id = fields.Many2one(
        "bank.channel",
        check_company=True,
        index="btree_not_null",
        help="The way of files to and from the agency, used for nothing else. Empty, or one by "
        "hand: a person downloads and uploads them.",
    )
    layout = fields.Selection(
        [("json", "JSON Lines"), ("csv", "CSV")],
        string="Files As",
        required=True,
        default="json",
        help="Both say the same. What the agency sends is read in either form.",
    )
    minimum = fields.Monetary(
        string="Smallest Amount of a Payer",
        help="Payers who owe less than this on their invoices are not handed over.",
    )
    least_letters = fields.Integer(
        string="Letters Before", default=1, help="Only claims with so many letters are handed over."
    )
    sends_identity = fields.Boolean(
        string="Give Identity Numbers of Persons",
        help="Whether the file may name the personal identity number, where one is recorded. Only "
        "where that is lawful. Numbers of companies are always given.",
    )
    answer_days = fields.Integer(
        string="Answers Within (Days)",
        default=5,
        help="A file that the agency has not answered after so many days is on the to-do desk. 0: "
        "it sends no answers.",
    )
    suspends_membership = fields.Boolean(
        string="Suspend Memberships",
        default=True,
        help="Memberships whose fee is with the agency are suspended until it is paid.",
    )
    case_count = fields.Integer(string="Open Cases", compute="_compute_case_count")

    _amounts_positive = models.Constraint(
        "CHECK (minimum >= 0 AND least_letters >= 0 AND answer_days >= 0)",
        "These cannot be below zero.",
    )
    _one_channel = models.UniqueIndex(
        "(channel_id) WHERE channel_id IS NOT NULL",
        "Another agency uses this channel: nobody could tell whose files come in.",
    )

    def _compute_case_count(self):
        counts = dict(
            self.env["debt.collection.case"]._read_group(
                [("agency_id", "in", self.ids), ("is_open", "=", True)], ["agency_id"], ["__count"]
            )
        )
        for agency in self:
            agency.case_count = counts.get(agency, 0)

    @api.model
    def _of_channel(self, channel):
        """The agency whose files come in through ``channel``; may be empty."""
        if not channel:
            return self.browse()
        return self.sudo().search([("channel_id", "=", channel.id)], limit=1)

    def _in_company(self):
        """The agency in the language and time zone of its company."""
        company = self.company_id
        return self.with_company(company).with_context(**company._billing_context())

    def _suffix(self, with_documents=False):
        """The end of the names of files to the agency."""
        return "zip" if with_documents else {"json": "jsonl", "csv": "csv"}[self.layout]

    @contextmanager
    def _isolated(self, record=None):
        """What goes wrong with one agency, or one file of it, is on the desk and stops no other."""
        record = self if record is None else record
        try:
            with self.env.cr.savepoint():
                yield
                self.env.flush_all()
        except psycopg2.OperationalError:
            raise
        except Exception as error:
            # The text of an unexpected error may hold personal data.
            _logger.error("%s %s: %s", record._name, record.id, type(error).__name__)
            self.env.invalidate_all(flush=False)
            self.env["billing.exception"]._open(
                record,
                "debt_collection_trouble",
                self.env._("Work for %(agency)s stopped", agency=self.name),
                error_text(self, error),
            )
        else:
            self.env["billing.exception"]._close(record, "debt_collection_trouble")

    def _accounts(self):
        """The agency's bank accounts, without dots and blanks."""
        return set(self.sudo().partner_id.bank_ids.mapped("sanitized_acc_number")) - {False, ""}

    def action_propose(self):
        """Gather what is ready for this agency into a file, for a manager to look through."""
        self._check_manager()
        self.ensure_one()
        return self.sudo()._propose().with_env(self.env).get_formview_action()

    def _propose(self):
        """The file of new cases that waits for approval, filled with what is ready today."""
        agency = self._in_company()
        files = agency.env["debt.collection.file"]
        waiting = files.search(
            [("agency_id", "=", self.id), ("kind", "=", "cases"), ("state", "=", "preview")],
            limit=1,
        )
        file = waiting or files._make(agency, "cases")
        file._fill()
        return file

    def action_show_cases(self):
        """Show the cases of this agency."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_debt_collection_case"
        )
        return action | {"domain": [("agency_id", "in", self.ids)]}

    def _check_manager(self):
        self.check_access("read")
        if not (
            self.env.su
            or self.env.user.has_group("membership_billing_nordic.group_billing_manager")
        ):
            raise AccessError(self.env._("Only a billing manager may hand claims over."))
