"""What the tests of files to the bank build on."""

from decimal import Decimal
from itertools import count

from ..formats import messages
from ..models.bank import channel_ways
from .bank_file_common import BankFileCommon

HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPIUm5Bo9Pt5w3gzpPSFkX0UT7JGqUlWuM0PzOyaYvWm"


class FakeWay:
    """The other side: what lies there, what was sent, and what shall go wrong."""

    def __init__(self):
        self.there = {}
        self.sent = []
        self.connect_error = None
        self.send_error = None
        self.arrives_all_the_same = False
        self.before_sending = None

    def __enter__(self):
        if self.connect_error:
            raise self.connect_error
        return self

    def __exit__(self, *_error):
        return False

    def find(self, name):
        return len(self.there[name]) if name in self.there else None

    def send(self, name, content):
        if self.before_sending:
            self.before_sending()
        self.sent.append(name)
        if not self.send_error or self.arrives_all_the_same:
            self.there[name] = content
        if self.send_error:
            raise self.send_error


class BankOutCommon(BankFileCommon):
    """A connection with an SFTP channel that leads to a ``FakeWay``."""

    def setUp(self):
        super().setUp()
        self._serials = count(1)
        self.channel = self.env["bank.channel"].create(
            {
                "name": "Bank's server",
                "kind": "sftp",
                "host": "sftp.example.com",
                "user_name": "club",
                "host_key": HOST_KEY,
                "out_folder": "Inbound",
            }
        )
        self.connection.channel_id = self.channel
        self.way = FakeWay()
        self.patch(type(self.channel), "_open_way", lambda channel: self.way)

    def _encoded(self, content=None, amount="450.00", count=3):
        content = content or b"claims %d" % next(self._serials)
        return messages.EncodedFile(
            content=content, records={}, totals=(), count=count, amount=Decimal(amount)
        )

    def _make(self, content=None, amount="450.00", deadline=False, name="", **options):
        connection = options.pop("connection", self.connection)
        return self.env["bank.file"]._create_outgoing(
            connection,
            name,
            self._encoded(content, amount),
            connection._take_transmission_number(),
            deadline,
            **options,
        )

    def _send_all(self):
        self.env["bank.file"]._cron_send()

    def _lose(self, arrives):
        """Let the connection break while a file is sent, before or after it arrived."""
        self.way.send_error = channel_ways.FateUnknown("lost", host="sftp.example.com")
        self.way.arrives_all_the_same = arrives

    def _desk(self, record):
        """Kinds of the open rows on the desk about a record."""
        rows = self.env["billing.exception"].search(
            [
                ("res_model", "=", record._name),
                ("res_id", "=", record.id),
                ("state", "=", "open"),
            ]
        )
        return sorted(rows.mapped("kind"))
