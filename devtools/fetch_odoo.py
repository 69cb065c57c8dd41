"""Odoo 19 itself: Debian's package unpacked into .dev/, or the checkout in ODOO_HOME."""

import ast
import os
import re
import shutil
from pathlib import Path

from .errors import DevError
from .paths import DEV, VENV
from .process import run
from .progress import progress
from .state import exclusive, hash_of, write_atomically

SERIES = (19, 0)
FOLDER = DEV / "odoo"
PACKAGE = "odoo-19"
# Debian's package links to files of these.
COMPANIONS = (
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
    "fonts-glyphicons-halflings",
    "fonts-inconsolata",
    "fonts-font-awesome",
    "fonts-montserrat",
    "fonts-ocr-b",
    "fonts-roboto-unhinted",
)
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
APT_SOURCES = Path("/etc/apt")


def ensure():
    """Make sure an Odoo 19 is there; downloads Debian's once."""
    with exclusive():
        if os.environ.get("ODOO_HOME") or (FOLDER / "complete").exists():
            return
        with progress.step("Odoo 19 (Debian's package)"):
            _unpack_into(FOLDER)
        progress.say(f"Odoo {(FOLDER / 'complete').read_text()}")


def python_path():
    """The folder to put on the Python path so that `import odoo` works."""
    home = os.environ.get("ODOO_HOME")
    if not home:
        return FOLDER / "usr/lib/python3/dist-packages"
    path = Path(home).expanduser().resolve()
    if not (path / "odoo" / "release.py").is_file():
        raise DevError(f"ODOO_HOME={home} is not an Odoo checkout: it has no odoo/release.py.")
    return path


def addons_paths():
    """Odoo's own add-on folders."""
    candidates = [python_path() / "odoo" / "addons", python_path() / "addons"]
    return [path for path in candidates if any(path.glob("*/__manifest__.py"))]


def version():
    """A string that changes whenever the Odoo in use does. Raises if it is not series 19.0."""
    release = python_path() / "odoo" / "release.py"
    match = re.search(r"^version_info = (\(.*?\))", release.read_text(), re.M)
    # The level is a name defined above it in that file.
    info = ast.literal_eval(re.sub(r"\b[A-Z]+\b", "''", match.group(1))) if match else ()
    if info[:2] != SERIES:
        raise DevError(f"Odoo 19.0 is needed; {release.parent} is {info[:2]}.")
    return hash_of(python_path(), release.read_bytes(), _build_mark())


def _build_mark():
    complete = FOLDER / "complete"
    if not os.environ.get("ODOO_HOME"):
        return complete.read_text()
    head = python_path() / ".git" / "logs" / "HEAD"
    return head.read_text().splitlines()[-1] if head.is_file() else "no git"


def make_importable():
    """One .pth file: `import odoo` and `python -m odoo` work in the virtual environment."""
    for site_packages in VENV.glob("lib/python3*/site-packages"):
        pth = site_packages / "odoo_home.pth"
        wanted = f"{python_path()}\n"
        if not pth.exists() or pth.read_text() != wanted:
            write_atomically(pth, wanted)


def _unpack_into(folder):
    for tool in ("apt-get", "dpkg-deb"):
        if not shutil.which(tool):
            raise DevError(
                f"{tool} is not on this machine, so Debian's Odoo 19 cannot be fetched;"
                " set ODOO_HOME to an Odoo 19 checkout instead."
            )
    work = DEV / "odoo.partial"
    downloads = DEV / "odoo.downloads"
    for leftover in (work, downloads):
        shutil.rmtree(leftover, ignore_errors=True)
    config = _private_apt(downloads)
    _download(downloads, config)
    work.mkdir()
    for package in sorted(downloads.glob("*.deb")):
        run(["dpkg-deb", "-x", package, work], log="odoo-unpack", what="Unpacking Odoo")
    _repair_links(work)
    deb = next(downloads.glob(f"{PACKAGE}_*.deb"))
    (work / "complete").write_text(deb.name.split("_")[1])
    shutil.rmtree(folder, ignore_errors=True)
    work.rename(folder)
    shutil.rmtree(downloads)


def _private_apt(folder):
    """An apt configuration of our own, so that the system's package sources stay as they are."""
    mirror = _mirror()
    if not KEYRING.exists():
        raise DevError(f"{KEYRING} is missing (Debian package debian-archive-keyring).")
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "sources.list").write_text(f"deb [signed-by={KEYRING}] {mirror} sid main\n")
    config = folder / "apt.conf"
    config.write_text(
        f'Dir::Etc::SourceList "{folder}/sources.list";\n'
        'Dir::Etc::SourceParts "/dev/null";\n'
        'Dir::Etc::PreferencesParts "/dev/null";\n'
        f'Dir::State::Lists "{folder}/lists";\n'
        f'Dir::Cache "{folder}/cache";\n'
        'Acquire::Languages "none";\n'
        'Acquire::Retries "3";\n'
        'APT::Sandbox::User "root";\n'
    )
    return config


def _mirror():
    """The address of the Debian mirror this machine's apt already uses."""
    files = [APT_SOURCES / "sources.list", *sorted((APT_SOURCES / "sources.list.d").glob("*"))]
    for path in files:
        if path.suffix not in (".list", ".sources") or not path.is_file():
            continue
        for address in _addresses(path.read_text()):
            # .../debian, not .../debian-security and not somebody else's repository
            if address.rstrip("/").endswith("/debian"):
                return address
    raise DevError(
        "no Debian mirror in this machine's apt sources, so Odoo 19 cannot be fetched;"
        " set ODOO_HOME to an Odoo 19 checkout instead."
    )


def _addresses(text):
    for line in text.splitlines():
        if line.startswith(("deb ", "deb\t", "URIs:")):
            yield from (word for word in line.split() if "://" in word)


def _download(folder, config):
    environment = {**os.environ, "APT_CONFIG": str(config)}
    options = {"cwd": folder, "env": environment, "what": "Downloading Odoo 19"}
    output = run(
        ["apt-get", "-o", "APT::Update::Error-Mode=any", "update"], log="apt-private", **options
    )
    if "NO_PUBKEY" in output or "is not signed" in output:
        raise DevError("Downloading Odoo 19 failed: the Debian signature does not verify.")
    run(["apt-get", "download", PACKAGE, *COMPANIONS], log="odoo-download", **options)


def _repair_links(folder):
    """Absolute links lead into this folder afterwards; those that still dangle are dropped.

    A dangling link makes Odoo's asset bundler answer every page with error 500.
    """
    links = [path for path in folder.rglob("*") if path.is_symlink()]
    for link in links:
        target = link.readlink()
        if target.is_absolute():
            link.unlink()
            link.symlink_to(os.path.relpath(folder / str(target).lstrip("/"), link.parent))
    # A link may lead to a link, so drop only once all are turned.
    for link in links:
        if not link.exists():
            link.unlink()
