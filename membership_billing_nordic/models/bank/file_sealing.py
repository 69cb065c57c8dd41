"""Files to the bank are kept encrypted. Their keys lie on the server, never in the database.

The key file has one key a line, the newest first: with that one is encrypted, all of them are
tried by their fingerprints. It is made when it is first needed.
"""

import hashlib
import os
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from odoo.tools import config

OPTION = "membership_billing_key_file"
_USUAL_NAME = "membership_billing.key"


class KeyMissingError(Exception):
    """This server does not have the key that was encrypted with."""


class DamagedError(Exception):
    """The bytes are not those that were encrypted."""


def seal(content):
    """Encrypt with the newest key.

    :return: the encrypted bytes, and the fingerprint of the key
    """
    fingerprint, key = next(iter(_keys(_key_file(make=True)).items()))
    return Fernet(key).encrypt(content), fingerprint


def unseal(sealed, fingerprint):
    """The bytes that were encrypted with the key of this fingerprint.

    :raises KeyMissingError: no such key here
    :raises DamagedError: the encrypted bytes were changed
    """
    key = _keys(_key_file()).get(fingerprint)
    if not key:
        raise KeyMissingError
    try:
        return Fernet(key).decrypt(sealed)
    except InvalidToken as error:
        raise DamagedError from error


def key_path():
    """Where the keys lie: as the server's configuration says, else in its data folder."""
    return Path(config.get(OPTION) or Path(config["data_dir"]) / _USUAL_NAME)


def _key_file(make=False):
    path = key_path()
    if make and not path.exists():
        _make(path)
    return path


def _keys(path):
    """``{fingerprint: key}``, the newest first."""
    lines = path.read_bytes().split() if path.exists() else []
    return {hashlib.sha256(line).hexdigest()[:16]: line for line in lines}


def _make(path):
    """Make a key for the server's user only; of several processes one is first."""
    handle, passing = tempfile.mkstemp(dir=path.parent, prefix=".key")  # for its owner only
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(Fernet.generate_key() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        os.link(passing, path)
    except FileExistsError:
        return
    finally:
        Path(passing).unlink()
