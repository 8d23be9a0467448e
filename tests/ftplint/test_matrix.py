"""The proof that ftplint bites: for each fault of the broken server the tests that are meant for it find it, and no
other test says that anything is an error. And without a fault nothing is found.

    PYTHONPATH=tests python3 tests/ftplint/test_matrix.py [NAME ...]     these faults only
    FTPLINT_MATRIX=whole ...                                            all tests for each of them (make ftplint-matrix)

Hundreds of faults before hundreds of tests are a matter of half an hour, for who changes the catalogue. Otherwise each
fault meets the groups that its tests are in, and a few others that know what a server does all day. Of all groups the
tests run that speak of errors, and those that they stand on: which warnings a fault brings with it is its own business.
"""

import concurrent.futures
import functools
import gc
import multiprocessing
import os
import sys
import tempfile
import unittest
from pathlib import Path

from broken import faults
from broken_server import make_certificate
from harness import main
from harness.broken import BrokenServer
from harness.ftplint import describe, explain_test, list_tests, run_ftplint

WHOLE = os.environ.get("FTPLINT_MATRIX") == "whole"
# They meet every fault.
SENTINELS = {"greeting", "login", "store", "retrieve", "list"}
# Most of a run is waiting.
JOBS = 8 * len(os.sched_getaffinity(0))
# So generous that no answer is late because there are so many at once.
OPTIONS = ("--timeout", "10 s", "--connections", "9")
SEVERITIES = ("error", "warning")
FAULTS = faults.load()
CLEAN = {"test_clean": "none", "test_clean_explicit_tls": "explicit", "test_clean_implicit_tls": "implicit"}


def examine(certificates, names, tls, options):
    """A run against the server with the faults NAMES: ftplint's report, and what the server said of itself."""
    with BrokenServer(*names, certificates=certificates) as server:
        port = server.tls_port if tls == "implicit" else server.port
        options = (*OPTIONS, "--local", str(server.home), "--ca", str(certificates / "ca.pem"), *options)
        report = run_ftplint(port, BrokenServer.accounts, *options, tls=tls, host="localhost", seconds=1800)
    return report, server.complaints


@functools.cache
def catalogue():
    """Test to (group, severity)."""
    rows = (line.split("\t") for line in list_tests())
    return {name: (group, severity) for group, severity, name, _ in rows}


@functools.cache
def stands_on(name):
    """The test without whose success this one says nothing, and so on."""
    said = explain_test(name)
    before = {line.removeprefix("Not without:").strip() for line in said if line.startswith("Not without:")}
    return before.union(*map(stands_on, before))


def options_for(fault):
    """What ftplint is told for this fault."""
    named = {name for name in (*fault.tests, *fault.also) if name in catalogue()}
    groups = {catalogue()[name][0] for name in named} | SENTINELS
    chosen = named | {
        name for name, (group, severity) in catalogue().items() if severity == "error" and (group in groups or WHOLE)
    }
    chosen = chosen.union(*map(stands_on, chosen))
    return (*(() if fault.slow else ("--quick",)), "--only", ",".join(sorted(chosen)), *fault.options)


RUNNING = {}  # name of a test to the future of what examine() returns


def is_wanted(test):
    """As main() chooses."""
    return not sys.argv[1:] or any(word in test for word in sys.argv[1:])


def setUpModule():
    """Begins all runs, many at a time."""
    directory = tempfile.TemporaryDirectory(prefix="ftplint-matrix-")
    unittest.addModuleCleanup(directory.cleanup)
    certificates = Path(directory.name)
    make_certificate(certificates)
    catalogue()  # here, for all processes
    gc.freeze()
    # Processes: the servers are forked, and that goes well without threads only.
    pool = concurrent.futures.ProcessPoolExecutor(JOBS, multiprocessing.get_context("fork"))
    unittest.addModuleCleanup(pool.shutdown, cancel_futures=True)
    for name, tls in CLEAN.items():
        if is_wanted(f"Catalogue.{name}"):
            RUNNING[name] = pool.submit(examine, certificates, (), tls, ("--destructive",))
    # Some of their tests measure: nothing else runs meanwhile.
    concurrent.futures.wait(RUNNING.values())
    for name, fault in sorted(FAULTS.items()):  # in the order in which the results are asked for
        if is_wanted(f"Matrix.{method(name)}"):
            RUNNING[method(name)] = pool.submit(examine, certificates, (name,), fault.tls, options_for(fault))


class Matrix(unittest.TestCase):
    """One test for each fault."""

    def check_fault(self, fault):
        """The tests that are named, and they alone."""
        report, complaints = RUNNING[method(fault.name)].result()
        found = report.found()
        for name in fault.tests:
            outcome = report.tests.get(name, {"outcome": "not in the catalogue"})
            self.assertIn(name, found, f"{fault.sentence}: not found by {name}, which is {outcome}")
        others = report.found("error").keys() - set(fault.tests) - set(fault.also)
        self.assertFalse(others, f"{fault.sentence}: found too:\n" + "\n".join(map(describe, found.values())))
        self.assertEqual(complaints, "", "the server's own words")


def method(name):
    """The name of the test for the fault NAME."""
    return f"test_{name.replace('-', '_')}"


for each in FAULTS.values():
    setattr(Matrix, method(each.name), lambda self, fault=each: self.check_fault(fault))


class Catalogue(unittest.TestCase):
    """What holds for all of them."""

    def test_enough_faults(self):
        self.assertGreaterEqual(len(FAULTS), 60)

    def check_clean(self):
        """Nothing is found at the server without faults, and nothing is left there."""
        report, complaints = RUNNING[self.id().rpartition(".")[2]].result()
        self.assertEqual(report.found(*SEVERITIES), {}, "\n".join(map(describe, report.found().values())))
        self.assertEqual(report.with_outcome("blocked"), {})
        self.assertIsNone(report.problem())
        self.assertEqual((report.status, complaints), (0, ""))

    test_clean = test_clean_explicit_tls = test_clean_implicit_tls = check_clean


if __name__ == "__main__":
    main()
