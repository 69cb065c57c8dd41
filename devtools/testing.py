"""`./dev test`: linters, outside-in tests, and the add-ons' own tests inside Odoo."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from xml.etree import ElementTree

from . import addons, databases, lint, odoo, provision, system_packages, venv
from .errors import DevError
from .paths import DEV, LOGS, PYTHON, ROOT
from .process import shown, tracked
from .state import exclusive

REPORTS = DEV / "reports"
# Long tests of their own databases: those in which an add-on leaves.
APART = "tests/system/test_uninstall_*.py"
_cloning = Lock()  # the lock of the set-up is one of processes, not of threads
NO_TESTS = 5  # pytest's exit status when it collected nothing
# Most test classes need a company with a chart of accounts, which takes seconds to make. What
# the tests' BillingCommon finds here it takes; it would make the same.
_COMPANIES = """
for chart, country in (("generic_coa", ""), ("dk", "DK"), ("no", "NO"), ("se", "SE")):
    country = env["res.country"].search([("code", "=", country)])
    own = {"country_id": country.id, "currency_id": country.currency_id.id} if country else {}
    company = env["res.company"].create({"name": f"Test company {chart}", **own})
    env["account.chart.template"].try_loading(chart, company=company, install_demo=False)
    if not company.account_fiscal_country_id:
        company.account_fiscal_country_id = env.ref("base.us")
    if own:
        company.currency_id = own["currency_id"]
env.cr.commit()
"""
# Options of pytest whose value could be mistaken for a path.
_WITH_VALUE = {"-k", "-m", "-p", "-o", "-c", "-W", "-r", "--deselect", "--ignore", "--maxfail"}


@dataclass
class Selection:
    """Which stages the arguments ask for."""

    options: list = field(default_factory=list)
    outside: list = field(default_factory=list)
    inside: list = field(default_factory=list)
    lint: bool = False


@dataclass
class Counts:
    """What came out, over all stages."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other):
        return Counts(
            self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped
        )

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def select(arguments, here=ROOT):
    """Sort pytest's arguments into stages: by path, or every stage when there is no path."""
    chosen = Selection()
    value_follows = False
    for argument in arguments:
        path = (Path(here) / argument.split("::")[0]).resolve()
        if value_follows or argument.startswith("-") or not path.exists():
            chosen.options.append(argument)
        else:
            stage = chosen.outside if _is_outside(path) else chosen.inside
            test = argument[len(argument.split("::")[0]) :]
            stage.append(f"{path}{test}")
        value_follows = argument in _WITH_VALUE and not value_follows
    if not (chosen.outside or chosen.inside):
        chosen.outside = ["tests"]
        chosen.inside = addons.names()
        chosen.lint = not arguments
    return chosen


def _is_outside(path):
    return path == ROOT / "tests" or ROOT / "tests" in path.parents


def run(arguments):
    """Run the stages; prints one summary line last and returns the exit status."""
    chosen = select(arguments, Path.cwd())
    _provision(chosen)
    counts = Counts()
    if chosen.lint:
        results = lint.run()
        counts += Counts(
            passed=sum(results.values()), failed=sum(not ok for ok in results.values())
        )
    linted = counts.passed + counts.failed
    counts += _run_stages(chosen)
    if counts.passed + counts.failed + counts.skipped == linted:
        print("No test was run.")
        counts.failed += 1
    print(counts)
    return 1 if counts.failed else 0


def _provision(chosen):
    pure = [str(ROOT / "tests" / folder) for folder in ("formats", "law", "notices", "tools")]
    if not chosen.inside and all(path.startswith(tuple(pure)) for path in chosen.outside):
        venv.ensure()
    else:
        provision.server(system_packages.FOR_TESTS)


def _run_stages(chosen):
    """Both stages at once when both are asked for.

    Of all tests, those of the countries and two halves of those of the core are stages of their
    own, each in its own database: a stage waits for the database, a browser or a server so often
    that two of them leave two processors idle. Some tests are a further stage, for the first that
    ends.
    """
    if not (chosen.outside and chosen.inside):
        return _outside(chosen) if chosen.outside else _inside_odoo(chosen, "inside")
    if chosen.outside != ["tests"]:
        return _beside(
            lambda: _outside(chosen), inside=lambda **to: _inside_odoo(chosen, "inside", **to)
        )
    core = [name for name in chosen.inside if name in addons.names_of_core()]
    countries = [name for name in chosen.inside if name not in core]
    files = sorted(str(path) for name in core for path in ROOT.glob(f"{name}/tests/test_*.py"))
    return _beside(
        lambda: _outside(chosen, f"--ignore-glob={APART}"),
        lanes=2,
        core_1=lambda **to: _inside_odoo(replace(chosen, inside=files[::2]), "core_1", **to),
        countries=lambda **to: _inside_odoo(replace(chosen, inside=countries), "countries", **to),
        core_2=lambda **to: _inside_odoo(replace(chosen, inside=files[1::2]), "core_2", **to),
        apart=lambda **to: _apart(chosen, **to),
    )


def _beside(here, lanes=1, **stages):
    """Counts of ``here`` and of the ``stages`` that run in ``lanes`` beside it, each with a log.

    When ``here`` ends first it takes over those that have not begun.
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(max_workers=lanes) as pool:
        begun = {name: pool.submit(_logged, name, run) for name, run in stages.items()}
        try:
            counts = here()
            left = [name for name, future in begun.items() if future.cancel()]
            for name in left:
                counts += _logged(name, stages[name])
            for name in begun.keys() - left:
                counts += begun[name].result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    for name in stages:
        print(f"== {name} == (it ran beside; log: {shown(_log(name))})")
        print(_log(name).read_text(errors="replace"), flush=True)
    return counts


def _logged(name, run):
    with _log(name).open("wb") as stream:
        return run(stdout=stream, stderr=subprocess.STDOUT)


def _log(name):
    return LOGS / f"{name}.log"


def _outside(chosen, *options):
    return _pytest("outside", ["-p", "no:odoo", *chosen.options, *options, *chosen.outside])


def _apart(chosen, **output):
    files = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob(APART))
    return _pytest("apart", ["-p", "no:odoo", *chosen.options, *files], **output)


def _inside_odoo(chosen, stage, **output):
    """The add-ons' own tests, in a database of their own."""
    try:
        with _cloning:
            name = databases.clone(databases.scratch_name(stage))
        odoo.run_script(name, _COMPANIES, log="companies", what="Making companies for tests")
    except DevError as error:
        print(f"dev: {error}", file=sys.stderr)
        return Counts(failed=1)
    odoo_options = [f"--odoo-config={odoo.write_config()}", f"--odoo-database={name}"]
    try:
        arguments = [*odoo_options, "--odoo-http", *chosen.options, *chosen.inside]
        return _pytest(stage, arguments, **output)
    finally:
        databases.drop(name)


def _pytest(stage, arguments, **output):
    """One run of pytest; what it counted, and one more failure if it could not finish."""
    report = REPORTS / f"{stage}.xml"
    report.unlink(missing_ok=True)
    REPORTS.mkdir(parents=True, exist_ok=True)
    if not output:
        print(f"== {stage} ==", flush=True)
    command = [PYTHON, "-m", "pytest", f"--junit-xml={report}", *arguments]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    if "--odoo-http" in arguments:
        environment = {**odoo.environment(), **environment}
    child = subprocess.Popen([str(part) for part in command], cwd=ROOT, env=environment, **output)
    with tracked(child):
        status = child.wait()
    counts = read_report(report)
    if status not in (0, 1, NO_TESTS) or (status == 1 and not counts.failed):
        print(f"pytest ended with status {status}.", file=sys.stderr)
        counts.failed += 1
    return counts


def read_report(path):
    """The counts of one junit file; none when pytest wrote none."""
    counts = Counts()
    if not path.exists():
        return counts
    for suite in ElementTree.parse(path).iter("testsuite"):  # noqa: S314  (pytest wrote it)
        number = {
            name: int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")
        }
        failed = number["failures"] + number["errors"]
        passed = number["tests"] - failed - number["skipped"]
        counts += Counts(passed, failed, number["skipped"])
    return counts


def run_lint():
    """`./dev lint`: the linters alone."""
    with exclusive():
        venv.ensure()
    return 0 if all(lint.run().values()) else 1
