"""systemd/cellftpd.catalog with systemd's own tools, and with what a real server logs."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import activity
from harness import PASSWORD, Journal, ServerTest, before_tls, main
from harness.server import ROOT

CATALOG = ROOT / "systemd" / "cellftpd.catalog"


def entries():
    """("auth", "refused") to (id, text)."""
    found = re.findall(
        r"^# (\w+) ([a-z-]+)\n-- ([0-9a-f]{32})\n(.*?)(?=\n# \w+ [a-z-]+\n-- |\Z)",
        CATALOG.read_text(),
        re.MULTILINE | re.DOTALL,
    )
    return {(kind, word): (number, text) for kind, word, number, text in found}


class Catalog(ServerTest):
    users = {"alice": PASSWORD}
    config = {**activity.CONFIG, "logs": {"journal": True}}

    def catalog_root(self):
        """A directory with the catalog as systemd wants it, and its database."""
        root = Path(tempfile.mkdtemp(prefix="cellftpd-catalog-"))
        self.addCleanup(shutil.rmtree, root)
        place = root / "usr" / "lib" / "systemd" / "catalog"
        place.mkdir(parents=True)
        shutil.copy(CATALOG, place)
        self.journalctl(root, "--update-catalog")
        return root

    def journalctl(self, root, *arguments):
        done = subprocess.run(["journalctl", f"--root={root}", *arguments], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def test_systemd_takes_it(self):
        root = self.catalog_root()
        listed = {line.split()[0] for line in self.journalctl(root, "--list-catalog").splitlines()}
        self.assertEqual(listed, {number for number, _ in entries().values()})
        for number, text in entries().values():
            shown = self.journalctl(root, "--dump-catalog", number)
            self.assertEqual(shown.split("\n", 1)[1].strip(), text.strip())

    @before_tls
    def test_explanations_on_a_terminal(self):
        """journalctl -x puts fields in as they are: no control character may come that way, and no field be missing."""
        journal = Journal()
        self.addCleanup(journal.close)
        self.server.prepare = journal.enter
        client = self.connect()
        client.expect(331, "USER \x1b]0;title\x07\x1b[2J")
        client.expect(530, "PASS wrong")
        client.quit()
        client = self.login()
        client.expect(257, "MKD \u202e\u2028")
        client.expect(550, "DELE \x1b[2J")
        client.quit()
        client.wait()
        activity.do_everything(self)

        database = self.catalog_root() / "var" / "lib" / "systemd" / "catalog"
        script = f"mount --bind {database} /var/lib/systemd/catalog && journalctl -x --no-pager -t cellftpd"
        shown = subprocess.run(
            ["nsenter", f"--mount=/proc/{journal.process.pid}/ns/mnt", "sh", "-c", script],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        explained = {entry["MESSAGE_ID"].decode() for entry in journal.records()}
        self.assertGreater(len(explained), 21)
        self.assertEqual(shown.count("Defined-By: cellftpd"), len(journal.records()))
        self.assertEqual(re.findall(r"[^\n\x20-\x7e\u2591]", shown), [])
        self.assertEqual(
            re.findall(
                r"^.*(?<!@)\bFTP_[A-Z_]+.*$",
                shown.replace("FTP_EVENT=", "").replace("FTP_CLIENT=", "").replace("FTP_SESSION=", ""),
                re.MULTILINE,
            ),
            [],
        )


if __name__ == "__main__":
    main()
