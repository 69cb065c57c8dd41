"""What survives between runs: a lock, stamps, hashes."""

import fcntl
import hashlib
import os
from contextlib import contextmanager

from .paths import DEV
from .progress import progress

_held = set()


@contextmanager
def exclusive(work="set-up"):
    """Only one process does this work in .dev/ at a time; a second one waits.

    A process that is at it already, in whichever thread, goes straight on.
    """
    if work in _held:
        yield
        return
    DEV.mkdir(parents=True, exist_ok=True)
    with (DEV / f"{work}.lock").open("w") as handle:
        _wait_for(handle, work)
        _held.add(work)
        try:
            yield
        finally:
            _held.discard(work)


def _wait_for(handle, work):
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        with progress.step(f"Waiting for another ./dev to finish its {work}"):
            fcntl.flock(handle, fcntl.LOCK_EX)


def hash_of(*parts):
    """Twelve hexadecimal digits over strings or bytes, in order."""
    digest = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode()
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()[:12]


def hash_of_files(paths, relative_to):
    """A hash over the names and contents of files, whatever the order they come in."""
    parts = []
    for path in sorted(paths):
        parts += [os.path.relpath(path, relative_to), path.read_bytes()]
    return hash_of(*parts)


def is_stamped(name, key):
    """Whether the step `name` was finished with exactly this `key`."""
    path = DEV / "stamps" / name
    return path.is_file() and path.read_text() == key


def stamp(name, key):
    """Note that a step is finished; call it last. The rename makes it all or nothing."""
    write_atomically(DEV / "stamps" / name, key)


def write_atomically(path, text):
    """Write a file that is never seen half-written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text)
    temporary.replace(path)
