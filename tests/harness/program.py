"""Runs the tests of one file and prints TAP, as the unit tests do, for tests/run to count."""

import sys
import unittest

from harness import tls


class TapResult(unittest.TestResult):
    """One `ok` or `not ok` line per test method; failed subtests and cleanups fail their test."""

    def __init__(self):
        super().__init__()
        self.count = 0
        self.troubles = []
        self.reason = None

    def startTest(self, test):
        super().startTest(test)
        self.troubles, self.reason = [], None

    def addError(self, test, err):
        self.troubles.append((test, self._exc_info_to_string(err, test)))
        if not hasattr(test, "_testMethodName"):  # setUpClass and its like have no startTest
            self.stopTest(test)

    addFailure = addError

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.troubles.append((subtest, self._exc_info_to_string(err, test)))

    def addSkip(self, test, reason):
        self.reason = reason

    def addExpectedFailure(self, test, err):
        self.addError(test, err)

    def addUnexpectedSuccess(self, test):
        self.troubles.append((test, "unexpected success\n"))

    def stopTest(self, test):
        super().stopTest(test)
        self.count += 1
        name = test.id().removeprefix("__main__.")
        if self.troubles:
            self.failures.append((test, ""))
            print(f"not ok {self.count} - {name}")
            for which, text in self.troubles:
                print("".join(f"# {line}\n" for line in f"{which}\n{text}".splitlines()), end="")
        elif self.reason is not None:
            print(f"ok {self.count} - {name} # SKIP {self.reason}")
        else:
            print(f"ok {self.count} - {name}")
        sys.stdout.flush()


def is_marked(test):
    """True if the test is only about connections in clear (tls.in_clear)."""
    return hasattr(test, "in_clear") or hasattr(getattr(test, test.id().rpartition(".")[2]), "in_clear")


def main(after_failure=lambda: None):
    """The tests of the program that calls, or those whose names contain one of its arguments. If one of them has
    failed, AFTER_FAILURE is called."""
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    tests = [test for case in suite for test in case]
    every = len(tests)
    if tls.default():
        tests = [test for test in tests if not is_marked(test)]
    if sys.argv[1:]:
        tests = [test for test in tests if any(word in test.id() for word in sys.argv[1:])]
    print(f"1..{len(tests)}", flush=True)
    result = TapResult()
    unittest.TestSuite(tests).run(result)
    if result.failures:
        after_failure()
    sys.exit(1 if result.failures or not every else 0)
