"""A real OpenSSH server on a loopback port that only offers SFTP. Standard library only."""

import getpass
import os
import resource
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

READY_WITHIN = 20  # seconds
_CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {keys}/host_key
PidFile {keys}/sshd.pid
AuthorizedKeysFile {keys}/authorized_keys
PubkeyAuthentication yes
PasswordAuthentication yes
KbdInteractiveAuthentication no
PermitRootLogin yes
StrictModes no
UsePAM no
UseDNS no
MaxAuthTries 20
LogLevel VERBOSE
Subsystem sftp internal-sftp
ForceCommand internal-sftp -d {root}
AllowTcpForwarding no
X11Forwarding no
PermitTTY no
"""


def program(name):
    """Where a program is; also where only root looks. None when it is not there."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def is_there():
    """Whether this machine can run the server."""
    return bool(program("sshd") and program("ssh-keygen"))


class SftpServer:
    """Offers the folder ``root`` below ``folder`` to one user with one key.

    Use it as a context manager, or call :meth:`start` and :meth:`stop`. ``largest`` limits the
    size of a file in bytes: writing beyond it fails, as on a full disk.
    """

    host = "127.0.0.1"

    def __init__(self, folder, largest=None):
        self.root = Path(folder) / "root"
        self.keys = Path(folder) / "keys"
        self.largest = largest
        self.user = getpass.getuser()
        self.port = _free_port()
        self.process = None
        for path in (self.root, self.keys):
            path.mkdir(parents=True, exist_ok=True)
        self.keys.chmod(0o700)
        self.private_key = self._make_key("user_key")
        self.host_key = self.new_host_key()
        shutil.copy(self.keys / "user_key.pub", self.keys / "authorized_keys")

    def __enter__(self):
        return self.start()

    def __exit__(self, *_error):
        self.stop()

    def _make_key(self, name):
        """The private part of a fresh key, as text."""
        path = self.keys / name
        for old in (path, path.with_suffix(".pub")):
            old.unlink(missing_ok=True)
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", path]
        subprocess.run(command, check=True)
        return path.read_text()

    def other_key(self):
        """A private key that the server does not know."""
        return self._make_key("other_key")

    def new_host_key(self):
        """Give the server another host key; it has it from the next start on."""
        self._make_key("host_key")
        self.host_key = " ".join((self.keys / "host_key.pub").read_text().split()[:2])
        return self.host_key

    def start(self):
        """Start it and wait until it answers; returns self."""
        config = self.keys / "sshd_config"
        config.write_text(_CONFIG.format(port=self.port, keys=self.keys, root=self.root))
        if os.geteuid() == 0:
            # Where the server keeps what it separates from itself.
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        log = (self.keys / "sshd.log").open("ab")
        self.process = subprocess.Popen(
            [program("sshd"), "-D", "-e", "-f", config],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            # A write beyond the limit shall be an error, not the end of the session.
            restore_signals=False,
            preexec_fn=self._limit,  # noqa: PLW1509
        )
        log.close()
        self._wait()
        return self

    def _limit(self):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        if self.largest:
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.largest, self.largest))

    def _wait(self):
        end = time.monotonic() + READY_WITHIN
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                with socket.create_connection((self.host, self.port), timeout=1) as probe:
                    if probe.recv(4) == b"SSH-":
                        return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError(f"sshd did not start:\n{self.log}")

    @property
    def log(self):
        """What the server has written."""
        return (self.keys / "sshd.log").read_text(errors="replace")

    def cut(self):
        """Kill the sessions, as a lost connection would; the server itself goes on."""
        for pid in reversed(_descendants(self.process.pid)):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def stop(self):
        """End the server and its sessions."""
        if self.process is None:
            return
        self.cut()
        self.process.kill()
        self.process.wait()
        self.process = None


def _descendants(pid):
    """Process ids below ``pid``, parents first; those that end meanwhile may be missing."""
    try:
        listed = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return []
    found = []
    for child in map(int, " ".join(listed).split()):
        found += [child, *_descendants(child)]
    return found


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
