"""systemd/cellftpd.catalog with systemd's own tools, and with what a real server logs: no entry shows a field that its
event does not have."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from harness import PASSWORD, ServerTest, logs, main
from harness.server import ROOT

CATALOG = ROOT / "systemd" / "cellftpd.catalog"
FIELDS = {  # of the journal, by their names in a line
    "remote": "FTP_CLIENT",
    "port": "FTP_CLIENT_PORT",
    "user": "FTP_USER",
    "bytes": "FTP_BYTES",
    "offset": "FTP_OFFSET",
    "usec": "FTP_USEC",
    "reply": "FTP_REPLY",
    "reason": "FTP_REASON",
    "detail": "FTP_DETAIL",
    "actor": "FTP_ADMIN",
    "session": "FTP_SESSION",
}


def entries():
    """("auth", "refused") to (id, text)."""
    found = re.findall(r"^# (\w+) ([a-z-]+)\n-- ([0-9a-f]{32})\n(.*?)(?=\n# \w+ [a-z-]+\n-- |\Z)", *SEARCH)
    return {(kind, word): (number, text) for kind, word, number, text in found}


SEARCH = (CATALOG.read_text(), re.MULTILINE | re.DOTALL)


class Catalog(ServerTest):
    users = {"alice": PASSWORD}
    config = {"limits": {"per_address": 3}}

    def test_systemd_takes_it(self):
        with tempfile.TemporaryDirectory() as root:
            place = Path(root) / "usr" / "lib" / "systemd" / "catalog"
            place.mkdir(parents=True)
            shutil.copy(CATALOG, place)

            def journalctl(*arguments):
                done = subprocess.run(
                    ["journalctl", f"--root={root}", *arguments], capture_output=True, text=True, check=False
                )
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                return done.stdout

            journalctl("--update-catalog")
            listed = {line.split()[0] for line in journalctl("--list-catalog").splitlines()}
            self.assertEqual(listed, {number for number, _ in entries().values()})
            for number, text in entries().values():
                shown = journalctl("--dump-catalog", number)
                self.assertEqual(shown.split("\n", 1)[1].strip(), text.strip())

    def test_fields_are_there(self):
        """In every line of a session that does a lot, and of an administrator."""
        server = self.server
        server.ctl("user", "add", "bob", "--password-stdin", text="bob's own 1\n")
        server.ctl("user", "passwd", "bob", "--password-stdin", text="bob's own 2\n")
        server.ctl("user", "del", "bob", "--purge", "--yes")
        stranger = self.connect(source="127.0.0.2")
        stranger.expect(331, "USER nosuch")
        stranger.expect(530, "PASS wrong")
        stranger.expect(500, "NONSENSE")
        crowd = [self.connect(source="127.0.0.3") for _ in range(3)]
        self.connect(source="127.0.0.3", greeting=421).wait()
        client = self.login()
        client.expect(501, "PORT 192,0,2,1,100,1")
        client.stor("a", b"12345")
        client.retr("a")
        client.list()
        client.expect(213, "HASH a")
        for code, command in (
            (213, "MFMT 20260101000000 a"),
            (200, "SITE CHMOD 600 a"),
            (257, "MKD d"),
            (250, "RMD d"),
            (350, "RNFR a"),
            (250, "RNTO b"),
            (250, "DELE b"),
            (550, "DELE b"),
        ):
            client.expect(code, command)
        server.write("big", b"x" * 50_000_000)
        data = client.begin("RETR big")
        client.expect(426, "ABOR")
        client.read(226)
        data.close()
        data = client.begin("STOR c")
        data.send(b"123")
        client.expect(426, "ABOR")
        client.read(226)
        data.close()
        for one in (*crowd, stranger, client):
            one.quit()
            one.wait()

        seen = set()
        known = entries()
        for kind in logs.FILES:
            for record in server.logs(kind):
                event = (kind, record["word"])
                seen.add(event)
                there = {FIELDS[name] for name in record if name in FIELDS}
                wanted = set(re.findall(r"@(\w+)@", known[event][1]))
                self.assertLessEqual(wanted, there, record)
        self.assertGreater(len(seen), 22, seen)


if __name__ == "__main__":
    main()
