"""cellftpctl log: what has happened, out of all log files, as an administrator asks for it."""

import json
import os
import resource
import shutil
import subprocess
import time
from datetime import datetime, timezone

from harness import ServerTest, in_clear, logs, main, slow, wait_until

FAILED, USAGE, NO_PERMISSION = 1, 2, 4


class LogTest(ServerTest):
    users = {"alice": "alice's password 1", "bob": "bob's password 1"}

    def setUp(self):
        super().setUp()
        self.directory = self.server.directory / "logs"

    def log(self, *arguments, status=0):
        """The lines that are printed."""
        done = self.server.ctl("log", *arguments, check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        self.stderr = done.stderr
        return done.stdout.splitlines()

    def words(self, *arguments):
        """ "auth accepted" of each line that is printed."""
        return [" ".join(line.split(" ")[1:3]) for line in self.log(*arguments)]

    def all_lines(self):
        """Everything that is in the files, by time."""
        return sorted(line for path in self.directory.glob("*.log") for line in path.read_text().splitlines())

    def assert_merged(self, lines):
        """All lines are there, by time; those of one millisecond may stand in any order."""
        self.assertEqual(sorted(lines), self.all_lines())
        times = [line.split(" ", 1)[0] for line in lines]
        self.assertEqual(times, sorted(times))

    def follow(self, *arguments):
        """A running `log --follow`."""
        process = subprocess.Popen(
            [self.server.ctl_program, "--config", self.server.config_file, "log", "--follow", *arguments],
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        os.set_blocking(process.stdout.fileno(), False)
        process.seen = ""
        return process

    def seen(self, process):
        """All that it has printed."""
        process.seen += (process.stdout.read() or b"").decode()
        return process.seen

    def wait_for(self, process, *texts):
        def all_seen():
            self.seen(process)
            return all(text in process.seen for text in texts)

        self.assertTrue(wait_until(all_seen), f"{texts} not in {process.seen}")


class Show(LogTest):
    @in_clear("AUTH, PBSZ and PROT make lines of their own")
    def test_merged_and_filtered(self):
        alice, bob = self.login(), self.login("bob", source="127.0.0.2")
        alice.stor("a b.txt", b"hello")
        bob.expect(550, "DELE none")
        session = self.server.expect_log("auth", "accepted", user="bob")["session"]
        alice.quit()
        bob.quit()
        self.server.expect_log("connections", "disconnect", 2)
        self.assert_merged(self.log("--lines", "1000"))
        self.assert_merged(self.log("--since", "1h"))
        self.assertEqual(self.words("--kind", "admin"), ["admin user-add"] * 2)
        self.assertEqual(
            sorted(self.words("--session", session)),
            ["auth accepted", "connections connect", "connections disconnect"]
            + [word for word in ("files refused",) if self.server.logs("files", "refused")],
        )
        self.assertEqual(len(self.log("--address", "127.0.0.2")), len(self.log("--session", session)))
        self.assertEqual(self.words("--user", "alice", "--kind", "auth,files"), ["auth accepted", "files upload"])
        self.assertEqual(self.words("--lines", "1"), ["connections disconnect"])
        self.assertEqual(self.log("--user", "nobody"), [])
        self.log("--kind", "nothing", status=USAGE)
        self.log("--lines", "99999999", status=USAGE)

    def test_end_of_a_session_is_its_last_line(self):
        """Events of one millisecond are in several files."""
        when, origin = "2026-11-22T17:04:21.123Z", "remote=127.0.0.1 port=1 session=7f3a90c2d4e5f601"
        events = ["connections connect", "auth accepted", "files list", "files rename", "connections disconnect"]
        for event in events:
            with open(self.directory / f"{event.split()[0]}.log", "a", encoding="ascii") as file:
                file.write(f"{when} {event} {origin}\n")
        for options in ([], ["--since", "2026-01-01"], ["--lines", "3"]):
            with self.subTest(options):
                self.assertEqual(self.words("--session", "7f3a90c2d4e5f601", *options), events[-3:] if "3" in options else events)

    def test_json(self):
        client = self.login()
        name = "caf\udce9 \"x\" \\"
        client.stor(name, b"hello")
        client.quit()
        self.server.expect_log("connections", "disconnect")
        records = [json.loads(line) for line in self.log("--json", "--lines", "1000")]
        self.assertEqual(len(records), len(self.all_lines()))
        record = next(record for record in records if record["event"] == "upload")
        self.assertEqual((record["log"], record["bytes"], record["user"]), ("files", 5, "alice"))
        self.assertEqual(bytes.fromhex(record["path_hex"]), os.fsencode(f"/{name}"))
        text = logs.parse(self.log("--kind", "files")[0], "files")
        self.assertEqual(text["path"], f"/{name}")

    def test_json_is_as_in_the_files(self):
        self.server.configure({"logs": {"json": True}})
        client = self.login()
        client.stor("caf\udce9", b"hello")
        client.quit()
        client.wait()
        for kind in ("connections", "auth", "files"):
            written = [json.loads(line) for line in (self.directory / f"{kind}.jsonl").read_text().splitlines()]
            self.assertEqual([json.loads(line) for line in self.log("--json", "--kind", kind)], written)

    def test_since(self):
        lines = [f"2026-03-0{day}T12:00:00.000Z auth refused user=\"{day}\"" for day in range(1, 10)]
        (self.directory / "auth.log.1").write_text("".join(line + "\n" for line in lines[:5]))
        (self.directory / "auth.log").write_text("".join(line + "\n" for line in lines[5:]))
        for since, expected in (
            ("2026-03-01", lines),
            ("2026-03-03T12:00:00Z", lines[2:]),
            ("2026-03-03T12:00:01Z", lines[3:]),
            ("2026-03-07 12:00Z", lines[6:]),
            ("2026-04-01", []),
            ("36500d", lines),
            ("1s", []),
        ):
            with self.subTest(since=since):
                self.assertEqual(self.log("--kind", "auth", "--since", since), expected)
        self.assertEqual(self.log("--kind", "auth", "--lines", "6"), lines[3:])
        self.assertEqual(self.log("--kind", "auth", "--lines", "6", "--since", "2026-03-08T00:00Z"), lines[7:])
        for since in ("", "5", "2026-02-30", "2026-03-01T25:00Z", "tomorrow", "-1h"):
            with self.subTest(since=since):
                self.log("--since", since, status=USAGE)
        self.assertEqual(self.stderr.count("\n"), 1)
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        (self.directory / "auth.log").write_text(f"{now} auth refused\n")
        self.assertEqual(len(self.log("--kind", "auth", "--since", "10min")), 1)

    def test_compressed_ones_are_named(self):
        (self.directory / "auth.log.1").write_text('2026-03-01T12:00:00.000Z auth refused user="a"\n')
        (self.directory / "auth.log.2.gz").write_bytes(b"x")
        self.log("--kind", "auth", "--since", "2026-03-01")
        self.assertIn("auth.log.2.gz", self.stderr)
        self.log("--kind", "auth", "--since", "2026-03-02")
        self.assertEqual(self.stderr, "")

    def test_lines_of_others_are_left_out(self):
        self.server.at_end((self.directory / "auth.log").unlink)
        with open(self.directory / "auth.log", "a", encoding="ascii") as file:
            file.write("\x1b[2Jevil\n")
            file.write('2026-03-01T12:00:00.000Z auth refused user="good"\n')
        lines = self.log("--kind", "auth")
        self.assertEqual(lines, ['2026-03-01T12:00:00.000Z auth refused user="good"'])
        self.assertIn("1 line", self.stderr)

    def test_who_may_read(self):
        self.login().quit()
        self.server.expect_log("connections", "disconnect")
        command = [self.server.ctl_program, "--config", self.server.config_file, "log"]
        done = subprocess.run(command, user=65534, group=65534, extra_groups=[], capture_output=True, check=False)
        self.assertEqual(done.returncode, NO_PERMISSION)
        for path in self.directory.glob("*.log"):
            shutil.chown(path, group="adm")  # as in the directory of tmpfiles, which is set-gid
        done = subprocess.run(
            command, user=65534, group=65534, extra_groups=["adm"], capture_output=True, text=True, check=False
        )
        self.assertEqual(done.stderr, "")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_merged(done.stdout.splitlines())

    def test_files_are_off(self):
        self.server.configure({"logs": {"files": False}})
        self.log(status=FAILED)
        self.assertIn("journalctl", self.stderr)

    def test_gigabytes(self):
        """A large file costs no memory, and a time in it is found at once."""
        line = "2026-03-01T12:00:{:02}.000Z files download remote=192.0.2.1 port=1 user=\"alice\" path=\"/x\" bytes=1\n"
        block = "".join(line.format(second) for second in range(30) for _ in range(20000)).encode()
        self.server.at_end((self.directory / "files.log").unlink)
        with open(self.directory / "files.log", "wb") as file:
            file.write(block)
            file.truncate(2 << 30)  # a hole of zeroes, one line that is none
            file.seek(2 << 30)
            file.write(b"\n" + line.format(31).encode())
        command = [self.server.ctl_program, "--config", self.server.config_file, "log", "--kind", "files"]

        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (96 << 20, 96 << 20))

        prepare = limit if slow() == 1 else None  # the sanitizer reserves terabytes
        began = time.monotonic()
        done = subprocess.run(
            command + ["--since", "2026-03-01T12:00:29Z"], capture_output=True, text=True, preexec_fn=prepare, check=True
        )
        self.assertEqual(len(done.stdout.splitlines()), 20001)
        done = subprocess.run(command + ["-n", "1"], capture_output=True, text=True, preexec_fn=prepare, check=True)
        self.assertEqual(done.stdout, line.format(31))
        self.assertLess(time.monotonic() - began, 60 * slow())


class Follow(LogTest):
    def test_what_comes(self):
        process = self.follow("--user", "alice", "-n0")
        alice, bob = self.login(), self.login("bob")
        alice.stor("a", b"1")
        self.wait_for(process, " auth accepted ", " files upload ")
        self.assertNotIn("user-add", process.seen)
        self.assertNotIn("bob", process.seen)
        bob.quit()

    def test_rotation(self):
        process = self.follow()
        for name in ("a", "b", "c"):
            self.login().stor(name, b"1")
            self.wait_for(process, f'path="/{name}"')
            (self.directory / "files.log").rename(self.directory / "files.log.1")
        self.assertEqual(process.seen.count(" files upload "), 3)

    def test_unfinished_line(self):
        line = '2026-03-01T12:00:00.000Z auth refused user="half"\n'
        process = self.follow("--kind", "auth")
        with open(self.directory / "auth.log", "a", encoding="ascii", buffering=1) as file:
            file.write(line[:30])
            file.flush()
            time.sleep(0.5)
            self.assertEqual(self.seen(process), "")
            file.write(line[30:])
        self.wait_for(process, line)


if __name__ == "__main__":
    main()
