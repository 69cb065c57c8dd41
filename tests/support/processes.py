"""Real Odoo processes for tests."""

import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from devtools import odoo
from devtools.paths import ROOT

READY_WITHIN = 90  # seconds
ENDS_WITHIN = 300


class OdooProcess:
    """An Odoo process in a group of its own, with its log in a file."""

    def __init__(self, command, log, stdin=subprocess.DEVNULL):
        self.log = log
        with log.open("wb") as stream:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=odoo.environment(),
                stdin=stdin,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self):
        """What the process has written so far."""
        return self.log.read_text(errors="replace")

    def wait_for(self, text, timeout=ENDS_WITHIN):
        """Return as soon as the process has written `text` (a script has to flush)."""
        end = time.monotonic() + timeout
        while text not in self.output:
            assert self.process.poll() is None, f"ended before printing {text!r}:\n{self.output}"
            assert time.monotonic() < end, f"did not print {text!r} in time:\n{self.output}"
            time.sleep(0.02)

    def kill(self):
        """End it at once, as a power cut would (SIGKILL, with its workers)."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """Ask it to end, and make it end."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()


class OdooScript(OdooProcess):
    """Python running in `odoo shell`; `env` is there, and the script commits for itself."""

    def __init__(self, database, code, log):
        command = odoo.command(database, "--no-http", "--log-level=warn", subcommand=["shell"])
        with tempfile.TemporaryFile("w+") as script:
            script.write(code)
            script.seek(0)
            super().__init__(command, log, stdin=script)

    def wait(self, timeout=ENDS_WITHIN):
        """Its output once it has ended well; AssertionError with the output otherwise."""
        status = self.process.wait(timeout)
        assert status == 0, f"the script ended with {status}:\n{self.output}"
        return self.output


class OdooServer(OdooProcess):
    """Odoo answering HTTP on a free loopback port.

    `cron_threads` is 0 unless scheduled actions shall run; `arguments` go to Odoo as they are.
    """

    def __init__(self, database, log, cron_threads=0, arguments=()):
        self.database = database
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        options = ["--http-port", self.port, "--max-cron-threads", cron_threads]
        options += ["--db-filter", f"^{database}$", *arguments]
        super().__init__(odoo.command(database, *options), log)

    def wait_until_ready(self, timeout=READY_WITHIN):
        """Return self once the log-in page answers."""
        end = time.monotonic() + timeout
        while not self._answers():
            assert self.process.poll() is None, f"Odoo did not start:\n{self.output}"
            assert time.monotonic() < end, f"Odoo was not ready in time:\n{self.output}"
            time.sleep(0.1)
        return self

    def _answers(self):
        try:
            # Our own server on the loopback interface.
            with urllib.request.urlopen(f"{self.url}/web/health", timeout=5) as response:  # noqa: S310
                return response.status == 200
        except (urllib.error.URLError, OSError):
            return False


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
