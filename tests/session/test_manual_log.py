"""man/cellftpd-log.5 against the sources and against what a real server writes, and its examples, which must work."""

import re
import subprocess

import activity
from harness import Journal, ServerTest, before_tls, logs, main
from harness.server import ROOT
from reasons import Reasons

MANUAL = (ROOT / "man" / "cellftpd-log.5").read_text()


def section(heading):
    return re.search(rf"^\.Sh {heading}\n(.*?)(?=^\.Sh |\Z)", MANUAL, re.MULTILINE | re.DOTALL)[1]


def subsections(text):
    """Heading to text."""
    parts = re.split(r"^\.Ss (.*)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def items(text):
    """[(name, text)] of a list."""
    parts = re.split(r"^\.It Cm (.*)\n", text, flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2]))


def documented_events():
    """("auth", "refused") to (fields that it has, fields that it may have)."""
    found = {}
    for heading, text in subsections(section("EVENTS")).items():
        for word, description in items(text):
            always = re.search(r"^Fields: (.*)$", description, re.MULTILINE)
            sometimes = re.search(r"^Sometimes: (.*)$", description, re.MULTILINE)
            found[(heading.removesuffix(".log"), word)] = (
                set(always[1].split()) if always else set(),
                set(sometimes[1].split()) if sometimes else set(),
            )
    return found


def examples():
    """The command lines of EXAMPLES, as a reader types them."""
    for block in re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed", section("EXAMPLES"), re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            yield line.replace("\\e", "\\")


class Manual(ServerTest):
    users = {"alice": "alice's own 1"}
    config = {**activity.CONFIG, "logs": {"journal": True, "json": True, "commands": True}}

    def setUp(self):
        super().setUp()
        self.journal = Journal()
        self.addCleanup(self.journal.close)
        self.server.prepare = self.journal.enter

    def test_every_reason_and_no_other(self):
        listed = [
            word
            for text in subsections(section("REASONS")).values()
            for words, _ in items(text)
            for word in words.split(" , ")
        ]
        used = Reasons().words
        self.assertEqual(used - set(listed), set(), "not in the manual")
        self.assertEqual(set(listed) - used, set(), "not in the sources")

    @before_tls
    def test_events_have_the_fields_that_it_says(self):
        activity.do_everything(self)
        order = [name.split()[0] for name, _ in items(section("FIELDS"))]
        known = documented_events()
        seen = set()
        for kind in logs.FILES:
            for record in self.server.logs(kind):
                event = (kind, record["word"])
                always, sometimes = known[event]
                fields = list(record)[2:]  # behind time and event
                self.assertEqual(fields, [name for name in order if name in fields], record)
                self.assertLessEqual(always, set(fields), record)
                self.assertLessEqual(set(fields), always | sometimes, record)
                seen.add(event)
        self.assertGreater(len(seen), 32, seen)
        self.assertTrue(all(always | sometimes <= set(order) for always, sometimes in known.values()))

    @before_tls
    def test_examples(self):
        activity.do_everything(self)
        session = self.server.logs("auth", "accepted")[0]["session"]
        count = 0
        for line in examples():
            with self.subTest(line=line):
                line = line.replace("7f3a90c2d4e5f601", session).replace("1e7", "1")
                line = line.replace("cellftpctl", f"{self.server.ctl_program} --config {self.server.config_file}")
                line = f"cd {self.server.directory}/logs && {line}"
                done = subprocess.run(
                    [
                        "nsenter",
                        f"--mount=/proc/{self.journal.process.pid}/ns/mnt",
                        "bash",
                        "-o",
                        "pipefail",
                        "-c",
                        line,
                    ],
                    capture_output=True,
                    text=True,
                    check=False,
                )
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertNotIn(done.stdout.strip(), ("", "-- No entries --"))
                count += 1
        self.assertGreater(count, 8)

    def test_names_can_be_had_back(self):
        """The program that it has for that."""
        name = 'a "quoted\\x0a\\" \u2028 \\ \x1b[2J caf\udce9'
        client = self.connect()
        client.expect(331, f"USER {name}")
        client.expect(530, "PASS wrong")
        client.quit()
        client.wait()
        program = next(line for line in examples() if line.startswith("perl")).replace("files.log", "auth.log")
        done = subprocess.run(
            ["bash", "-c", program], cwd=self.server.directory / "logs", capture_output=True, check=True
        )
        self.assertIn(b'user="' + name.encode(errors="surrogateescape") + b'" reason=', done.stdout)


if __name__ == "__main__":
    main()
