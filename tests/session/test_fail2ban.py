"""etc/fail2ban with the real fail2ban-regex on what a real server logs (row L02): only the true peer is ever banned."""

import re
import shutil
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

from harness import Journal, ServerTest, in_clear, main, slow, wait_until
from harness.server import ROOT

FILTER = ROOT / "etc" / "fail2ban" / "filter.d" / "cellftpd.conf"
JAIL = ROOT / "etc" / "fail2ban" / "jail.d" / "cellftpd.conf"
EVENTS = (ROOT / "src" / "lib" / "event.h").read_text()
VICTIM = "1.2.3.4"
FORGED = f'auth refused remote={VICTIM} port=1 user="y" reason=bad-password session=0123456789abcdef'
LINE = f"2026-11-22T17:04:21.123Z {FORGED}"
NAMES = (
    b"x rhost=1.2.3.4",
    b'"1.2.3.4"',
    b"1.2.3.4",
    b"remote=1.2.3.4 port=1",
    b'" remote=1.2.3.4 port=1 reason=bad-password',
    b'x" reason=bad-password session=0 remote=1.2.3.4',
    b'\\" remote=1.2.3.4 port=1',
    b"\\",
    b"\\\\",
    FORGED.encode(),
    LINE.encode(),
    b"x\n" + LINE.encode(),
    b"x\0\n" + FORGED.encode(),
    b"x\r\0" + FORGED.encode(),
    b"\x1b[2K\x1b[1G" + FORGED.encode(),
    b"\xe2\x80\xa8" + FORGED.encode(),
    b"\xc2\x85" + FORGED.encode(),
    b"\xff\xfe" + FORGED.encode(),
    b"%(ip)s <HOST> 1.2.3.4",
    b"localhost",
    b"a" * 10000 + b" remote=1.2.3.4 port=1",
    (FORGED.encode() + b" ") * 100,
)


def banned(source, *options):
    """The addresses that fail2ban takes from a log file, a line or a journal, one for each failure."""
    done = subprocess.run(
        ["fail2ban-regex", *options, "--out", "ip", source, FILTER],
        capture_output=True,
        text=True,
        timeout=120 * slow(),
        check=False,
    )
    if done.returncode not in (0, 255) or "rror" in done.stdout + done.stderr:
        raise AssertionError(f"fail2ban-regex: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout.split()


def without_time(line):
    """The text of a line as it stands in the journal (cellftpd-log(5))."""
    return line.partition(" ")[2]


class Filter(ServerTest):
    users = {"alice": "right one", "gone": "right one"}

    def file(self, kind):
        return self.server.directory / "logs" / f"{kind}.log"

    def lines(self, kind):
        return self.file(kind).read_text().splitlines()

    def banned_in(self, lines):
        """The addresses that fail2ban takes from these lines."""
        file = self.server.directory / "lines"
        file.write_text("".join(f"{line}\n" for line in lines))
        return banned(file)

    def refuse(self, name, source, **arguments):
        """A login with this name that fails; True if it came as far as a password's being refused."""
        client = self.connect(source=source, **arguments)
        client.loose = True
        client.raw(b"USER " + name + b"\r\n")
        client.raw(b"PASS wrong\r\n")
        replies = []
        while not replies or replies[-1].code not in (530, 503):
            replies.append(client.read_reply())
        client.close()
        client.wait()
        return replies[-1].text == "Login incorrect."

    def test_L02_only_the_true_peer(self):
        expected = []
        for number, name in enumerate(NAMES):
            source = f"127.0.2.{number + 1}"
            with self.subTest(name=name[:80]):
                if self.refuse(name, source):
                    expected.append(source)
        self.assertGreater(len(expected), 15, "hardly any name was refused as a login: this test shows nothing")
        self.assertEqual(banned(self.file("auth")), expected)
        for kind in ("connections", "admin"):
            self.assertEqual(banned(self.file(kind)), [], kind)

        # The same text in the journal, where fail2ban puts host and process before it.
        journal = self.server.directory / "journal"
        with journal.open("w") as file:
            for kind in ("auth", "connections"):
                for line in self.lines(kind):
                    time = line.partition(" ")[0]
                    file.write(f"{time} host.example cellftpd[4711]: {without_time(line)}\n")
        self.assertEqual(banned(journal), expected)

    def test_L02_names_of_files(self):
        client = self.login(source="127.0.2.1")
        client.stor(f"x {FORGED}", b"1")
        client.expect(257, f"MKD {FORGED}")
        client.expect(550, f'DELE nosuch\\" {FORGED}')
        client.expect(350, f"RNFR {FORGED}")
        client.expect(250, f"RNTO {LINE}")
        client.quit()
        client.wait()  # a line may be written after its reply
        self.assertEqual(len(self.lines("files")), 4)
        for kind in ("files", "auth", "connections"):
            self.assertEqual(banned(self.file(kind)), [], kind)

    def test_what_counts(self):
        """Guesses do; a right password does not, whatever comes of it, and neither does what is broken here."""
        record = self.server.directory / "users" / "gone.conf"
        record.write_text(record.read_text().replace("enabled = true", "enabled = false"))
        damaged = self.server.directory / "users" / "damaged.conf"
        damaged.write_text("uid = zero;\n")
        damaged.chmod(0o600)
        for number, (user, password, reason) in enumerate(
            (
                ("alice", "wrong", "bad-password"),
                ("nosuch", "wrong", "unknown-user"),
                ("gone", "wrong", "bad-password"),
                ("gone", "right one", "disabled"),
                ("damaged", "right one", "bad-record"),
            )
        ):
            client = self.connect(source=f"127.0.2.{number + 1}")
            client.expect(331, f"USER {user}")
            client.expect(530, f"PASS {password}")
            client.quit()
            self.server.expect_log("auth", "refused", user=user, reason=reason, remote=f"127.0.2.{number + 1}")
        self.login(source="127.0.2.100").quit()
        self.assertEqual(banned(self.file("auth")), ["127.0.2.1", "127.0.2.2", "127.0.2.3"])

    def test_which_reasons(self):
        """Of all that a refused login can have, by the manual."""
        manual = (ROOT / "man" / "cellftpd-log.5").read_text()
        listed = re.search(r"^\.Ss Logins refused\n(.*?)^\.Ss ", manual, re.MULTILINE | re.DOTALL)[1]
        reasons = re.findall(r"^\.It Cm (\S+)$", listed, re.MULTILINE)
        self.assertGreater(len(reasons), 20)
        addresses = {f"192.0.2.{number}": reason for number, reason in enumerate(reasons)}
        lines = [LINE.replace(VICTIM, address).replace("bad-password", reason) for address, reason in addresses.items()]
        counted = [addresses[address] for address in self.banned_in(lines)]
        self.assertEqual(counted, ["unknown-user", "bad-password", "ftpusers", "uid-too-low"])

    def test_IPv6(self):
        self.assertTrue(self.refuse(b"remote=2001:db8::7 port=1", None, family=socket.AF_INET6))
        self.assertEqual(banned(self.file("auth")), ["::1"])
        addresses = ["2001:db8::7", "2001:db8:1:2:3:4:5:6", "fe80::1", "198.51.100.9"]
        line = self.lines("auth")[0]
        found = self.banned_in(line.replace("remote=::1", f"remote={address}") for address in addresses)
        self.assertEqual(found, addresses)

    def test_banned_by_the_server(self):
        line = (
            '2026-11-22T17:04:21.123Z auth banned remote=198.51.100.9 port=1 user="remote=1.2.3.4" reason=x session=0'
        )
        self.assertEqual(banned(line), ["198.51.100.9"])

    def test_only_whole_lines_of_ours(self):
        self.assertEqual(banned(LINE), [VICTIM])  # this is what a true one looks like
        others = (
            LINE.replace("auth refused", "x auth refused"),
            LINE.replace("auth refused", "files refused"),
            LINE.replace("auth refused", "connections refused"),
            LINE.replace("auth refused", "host sshd[1]: auth refused"),
            LINE.replace("auth refused", "host cellftpd[1]: pam_x: auth refused"),
            LINE.replace("bad-password", "bad-password-not"),
            LINE.replace("reason=bad-password", 'reason="bad-password"'),
            LINE.replace("reason=bad-password", 'detail="reason=bad-password"'),
            LINE.replace(VICTIM, "victim.example"),
            LINE.replace(VICTIM, "-"),
            LINE + " reason",
            LINE + ' x="',
        )
        self.assertEqual(len(set(others) - {LINE}), len(others))
        self.assertEqual(self.banned_in(others), [])


class FromJournal(ServerTest):
    config = {"logs": {"journal": True}}

    def test_L02_only_what_the_server_itself_wrote(self):
        """The journal says who sent an entry; another local user who takes our name bans nobody."""
        journal = Journal()
        self.addCleanup(journal.close)
        inside = ["nsenter", f"--mount=/proc/{journal.process.pid}/ns/mnt"]
        self.server.prepare = journal.enter
        for number, name in enumerate(('"1.2.3.4" remote=1.2.3.4', "alice", "x\x1b[2J remote=1.2.3.4")):
            client = self.connect(source=f"127.0.2.{number + 1}")
            client.expect(331, f"USER {name}")
            client.expect(530, "PASS wrong")
            client.quit()
            client.wait()
        self.login(source="127.0.2.9").quit()

        forged = journal.records(FTP_EVENT="auth-refused")[0]["MESSAGE"].decode().replace("127.0.2.1", VICTIM)
        number = re.search(r'X\(LOGIN_REFUSED,.*"([0-9a-f]{32})"\)', EVENTS)[1]
        entry = f"MESSAGE={forged}\nMESSAGE_ID={number}\nSYSLOG_IDENTIFIER=cellftpd\n"
        other = ["setpriv", "--reuid=65534", "--clear-groups"]
        subprocess.run([*inside, *other, "logger", "--journald"], input=entry, text=True, check=True)
        subprocess.run([*inside, *other, "systemd-cat", "--identifier=cellftpd", "echo", forged], check=True)
        found = wait_until(lambda: sum(r["MESSAGE"] == forged.encode() for r in journal.records()) == 2)
        self.assertTrue(found, "the forged entries are not in the journal: this test shows nothing")

        path = next(Path(f"/proc/{journal.process.pid}/root/run/log/journal").iterdir())
        addresses = banned(f"systemd-journal[journalpath={path}]")
        self.assertEqual(addresses, ["127.0.2.1", "127.0.2.2", "127.0.2.3"])


@in_clear("no client connects")
class Jail(ServerTest):
    """fail2ban's own reading of the configuration; nothing is started."""

    def dump(self, local=None):
        with tempfile.TemporaryDirectory() as directory:
            config = Path(directory) / "fail2ban"
            shutil.copytree("/etc/fail2ban", config)
            shutil.copy(FILTER, config / "filter.d")
            shutil.copy(JAIL, config / "jail.d")
            (config / "jail.d" / "other.local").write_text("[sshd]\nenabled = false\n")
            if local:
                (config / "jail.d" / "cellftpd.local").write_text(local)
            done = subprocess.run(
                ["fail2ban-client", "-c", config, "--dump"], capture_output=True, text=True, timeout=60, check=False
            )
            said = [line for line in done.stderr.splitlines() if "'allowipv6' not defined" not in line]
            self.assertEqual((done.returncode, said), (0, []), done.stdout)
            return done.stdout

    def test_off_unless_asked_for(self):
        self.assertNotIn("cellftpd", self.dump())

    def test_the_journal_by_default(self):
        dump = self.dump("[cellftpd]\nenabled = true\n")
        self.assertIn("['add', 'cellftpd', 'systemd']", dump)
        match = re.search(r"\['set', 'cellftpd', 'addjournalmatch', (.*)\]", dump)[1]
        self.assertIn("'SYSLOG_IDENTIFIER=cellftpd', '_TRANSPORT=journal', '_UID=0'", match)
        ids = re.findall(r'X\((?:LOGIN_REFUSED|BAN),.*"([0-9a-f]{32})"\)', EVENTS)
        self.assertEqual(re.findall(r"MESSAGE_ID=(\w+)", match), ids)
        self.assertNotIn("addignoreregex", dump)
        self.assertNotIn("logpath", dump)

    def test_a_file_as_the_comment_says(self):
        said = re.findall(r"^#   (\w+ += .*)$", JAIL.read_text(), re.MULTILINE)
        self.assertEqual([line.split()[0] for line in said], ["enabled", "backend", "logpath"])
        path = self.server.directory / "auth.log"
        path.touch()
        text = "\n".join(said).replace("/var/log/cellftpd/auth.log", str(path))
        dump = self.dump(f"[cellftpd]\n{text}\n")
        self.assertIn("['add', 'cellftpd', 'auto']", dump)
        self.assertIn(f"['set', 'cellftpd', 'addlogpath', '{path}', 'head']", dump)


@in_clear("no client connects")
class Uninstall(unittest.TestCase):
    def test_a_jail_that_is_on_keeps_its_filter(self):
        """fail2ban refuses to start, with all its other jails, if a filter is missing."""
        with tempfile.TemporaryDirectory() as directory:

            def make(target):
                command = ["make", "--no-print-directory", "-C", ROOT, target, f"DESTDIR={directory}"]
                return subprocess.run(command, check=True, capture_output=True, text=True).stdout

            etc = Path(directory) / "etc/fail2ban"
            make("install")
            (etc / "jail.d/cellftpd.local").write_text("[cellftpd]\nenabled = true\n")
            self.assertIn("fail2ban", make("uninstall").partition("kept")[2])
            self.assertEqual((etc / "filter.d/cellftpd.conf").read_bytes(), FILTER.read_bytes())
            self.assertEqual((etc / "jail.d/cellftpd.conf").read_bytes(), JAIL.read_bytes())
            (etc / "jail.d/cellftpd.local").unlink()
            make("uninstall")
            self.assertEqual([path for path in etc.rglob("*") if path.is_file()], [])


if __name__ == "__main__":
    main()
