import logging

import psycopg2
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ...formats.messages import FormatError, Transmission
from .debit_making import DebitFileMaker
from .direct_debit_mandate_files import WAITS
from .direct_debit_order import AT_THE_BANK
from .mandate_making import MandateMaker

_logger = logging.getLogger(__name__)


class BankConnection(models.Model):
    """Files of debits are made for a connection, with the orders of all its agreements."""

    _inherit = "bank.connection"

    debit_out = fields.Boolean(string="Collects", compute="_compute_debit_out")

    @api.depends("agreement_ids.debit_out")
    def _compute_debit_out(self):
        for connection in self:
            connection.debit_out = any(connection.agreement_ids.mapped("debit_out"))

    # ------------------------------------------------------------------ hooks of a scheme

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

    def _mandate_encoder(self):
        """What writes requests and cancellations of mandates; None where none are sent.

        The same format as :meth:`_debit_encoder` means that they go in one file. For the
        schemes.
        """
        self.ensure_one()

    def _mandate_transmission(self, number, today):
        """Who sends a file of mandates alone to whom; as :meth:`_debit_transmission`."""
        return self._debit_transmission(number, today)

    def _shares_files(self):
        """Do mandates go in the files of debits?"""
        debits, mandates = self._debit_encoder(), self._mandate_encoder()
        return bool(debits and mandates and debits.FORMAT == mandates.FORMAT)

    # ------------------------------------------------------------------ making files

    @api.model
    def _cron_make_debit_files(self):
        """Make the files whose time has come, each in a transaction of its own.

        Mandates first: the bank must know them before the debits that go by them.
        """
        work = [(connection, "mandate_file") for connection in self._with_mandates_to_make()]
        work += [(connection, "debit_file") for connection in self._with_debits_to_make()]
        left = len(work)
        self.env["ir.cron"]._commit_progress(remaining=left)
        for connection, kind in work:
            # A file holds a limited number of requests: go on while there are more of them.
            while connection._make_file_safely(kind):
                if not self.env["ir.cron"]._commit_progress(remaining=left):
                    return
            left -= 1
            if not self.env["ir.cron"]._commit_progress(1, remaining=left):
                return

    @api.model
    def _with_mandates_to_make(self):
        """Connections with mandates of which the bank is to be told by a file of their own."""
        return self._with_mandates_waiting().filtered(lambda row: not row._shares_files())

    def _with_mandates_waiting(self):
        now = fields.Datetime.now()
        first = self.env["direct.debit.mandate"]._read_group(
            WAITS & Domain("agreement_id.active", "=", True), ["agreement_id"], ["waits_since:min"]
        )
        due = [row for row, since in first if since and since <= row._mandate_moment(now)]
        return (
            self.env["bank.agreement"]
            .union(*due)
            .connection_id.filtered(lambda row: row.active and row._mandate_encoder())
        )

    @api.model
    def _with_debits_to_make(self):
        now = fields.Datetime.now()
        orders = self.env["direct.debit.order"]
        first = orders._read_group(
            [("state", "=", "planned"), ("agreement_id.active", "=", True)],
            ["agreement_id"],
            ["deadline:min", "send_from:min"],
        )
        near = [
            row
            for row, deadline, send_from in first
            if deadline <= row._debit_made_until(now) or (send_from and send_from <= now)
        ]
        withdrawals = orders._read_group(
            [("withdraw_wanted", "=", True), ("state", "in", AT_THE_BANK)], ["agreement_id"]
        )
        agreements = self.env["bank.agreement"].union(*near, *(row for (row,) in withdrawals))
        moves = orders._read_group(
            [("move_to", "!=", False), ("move_file_id", "=", False), ("state", "=", "sent")],
            ["agreement_id"],
        )
        agreements |= self._with_refunds_waiting().union(*(row for (row,) in moves))
        along = self._with_mandates_waiting().filtered(lambda row: row._shares_files())
        return along | agreements.connection_id.filtered(
            lambda connection: connection.active and connection._debit_encoder()
        )

    def _with_refunds_waiting(self):
        """Agreements with approved refunds whose time of day has come since."""
        now = fields.Datetime.now()
        first = self.env["bank.refund"]._read_group(
            [("state", "=", "approved"), ("route", "=", "mandate")],
            ["agreement_id"],
            ["approved_on:min"],
        )
        due = [row for row, since in first if since <= row._mandate_moment(now)]
        return self.env["bank.agreement"].union(*due).filtered("active")

    def _make_file_safely(self, kind):
        """Make a file as scheduled; what is wrong with all of it goes onto the desk.

        :param kind: ``debit_file`` or ``mandate_file``: of what, and of what kind on the desk
        :return: the file; empty when there is none to make
        """
        make, problem = self._kinds_of_files()[kind]
        connection = self.sudo().with_company(self.sudo().company_id)
        connection = connection.with_context(**connection.company_id._billing_context())
        desk = self.env["billing.exception"]
        try:
            with self.env.cr.savepoint():
                file = make(connection)
        except psycopg2.OperationalError:
            # Somebody else works on the same rows: again with the next run, with fresh eyes.
            self.env.cr.rollback()
            return self.env["bank.file"]
        except (FormatError, UserError) as error:
            desk._open(
                connection,
                kind,
                f"{problem} {error}",
                self.env._("Correct the settings of the connection and its agreements."),
            )
            return self.env["bank.file"]
        except Exception as error:
            _logger.exception("bank.connection %s: %s", self.id, type(error).__name__)
            desk._open(
                connection,
                kind,
                problem,
                self.env._("The program failed; its log says where."),
            )
            return self.env["bank.file"]
        desk._close(connection, kind)
        return file

    def _kinds_of_files(self):
        """``{kind: (what makes such a file, what is wrong when it fails)}``."""
        name = {"name": self.name}
        return {
            "debit_file": (
                lambda connection: connection._make_debit_file(),
                self.env._("The file of debits of %(name)s cannot be made.", **name),
            ),
            "mandate_file": (
                lambda connection: connection._make_mandate_file(),
                self.env._("The file of mandates of %(name)s cannot be made.", **name),
            ),
        }

    def _make_debit_file(self, everything=False, due_until=None):
        """Make the next file of this connection.

        :param everything: do not wait for the deadlines to come near
        :param due_until: only debits due until this day
        :return: the ``bank.file``; empty when there is nothing to send, or somebody else is at it
        """
        self.ensure_one()
        if not self.try_lock_for_update(allow_referencing=True):
            return self.env["bank.file"]
        maker = DebitFileMaker(self, everything, due_until)
        maker.gather()
        return maker.make()

    def _make_mandate_file(self, everything=False):
        """Make the next file of mandates alone, where they do not go with the debits.

        :param everything: do not wait for the agreements' time of day
        :return: the ``bank.file``; empty when there is nothing to send, or somebody else is at it
        """
        self.ensure_one()
        if self._shares_files() or not self.try_lock_for_update(allow_referencing=True):
            return self.env["bank.file"]
        maker = MandateMaker(self, self._mandate_encoder())
        maker.gather(everything)
        return maker.make()

    def _write_requests(self, encoder, transmission_of, assignments, deadline):
        """Encode, number and store a file of requests.

        :param transmission_of: of number and date the ``Transmission``
        :param deadline: naive UTC datetime, or False
        :return: the ``bank.file``, and the records as ``EncodedFile.records``
        :raises FormatError: the frame of the file is wrong
        """
        today = self.company_id._billing_today()
        transmission = transmission_of(self._take_transmission_number(), today)
        encoded = encoder.encode(transmission, assignments, today)
        file = self.env["bank.file"]._create_outgoing(
            self,
            "",
            encoded,
            transmission.number,
            deadline,
            encoder=encoder,
            currency=self.agreement_ids[:1].currency_id,
        )
        return file, encoded.records

    # ------------------------------------------------------------------ by hand

    def _check_may_make(self):
        if not self.env.user.has_group("membership_billing_nordic.group_billing_manager"):
            raise AccessError(self.env._("Only billing managers may make files to the bank."))
        self.check_access("read")

    def action_make_debit_file(self):
        """Show what a file made now would hold, to be made from there."""
        self._check_may_make()
        self.ensure_one()
        if not self._debit_encoder() and not self._mandate_encoder():
            raise UserError(
                self.env._(
                    "No add-on that is installed writes files of debits for %(name)s.",
                    name=self.name,
                )
            )
        return self.env["direct.debit.make"]._open_for(self)
