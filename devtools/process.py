"""Running other programs so that their output is kept and their failure is one line."""

import os
import subprocess
import threading
from contextlib import contextmanager

from .errors import DevError, plain_cause
from .paths import DEV, LOGS

_children = set()
_children_lock = threading.Lock()


def run(command, *, log, what, **options):
    """Run `command`, keep its output in .dev/logs/<log>.log and return that output.

    Raises DevError saying that `what` failed, why, and where the log is.
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    path = LOGS / f"{log}.log"
    with path.open("wb") as stream:
        try:
            child = subprocess.Popen(
                [str(part) for part in command],
                stdout=stream,
                stderr=subprocess.STDOUT,
                **{"stdin": subprocess.DEVNULL, **options},
            )
        except FileNotFoundError as error:
            raise DevError(f"{what}: {command[0]} is not on this machine.") from error
        with tracked(child):
            status = child.wait()
    output = path.read_text(errors="replace")
    if status:
        raise DevError(f"{what} failed: {plain_cause(output)} (log: {shown(path)}).")
    return output


def shown(path):
    """A path as a person would type it."""
    relative = os.path.relpath(path, DEV.parent)
    return str(path) if relative.startswith("..") else relative


@contextmanager
def tracked(child):
    """While the block runs, `terminate_children` also ends this child."""
    with _children_lock:
        _children.add(child)
    try:
        yield child
    finally:
        with _children_lock:
            _children.discard(child)
        if child.poll() is None:
            child.terminate()
            child.wait()


def terminate_children():
    """End what this process started, so that an interrupted run leaves nothing behind."""
    with _children_lock:
        running = [child for child in _children if child.poll() is None]
    for child in running:
        child.terminate()
