"""The sub-commands of ./dev and how their failures are said."""

import argparse
import errno
import signal
import sys

from . import databases, provision
from .errors import DevError
from .process import terminate_children


def build_parser():
    """The command line."""
    parser = argparse.ArgumentParser(prog="./dev", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    setup = commands.add_parser("setup", help="provision everything and stop there")
    setup.set_defaults(run=lambda options: provision.everything() and 0)
    database = commands.add_parser("database", help="make or remove a database")
    database.add_argument("action", choices=("clone", "drop"))
    database.add_argument("name")
    database.add_argument("--layer", choices=("base", "addons"), default="addons")
    database.set_defaults(run=_database)
    return parser


def _database(options):
    provision.downloads()
    if options.action == "clone":
        databases.clone(options.name, options.layer)
    else:
        databases.drop(options.name)
    return 0


def main(arguments=None):
    """Run one sub-command and return its exit status."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        options = build_parser().parse_args(arguments)
        return options.run(options)
    except KeyboardInterrupt:
        terminate_children()
        return _fail("interrupted; the same command goes on where this one stopped.", 130)
    except DevError as error:
        return _fail(error)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return _fail("the disk is full.")
        if error.errno in (errno.EACCES, errno.EROFS):
            return _fail(f"no permission to write {error.filename}.")
        raise


def _fail(message, status=1):
    print(f"dev: {message}", file=sys.stderr)
    return status
