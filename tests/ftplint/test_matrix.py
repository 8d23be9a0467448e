"""The proof that ftplint bites: for each fault of the broken server the tests that are meant for it find it, and no
other test says that anything is an error. And without a fault nothing is found.

    PYTHONPATH=tests python3 tests/ftplint/test_matrix.py [NAME ...]     these faults only
    FTPLINT_MATRIX=whole ...                                            the whole catalogue for each of them

With hundreds of faults and hundreds of tests the whole of it takes a quarter of an hour, and is for who changes the
catalogue. Otherwise each fault meets the groups that its tests are in, and one in EVERY the whole catalogue.
"""

import concurrent.futures
import functools
import os
import sys
import tempfile
import unittest
from pathlib import Path

from broken import faults
from broken_server import make_certificate
from harness import main
from harness.broken import BrokenServer
from harness.ftplint import describe, list_tests, run_ftplint

EVERY = 10
WHOLE = os.environ.get("FTPLINT_MATRIX") == "whole"
# Most of a run is waiting.
JOBS = 6 * len(os.sched_getaffinity(0))
OPTIONS = ("--timeout", "3 s", "--connections", "9")
SEVERITIES = ("error", "warning")
FAULTS = faults.load()


def examine(certificates, names, tls, options):
    """A run of the whole catalogue against the server with the faults NAMES."""
    with BrokenServer(*names, certificates=certificates) as server:
        port = server.tls_port if tls == "implicit" else server.port
        options = (*OPTIONS, "--local", str(server.home), "--ca", str(certificates / "ca.pem"), *options)
        report = run_ftplint(port, BrokenServer.accounts, *options, tls=tls, host="localhost", seconds=600)
    return report, server.complaints


@functools.cache
def groups():
    """Test to group."""
    return {line.split("\t")[2]: line.split("\t")[0] for line in list_tests()}


def which_tests(fault, whole):
    """Options: all tests, or the groups of those that find the fault. The tests of TLS make half of all the work: they
    run for faults that are under TLS or, by their file, of it."""
    if not whole:
        wanted = {groups()[test] for test in (*fault.tests, *fault.also) if test in groups()}
        return ("--only", ",".join(sorted(wanted))) if wanted else ()
    if fault.tls != "none" or fault.replaces.__module__.startswith("faults_tls"):
        return ()
    of_tls = {group for group in groups().values() if group.startswith("tls") or group == "certificate"}
    return ("--skip", ",".join(sorted(of_tls)))


def options_for(fault, whole=True):
    """What ftplint is told in addition."""
    return (*(() if fault.slow else ("--quick",)), *which_tests(fault, whole), *fault.options)


class Matrix(unittest.TestCase):
    """One test for each fault."""

    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory(prefix="ftplint-matrix-")
        cls.addClassCleanup(directory.cleanup)
        cls.certificates = Path(directory.name)
        make_certificate(cls.certificates)
        pool = cls.enterClassContext(concurrent.futures.ThreadPoolExecutor(JOBS))
        cls.running = {
            name: pool.submit(
                examine, cls.certificates, [name], fault.tls, options_for(fault, WHOLE or number % EVERY == 0)
            )
            for number, (name, fault) in enumerate(FAULTS.items())
            if not sys.argv[1:] or any(word in f"Matrix.{method(name)}" for word in sys.argv[1:])
        }

    def check_fault(self, fault):
        """The tests that are named, and they alone."""
        report, complaints = self.running[fault.name].result()
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

    def check_clean(self, tls):
        """Nothing is found at the server without faults, and nothing is left there."""
        with tempfile.TemporaryDirectory() as directory:
            make_certificate(directory)
            report, complaints = examine(Path(directory), (), tls, ("--destructive",))
        self.assertEqual(report.found(*SEVERITIES), {}, "\n".join(map(describe, report.found().values())))
        self.assertEqual(report.with_outcome("blocked"), {})
        self.assertIsNone(report.problem())
        self.assertEqual((report.status, complaints), (0, ""))

    def test_clean(self):
        self.check_clean("none")

    def test_clean_explicit_tls(self):
        self.check_clean("explicit")

    def test_clean_implicit_tls(self):
        self.check_clean("implicit")


if __name__ == "__main__":
    main()
