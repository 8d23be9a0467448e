"""Who logs in under the shipped units, and what the journal says of it (rows S03, S07 to S09)."""

import json
import os
import re
from pathlib import Path

from harness import PASSWORD, MachineTest, main, process, wait_until
from harness.server import ROOT

STACK = "/etc/pam.d/cellftpd"
EVENT = re.compile(r'^ *X\((\w+), +(\w+), +"([a-z-]+)", +LOG_(\w+), +\w+, +"([0-9a-f]{32})"\)', re.MULTILINE)
PRIORITIES = {"ERR": "3", "WARNING": "4", "NOTICE": "5", "INFO": "6", "DEBUG": "7"}
FIELD = re.compile(r'^ *(?:ORIGIN_)?(?:TEXT|NUMBER)\((?:\w+, +)?"(\w+)", +"(FTP_\w+)"', re.MULTILINE)


class Logins(MachineTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "walter" not in cls.machine.passwords:
            # A login shell is not what FTP asks for.
            cls.machine.run("useradd", "--create-home", "--shell", "/usr/sbin/nologin", "walter")
            cls.machine.run("chpasswd", text=f"walter:{PASSWORD}\n")
            cls.machine.passwords["walter"] = PASSWORD

    def stack(self, *lines, before=()):
        """For the rest of the test the shipped PAM stack has these LINES at its end, those BEFORE at its beginning."""
        path = self.machine.path(STACK)
        shipped = path.read_text()
        self.addCleanup(path.write_text, shipped)
        path.write_text("\n".join([*before, shipped, *lines]) + "\n")

    def test_S08_pam_user(self):
        """A user of the system, by the shipped PAM stack, under the shipped unit."""
        client = self.login("walter")
        client.stor("mine.txt", b"hello")
        status = self.machine.path("/home/walter/mine.txt").stat()
        owner = self.machine.output("id", "-u", "walter", text="").strip()
        self.assertEqual(str(status.st_uid), owner)
        client.quit()
        client.wait()
        self.expect_journal("FTP_EVENT=auth-accepted", "FTP_USER=walter")
        self.assertTrue(self.logs("auth", "accepted", user="walter", port=client.process.port))
        # The machine has no /etc/ftpusers: that is no error of any login.
        errors = self.machine.journal(f"--since=@{self.since:.6f}", "--identifier=cellftpd", "--priority=err")
        self.assertEqual([entry["MESSAGE"] for entry in errors if "ftpusers" in entry["MESSAGE"]], [])

    def test_S08_no_new_privileges(self):
        """What the unit takes away from every process of a session."""
        client = self.login("walter")
        for pid in self.machine.pids_of(client.process.unit):
            self.assertEqual(process.status(pid)["NoNewPrivs"], "1")

    def test_wrong_password_is_in_the_journal(self):
        """With the reason, and found by the name of the service alone; never with the password."""
        for user in ("alice", "walter", "nobody-knows"):
            client = self.connect()
            client.expect(331, f"USER {user}")
            client.expect(530, "PASS rosebud-4711")
            client.quit()
        reasons = {entry["FTP_USER"]: entry for entry in self.expect_journal("FTP_EVENT=auth-refused", count=3)}
        self.assertEqual(
            {user: entry["FTP_REASON"] for user, entry in reasons.items()},
            {"alice": "bad-password", "walter": "bad-password", "nobody-knows": "unknown-user"},
        )
        text = self.machine.output("journalctl", f"--since=@{self.since:.6f}", "--unit=cellftpd@*", "--no-pager")
        self.assertRegex(text, r'auth refused remote=127\.0\.0\.1 port=\d+ user="alice" reason=bad-password')
        self.assertNotIn("rosebud-4711", text + self.machine.output("journalctl", "--output=json", "--all"))

    def test_S03_nothing_but_the_session_speaks(self):
        """PAM modules that print: the control stream is clean, and what they say is in the log."""
        self.machine.write("/etc/cellftpd/echo", "220 said by pam_echo\n")
        self.machine.write("/usr/local/bin/noisy", "#!/bin/sh\necho 220 stdout\necho 220 stderr >&2\n", 0o755)
        self.stack(
            "auth optional pam_echo.so file=/etc/cellftpd/echo",
            "session optional pam_echo.so file=/etc/cellftpd/echo",
            "session optional pam_exec.so stdout /usr/local/bin/noisy",
            "session optional pam_exec.so /usr/local/bin/noisy",
        )
        client = self.login("walter")  # every reply is parsed strictly
        client.stor("clean.txt", b"clean")
        self.assertEqual(client.retr("clean.txt"), b"clean")
        connection = f"socket:[{self.socket_of(client)}]"
        for pid in self.machine.pids_of(client.process.unit):
            standard = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in range(3)]
            self.assertNotIn(connection, standard)
        client.quit()
        self.expect_journal("FTP_EVENT=auth-pam-message", "FTP_DETAIL=220 said by pam_echo", count=2)

    def socket_of(self, client):
        """Inode of the server's end of a control connection."""
        ours = f"{client.process.port:04X}"
        for line in Path("/proc/thread-self/net/tcp6").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[1].endswith(":0015") and fields[2].endswith(f":{ours}"):
                return fields[9]
        raise AssertionError(f"no connection from port {client.process.port}")

    def keyrings(self):
        """From now on each login writes the numbers of its keyrings into a file, by a program that the PAM stack runs:
        the one that systemd has given to the session's processes and, with pam_keyinit, the one of that."""
        program = self.compile(Path(__file__).with_name("keyring.c"), "/usr/local/bin/keyring")
        line = f"pam_exec.so log=/run/keyrings {program}"
        self.machine.path("/run/keyrings").unlink(missing_ok=True)
        self.stack(f"session required {line}", before=[f"auth required {line}"])

        def made(phase="auth|open_session"):
            text = self.machine.path("/run/keyrings").read_text()
            return [int(number) for number in re.findall(rf"^(?:{phase}) keyring (-?\d+)$", text, re.MULTILINE)]

        return made

    def keys(self):
        """All keys that root sees: number and owner. Keys know no containers, so those of others are among them."""
        lines = self.machine.output("cat", "/proc/keys").splitlines()
        return {int(line.split()[0], 16): line.split()[5] for line in lines}

    def state(self):
        """What a login could leave behind besides: sessions of logind, utmp, processes, keys of the user's."""
        utmp = self.machine.path("/run/utmp")
        owner = self.machine.output("id", "-u", "walter").strip()
        return {
            "loginctl": self.machine.output("loginctl", "list-sessions", "--no-legend"),
            "utmp": utmp.read_bytes() if utmp.exists() else b"",
            "processes": self.machine.output("ps", "-e", "-o", "user:20,comm").count("walter"),
            "keys": {number for number, uid in self.keys().items() if uid == owner},
        }

    def test_S07_logins_leave_nothing(self):
        self.login("walter").quit()
        self.assertTrue(wait_until(lambda: not self.machine.instances()))
        made = self.keyrings()
        before = self.state()
        for _ in range(50):
            self.login("walter").quit()
        self.assertTrue(wait_until(lambda: not self.machine.instances(), 30))
        self.assertEqual(len(set(made())), 100)
        # The kernel collects keyrings a little later.
        wait_until(lambda: not set(made()) & set(self.keys()) and self.state() == before, 30)
        self.assertFalse(set(made()) & set(self.keys()))
        self.assertEqual(self.state(), before)
        said = [str(entry.get("MESSAGE", "")).lower() for entry in self.journal()]
        self.assertFalse([text for text in said if "failed to release session" in text])

    def test_S09_keyrings(self):
        """Each session has a keyring of its own, before PAM makes one."""
        made = self.keyrings()
        ours = int(self.machine.output("/usr/local/bin/keyring").split()[-1])
        clients = [self.login("walter") for _ in range(2)]
        found = made()
        self.assertEqual(len(set(found)), 4, found)
        self.assertTrue(all(number > 0 for number in found), found)
        self.assertNotIn(ours, found)
        self.assertLessEqual(set(made("auth")), set(self.keys()))
        for client in clients:
            client.quit()

    def test_journal_fields(self):
        """Every record: the MESSAGE_ID of its kind, the fields of its line, and who sent it."""
        table = {f"{file}-{word}": (priority, identifier) for _, file, word, priority, identifier in self.events()}
        client = self.everything()
        lines = self.lines_of(client)
        entries = self.expect_journal(f"FTP_SESSION={lines[0]['session']}", count=len(lines))
        names = dict(FIELD.findall((ROOT / "src/lib/event.h").read_text(encoding="utf-8")))
        self.assertGreater(len(names), 10)
        for entry in entries:
            priority, identifier = table[entry["FTP_EVENT"]]
            self.assertEqual((entry["MESSAGE_ID"], entry["PRIORITY"]), (identifier, PRIORITIES[priority]))
            self.assertEqual((entry["SYSLOG_IDENTIFIER"], entry["SYSLOG_FACILITY"]), ("cellftpd", "11"))
            self.assertEqual((entry["_UID"], entry["_TRANSPORT"]), ("0", "journal"))
            self.assertEqual(entry["_SYSTEMD_UNIT"], self.unit)
            fields = {name: entry[field] for name, field in names.items() if field in entry}
            line = {"event": entry["FTP_EVENT"], **fields}
            self.assertIn(line, lines)
            lines.remove(line)
        happened = {entry["FTP_EVENT"] for entry in entries}
        self.assertGreaterEqual(len(happened), 15, happened)

    def everything(self):
        """One session that makes an event of nearly every kind that a session can make."""
        client = self.connect()
        self.unit = client.process.unit
        client.expect(331, "USER alice")
        client.expect(530, "PASS wrong")
        client.login()
        client.expect(200, "TYPE I")
        client.stor("one", b"1" * 1000)
        client.retr("one")
        client.list()
        client.expect(257, "MKD folder")
        client.expect(350, "RNFR one")
        client.expect(250, 'RNTO folder/two "2" \\ ü')
        client.expect(200, 'SITE CHMOD 640 folder/two "2" \\ ü')
        client.expect(213, 'MFMT 20200101000000 folder/two "2" \\ ü')
        client.expect(213, 'HASH folder/two "2" \\ ü')
        client.expect(550, "RMD folder")
        client.expect(250, 'DELE folder/two "2" \\ ü')
        client.expect(250, "RMD folder")
        client.expect(500, "NONSENSE")
        data = client.begin("STOR broken")
        data.send(b"x")
        data.reset()
        client.read((426, 451))
        client.quit()
        client.wait()
        return client

    def lines_of(self, client):
        """The session's lines in all files: their fields, and what happened."""
        session = self.logs("connections", "connect", port=client.process.port)[-1]["session"]
        found = []
        for kind in ("connections", "auth", "files"):
            for line in self.logs(kind, session=session):
                fields = {name: value for name, value in line.items() if name not in ("time", "word")}
                found.append({"event": f"{kind}-{line['word']}", **fields})
        return found

    @staticmethod
    def events():
        found = EVENT.findall((ROOT / "src/lib/event.h").read_text(encoding="utf-8"))
        if len(found) < 30:
            raise AssertionError("src/lib/event.h looks different")
        return found

    def test_catalog(self):
        """journalctl -x explains what happened, for every kind of event."""
        listed = self.machine.output("journalctl", "--list-catalog")
        for name, *_, identifier in self.events():
            with self.subTest(event=name):
                self.assertIn(identifier, listed)
        client = self.connect()
        client.expect(331, "USER alice")
        client.expect(530, "PASS wrong")
        client.quit()
        self.expect_journal("FTP_EVENT=auth-refused")
        text = self.machine.output("journalctl", "-x", f"--since=@{self.since:.6f}", "FTP_EVENT=auth-refused")
        self.assertIn("Subject: FTP login from 127.0.0.1 refused: bad-password", text)
        self.assertIn("bad-password", text)
        self.assertIn("man:cellftpd", text)

    def test_ctl_log_and_who(self):
        client = self.login("walter")
        rows = json.loads(self.machine.output("cellftpctl", "who", "--json"))
        self.assertEqual([(row["user"], row["port"]) for row in rows], [("walter", client.process.port)])
        text = self.machine.output("cellftpctl", "log", "--user", "walter", "--lines", "20")
        self.assertIn(" auth accepted ", text)


if __name__ == "__main__":
    main()
