"""How bytes travel: a folder of this machine, or a server reached by SFTP. No Odoo in here.

A way is used as a context manager and knows two sides: files that wait to be fetched, and
files that are sent. A file is sent under a passing name and gets its own when it is whole,
so that nobody on the other side takes half a file.
"""

import errno
import io
import logging
import os
import posixpath
import shutil
import socket
import stat
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path, PurePosixPath

import paramiko

ARCHIVE, DELETE, LEAVE = "archive", "delete", "leave"
_SSH_LOG = "membership_billing_nordic.ssh"
# What goes wrong is told by us; the library's own lines would fill the log.
logging.getLogger(_SSH_LOG).setLevel(logging.CRITICAL + 1)
_BLOCK = 1 << 15
_RSA_SIGNATURES = ("rsa-sha2-512", "rsa-sha2-256")


class WayError(Exception):
    """Why nothing came or went.

    ``code`` names the sentence a person is told, ``values`` fill it; no secret is in them.
    """

    def __init__(self, code, **values):
        super().__init__(code)
        self.code = code
        self.values = values


class FateUnknown(WayError):
    """The connection was lost after the first byte had left: the file may have arrived."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file that waits: its name, size, and when it was last changed (seconds, and exactly)."""

    name: str
    size: int
    changed: float
    stamp: str


def passing_name(name):
    """The name a file has while it is written."""
    return f".{name}.tmp"


def _numbered(name, number):
    path = PurePosixPath(name)
    return f"{path.stem}.{number}{path.suffix}" if number else name


# ---------------------------------------------------------------------- a folder


@dataclass(slots=True)
class FolderWay:
    """Folders of this machine."""

    incoming: Path | None
    outgoing: Path | None
    archive: Path | None
    after_fetch: str = ARCHIVE

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        return False

    def check(self):
        """Raise WayError unless both folders are there."""
        for folder in filter(None, (self.incoming, self.outgoing)):
            if not folder.is_dir():
                raise WayError("no_folder", folder=folder.name)

    def waiting(self):
        """The regular files that lie in the incoming folder; links are not followed."""
        with _told_of_folder(self.incoming), os.scandir(self.incoming) as entries:
            return [
                Entry(entry.name, about.st_size, about.st_mtime, str(about.st_mtime_ns))
                for entry in entries
                if entry.is_file(follow_symlinks=False)
                for about in (entry.stat(follow_symlinks=False),)
            ]

    def read(self, entry):
        """The bytes of a waiting file."""
        with _told_of_folder(self.incoming):
            return (self.incoming / entry.name).read_bytes()

    def put_aside(self, entry):
        """Move a fetched file into the archive, or delete it. No matter if it is gone."""
        path = self.incoming / entry.name
        with _told_of_folder(self.incoming):
            if not path.exists():
                return
            if self.after_fetch == DELETE:
                path.unlink()
                return
            self.archive.mkdir(parents=True, exist_ok=True)
            number = 0
            while (target := self.archive / _numbered(entry.name, number)).exists():
                number += 1
            shutil.move(path, target)

    def find(self, name):
        """The size of the file with this name in the outgoing folder; None when there is none."""
        with _told_of_folder(self.outgoing):
            if not self.outgoing.is_dir():
                raise WayError("no_folder", folder=self.outgoing.name)
            path = self.outgoing / name
            return path.stat().st_size if path.exists() else None

    def send(self, name, content):
        """Write a file under a passing name, then give it its own.

        :raises WayError: nothing of it is there
        """
        passing = self.outgoing / passing_name(name)
        try:
            with _told_of_folder(self.outgoing):
                with passing.open("wb") as stream:
                    stream.write(content)
                    stream.flush()
                    os.fsync(stream.fileno())
                passing.rename(self.outgoing / name)
        except WayError:
            passing.unlink(missing_ok=True)
            raise
        _sync_folder(self.outgoing)


def _sync_folder(folder):
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


_OF_ERRNO = {
    errno.ENOENT: "no_folder",
    errno.ENOTDIR: "no_folder",
    errno.EACCES: "denied",
    errno.EPERM: "denied",
    errno.EROFS: "denied",
    errno.ENOSPC: "no_space",
    errno.EDQUOT: "no_space",
    errno.EFBIG: "no_space",
}


@contextmanager
def _told_of_folder(folder):
    try:
        yield
    except OSError as error:
        raise WayError(_OF_ERRNO.get(error.errno, "failed"), folder=Path(folder).name)


# ---------------------------------------------------------------------- host and log-in keys


def host_key(text):
    """A host key from one line of text (``ssh-ed25519 AAAA…``).

    :return: (kind, bytes)
    :raises ValueError: it is none
    """
    parts = (text or "").split()
    try:
        kind, key = parts[0], b64decode(parts[1], validate=True)
    except (IndexError, Base64Error) as error:
        raise ValueError("no host key") from error
    length = int.from_bytes(key[:4], "big")
    if not key or key[4 : 4 + length] != kind.encode():
        raise ValueError("no host key")
    return kind, key


def fingerprint(text):
    """The fingerprint of a host key as banks print it; empty when the text is no key."""
    try:
        _kind, key = host_key(text)
    except ValueError:
        return ""
    return _print_of(key)


def _print_of(key):
    return "SHA256:" + b64encode(sha256(key).digest()).decode().rstrip("=")


def private_key(text, passphrase=None):
    """The key to log in with.

    :raises ValueError: the text is no private key, or the passphrase does not open it
    """
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key(io.StringIO(text), password=passphrase or None)
        except (paramiko.SSHException, ValueError, TypeError, IndexError):
            continue
    raise ValueError("no private key")


# ---------------------------------------------------------------------- SFTP


@dataclass(slots=True)
class SftpWay:
    """A server reached by SFTP. Without its pinned host key nothing is said to it."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    key: str = field(repr=False)
    passphrase: str = field(repr=False)
    pinned: str
    incoming: str = ""
    outgoing: str = ""
    archive: str = ""
    after_fetch: str = ARCHIVE
    timeout: int = 30
    _transport: paramiko.Transport | None = field(default=None, repr=False)
    _sftp: paramiko.SFTPClient | None = field(default=None, repr=False)

    # ------------------------------------------------------------------ connecting

    def __enter__(self):
        try:
            self._connect()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(self, *_error):
        self._close()
        return False

    def _close(self):
        for part in (self._sftp, self._transport):
            # A connection that is lost cannot be closed in good order.
            with suppress(paramiko.SSHException, EOFError, OSError):
                if part:
                    part.close()
        self._sftp = self._transport = None

    def _connect(self):
        try:
            kind, pinned = host_key(self.pinned)
        except ValueError:
            raise WayError("no_host_key")
        shown_key = self._negotiate(kind)
        if shown_key.asbytes() != pinned:
            raise WayError(
                "other_host_key", shown=_print_of(shown_key.asbytes()), pinned=_print_of(pinned)
            )
        self._log_in()
        try:
            self._sftp = paramiko.SFTPClient.from_transport(self._transport)
        except (paramiko.SSHException, EOFError, OSError):
            raise WayError("no_sftp", host=self.host)
        self._sftp.get_channel().settimeout(self.timeout)

    def read_host_key(self):
        """The key the server shows, as one line of text. Nothing is logged in to."""
        try:
            key = self._negotiate()
            return f"{key.get_name()} {key.get_base64()}"
        finally:
            self._close()

    def _negotiate(self, kind=None):
        self._transport = paramiko.Transport(self._socket())
        self._transport.set_log_channel(_SSH_LOG)
        self._transport.banner_timeout = self.timeout
        self._transport.auth_timeout = self.timeout
        if kind:
            # Of several keys a server has it shall show the one that is pinned.
            options = self._transport.get_security_options()
            wanted = _RSA_SIGNATURES if kind == "ssh-rsa" else (kind,)
            options.key_types = [name for name in wanted if name in options.key_types]
        try:
            self._transport.start_client(timeout=self.timeout)
            return self._transport.get_remote_server_key()
        except paramiko.ssh_exception.IncompatiblePeer:
            raise WayError("other_host_key_kind" if kind else "no_ssh", host=self.host)
        except (paramiko.SSHException, EOFError, OSError):
            raise WayError("no_ssh", host=self.host)

    def _socket(self):
        place = {"host": self.host, "port": self.port}
        try:
            return socket.create_connection((self.host, self.port), timeout=self.timeout)
        except (socket.gaierror, UnicodeError):
            raise WayError("unknown_host", **place)
        except TimeoutError:
            raise WayError("timeout", **place)
        except ConnectionRefusedError:
            raise WayError("refused", **place)
        except OSError:
            raise WayError("unreachable", **place)

    def _log_in(self):
        try:
            if self.key:
                self._transport.auth_publickey(self.user, private_key(self.key, self.passphrase))
            else:
                self._transport.auth_password(self.user, self.password or "", fallback=False)
        except ValueError:
            raise WayError("bad_private_key")
        except paramiko.AuthenticationException:
            raise WayError("login", user=self.user, host=self.host)
        except (paramiko.SSHException, EOFError, OSError):
            raise WayError("no_ssh", host=self.host)
        if not self._transport.is_authenticated():
            raise WayError("login", user=self.user, host=self.host)

    @contextmanager
    def _told(self, folder):
        """Say in our words what went wrong with ``folder``."""
        try:
            yield
        except TimeoutError:
            raise WayError("timeout", host=self.host, port=self.port)
        except (paramiko.SSHException, EOFError):
            raise WayError("lost", host=self.host)
        except OSError as error:
            if self._is_lost():
                raise WayError("lost", host=self.host)
            raise WayError(_OF_ERRNO.get(error.errno, "failed"), folder=folder)

    def _is_lost(self):
        return self._sftp.get_channel().closed or not self._transport.is_active()

    def check(self):
        """Raise WayError unless both folders are there."""
        for folder in filter(None, (self.incoming, self.outgoing)):
            with self._told(folder):
                if not stat.S_ISDIR(self._sftp.stat(folder).st_mode or stat.S_IFDIR):
                    raise WayError("no_folder", folder=folder)

    # ------------------------------------------------------------------ fetching

    def waiting(self):
        """The regular files that lie in the incoming folder."""
        with self._told(self.incoming):
            found = self._sftp.listdir_attr(self.incoming)
        return [
            Entry(about.filename, about.st_size or 0, about.st_mtime or 0, str(about.st_mtime))
            for about in found
            if isinstance(about.filename, str)
            and "/" not in about.filename
            and stat.S_ISREG(about.st_mode or 0)
        ]

    def read(self, entry):
        """The bytes of a waiting file; never more than one byte beyond its size."""
        with (
            self._told(self.incoming),
            self._sftp.open(posixpath.join(self.incoming, entry.name), "rb") as stream,
        ):
            stream.prefetch(entry.size)
            return stream.read(entry.size + 1)

    def put_aside(self, entry):
        """Move a fetched file into the archive, or delete it. No matter if it is gone."""
        path = posixpath.join(self.incoming, entry.name)
        with self._told(self.incoming):
            if self._size(path) is None:
                return
            if self.after_fetch == DELETE:
                self._sftp.remove(path)
                return
        with self._told(self.archive):
            self._make_archive()
            number = 0
            while self._size(target := self._archived(entry.name, number)) is not None:
                number += 1
            self._sftp.rename(path, target)

    def _archive_path(self):
        return posixpath.join(self.incoming, self.archive)

    def _archived(self, name, number):
        return posixpath.join(self._archive_path(), _numbered(name, number))

    def _make_archive(self):
        try:
            self._sftp.stat(self._archive_path())
        except FileNotFoundError:
            self._sftp.mkdir(self._archive_path())

    def _size(self, path):
        """The size of a file on the other side; None when it is not there."""
        try:
            return self._sftp.stat(path).st_size
        except FileNotFoundError:
            return None

    # ------------------------------------------------------------------ sending

    def find(self, name):
        """The size of the file with this name in the outgoing folder; None when there is none."""
        with self._told(self.outgoing):
            self._sftp.stat(self.outgoing)
            return self._size(posixpath.join(self.outgoing, name))

    def send(self, name, content):
        """Write a file under a passing name, then give it its own.

        :raises FateUnknown: the connection was lost on the way
        :raises WayError: nothing of it is there under its name
        """
        passing = posixpath.join(self.outgoing, passing_name(name))
        try:
            with self._told(self.outgoing):
                self._write(passing, content)
                self._sftp.rename(passing, posixpath.join(self.outgoing, name))
        except WayError as error:
            if error.code in ("lost", "timeout"):
                raise FateUnknown(error.code, **error.values)
            self._remove(passing)
            raise WayError("not_stored" if error.code == "failed" else error.code, **error.values)

    def _write(self, path, content):
        with self._sftp.open(path, "wb") as stream:
            for start in range(0, len(content), _BLOCK):
                stream.write(content[start : start + _BLOCK])
        if self._size(path) != len(content):
            raise OSError(errno.ENOSPC, "not all of it was stored")

    def _remove(self, path):
        try:
            self._sftp.remove(path)
        except (paramiko.SSHException, EOFError, OSError):
            # It is overwritten by the next try.
            return
