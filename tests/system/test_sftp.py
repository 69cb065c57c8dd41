"""SFTP against a real OpenSSH server: what arrives, what is refused, and what a cut leaves behind."""

import importlib.util
import os
import sys
import threading
import time

import pytest

from devtools import system_packages
from devtools.paths import ROOT
from tests.support.sftp_server import SftpServer, is_there

from .test_crash import Books

_SOURCE = ROOT / "membership_billing_nordic" / "models" / "bank" / "channel_ways.py"
OTHER_HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPIUm5Bo9Pt5w3gzpPSFkX0UT7JGqUlWuM0PzOyaYvWm"
MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def ways():
    """The add-on's module of ways, which needs no Odoo."""
    spec = importlib.util.spec_from_file_location("channel_ways", _SOURCE)
    module = importlib.util.module_from_spec(spec)
    sys.modules["channel_ways"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module", autouse=True)
def sshd():
    system_packages.ensure((system_packages.SSHD,))
    if not is_there():
        pytest.skip("sshd is not on this machine and cannot be installed")


@pytest.fixture
def server(tmp_path):
    """A running server with the folders of a bank."""
    with SftpServer(tmp_path) as server:
        for name in ("Inbound", "Outbound"):
            (server.root / name).mkdir()
        yield server


@pytest.fixture
def way(ways, server):
    """Call it for a way to the server; options replace what it needs."""

    def make(**options):
        usual = {
            "host": server.host,
            "port": server.port,
            "user": server.user,
            "password": "",
            "key": server.private_key,
            "passphrase": "",
            "pinned": server.host_key,
            "incoming": "Outbound",
            "outgoing": "Inbound",
            "archive": "archive",
            "timeout": 10,
        }
        return ways.SftpWay(**(usual | options))

    return make


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def code_of(ways, work):
    """The code of the WayError that `work` raises."""
    with pytest.raises(ways.WayError) as caught:
        work()
    return caught.value.code


def opened(way):
    def work():
        with way:
            pass

    return work


# ---------------------------------------------------------------------- connecting


def test_the_host_key_is_read_without_logging_in(ways, way, server):
    assert way(pinned="", key="", user="nobody").read_host_key() == server.host_key
    assert "Accepted" not in server.log
    assert ways.fingerprint(server.host_key).startswith("SHA256:")


def test_another_host_key_is_refused_before_anything_is_said(ways, way, server):
    assert code_of(ways, opened(way(pinned=OTHER_HOST_KEY))) == "other_host_key"
    assert code_of(ways, opened(way(pinned=""))) == "no_host_key"
    assert "publickey" not in server.log


def test_a_server_that_changes_its_host_key_is_refused(ways, way, server):
    known = server.host_key
    with way() as one:
        one.check()
    server.stop()
    server.new_host_key()
    server.start()
    with pytest.raises(ways.WayError) as caught:
        opened(way(pinned=known))()
    assert caught.value.code == "other_host_key"
    assert caught.value.values == {
        "shown": ways.fingerprint(server.host_key),
        "pinned": ways.fingerprint(known),
    }


def test_a_key_of_another_kind_is_not_taken_instead(ways, way):
    rsa = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ=="
    assert code_of(ways, opened(way(pinned=rsa))) == "other_host_key_kind"


def test_wrong_password_and_wrong_key_are_refused(ways, way, server):
    assert code_of(ways, opened(way(key="", password="wrong-password"))) == "login"
    assert "Failed password" in server.log
    assert code_of(ways, opened(way(key=server.other_key()))) == "login"
    assert code_of(ways, opened(way(user="nobody-here"))) == "login"
    assert code_of(ways, opened(way(key="no key at all"))) == "bad_private_key"


def test_no_secret_is_in_what_is_told(ways, way, server, caplog):
    with pytest.raises(ways.WayError) as caught:
        opened(way(key="", password="very-secret"))()
    told = f"{caught.value!r} {caught.value.values} {way(password='very-secret')!r} {caplog.text}"
    assert "very-secret" not in told
    assert "PRIVATE KEY" not in told


def test_a_server_that_is_not_there_is_told_apart(ways, way, server):
    server.stop()
    assert code_of(ways, opened(way())) == "refused"
    assert code_of(ways, opened(way(host="no-such-host.invalid"))) == "unknown_host"


def test_a_missing_folder_is_named(ways, way):
    with way(outgoing="Nowhere") as one, pytest.raises(ways.WayError) as caught:
        one.check()
    assert (caught.value.code, caught.value.values) == ("no_folder", {"folder": "Nowhere"})


# ---------------------------------------------------------------------- fetching


def test_files_are_read_and_put_aside(ways, way, server):
    content = os.urandom(3 * MEGABYTE + 17)
    (server.root / "Outbound" / "ocr.txt").write_bytes(content)
    (server.root / "Outbound" / "folder").mkdir()
    (server.root / "Outbound" / "link.txt").symlink_to("/etc/passwd")
    with way() as one:
        (entry,) = one.waiting()
        assert (entry.name, entry.size) == ("ocr.txt", len(content))
        assert one.read(entry) == content
        one.put_aside(entry)
        one.put_aside(entry)
        assert one.waiting() == []
    assert (server.root / "Outbound" / "archive" / "ocr.txt").read_bytes() == content


def test_a_name_taken_in_the_archive_gets_a_number(way, server):
    for content in (b"one", b"two"):
        (server.root / "Outbound" / "same.txt").write_bytes(content)
        with way() as one:
            one.put_aside(one.waiting()[0])
    assert names(server.root / "Outbound" / "archive") == ["same.1.txt", "same.txt"]


def test_fetched_files_are_deleted_when_set_so(ways, way, server):
    (server.root / "Outbound" / "ocr.txt").write_bytes(b"x")
    with way(after_fetch=ways.DELETE) as one:
        one.put_aside(one.waiting()[0])
    assert names(server.root / "Outbound") == []


# ---------------------------------------------------------------------- sending


def test_a_file_arrives_whole_under_its_own_name(way, server):
    content = os.urandom(MEGABYTE)
    with way() as one:
        assert one.find("claims.txt") is None
        one.send("claims.txt", content)
        assert one.find("claims.txt") == MEGABYTE
    assert names(server.root / "Inbound") == ["claims.txt"]
    assert (server.root / "Inbound" / "claims.txt").read_bytes() == content


def test_a_file_that_lies_there_is_not_overwritten(ways, way, server):
    (server.root / "Inbound" / "claims.txt").write_bytes(b"first")
    with way() as one:
        assert code_of(ways, lambda: one.send("claims.txt", b"second")) == "not_stored"
    assert (server.root / "Inbound" / "claims.txt").read_bytes() == b"first"
    assert names(server.root / "Inbound") == ["claims.txt"]


def test_a_full_disk_over_there_leaves_nothing_behind(ways, way, server, tmp_path):
    with SftpServer(tmp_path / "small", largest=100_000) as small:
        (small.root / "Inbound").mkdir()
        to_small = way(port=small.port, key=small.private_key, pinned=small.host_key)
        with to_small as one:
            assert code_of(ways, lambda: one.send("big.txt", b"x" * 500_000)) == "not_stored"
            one.send("little.txt", b"x" * 50_000)
        assert names(small.root / "Inbound") == ["little.txt"]


def test_a_connection_cut_in_the_middle_is_an_unknown_fate(ways, way, server):
    passing = server.root / "Inbound" / ways.passing_name("claims.txt")

    def cut():
        end = time.monotonic() + 20
        while time.monotonic() < end and not (passing.exists() and passing.stat().st_size):
            time.sleep(0.001)
        server.cut()

    cutter = threading.Thread(target=cut)
    with way() as one:
        cutter.start()
        with pytest.raises(ways.FateUnknown) as caught:
            one.send("claims.txt", bytes(200 * MEGABYTE))
    cutter.join()
    assert caught.value.code == "lost"
    with way() as one:
        assert one.find("claims.txt") is None


def test_a_connection_lost_before_the_listing_is_no_unknown_fate(ways, way, server):
    with way() as one:
        server.cut()
        assert code_of(ways, one.waiting) == "lost"


# ---------------------------------------------------------------------- with Odoo

SET_UP = """
company = env.company
channel = env["bank.channel"].create({{
    "name": "Bank", "kind": "sftp", "host": {host!r}, "port": {port}, "user_name": {user!r},
    "folder": "Outbound", "out_folder": "Inbound", "private_key": {key!r},
    "host_key": {host_key!r}, "quiet_seconds": 0,
}})
connection = env["bank.connection"].create({{
    "name": "Bank", "scheme": "generic", "customer_number": "123", "channel_id": channel.id,
    "out_name_pattern": "claims-{{number}}.txt",
}})
env.cr.commit()
"""
MAKE = """
from decimal import Decimal
from odoo.addons.membership_billing_nordic.formats.messages import EncodedFile
connection = env["bank.connection"].search([("name", "=", "Bank")])
encoded = EncodedFile(content=b"claims", records={}, totals=(), count=1, amount=Decimal(450))
number = connection._take_transmission_number()
file = env["bank.file"]._create_outgoing(connection, "", encoded, number, False)
env.cr.commit()
"""
# The process stands still before or after the bank gives the file its name, to be killed there.
STAND_STILL = """
import time, paramiko
rename = paramiko.SFTPClient.rename
def slow(self, old, new):
    if {after}:
        rename(self, old, new)
    print("AT THE RENAME", flush=True)
    time.sleep(120)
paramiko.SFTPClient.rename = slow
env["bank.file"]._cron_send()
"""
SEND = """
env["bank.file"]._cron_send()
env.cr.commit()
file = env["bank.file"].search([("direction", "=", "out")])
print("FILE", file.state, file.is_fate_unknown)
"""
NOT_ARRIVED = """
env["bank.file"].search([("direction", "=", "out")]).with_user(2).action_not_arrived()
env.cr.commit()
"""
FETCH = """
import time
channel = env["bank.channel"].search([("name", "=", "Bank")])
files = type(env["bank.file"])
receive = files._receive
def slow(self, *args, **options):
    result = receive(self, *args, **options)
    print("RECEIVED", flush=True)
    time.sleep({seconds})
    return result
files._receive = slow
channel._cron_fetch()
print("ERROR", channel.last_error)
"""
AS_A_PERSON = """
env = env(user=2)
env.user.group_ids += env.ref("membership_billing_nordic.group_billing_manager")
channel = env["bank.channel"].search([("name", "=", "Bank")])
channel.write({"host_key": False, "after_fetch": "leave"})

def fetch():
    files = channel.sudo()._fetch()
    env.cr.commit()
    return files.mapped("name")

print("UNKNOWN", fetch(), channel.last_error)
channel.action_read_host_key()
print("PINNED BY ITSELF", channel.host_key)
print("FINGERPRINT", channel.offered_fingerprint)
channel.action_accept_host_key()
print("TEST", channel.action_test()["params"]["message"])
print("FETCHED", fetch(), "AGAIN", fetch())
env["bank.file"].sudo()._cron_send()
env.cr.commit()
print("SENT", env["bank.file"].search([("direction", "=", "out")]).state)
"""
OTHER_KEY = """
channel = env["bank.channel"].search([("name", "=", "Bank")])
channel._fetch()
env.cr.commit()
print("REFUSED", channel.last_error)
print("DESK", env["billing.exception"].search([("kind", "=", "channel_failing")]).mapped("state"))
"""
STATE = "SELECT state FROM bank_file WHERE direction = 'out'"


@pytest.fixture
def bank(database, server, odoo_script):
    """A database whose connection leads to the server."""
    odoo_script(
        database,
        SET_UP.format(
            host=server.host,
            port=server.port,
            user=server.user,
            key=server.private_key,
            host_key=server.host_key,
        ),
    ).wait()
    return database


@pytest.fixture
def look(bank):
    books = Books(bank)
    yield books
    books.close()


def killed_at_the_rename(bank, odoo_script, after):
    odoo_script(bank, MAKE).wait()
    script = odoo_script(bank, STAND_STILL.format(after=after))
    script.wait_for("AT THE RENAME")
    script.kill()


def test_killed_before_the_rename_is_asked_and_sent_once(bank, look, server, odoo_script):
    killed_at_the_rename(bank, odoo_script, after=False)
    assert look.rows(STATE) == [("sending",)]
    for _run in range(2):
        assert "FILE sending True" in odoo_script(bank, SEND).wait()
    assert names(server.root / "Inbound") == [".claims-1.txt.tmp"]
    assert "FILE sent False" in odoo_script(bank, NOT_ARRIVED + SEND).wait()
    assert names(server.root / "Inbound") == ["claims-1.txt"]
    assert (server.root / "Inbound" / "claims-1.txt").read_bytes() == b"claims"


def test_killed_after_the_rename_is_found_and_not_sent_again(bank, look, server, odoo_script):
    killed_at_the_rename(bank, odoo_script, after=True)
    assert look.rows(STATE) == [("sending",)]
    arrived = (server.root / "Inbound" / "claims-1.txt").stat().st_ino
    assert "FILE sent False" in odoo_script(bank, SEND).wait()
    assert names(server.root / "Inbound") == ["claims-1.txt"]
    assert (server.root / "Inbound" / "claims-1.txt").stat().st_ino == arrived


def test_two_fetchers_at_once_and_one_killed_store_each_file_once(bank, look, server, odoo_script):
    for number in range(3):
        (server.root / "Outbound" / f"{number}.txt").write_bytes(b"payments %d" % number)
    killed = odoo_script(bank, FETCH.format(seconds=60))
    killed.wait_for("RECEIVED")
    killed.kill()
    assert look.number("SELECT count(*) FROM bank_file") == 0
    assert len(names(server.root / "Outbound")) == 3
    first = odoo_script(bank, FETCH.format(seconds=2))
    first.wait_for("RECEIVED")
    assert "ERROR False" in odoo_script(bank, FETCH.format(seconds=0)).wait()
    assert "ERROR False" in first.wait()
    stored = "SELECT name, state FROM bank_file ORDER BY name"
    assert look.rows(stored) == [(f"{number}.txt", "received") for number in range(3)]
    assert names(server.root / "Outbound") == ["archive"]
    assert names(server.root / "Outbound" / "archive") == ["0.txt", "1.txt", "2.txt"]


def test_a_channel_is_set_up_by_a_person_and_used(bank, ways, server, odoo_script):
    (server.root / "Outbound" / "ocr.txt").write_bytes(b"payments")
    output = odoo_script(bank, MAKE + AS_A_PERSON).wait()
    assert "UNKNOWN [] The server's host key is not known yet" in output
    assert "PINNED BY ITSELF False" in output
    assert f"FINGERPRINT {ways.fingerprint(server.host_key)}" in output
    assert "TEST The connection works. 1 files wait." in output
    assert "FETCHED ['ocr.txt'] AGAIN []" in output
    assert "SENT sent" in output
    assert names(server.root / "Outbound") == ["ocr.txt"]
    assert (server.root / "Inbound" / "claims-1.txt").read_bytes() == b"claims"
    server.stop()
    server.new_host_key()
    server.start()
    output = odoo_script(bank, OTHER_KEY).wait()
    assert (
        f"REFUSED The server shows another host key ({ways.fingerprint(server.host_key)})" in output
    )
    assert "DESK ['open']" in output
