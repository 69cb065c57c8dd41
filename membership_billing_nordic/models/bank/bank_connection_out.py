import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

_PLACEHOLDER = re.compile(r"\{(number|date|time)(?::(\d+))?\}")
_SAFE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_DATE_FORMATS = {"6": "%y%m%d"}
_TIME_FORMATS = {"4": "%H%M"}
_SATURDAY = 5


class BankConnection(models.Model):
    """How files to the bank are numbered, named and released."""

    _inherit = "bank.connection"

    currency_id = fields.Many2one(related="company_id.currency_id")
    out_mode = fields.Selection(
        [
            ("automatic", "Sent automatically"),
            ("limit", "Sent automatically below an amount"),
            ("approval", "Wait for approval"),
        ],
        string="Files to the Bank",
        required=True,
        default="automatic",
        tracking=True,
        help="Whether a person approves a file before it is sent.",
    )
    out_limit = fields.Monetary(
        string="Approval From",
        tracking=True,
        help="Files whose sum reaches this amount wait for approval.",
    )
    out_second_person = fields.Boolean(
        string="Second Person",
        tracking=True,
        help="An approval needs two different persons. Who made the file by hand counts as one.",
    )
    out_name_pattern = fields.Char(
        string="Names of Files",
        required=True,
        default="{date}-{number:7}.txt",
        help="How files to the bank are named. {number} is the transmission number, {number:7} "
        "the same with seven digits; {date} is the day as 20261231 and {date:6} as 261231; {time} "
        "is 142501 and {time:4} is 1425.",
    )
    next_transmission_number = fields.Integer(
        required=True,
        default=1,
        copy=False,
        help="The number of the next file to the bank. Set it once, when another system has sent "
        "files under your number before.",
    )
    receipt_hours = fields.Integer(
        string="Receipt Within (Hours)",
        help="A sent file that the bank has not confirmed after so many hours is put on the to-do "
        "desk. 0: the bank sends no receipts.",
    )

    _next_number_positive = models.Constraint(
        "CHECK(next_transmission_number > 0)", "Numbers of files begin at 1."
    )

    @api.constrains("out_name_pattern")
    def _check_out_name_pattern(self):
        for connection in self:
            kinds = {kind for kind, _width in _PLACEHOLDER.findall(connection.out_name_pattern)}
            if "number" not in kinds and not {"date", "time"} <= kinds:
                raise ValidationError(
                    connection.env._(
                        "The names of files need {number}, or {date} and {time}, so that no two "
                        "files have the same name."
                    )
                )
            if not _SAFE_NAME.fullmatch(connection._out_name(1)):
                raise ValidationError(
                    connection.env._(
                        "The names of files may hold letters, digits, dots, dashes and underscores "
                        "beside {number}, {date} and {time}."
                    )
                )

    @api.constrains("next_transmission_number")
    def _check_next_transmission_number(self):
        for connection in self:
            used = connection._numbers_used()
            if used and connection.next_transmission_number <= used:
                raise ValidationError(
                    connection.env._(
                        "Number %(number)s was given to a file already: numbers go on from there.",
                        number=used,
                    )
                )

    def _numbers_used(self):
        """The highest transmission number a file to the bank has; 0 when there is none."""
        rows = self.env.execute_query(
            SQL(
                """SELECT max(transmission_number::bigint) FROM bank_file
                    WHERE connection_id = %s AND direction = 'out'
                      AND transmission_number ~ '^[0-9]{1,15}$'""",
                self.id,
            )
        )
        return rows[0][0] or 0

    @api.constrains("channel_id", "is_test")
    def _check_test_channel(self):
        for connection in self:
            channel = connection.channel_id
            if connection.is_test and channel._sends_itself() and not channel.is_test:
                raise ValidationError(
                    connection.env._(
                        "%(connection)s is a test: its files may not travel through the live "
                        "channel %(channel)s. Choose a channel that is marked as test, or none.",
                        connection=connection.name,
                        channel=channel.name,
                    )
                )

    def _take_transmission_number(self) -> int:
        """The number of the next file, never given out twice; holds the row until the commit."""
        self.ensure_one()
        self.flush_recordset(["next_transmission_number"])
        rows = self.env.execute_query(
            SQL(
                """UPDATE bank_connection
                      SET next_transmission_number = next_transmission_number + 1
                    WHERE id = %s RETURNING next_transmission_number - 1""",
                self.id,
            )
        )
        self.invalidate_recordset(["next_transmission_number"])
        return rows[0][0]

    def _out_name(self, number) -> str:
        """The name of the file with this transmission number, made now."""
        self.ensure_one()
        now = fields.Datetime.context_timestamp(
            self.with_context(tz=str(self.company_id._billing_tz())), fields.Datetime.now()
        )

        def filled(match):
            kind, width = match.groups()
            if kind == "number":
                return str(number).zfill(int(width or 0))
            formats, usual = (
                (_DATE_FORMATS, "%Y%m%d") if kind == "date" else (_TIME_FORMATS, "%H%M%S")
            )
            return now.strftime(formats.get(width, usual))

        return _PLACEHOLDER.sub(filled, self.out_name_pattern)

    def _is_bank_open(self, day) -> bool:
        """Whether the bank exchanges files on ``day``. Countries know its holidays."""
        return day.weekday() < _SATURDAY

    def _waits_for_approval(self, amount) -> bool:
        """Whether a file of this sum has to be approved before it is sent."""
        self.ensure_one()
        if self.out_mode == "limit":
            return self.currency_id.compare_amounts(amount, self.out_limit) >= 0
        return self.out_mode == "approval"
