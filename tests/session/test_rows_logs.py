"""Regression rows L03 to L06 and Q10: what is written down, exactly once, in order, and nothing secret."""

import datetime
import grp
import os
import secrets
import stat
import subprocess
import threading
import time

from harness import Journal, ServerTest, in_clear, main, slow, wait_until, within
from harness import logs, process


def in_threads(count, function):
    """Calls function(0) to function(count - 1) at the same time; raises what one of them raised."""
    errors = []

    def run(number):
        try:
            function(number)
        except BaseException as error:  # pylint: disable=broad-except
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


class LogTest(ServerTest):
    @property
    def directory(self):
        return self.server.directory / "logs"

    def with_journal(self):
        """The server's processes find a journal of the test's own."""
        journal = Journal()
        self.addCleanup(journal.close)
        self.server.prepare = journal.enter
        return journal


class Secrets(LogTest):
    config = {"logs": {"journal": True, "json": True, "commands": True}, "login": {"attempts": 20, "bad_commands": 100}}

    def everything(self, journal):
        """All that was written down anywhere, and what anybody can see of the processes."""
        found = {"journal": journal.export()}
        for place in ("logs", "run"):
            for path in (self.server.directory / place).rglob("*"):
                if path.is_file():
                    found[str(path)] = path.read_bytes()
        found["stderr"] = self.server.stderr_file.read_bytes()
        for client in self.server.clients:
            if client.process.poll() is None:
                for pid in (client.monitor_pid, client.session_pid):
                    for name in ("cmdline", "comm", "environ"):
                        found[f"{name} of {pid}"] = open(f"/proc/{pid}/{name}", "rb").read()
        return found

    @in_clear("AUTH, PBSZ and PROT make lines of their own")
    def test_L03_secrets_in_logs(self):
        journal = self.with_journal()
        secret = "s3cr3t" + secrets.token_hex(8)
        client = self.connect()
        before_login = [
            ("PASS {}", 503, "PASS"),  # before USER
            ("pass {}", 503, "PASS"),
            ("pAsS  {}", 503, "PASS"),
            ("PASS\t{}", 500, None),
            (" PASS {}", 500, None),
            ("PASS:{}", 500, None),
            ("PASS{}", 500, None),
            ("PASSWORD {}", 500, None),
            ("{}", 500, None),
            ("QUOTE PASS {}", 500, None),
            ("ACCT {}", 502, "ACCT"),
            ("acct {}", 502, "ACCT"),
            ("ADAT {}", 502, "ADAT"),
            ("MIC {}", 502, "MIC"),
            ("SITE PSWD {} new", 530, "SITE"),
            ("NOOP PASS {}", 200, "NOOP"),
            ("CLNT x pass={}", 200, "CLNT"),
            (b"USER a\0PASS {}", 501, "USER"),
            (b"PASS {}\0", 501, "PASS"),
            ("USER alice\rPASS {}", 501, "USER"),
            ("USER a PASS {}", 331, "USER"),
            ("PASS {}", 530, "PASS"),
            ("user a pass {}", 331, "USER"),
            ("PASS wrong", 530, "PASS"),
            ("USER a\tPass\t{}", 331, "USER"),
            ("PASS {}" + "x" * 600, 530, "PASS"),
            ("PASS {}" + "x" * 9000, 500, None),
            ("GOT {} HTTP/1.0", 500, None),
        ]
        for line, code, _ in before_login:
            if isinstance(line, bytes):
                line = line.replace(b"{}", secret.encode())
            else:
                line = line.replace("{}", secret)
            with self.subTest(line=line[:40]):
                self.assertEqual(client.command(line).code, code)
        client.login("alice")
        after_login = [
            ("PASS {}", 503), ("site pswd {} new", 550), ("SITE PASSWD {}", 504), ("SITE CPWD {}", 504),
            ("SITE {}", 504), ("{}", 500), ("PASS\t{}", 500), ("ACCT {}", 502), ("PaSs {}", 503),
        ]  # fmt: skip
        for line, code in after_login:
            with self.subTest(line=line):
                self.assertEqual(client.command(line.replace("{}", secret)).code, code)
        address = client.epsv()  # a status with a path in it is in the registry
        client.send("STOR visible")
        data = client.dial(address)
        client.read(150)
        sessions = self.server.directory / "run" / "sessions"
        wait_until(lambda: data.send(b"x" * 1000) or b"STOR /visible" in sessions.read_bytes())
        found = self.everything(journal)
        data.close()
        client.read(226)
        client.quit()
        client.wait()

        before = found
        found = {**found, **self.everything(journal)}
        for place, content in found.items():
            self.assertNotIn(secret.encode(), content, place)
            self.assertNotIn(secret.encode(), before.get(place, b""), place)
        # What is not secret is there: the test sees what it looks at.
        self.assertTrue(any(b"STOR /visible" in content for place, content in before.items() if "/run/" in place))
        self.assertIn(b"FTP_EVENT=auth-refused", found["journal"])
        self.assertIn(b"cellftpd", found[f"cmdline of {client.process.pid}"])
        records = self.server.logs("commands")
        expected = [command for _, _, command in before_login]
        self.assertEqual([record.get("command") for record in records[: len(expected)]], expected)
        self.assertEqual(len(records), len(before_login) + 2 + len(after_login) + 3)
        self.assertEqual(
            [record["detail"] for record in records if "PASS" in record.get("detail", "").upper()],
            ["PASS ***", "x pass=***", "a PASS ***", "a pass ***", "a\tPass\t***"],
        )
        self.assertTrue(self.server.logs("auth", "refused", user="a PASS ***"))

    def test_L03_names_that_are_no_secret(self):
        """Nothing else of a name is hidden."""
        client = self.connect()
        for name in ("compass north", "passenger 57", "pass", "my-pass word", "x rhost=1.2.3.4 \x1b\\"):
            client.expect(331, f"USER {name}")
            client.expect(530, "PASS wrong")
            self.server.expect_log("auth", "refused", user=name)
            self.server.expect_log("commands", "command", command="USER", detail=name, reply=331)


class Commands(LogTest):
    config = {"logs": {"commands": True, "json": True}}

    @in_clear("AUTH, PBSZ and PROT make lines of their own")
    def test_commands_and_final_replies(self):
        client = self.login()
        self.server.write("big", b"x" * 20000000)
        client.stor("a b", b"hello")
        client.expect(425, "RETR none")
        client.expect(500, "XYZZY secret?")
        client.expect(501, "MODE")
        data = client.begin("RETR big")
        data.receive(1000)
        client.expect(200, "NOOP")
        client.expect(211, "STAT")
        client.send("ABOR")
        client.read(426)
        client.read(226)
        client.expect(500, "STOR " + "x" * 9000)
        client.quit()
        client.wait()
        found = [
            (record.get("command"), record.get("detail"), record.get("reason"), record.get("reply"))
            for record in self.server.logs("commands")
        ]
        self.assertEqual(
            [record for record in found if record[0] not in ("EPSV", "PASV")],
            [
                ("USER", "alice", None, "331"),
                ("PASS", "***", None, "230"),
                ("TYPE", "I", None, "200"),
                ("STOR", "a b", None, "226"),
                ("RETR", "none", None, "425"),
                (None, None, "unknown", "500"),
                ("MODE", None, None, "501"),
                ("NOOP", None, None, "200"),
                ("STAT", None, None, "211"),
                ("RETR", "big", None, "426"),
                ("ABOR", None, None, "226"),
                (None, None, "too-long", "500"),
                ("QUIT", None, None, "221"),
            ],
        )
        self.assertEqual(self.server.logs("commands"), logs.read_json(self.directory, "commands"))

    def test_off_unless_wanted(self):
        server = self.make_server({})
        server.login().quit()
        self.assertFalse((server.directory / "logs" / "commands.log").exists())


class Files(LogTest):
    config = {"logs": {"json": True}}

    def test_json_is_the_same(self):
        client = self.login()
        self.server.write("caf\udce9", b"latin 1")
        for name in ('a"b\\c', "gr\u00fc\u00df \u2028 \u202e", "x" * 200):
            client.stor(name, b"hello")
        client.retr("caf\udce9")
        client.expect(550, "DELE none\udcff")
        client.quit()
        client.wait()
        for kind in ("connections", "auth", "files"):
            text = self.server.logs(kind)
            self.assertTrue(text)
            self.assertEqual(logs.read_json(self.directory, kind), text)
        self.server.expect_log("files", "download", path="/caf\udce9", bytes=7, type="I", reply=226)

    def test_which_files(self):
        for options, expected in (
            ({"files": False}, {"xferlog"}),
            ({"files": False, "json": True, "xferlog": False}, {"connections.jsonl", "auth.jsonl", "files.jsonl"}),
            ({"files": False, "xferlog": False}, set()),
            ({"xferlog": False}, {"connections.log", "auth.log", "files.log"}),
        ):
            with self.subTest(options=options):
                server = self.make_server({"logs": options})
                client = server.login()
                client.stor("a", b"hello")
                client.quit()
                client.wait()
                self.assertEqual(
                    {path.name for path in (server.directory / "logs").iterdir()} - {"admin.log", "admin.jsonl"},
                    expected,
                )

    def test_xferlog(self):
        os.environ["TZ"] = "TST-5:45"
        self.addCleanup(os.environ.pop, "TZ")
        self.server.write("text", b"one\ntwo\n")
        self.server.write("big", b"x" * 20000000)
        before = int(time.time())
        client = self.login()
        client.stor("a b\u00fc", b"hello")
        client.retr("a b\u00fc")
        client.expect(200, "TYPE A")
        self.assertEqual(client.retr("text"), b"one\r\ntwo\r\n")
        client.expect(200, "TYPE I")
        client.appe("a b\u00fc", b"!")
        data = client.begin("RETR big")
        received = len(data.receive(1000))
        client.send("ABOR")
        client.read(426)
        client.read(226)
        data.receive_all()
        client.expect(250, "DELE a b\u00fc")
        client.expect(257, "MKD d")
        client.expect(250, "RMD d")
        client.list()
        client.quit()
        client.wait()
        found = logs.read_xferlog(self.directory)
        self.assertEqual(
            [tuple(record[n] for n in ("bytes", "path", "type", "direction", "completion")) for record in found[:4]],
            [
                ("5", "/a_b\u00fc", "b", "i", "c"),
                ("5", "/a_b\u00fc", "b", "o", "c"),
                ("10", "/text", "a", "o", "c"),
                ("1", "/a_b\u00fc", "b", "i", "c"),
            ],
        )
        self.assertEqual([(r["path"], r["direction"], r["completion"]) for r in found[4:5]], [("/big", "o", "i")])
        self.assertGreaterEqual(int(found[4]["bytes"]), received)
        self.assertEqual([(r["bytes"], r["direction"]) for r in found[5:]], [("6", "d")])
        for record in found:
            self.assertEqual((record["remote"], record["user"]), ("127.0.0.1", "alice"))
            # The zone of the test, which is not the machine's, although listings are in UTC.
            when = datetime.datetime.strptime(record["time"] + " +0545", "%a %b %d %H:%M:%S %Y %z").timestamp()
            self.assertTrue(before - 1 <= when <= time.time() + 1, record["time"])

    def test_group_of_the_logs(self):
        """With the directory of tmpfiles.d, whoever is in adm can read, also what is made after the login."""
        adm = grp.getgrnam("adm").gr_gid
        for mode, group, expected in ((0o2750, adm, adm), (0o755, 0, 0)):
            server = self.make_server({}, {})
            directory = server.directory / "logs"
            os.chown(directory, 0, group)
            directory.chmod(mode)
            server.add_user("alice", "pw pw pw")
            client = server.login()
            client.stor("a", b"hello")
            client.quit()
            client.wait()
            for name in ("connections.log", "auth.log", "files.log", "xferlog"):
                found = (directory / name).stat()
                self.assertEqual(
                    (oct(found.st_mode), found.st_uid, found.st_gid), (oct(stat.S_IFREG | 0o640), 0, expected), name
                )


class Order(LogTest):
    config = {
        "logs": {"json": True},
        "limits": {"per_address": 100, "waiting_per_address": 100},
        "session": {"idle": "10 min"},
    }
    SESSIONS = 50

    def test_fifty_sessions_write_at_once(self):
        each = 40 // slow()
        clients = []
        for _ in range(self.SESSIONS):
            clients.append(self.login())
        start = threading.Barrier(self.SESSIONS)

        def work(number):
            start.wait(120)
            for i in range(each):
                clients[number].expect(257, f"MKD {number}-{i}")

        in_threads(self.SESSIONS, work)
        expected = self.SESSIONS * each
        wait_until(lambda: len(self.server.logs("files", "mkdir")) >= expected)
        text = self.server.logs("files")
        made = [record["path"] for record in text]
        self.assertEqual(len(made), expected)
        self.assertEqual(len(set(made)), expected)
        times = [record["time"] for record in text]
        self.assertEqual(times, sorted(times))
        sessions = {}
        for record in text:
            sessions.setdefault(record["session"], []).append(record["path"])
        self.assertEqual(len(sessions), self.SESSIONS)
        for paths in sessions.values():
            number = paths[0].split("-")[0]
            self.assertEqual(paths, [f"{number}-{i}" for i in range(each)])
        self.assertEqual(logs.read_json(self.directory, "files"), text)
        for name in ("connections.log", "auth.log"):
            times = [line[:24] for line in logs.lines(self.directory, name)]
            self.assertEqual(times, sorted(times), name)

    def test_L05_rotation_under_load(self):
        """Files are moved away while 20 sessions write and one transfer runs: no line lost, none twice, none late."""
        each, sessions = 60 // slow(), 20
        clients = [self.login() for _ in range(sessions)]
        long = self.login()
        content = os.urandom(1000000) * 64
        self.server.write("big", content)
        data = long.begin("RETR big")
        received = data.receive(100000)
        rotated = []
        done = threading.Event()

        def rotate():
            while not done.is_set():
                for name in ("files.log", "files.jsonl", "connections.log"):
                    target = self.directory / f"{name}.{len(rotated)}"
                    if (self.directory / name).exists():
                        os.rename(self.directory / name, target)
                        rotated.append(target)
                        if len(rotated) % 2:  # "create" of logrotate; without it the server does
                            os.close(os.open(self.directory / name, os.O_CREAT | os.O_WRONLY, 0o640))
                time.sleep(0.02)

        def work(number):
            for i in range(each):
                clients[number].expect(257, f"MKD {number}-{i}")
                if i % 20 == 0:
                    clients[number].stor(f"{number}", b"x")

        thread = threading.Thread(target=rotate)
        thread.start()
        try:
            in_threads(sessions, work)
        finally:
            done.set()
            thread.join()
        # "create" of logrotate: there is a file of that name, but another one.
        for name in ("files.log", "files.jsonl"):
            if (self.directory / name).exists():  # the last rotation may have left none
                rotated.append(self.directory / f"{name}.{len(rotated)}")
                os.rename(self.directory / name, rotated[-1])
            os.close(os.open(self.directory / name, os.O_CREAT | os.O_WRONLY, 0o640))
        received += data.receive_all()
        long.read(226)
        self.assertTrue(received == content)
        self.server.expect_log("files", "download", path="/big")

        for ending, parse in (("log", logs.parse), ("jsonl", logs.parse_json)):
            files = [self.directory / f"files.{ending}", *(p for p in rotated if f"files.{ending}" in p.name)]
            self.assertGreater(len(files), 3)
            records = []
            for path in files:
                found = [parse(line, "files") for line in logs.lines(self.directory, path.name)]
                self.assertEqual([r["time"] for r in found], sorted(r["time"] for r in found), path.name)
                records += found
            made = [r["path"] for r in records if r["word"] == "mkdir"]
            self.assertEqual(sorted(made), sorted(f"/{n}-{i}" for n in range(sessions) for i in range(each)))
            self.assertEqual(len([r for r in records if r["word"] == "upload"]), sessions * len(range(0, each, 20)))
            last = [r for r in records if r["word"] == "download"]
            self.assertEqual([(r["path"], r["bytes"]) for r in last], [("/big", str(len(content)))])

    def test_one_that_is_stopped_does_not_stop_the_others(self):
        """A process that was stopped while it held the lock of the logs."""
        client, other = self.login(), self.login()
        client.expect(257, "MKD first")
        holder = subprocess.Popen(["flock", "--no-fork", self.directory, "sleep", "300"])
        self.server.at_end(holder.wait)
        self.server.at_end(holder.kill)
        wait_until(lambda: subprocess.run(["flock", "-n", self.directory, "true"], check=False).returncode != 0)
        began = time.monotonic()
        for number in range(10):
            client.expect(257, f"MKD {number}")
            other.expect(257, f"MKD other{number}")
        wait_until(lambda: len(self.server.logs("files", "mkdir")) >= 21)
        self.assertLess(time.monotonic() - began, within(8))  # each of 20 would have waited a second
        self.server.expect_log("files", "mkdir", count=21)


class Target(LogTest):
    def test_L04_something_else_in_the_place_of_a_file(self):
        target = self.server.directory / "target"
        self.server.allow_stderr = True
        client = self.login()
        for number, (make, cause) in enumerate(
            (
                (lambda path: path.symlink_to(target), "Too many levels of symbolic links"),
                (os.mkfifo, "No such device or address"),
                (lambda path: path.mkdir(), "Is a directory"),
            )
        ):
            with self.subTest(cause=cause):
                path = self.directory / "files.log"
                path.unlink(missing_ok=True)
                make(path)
                client.expect(257, f"MKD d{number}")
                client.expect(200, "NOOP")
                self.assertTrue(wait_until(lambda: f'path="/d{number}"' in self.server.stderr_file.read_text()))
                self.assertIn(f"files.log: {cause}", self.server.stderr_file.read_text())
                self.assertFalse(target.exists())
                path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
                client.expect(250, f"RMD d{number}")
                self.assertTrue(wait_until(lambda: self.server.logs("files", "rmdir", path=f"/d{number}")))

    def test_L04_the_session_cannot_reach_the_logs(self):
        client = self.login()
        client.stor("a", b"hello")
        uid = self.server.uid()
        for user in (uid, 65534):
            for command in (
                ["touch", self.directory / "new"],
                ["sh", "-c", f"echo forged >> {self.directory}/files.log"],
                ["mv", self.directory / "files.log", self.directory / "x"],
            ):
                done = subprocess.run(
                    command, user=user, group=user, extra_groups=[], stderr=subprocess.PIPE, check=False
                )
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(b"ermission denied", done.stderr)
        # Nor has it an open descriptor, or a path.
        pid = client.session_pid
        self.assertEqual(int(process.status(pid)["Uid"].split()[0]), uid)
        opened = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
        self.assertTrue(opened)
        self.assertFalse([name for name in opened if "logs" in name or ".log" in name or "journal" in name], opened)
        self.assertFalse(os.path.lexists(f"/proc/{pid}/root{self.directory}"))
        self.assertTrue(os.path.lexists(f"/proc/{pid}/root/a"))


class Journald(LogTest):
    config = {"logs": {"journal": True}}

    @in_clear("AUTH, PBSZ and PROT make lines of their own")
    def test_fields(self):
        journal = self.with_journal()
        client = self.login()
        # The monitor has no right any more but the one to end the session.
        self.assertTrue(wait_until(lambda: int(process.status(client.monitor_pid)["CapEff"], 16) == 1 << 5))
        client.stor("a b", b"hello")
        self.server.write("caf\udce9", b"latin 1")
        client.retr("caf\udce9", rest=2)
        client.expect(350, "RNFR a b")
        client.expect(250, "RNTO c")
        client.quit()
        client.wait()
        session = self.server.expect_log("auth", "accepted")["session"].encode()
        records = journal.records()
        self.assertEqual({record["FTP_SESSION"] for record in records}, {session})
        self.assertEqual(
            [record["FTP_EVENT"].decode() for record in records],
            [
                "connections-connect",
                "auth-accepted",
                "files-upload",
                "files-download",
                "files-rename",
                "connections-disconnect",
            ],
        )
        lines = [
            line for kind in ("connections", "auth", "files") for line in logs.lines(self.directory, f"{kind}.log")
        ]
        messages = [record["MESSAGE"].decode() for record in records]
        self.assertEqual(sorted(messages), sorted(line.split(" ", 1)[1] for line in lines))
        upload, download, rename = records[2:5]
        for record in records:
            self.assertRegex(record["MESSAGE_ID"], rb"^[0-9a-f]{32}$")
            self.assertEqual((record["SYSLOG_IDENTIFIER"], record["SYSLOG_FACILITY"]), (b"cellftpd", b"11"))
            self.assertEqual(record["FTP_CLIENT"], b"127.0.0.1")
            self.assertEqual(int(record["FTP_CLIENT_PORT"]), client.socket.getsockname()[1])
        self.assertEqual(len({record["MESSAGE_ID"] for record in records}), 6)
        for record in (upload, download, rename):
            self.assertEqual((record["PRIORITY"], record["FTP_USER"]), (b"6", b"alice"))
            self.assertEqual((record["_PID"], record["_UID"]), (str(client.process.pid).encode(), b"0"))
        self.assertEqual((upload["FTP_COMMAND"], upload["FTP_PATH"], upload["FTP_TYPE"]), (b"STOR", b"/a b", b"I"))
        self.assertEqual((upload["FTP_BYTES"], upload["FTP_REPLY"]), (b"5", b"226"))
        self.assertGreater(int(upload["FTP_USEC"]), 0)
        self.assertEqual(
            (download["FTP_PATH"], download["FTP_OFFSET"], download["FTP_BYTES"]), (b"/caf\xe9", b"2", b"5")
        )
        self.assertEqual((rename["FTP_PATH"], rename["FTP_PATH_TO"]), (b"/a b", b"/c"))
        self.assertEqual(records[5]["FTP_REASON"], b"quit")

    def test_L01_names_forge_no_field(self):
        journal = self.with_journal()
        client = self.connect()
        name = "x\x0bFTP_CLIENT=203.0.113.1\x1b[31m\udce9\u2028"
        client.expect(331, "USER " + name)
        client.expect(530, "PASS wrong")
        client.quit()
        client.wait()
        (record,) = journal.records(FTP_EVENT="auth-refused")
        self.assertEqual(record["FTP_USER"], name.encode(errors="surrogateescape"))
        self.assertEqual(record["FTP_CLIENT"], b"127.0.0.1")
        self.assertRegex(
            record["MESSAGE"],
            rb"^auth refused remote=127\.0\.0\.1 port=\d+ user=\"x\\x0bFTP_CLIENT=[^\x00-\x1f]*\" reason=",
        )
        self.assertEqual((record["PRIORITY"], record["FTP_REASON"]), (b"5", b"unknown-user"))

    def test_administrator(self):
        """cellftpctl as well."""
        journal = self.with_journal()
        subprocess.run(
            [self.server.ctl_program, "--config", self.server.config_file, "user", "add", "bob", "--password-stdin"],
            input=b"bob's password\n", preexec_fn=journal.enter, stdout=subprocess.DEVNULL, check=True,
        )  # fmt: skip
        (record,) = journal.records(FTP_EVENT="admin-user-add")
        self.assertEqual((record["FTP_USER"], record["FTP_ADMIN"]), (b"bob", b"root"))
        self.assertNotIn("FTP_CLIENT", record)

    def test_stopped_journald_stops_nobody(self):
        """Nothing waits for it for long, and what it missed is said, in the files and, later, in the journal."""
        journal = self.with_journal()
        client = self.login()
        client.expect(257, "MKD before")
        journal.stop()
        began = time.monotonic()
        queue = int(open("/proc/sys/net/unix/max_dgram_qlen", encoding="ascii").read())
        count = queue + 30
        for number in range(count):
            client.expect(257, f"MKD {number}")
        other = self.login()  # others as well
        other.quit()
        other.wait()
        self.assertLess(time.monotonic() - began, within(15))
        self.assertTrue(wait_until(lambda: len(self.server.logs("files", "mkdir")) == count + 1))
        self.server.expect_log("connections", "log-incomplete", count=2, reason="journal")
        journal.go_on()
        wait_until(lambda: journal.records(FTP_PATH="/0"))
        client.expect(257, "MKD after")
        client.quit()
        client.wait()
        missing = count + 2 - len(journal.records(FTP_EVENT="files-mkdir"))
        self.assertGreater(missing, 0)
        (record,) = journal.records(FTP_EVENT="connections-log-complete")
        # The event that said so is missing, too.
        self.assertEqual(record["FTP_DETAIL"].split()[0], str(missing + 1).encode())
        self.assertTrue(journal.records(FTP_PATH="/after"))

    def test_no_journald(self):
        """An empty /run, as in a container: nothing is said, the files have everything."""
        journal = self.with_journal()
        inside = f"/proc/{journal.process.pid}/root/run/systemd/journal/socket"
        os.unlink(inside)
        client = self.login()
        client.stor("a", b"hello")
        client.quit()
        client.wait()
        self.server.expect_log("files", "upload", path="/a")
        self.server.expect_log("auth", "accepted")

    @in_clear("AUTH, PBSZ and PROT make lines of their own")
    def test_no_journald_and_no_files(self):
        server = self.make_server({"logs": {"journal": True, "files": False, "xferlog": False}})
        journal = Journal()
        self.addCleanup(journal.close)
        server.prepare = journal.enter
        os.unlink(f"/proc/{journal.process.pid}/root/run/systemd/journal/socket")
        server.allow_stderr = True
        client = server.login()
        client.quit()
        client.wait()
        found = [logs.parse(line, line.split(" ")[1])["word"] for line in server.stderr_file.read_text().splitlines()]
        self.assertEqual(found, ["connect", "accepted", "disconnect"])


class Flood(LogTest):
    config = {"logs": {"commands": True}}

    def test_L06_flood_hides_nobody_else(self):
        """While one session makes as many events as it can, another's failed login is recorded at once, and the flood
        itself to the last line."""
        flooder = self.login()
        stop = threading.Event()
        count = [0]

        def flood():
            while not stop.is_set():
                flooder.raw(b"MKD d\r\nRMD d\r\nXYZZY\r\nDELE none\r\nNOOP\r\n" * 50)
                for _ in range(250):
                    flooder.read_reply()
                count[0] += 50

        thread = threading.Thread(target=flood)
        thread.start()
        try:
            wait_until(lambda: count[0] >= 200)
            slowest = 0
            for number in range(5):
                client = self.connect(source="127.0.0.2")
                client.expect(331, f"USER guess{number}")
                began = time.monotonic()
                client.expect(530, "PASS wrong")
                self.assertTrue(wait_until(lambda: self.server.logs("auth", "refused", user=f"guess{number}")))
                slowest = max(slowest, time.monotonic() - began)
                client.quit()
            self.assertLess(slowest, within(3))
        finally:
            stop.set()
            thread.join()
        flooder.quit()
        flooder.wait()
        self.server.expect_log("auth", "refused", count=5, remote="127.0.0.2")
        self.server.expect_log("files", "mkdir", count=count[0])
        self.server.expect_log("files", "rmdir", count=count[0])
        self.server.expect_log("commands", "command", count=count[0], command="NOOP")
        self.assertLess(len(self.server.logs("connections", "protocol-abuse")), count[0])
        self.server.expect_log("connections", "log-throttled")


class Reserve(LogTest):
    config = {"logs": {"reserve": "4 MiB", "commands": True, "json": True}, "login": {"attempts": 20}}

    def setUp(self):
        super().setUp()
        logs_directory = self.server.directory / "logs"
        subprocess.run(["rm", "-rf", logs_directory], check=True)
        logs_directory.mkdir(mode=0o755)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=755", "none", logs_directory], check=True)

    def test_Q10_reserve(self):
        client = self.login()
        client.expect(257, "MKD plenty")
        self.server.expect_log("files", "mkdir", path="/plenty")
        filler = self.directory / "filler"
        filler.write_bytes(bytes(5 << 20))

        first, second = self.login(), self.login()
        for user in (first, second):
            user.stor("scarce", b"x")
        attacker = self.connect()
        attacker.expect(331, "USER nobody")
        attacker.expect(530, "PASS wrong")
        self.server.ctl("user", "add", "bob", "--password-stdin", text="bob's password\n")
        self.server.expect_log("auth", "refused", user="nobody")
        self.server.expect_log("admin", "user-add", user="bob")
        self.server.expect_log("connections", "log-incomplete", reason="reserve")
        self.assertEqual(len(self.server.logs("auth", "accepted")), 3)
        self.assertEqual(self.server.logs("files", "upload"), [])
        self.assertEqual(len(self.server.logs("connections", "connect")), 1)
        self.assertEqual(logs.read_json(self.directory, "files"), self.server.logs("files"))
        self.assertEqual(logs.read_xferlog(self.directory), [])

        filler.unlink()
        late = self.login()
        late.stor("again", b"x")
        self.server.expect_log("files", "upload", path="/again")
        self.server.expect_log("connections", "log-complete", reason="reserve")
        self.assertEqual([r["path"] for r in logs.read_xferlog(self.directory)], ["/again"])
        self.assertTrue(first.retr("scarce"))  # and nobody else noticed anything

    def test_Q10_flood_leaves_the_reserve(self):
        """Who writes as much as he can stops short of it; a failed login after that is recorded."""
        client = self.login()
        name = "x" * 200
        line = f"RETR {name}\r\n".encode() * 100
        end = time.monotonic() + 60 * slow()
        while not self.server.logs("connections", "log-incomplete") and time.monotonic() < end:
            for _ in range(10):
                client.raw(line)
                for _ in range(100):
                    client.read_reply()
        size = (self.directory / "commands.log").stat().st_size
        for _ in range(10):
            client.raw(line)
            for _ in range(100):
                client.read_reply()
        space = os.statvfs(self.directory)
        self.assertGreater(space.f_bavail * space.f_frsize, 3 << 20)
        self.assertLess((self.directory / "commands.log").stat().st_size, size + (1 << 20))
        attacker = self.connect()
        attacker.expect(331, "USER nobody")
        attacker.expect(530, "PASS wrong")
        self.server.expect_log("auth", "refused", user="nobody")


if __name__ == "__main__":
    main()
