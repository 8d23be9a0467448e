"""etc/logrotate.d/cellftpd with the real logrotate on a real server's logs (row L05): no line lost, none twice."""

import gzip
import re
import shutil
import subprocess
import threading

from harness import ServerTest, logs, main, wait_until
from harness.server import ROOT

SHIPPED = ROOT / "etc" / "logrotate.d" / "cellftpd"
SESSIONS = 4
ROTATIONS = 5  # fewer than are kept
GENERATION = re.compile(r"(?:\.(\d+)(?:\.gz)?)?")


class Rotation(ServerTest):
    def setUp(self):
        super().setUp()
        self.logs = self.server.directory / "logs"
        shutil.chown(self.logs, "root", "adm")
        self.logs.chmod(0o2750)
        for path in self.logs.iterdir():  # the account was made before the directory was as it is installed
            shutil.chown(path, "root", "adm")
        self.state = self.server.directory / "logrotate.state"
        self.rules = self.server.directory / "logrotate.conf"
        text = SHIPPED.read_text()
        self.assertIn("/var/log/cellftpd/", text)
        # Debian's /etc/logrotate.conf sets "create" for everything that does not say otherwise.
        self.rules.write_text("create\n" + text.replace("/var/log/cellftpd/", f"{self.logs}/"))
        self.rules.chmod(0o644)

    def rotate(self, *before):
        done = subprocess.run(
            [*before, "logrotate", "--force", "--state", self.state, self.rules],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def generations(self, name):
        """The files of a log, the oldest first."""
        found = [(GENERATION.fullmatch(path.name[len(name) :]), path) for path in self.logs.glob(f"{name}*")]
        return [path for match, path in sorted(found, key=lambda pair: -int(pair[0][1] or 0))]

    def lines(self, name):
        text = b""
        for path in self.generations(name):
            text += gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        self.assertTrue(text.endswith(b"\n"), f"{name}: unfinished line")
        return text.decode().splitlines()

    def work(self, name, stop, made):
        """A session that makes directories, each of which is one line in files.log, until it is stopped."""
        client = self.login()
        while not stop.is_set():
            client.expect(257, f"MKD {name}-{len(made)}")
            made.append(f"/{name}-{len(made)}")
        client.quit()
        client.wait()

    def test_L05_no_line_lost_while_sessions_write(self):
        """Every file that logrotate opens is delayed, so that sessions are sure to write between its renaming a log
        and what it does then."""
        stop = threading.Event()
        made = {f"s{number}": [] for number in range(SESSIONS)}
        workers = [threading.Thread(target=self.work, args=(name, stop, paths)) for name, paths in made.items()]
        for worker in workers:
            worker.start()
        try:
            for _ in range(ROTATIONS):
                before = sum(map(len, made.values()))
                busy = wait_until(lambda count=before: sum(map(len, made.values())) > count + 20)
                self.assertTrue(busy, "the sessions do nothing: this test shows nothing")
                self.rotate("strace", "-qq", "-o", "/dev/null", "-e", "inject=openat:delay_enter=5000")
        finally:
            stop.set()
            for worker in workers:
                worker.join()
        self.assertEqual(len(self.generations("files.log")), ROTATIONS + 1)

        records = [logs.parse(line, "files") for line in self.lines("files.log")]
        for name, paths in made.items():  # in order, across the generations
            own = [record["path"] for record in records if record["path"].startswith(f"/{name}-")]
            self.assertEqual(own, paths)
        for kind, word in (("auth", "accepted"), ("connections", "connect"), ("connections", "disconnect")):
            count = sum(f" {kind} {word} " in line for line in self.lines(f"{kind}.log"))
            self.assertEqual(count, SESSIONS, word)
        self.check_files()

    def check_files(self):
        """Nothing but the logs and their generations, and everything 0640 root:adm."""
        adm = self.logs.stat().st_gid
        for path in self.logs.iterdir():
            self.assertRegex(path.name, r"^(\w+\.(log|jsonl)|xferlog)(\.[1-7](\.gz)?)?$")
            status = path.stat()
            self.assertEqual((oct(status.st_mode), status.st_uid, status.st_gid), ("0o100640", 0, adm), path.name)

    def test_L05_a_transfer_goes_on(self):
        client = self.login()
        data = client.begin("STOR big")
        data.send(b"a" * 100000)
        self.rotate()
        data.send(b"b" * 100000)
        self.rotate()
        data.close()
        client.read(226)
        client.quit()
        client.wait()
        self.assertEqual(len(self.server.read("big")), 200000)
        self.server.expect_log("files", "upload", path="/big", bytes=200000)  # in the new file
        self.check_files()

    def test_every_kind_of_file_is_there_again_at_once(self):
        """fail2ban does not start if the file that it is to follow is missing."""
        names = [f"{kind}.{end}" for kind in logs.FILES for end in ("log", "jsonl")] + ["xferlog"]
        for name in names:
            (self.logs / name).write_text("a line of before\n")
            shutil.chown(self.logs / name, "root", "adm")
            (self.logs / name).chmod(0o640)
        (self.logs / "keep.txt").write_text("not a log\n")
        self.rotate()
        for name in names:
            self.assertEqual((self.logs / f"{name}.1").read_text(), "a line of before\n")
            self.assertEqual((self.logs / name).read_text(), "")
        (self.logs / "keep.txt").unlink()
        self.check_files()
        self.rotate()  # empty ones stay as they are
        self.assertFalse(any((self.logs / f"{name}.2").exists() for name in names))
        for name in names:
            (self.logs / name).unlink()


if __name__ == "__main__":
    main()
