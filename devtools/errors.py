"""What goes wrong outside our own code, said in one line."""

import re


class DevError(Exception):
    """A failure that a person can act on. Its text is the whole message, without traceback."""


_CAUSES = (
    (r"No space left on device|Disk quota exceeded", "the disk is full"),
    (
        r"Temporary failure (in name resolution|resolving)|Could not resolve|Name or service not known"
        r"|Network is unreachable|NewConnectionError|Could not connect|Connection timed out"
        r"|Failed to establish a new connection|Max retries exceeded|Cannot initiate the connection"
        # what pip says in the end when it could not reach any index
        r"|\(from versions: none\)",
        "no network, or the package registry does not answer",
    ),
    (r"Permission denied|Read-only file system", "no permission to write"),
)


def plain_cause(output):
    """The cause of a failed command as a phrase, read from what it printed."""
    for pattern, phrase in _CAUSES:
        if re.search(pattern, output):
            return phrase
    return _last_telling_line(output)


def _last_telling_line(output):
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"error|fatal|critical|failed", line, re.I)]
    chosen = (telling or lines or ["it printed nothing"])[-1]
    return chosen[:300]
