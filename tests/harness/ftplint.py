"""Runs ftplint and reads its report."""

import json
import os
import subprocess

from harness.server import build


class Report:
    """What one run of ftplint found: `status`, its exit status, and `tests`, name to JSON object in the run's order."""

    def __init__(self, done):
        self.status, self.stderr = done.returncode, done.stderr
        try:
            self.all = json.loads(done.stdout)
        except ValueError:
            raise AssertionError(f"ftplint: status {done.returncode}, no report\n{done.stderr}{done.stdout}") from None
        self.tests = {test["name"]: test for test in self.all["tests"]}

    def found(self, *severities):
        """Name to object of the tests that failed, of these severities or of all."""
        return {
            name: test
            for name, test in self.tests.items()
            if test["outcome"] == "failed" and (not severities or test["severity"] in severities)
        }

    def with_outcome(self, outcome):
        """Name to reason of the tests that were "skipped" or "blocked"."""
        return {name: test.get("reason") for name, test in self.tests.items() if test["outcome"] == outcome}

    def problem(self):
        """Why nothing was examined, or what was left behind on the server; None if all went well."""
        summary = self.all["summary"]
        return summary.get("problem") or summary.get("left_behind")


def describe(test):
    """A finding in words, for a failed assertion."""
    dialogue = "".join(f"\n      {line}" for line in test.get("did", ()))
    return (
        f"{test['severity']} {test['name']}: {test['title']}\n"
        f"    expected: {test['expected']}\n    got: {test['got']}{dialogue}"
    )


VARIABLES = {"user": "FTPLINT_PASSWORD", "user2": "FTPLINT_PASSWORD2", "admin": "FTPLINT_ADMIN_PASSWORD"}


def run_ftplint(port, accounts, *options, tls="none", host="127.0.0.1", directory="", seconds=300):
    """The Report of a run with these OPTIONS. ACCOUNTS is role ("user", "user2", "admin") to (name, password);
    DIRECTORY is where the folder of the run is made."""
    where = f"[{host}]" if ":" in host else host
    words = [word for role, (name, _) in accounts.items() for word in (f"--{role}", name)]
    where = f"{where}:{port}/{directory}"
    words += [f"ftps://{where}"] if tls == "implicit" else ["--tls", tls, f"ftp://{where}"]
    passwords = {VARIABLES[role]: password for role, (_, password) in accounts.items()}
    done = subprocess.run(
        [build() / "bin" / "ftplint", "--format", "json", *options, *words],
        capture_output=True,
        text=True,
        errors="backslashreplace",
        stdin=subprocess.DEVNULL,
        timeout=seconds,
        env=dict(os.environ, **passwords),
        check=False,
    )
    return Report(done)


def list_tests():
    """The lines of --list: group, severity, name, title with tabs between."""
    listed = subprocess.run([build() / "bin" / "ftplint", "--list"], capture_output=True, text=True, check=True)
    return listed.stdout.splitlines()
