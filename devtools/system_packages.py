"""Debian programs beside Odoo: installed when we may, named in one line when not."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from .errors import DevError
from .process import run
from .progress import progress
from .state import exclusive


@dataclass(frozen=True)
class Program:
    """A program, the Debian package it comes from, and what is lost without it."""

    name: str
    package: str
    without: str

    def is_missing(self):
        return not shutil.which(self.name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


WKHTMLTOPDF = Program("wkhtmltopdf", "wkhtmltopdf", "invoices are not rendered as PDF")
CHROMIUM = Program("chromium", "chromium", "browser tests are skipped")
PDFTOPPM = Program("pdftoppm", "poppler-utils", "PDF pages cannot be looked at as pictures")
SSHD = Program("sshd", "openssh-server", "no files are exchanged over SFTP in demo and tests")
FOR_DEMO = (WKHTMLTOPDF, SSHD)
FOR_TESTS = (WKHTMLTOPDF, CHROMIUM, PDFTOPPM, SSHD)


def ensure(programs):
    """Install what is missing, as root on Debian; otherwise say what to install and why."""
    with exclusive():
        missing = [program for program in programs if program.is_missing()]
        if missing and os.geteuid() == 0 and shutil.which("apt-get"):
            _install([program.package for program in missing])
            missing = [program for program in missing if program.is_missing()]
    for program in missing:
        progress.say(
            f"{program.name} is missing: install {program.package}; without it {program.without}."
        )


def _install(packages):
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-o", "DPkg::Lock::Timeout=300"]
    install = [*apt, "install", "-y", "--no-install-recommends"]
    with progress.step(f"Debian packages ({', '.join(packages)})"):
        try:
            run([*apt, "update"], log="apt", what="apt-get update", env=environment)
            for package in packages:
                run([*install, package], log="apt", what=f"Installing {package}", env=environment)
        except DevError as error:
            # Each of these can be done without.
            progress.say(str(error))


def path_of(program):
    """Where the program is, or None."""
    found = shutil.which(program.name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    return Path(found) if found else None
