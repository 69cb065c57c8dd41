"""Running Odoo: its configuration file, installing, shell, server."""

import os
import signal
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from functools import lru_cache

from . import addons, fetch_odoo, postgres
from .errors import DevError
from .paths import DATA_DIR, ODOO_CONFIG, PYTHON, ROOT
from .process import run, tracked
from .state import write_atomically

LOGIN = "admin"
PASSWORD = "admin"  # noqa: S105  (a demo database on this machine only)


@lru_cache(maxsize=1)
def connection():
    """The database server in use; starts the private one."""
    return postgres.ensure()


def environment():
    """The variables for a child process that runs Odoo."""
    return {**os.environ, **connection().environment, "PYTHONUNBUFFERED": "1"}


def write_config():
    """Write .dev/odoo.conf for this checkout and server; returns its path."""
    server = connection()
    DATA_DIR.mkdir(parents=True, exist_ok=True)
    paths = [*fetch_odoo.addons_paths()]
    if addons.names():
        paths.append(ROOT)
    options = {
        "addons_path": ",".join(map(str, paths)),
        "data_dir": DATA_DIR,
        "db_host": server.host,
        "db_port": server.port,
        "db_user": server.user,
        "db_maxconn": 16,
        "http_interface": "127.0.0.1",
        "max_cron_threads": 0,
        "list_db": False,
        "without_demo": True,
        "log_level": "info",
        "limit_time_cpu": 3600,
        "limit_time_real": 3600,
    }
    if server.password:
        options["db_password"] = server.password
    lines = [f"{name} = {value}" for name, value in options.items()]
    write_atomically(ODOO_CONFIG, "\n".join(["[options]", *lines, ""]))
    ODOO_CONFIG.chmod(0o600)
    return ODOO_CONFIG


def command(database, *arguments, subcommand=()):
    """The command line that runs Odoo on a database."""
    options = ["-c", write_config(), "-d", database]
    return [str(part) for part in (PYTHON, "-m", "odoo", *subcommand, *options, *arguments)]


def install(database, modules, *arguments):
    """Install modules into a database. Raises DevError naming the error Odoo reported."""
    output = run(
        command(database, "-i", ",".join(modules), "--no-http", "--stop-after-init", *arguments),
        log="install",
        what="Installing the add-ons",
        env=environment(),
        cwd=ROOT,
    )
    for line in output.splitlines():
        # Odoo skips what it cannot find and still exits with 0.
        if "invalid module names" in line or "not installable" in line:
            raise DevError(f"Installing the add-ons failed: {line.split(': ', 1)[-1]}")


def run_script(database, code, *, log, what, **variables):
    """Run Python in `odoo shell` (`env` is there; commit yourself) and return what it printed."""
    with tempfile.TemporaryFile("w+") as script:
        script.write(code)
        script.seek(0)
        return run(
            command(database, "--no-http", "--log-level=warn", subcommand=["shell"]),
            log=log,
            what=what,
            env={**environment(), **variables},
            cwd=ROOT,
            stdin=script,
        )


@contextmanager
def answering(database):
    """A server for the database in the background, from which printed pages get their style.

    Yields its address.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    arguments = ["--http-port", port, "--max-cron-threads", 0, "--db-filter", f"^{database}$"]
    child = subprocess.Popen(
        command(database, *arguments),
        env=environment(),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with tracked(child):
        yield f"http://127.0.0.1:{port}"


def shell(database):
    """An interactive Odoo shell; returns its exit status."""
    return _foreground(command(database, subcommand=["shell"]))


def require_free_port(port, host="127.0.0.1"):
    """Raise DevError when something already listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise DevError(
                f"port {port} is taken by another program; stop it or choose another with --port."
            ) from error


def serve(database, port):
    """Serve the database until interrupted; returns the exit status."""
    require_free_port(port)
    arguments = [
        "--http-port",
        str(port),
        "--max-cron-threads",
        "1",
        "--db-filter",
        f"^{database}$",
    ]
    return _foreground(command(database, *arguments))


def _foreground(command_line):
    """Leave terminal and Ctrl-C to the child; returns its exit status."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        with tracked(subprocess.Popen(command_line, env=environment(), cwd=ROOT)) as child:
            return child.wait()
    finally:
        signal.signal(signal.SIGINT, before)
