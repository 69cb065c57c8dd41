"""Packs every top-level folder with a manifest as `odoo.addons.<folder>`, data files included."""

from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
# An Odoo add-on is a package and files that are read at run time.
DATA_SUFFIXES = {".csv", ".css", ".html", ".js", ".mo", ".png", ".po", ".pot", ".scss", ".sql"}
DATA_SUFFIXES |= {".svg", ".txt", ".xml", ".xsd", ".rst", ".md", ".json", ".zip", ".xsl"}

ADDONS = sorted(path.parent.name for path in HERE.glob("*/__manifest__.py"))


def packages_of(addon):
    """The add-on's Python packages under their names inside Odoo."""
    inner = find_packages(str(HERE / addon))
    return [f"odoo.addons.{addon}", *(f"odoo.addons.{addon}.{name}" for name in inner)]


def data_of(addon):
    """Paths of data files, relative to the add-on."""
    files = (path for path in (HERE / addon).rglob("*") if path.suffix in DATA_SUFFIXES)
    return [path.relative_to(HERE / addon).as_posix() for path in files]


setup(
    packages=[package for addon in ADDONS for package in packages_of(addon)],
    package_dir={f"odoo.addons.{addon}": addon for addon in ADDONS},
    package_data={f"odoo.addons.{addon}": data_of(addon) for addon in ADDONS},
    include_package_data=False,
    zip_safe=False,
)
