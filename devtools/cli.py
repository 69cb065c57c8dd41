"""Developer tooling of the Nordic membership billing add-ons for Odoo 19."""

import argparse
import errno
import signal
import sys

from . import (
    benchmarks,
    clean,
    databases,
    demo,
    inspect_file,
    provision,
    testing,
    translations,
)
from .errors import DevError
from .process import terminate_children


def build_parser():
    """The command line."""
    parser = argparse.ArgumentParser(prog="./dev", description=__doc__, allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name, run, text):
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(run=run)
        return command

    command = add("demo", lambda o: demo.run(o.serve, o.port), "run a month of billing in Odoo")
    command.add_argument("--serve", action="store_true", help="serve the result afterwards")
    _add_port(command)
    add("test", lambda o: testing.run(o.arguments), "run linters and tests; takes pytest arguments")
    _add_port(add("serve", lambda o: demo.start_server(o.port), "serve the demo database"))
    add("shell", lambda _o: demo.shell(), "open an Odoo shell on the demo database")
    command = add("bench", lambda o: benchmarks.run(o.name), "list benchmarks, or run one")
    command.add_argument("name", nargs="?")
    add("lint", lambda _o: testing.run_lint(), "run the linters")
    add("clean", lambda _o: clean.run(), "stop what runs and remove .dev")
    command = add("inspect", lambda o: inspect_file.run(o.arguments), "print a bank file as JSON")
    command.usage = "./dev inspect [-h] [--validate [--schema XSD]] FILE"
    add("i18n", lambda _o: translations.update(), "bring the translations up to date")
    add("setup", lambda _o: _setup(), "provision everything and stop there")
    command = add("database", _database, "make or remove a database of your own")
    command.add_argument("action", choices=("clone", "drop"))
    command.add_argument("name")
    command.add_argument("--layer", choices=("base", "addons"), default="addons")
    return parser


def _add_port(command):
    command.add_argument("--port", type=int, default=demo.PORT, help="default: %(default)s")


def parse(arguments):
    """Parse the command line; what follows `test` and `inspect` is left to those."""
    parser = build_parser()
    options, rest = parser.parse_known_args(arguments)
    if options.command in ("test", "inspect"):
        options.arguments = rest
    elif rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if options.command == "inspect" and not rest:
        parser.error("inspect needs a FILE")
    return options


def _setup():
    provision.everything()
    return 0


def _database(options):
    provision.server()
    if options.action == "clone":
        databases.clone(options.name, options.layer)
    else:
        databases.drop(options.name)
    return 0


def main(arguments=None):
    """Run one sub-command and return its exit status."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        options = parse(arguments)
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
