"""The distribution that `pip install` puts into an existing Odoo."""

import shutil
import subprocess

import pytest

from devtools import addons
from devtools.paths import PYTHON, ROOT

READ_AT_RUN_TIME = {".xml", ".csv", ".po", ".sql"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder into which the freshly built wheel was installed."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    # setuptools builds inside the source folder, which others use at the same time.
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in addons.names():
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    pip(["wheel", "--no-deps", "--no-build-isolation", "-w", folder, source])
    (wheel,) = folder.glob("*.whl")
    pip(["install", "--no-deps", "--no-compile", "--target", folder / "installed", wheel])
    return folder / "installed"


def pip(arguments):
    command = [PYTHON, "-m", "pip", "-q", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("addon", addons.names())
def test_every_file_that_odoo_reads_is_in_the_wheel(installed, addon):
    target = installed / "odoo" / "addons" / addon
    files = [path.relative_to(ROOT / addon) for path in (ROOT / addon).rglob("*.py")]
    for name in READ_AT_RUN_TIME:
        files += [path.relative_to(ROOT / addon) for path in (ROOT / addon).rglob(f"*{name}")]
    static = ROOT / addon / "static"
    files += [path.relative_to(ROOT / addon) for path in static.rglob("*") if path.is_file()]
    missing = [str(path) for path in files if not (target / path).is_file()]
    assert not missing


def test_odoo_itself_stays_a_namespace(installed):
    """An __init__.py here would hide the Odoo the wheel is installed beside."""
    assert not (installed / "odoo" / "__init__.py").exists()
    assert not (installed / "odoo" / "addons" / "__init__.py").exists()
    assert {path.name for path in (installed / "odoo" / "addons").iterdir()} == set(addons.names())


def test_only_the_add_ons_are_in_the_wheel(installed):
    folders = {path.name for path in installed.iterdir() if not path.name.endswith(".dist-info")}
    assert folders == {"odoo"}


def test_odoo_is_no_requirement(installed):
    (metadata,) = installed.glob("*.dist-info/METADATA")
    lines = metadata.read_text().splitlines()
    required = sorted(line.split(": ")[1] for line in lines if line.startswith("Requires-Dist: "))
    ours = ["cryptography", "holidays", "lxml", "paramiko", "python-stdnum", "sepaxml", "xmlschema"]
    assert required == ours
    assert "Name: membership-billing-nordic" in lines


def test_the_installed_formats_import_beside_each_other(installed):
    code = (
        "import sys; from pathlib import Path; from devtools.mount import mount\n"
        "mount(Path(sys.argv[1]) / 'odoo' / 'addons')\n"
        "import odoo.addons.l10n_no_ocr.formats as formats\n"
        "print(formats.__file__)"
    )
    command = [PYTHON, "-c", code, installed]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(installed))
