"""etc/completion/cellftpctl: what bash offers behind the beginning of a command line."""

import subprocess

from harness import in_clear, main, slow
from harness.ctl import PROGRAM, CtlTest
from harness.server import ROOT

# As readline calls it: the line is taken apart by bash, "=" being a word of its own.
SCRIPT = r"""
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_cellftpctl "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
"""


@in_clear("no client connects")
class Completion(CtlTest):
    def setUp(self):
        super().setUp()
        for name in ("alice", "albert", "bob"):
            self.add(name)

    def offered(self, *words):
        """What can stand for the last of WORDS."""
        done = subprocess.run(
            ["bash", "-c", SCRIPT, "bash", ROOT / "etc" / "completion" / "cellftpctl", PROGRAM, *words],
            capture_output=True,
            text=True,
            timeout=60 * slow(),
            check=True,
        )
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def config_offered(self, *words):
        return self.offered("--config", str(self.config), *words)

    def test_commands(self):
        self.assertEqual(self.offered("us"), ["user"])
        self.assertIn("kick", self.offered(""))
        commands = [line.split("\t")[0] for line in self.ctl("commands").stdout.splitlines()]
        verbs = [command.split()[1] for command in commands if command.startswith("user ")]
        self.assertEqual(sorted(self.offered("user", "")), sorted(verbs))
        self.assertEqual(self.offered("user", "l"), ["list", "lock"])
        self.assertEqual(self.offered("use", ""), [])
        self.assertEqual(self.offered("nothing", ""), [])

    def test_options(self):
        self.assertEqual(self.offered("user", "del", "--p"), ["--purge"])
        self.assertEqual(self.offered("user", "add", "x", "--exp"), ["--expires"])
        self.assertEqual(self.offered("user", "add", "--expires", "n"), ["never"])
        self.assertEqual(self.offered("user", "add", "--expires", "=", "n"), ["never"])
        self.assertEqual(self.offered("log", "--kind", "au"), ["auth"])
        self.assertEqual(self.offered("user", "mod", "x", "--tls", "o"), ["optional"])
        self.assertEqual(self.offered("user", "mod", "x", "--role", "a"), ["admin"])
        self.assertEqual(self.offered("tls", "self-signed", "--type", "r"), ["rsa"])
        self.assertEqual(self.offered("user", "del", "--gen"), [])

    def test_names(self):
        self.assertEqual(self.config_offered("user", "lock", "al"), ["albert", "alice"])
        self.assertEqual(self.config_offered("user", "lock", "--json", "b"), ["bob"])
        self.assertEqual(self.config_offered("kick", "b"), ["bob"])
        self.assertEqual(self.config_offered("who", "--user", "b"), ["bob"])
        self.assertEqual(self.config_offered("user", "expire", "bob", "n"), ["never"])
        self.assertEqual(self.config_offered("user", "lock", "bob", "a"), [])  # it takes but one
        self.assertEqual(self.config_offered("config", "explain", "login.att"), ["login.attempts"])


if __name__ == "__main__":
    main()
