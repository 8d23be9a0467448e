"""cellftpctl import, export, backup and restore: accounts come and go whole, hashes are kept."""

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

from harness import ServerTest, in_clear, main, slow, wait_until
from harness.ctl import FAILED, SECRET, USAGE, CtlTest, crypt

SHA512 = crypt(SECRET, "$6$saltsalt$")
MD5 = crypt(SECRET, "$1$saltsalt$")
DES = crypt(SECRET, "ab")
BCRYPT = crypt(SECRET, "$2b$04$abcdefghijklmnopqrstuu")
YESCRYPT = crypt(SECRET, "$y$j75$abcdefghijklmnop")
PUREDB = f"""# comment

alice:{SHA512}:2001:2001:Alice A.:/home/ftp/alice/./:51200:102400:1:5:3:1000:10485760:::10.0.0.0/8,192.0.2.7::800-1730
bob:{MD5}:2001:2001::/home/ftp/bob/./::::::::::::
carol:$argon2id$v=19$m=4096,t=3,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo:2001:2001::/home/ftp/carol::::::::::::
dave:{BCRYPT}:2001:2001::/home/ftp/dave:::::::::::192.0.2.0/24:
Eve:{SHA512}:2001:2001::/home/ftp/eve::::::::::::
short:{SHA512}:2001
alice:{SHA512}:2001:2001::/home/ftp/alice::::::::::::
frank:{SHA512}:2001:2001::/home/ftp/frank
"""


class ImportTest(CtlTest):
    def file(self, text, name="list"):
        path = self.directory / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return str(path)

    def run_import(self, kind, text, *options, status=0):
        """What has become of each user, by name: (result, detail)."""
        done = self.ctl("import", "--from", kind, self.file(text), *options, "--json", status=status)
        return {row["name"]: (row["result"], row["detail"]) for row in json.loads(done.stdout)}

    def record(self, name):
        return (self.users / f"{name}.conf").read_text()

    def names(self):
        return sorted(path.stem for path in self.users.glob("[a-z]*.conf"))


@in_clear("no client connects")
class Import(ImportTest):
    def test_puredb(self):
        done = self.ctl("import", "--from", "puredb", self.file(PUREDB), "--json", status=FAILED)
        rows = [(row["name"], row["result"]) for row in json.loads(done.stdout)]
        self.assertEqual(
            rows,
            [("alice", "imported"), ("bob", "imported"), ("carol", "refused"), ("dave", "imported"), ("Eve", "refused"),
             ("short", "refused"), ("alice", "refused"), ("frank", "imported")],
        )  # fmt: skip
        detail = {row["name"]: row["detail"] for row in json.loads(done.stdout) if row["name"] != "alice"}
        self.assertIn("Argon2", detail["carol"])
        self.assertIn("no name", detail["Eve"])
        self.assertIn("6 to 18 fields", detail["short"])
        self.assertEqual(self.names(), ["alice", "bob", "dave", "frank"])
        self.assertEqual(self.hash("alice"), SHA512)
        self.assertEqual(self.hash("bob"), MD5)
        record = self.record("alice")
        for words in ('session_upload_rate = "50 KiB"', 'session_download_rate = "100 KiB"', "sessions = 3",
                      "quota_files = 1000", 'quota = "10 MiB"', '"10.0.0.0/8", "192.0.2.7"',
                      'hours = "08:00-17:30"'):  # fmt: skip
            self.assertIn(words, " ".join(record.replace("L;", ";").split()))
        self.assertNotIn("quota", self.record("bob"))
        self.assertTrue((self.homes / "alice").is_dir())
        uids = {(self.homes / name).stat().st_uid for name in self.names()}
        self.assertEqual(len(uids), 4)

    def test_what_kept_others_out_and_cannot_be_had_locks(self):
        rows = self.run_import("puredb", PUREDB, status=FAILED)
        self.assertIn("refused clients", rows["dave"][1])
        self.assertIn("locked", rows["dave"][1])
        self.assertIn("enabled = false;", self.record("dave"))
        self.assertIn("enabled = true;", self.record("bob"))

    def test_events(self):
        self.run_import("puredb", PUREDB, status=FAILED)
        lines = [line for line in self.admin_log() if " user-import " in line]
        self.assertEqual(len(lines), 4)
        self.assertIn('user="alice"', lines[0])
        self.assertIn("from puredb", lines[0])
        self.assertIn("ratio 1 is left out", lines[0])
        self.assertNotIn("$6$", "".join(self.admin_log()))

    def test_dry_run(self):
        before = None
        path = self.file(PUREDB)
        before = self.everything()
        done = self.ctl("import", "--from", "puredb", path, "--dry-run", "--json", status=FAILED)
        self.assertEqual(self.everything(), before)
        results = {(row["name"], row["result"]) for row in json.loads(done.stdout)}
        self.assertIn(("bob", "would be imported"), results)
        self.assertIn(("carol", "refused"), results)

    def test_again(self):
        """What is there stays; the rest is imported."""
        self.run_import("puredb", f"bob:{MD5}:1:1::/x\n")
        rows = self.run_import("puredb", f"bob:{SHA512}:1:1::/x\nnew:{SHA512}:1:1::/x\n")
        self.assertEqual((rows["bob"][0], rows["new"][0]), ("exists", "imported"))
        self.assertEqual(self.hash("bob"), MD5)

    def test_authuserfile(self):
        rows = self.run_import(
            "authuserfile",
            f"alice:{SHA512}:5001:5001:Alice:/srv/a:/bin/false\nbob:{DES}:5002:5002::/srv/b:/bin/sh\nx:y:z\n"
            "nobody::5003:5003::/srv/c:/bin/false\nlocked:!:5003:5003::/srv/c:/bin/false\n"
            "clear:secret:5003:5003::/srv/c:/bin/false\n",
            status=FAILED,
        )
        self.assertEqual([rows[name][0] for name in ("alice", "bob", "x", "nobody", "locked", "clear")],
                         ["imported", "imported", "refused", "refused", "refused", "refused"])  # fmt: skip
        self.assertEqual((self.hash("alice"), self.hash("bob")), (SHA512, DES))
        self.assertIn("no password", rows["nobody"][1])

    def test_vsftpd_pairs(self):
        rows = self.run_import("vsftpd", f"alice\n{SECRET}\nbob\npass:with:colons\n#x\nlast\n", status=FAILED)
        self.assertEqual((rows["alice"][0], rows["bob"][0]), ("imported", "imported"))
        self.assertEqual(rows["last"][0], "refused")
        self.assert_password("alice", SECRET)
        self.assert_password("bob", "pass:with:colons")

    def test_vsftpd_hashes(self):
        rows = self.run_import(
            "vsftpd", f"alice:{SHA512}\nbob:$apr1$abc$0123456789012345678901\ncarol:{YESCRYPT}\n", status=FAILED
        )
        self.assertEqual([rows[name][0] for name in ("alice", "bob", "carol")], ["imported", "refused", "imported"])
        self.assertIn("Apache", rows["bob"][1])

    def test_hashes_that_are_cut(self):
        for hashed in (SHA512[:-1], BCRYPT[:-1], MD5 + "x", DES[:-1], "$6$", "$y$", "$9$abc$def", "plain", "$"):
            with self.subTest(hash=hashed):
                rows = self.run_import("vsftpd", f"alice:{hashed}\n", "--dry-run", status=FAILED)
                self.assertEqual(rows["alice"][0], "refused")
        for hashed in (SHA512, MD5, DES, BCRYPT, YESCRYPT, crypt(SECRET, "$5$rounds=1000$salt$")):
            with self.subTest(hash=hashed):
                self.assertEqual(self.run_import("vsftpd", f"alice:{hashed}\n", "--dry-run")["alice"][0],
                                 "would be imported")  # fmt: skip

    def test_homes_are_kept(self):
        old = self.directory / "old"
        home = old / "alice"
        (home / "d").mkdir(parents=True)
        (home / "a").write_bytes(b"content")
        (home / "d" / "b").write_bytes(b"deep")
        outside = self.directory / "outside"
        outside.write_bytes(b"of somebody else")
        (home / "link").symlink_to(outside)
        (home / "roots").write_bytes(b"root's")
        os.link(outside, home / "hard")
        for path in (home, home / "d", home / "a", home / "d" / "b", outside):
            os.chown(path, 2001, 2001)
        os.chown(home / "link", 2001, 2001, follow_symlinks=False)
        other = old / "other"
        other.mkdir()
        rows = self.run_import(
            "puredb",
            f"alice:{SHA512}:2001:2001::{home}/./\nroot:{SHA512}:2001:2001::{other}\n"
            f"gone:{SHA512}:2001:2001::{old}/gone\ntwice:{SHA512}:2001:2001::{home}\n",
            "--keep-homes",
            status=FAILED,
        )
        self.assertEqual([rows[name][0] for name in ("alice", "root", "gone", "twice")],
                         ["imported", "refused", "refused", "refused"])  # fmt: skip
        uid = json.loads(self.ctl("user", "show", "alice", "--json").stdout)["uid"]
        self.assertIn(f'home = "{home}"', self.record("alice"))
        self.assertIn("enabled = true", self.record("alice"))
        for path in (home, home / "d", home / "a", home / "d" / "b"):
            self.assertEqual((path.stat().st_uid, path.stat().st_gid), (uid, uid), path)
        self.assertEqual((home / "link").lstat().st_uid, uid)
        self.assertEqual(((home / "roots").stat().st_uid, outside.stat().st_uid), (0, 2001))
        self.assertEqual(list(self.homes.iterdir()), [])

    def test_files_that_are_no_lists(self):
        self.assertIn("No such file", self.ctl("import", "--from", "puredb", "/nonexistent", status=FAILED).stderr)
        (self.directory / "db").write_bytes(b"\0\x01binary\0")
        self.assertIn("no text", self.ctl("import", "--from", "vsftpd", str(self.directory / "db"), status=FAILED).stderr)
        path = self.file(PUREDB)
        os.chmod(path, 0o666)
        self.assertIn("writable", self.ctl("import", "--from", "puredb", path, status=FAILED).stderr)
        self.ctl("import", path, status=USAGE)
        self.ctl("import", "--from", "nosuch", path, status=USAGE)

    def test_several_files(self):
        one, two = self.file(f"a:{MD5}\n", "one"), self.file(f"b:{MD5}\n", "two")
        self.ctl("import", "--from", "vsftpd", one, two)
        self.assertEqual(self.names(), ["a", "b"])


@in_clear("no client connects")
class Export(ImportTest):
    def test_there_and_back(self):
        self.add("alice", "--read-only", "--expires", "2099-12-31", "--tls", "required")
        self.add("bob", "--certificate", "factor", "--certificate-name", 'Böb "B" \\ x')
        with open(self.users / "bob.conf", "a", encoding="utf-8") as record:
            record.write('quota = "10 GiB";\nnetworks = [ "10.0.0.0/8" ];\nupload_only = true;\n'
                         'hours = "mon-fri 08:00-18:00";\nsessions = 3;\ngroups = [ "staff" ];\n')  # fmt: skip
        exported = self.ctl("export").stdout
        lines = [json.loads(line) for line in exported.splitlines()]
        self.assertEqual([line["name"] for line in lines], ["alice", "bob"])
        self.assertEqual(lines[1]["certificate_name"], 'Böb "B" \\ x')
        self.assertEqual(lines[1]["networks"], ["10.0.0.0/8"])
        before = {name: self.ctl("user", "show", name, "--json").stdout for name in ("alice", "bob")}
        hashes = {name: self.hash(name) for name in before}
        for name in before:
            self.ctl("user", "del", name, "--purge", "--yes")
        rows = self.run_import("cellftpd", exported)
        self.assertEqual({row[0] for row in rows.values()}, {"imported"})
        for name, text in before.items():
            old, new = json.loads(text), json.loads(self.ctl("user", "show", name, "--json").stdout)
            for member in ("uid", "created"):
                del old[member], new[member]
            self.assertEqual(new, old)
            self.assertEqual(self.hash(name), hashes[name])

    def test_lines_that_are_wrong(self):
        good = json.dumps({"name": "good", "uid": 1900000000, "password": SHA512, "created": 1})
        wrong = [
            "{", "[]", "{}", '{"name": "x"}', "null", good + "x", good.replace("good", "../x"),
            good.replace('"uid": 1900000000', '"uid": "0"'), good.replace("created", "nosuch"),
            good.replace('"created": 1', '"created": 1, "created": 2'), good.replace("good", "a\\u0000b"),
            good.replace('"created": 1', '"created = 1; role": 1'), '{"name": "x", "password": "\\ud800"}',
            good.replace('"created": 1', '"created": 1, "home": "/../etc"'), good[:-1],
        ]  # fmt: skip
        for line in wrong:
            with self.subTest(line=line):
                done = self.ctl("import", "--from", "cellftpd", self.file(line + "\n" + good + "\n"), "--dry-run",
                                "--json", status=FAILED)  # fmt: skip
                self.assertEqual([row["result"] for row in json.loads(done.stdout)], ["refused", "would be imported"])

    def test_a_bad_record_is_left_out(self):
        self.add("alice")
        (self.users / "bad.conf").write_text("nonsense")
        (self.users / "bad.conf").chmod(0o600)
        done = self.ctl("export", status=FAILED)
        self.assertEqual(len(done.stdout.splitlines()), 1)
        self.assertIn("bad.conf", done.stderr)


@in_clear("no client connects")
class Backup(ImportTest):
    def setUp(self):
        super().setUp()
        for name in ("alice", "bob", "carol"):
            self.add(name)
        self.ctl("user", "del", "carol", "--purge", "--yes")  # its uid must not come again
        self.path = self.directory / "backup"

    def records(self):
        return {path.name: path.read_text() for path in self.users.glob("[a-z]*.conf")}

    def test_there_and_back(self):
        before = self.records()
        uids = [(self.homes / name).stat().st_uid for name in ("alice", "bob")]
        self.ctl("backup", str(self.path))
        self.assertEqual(self.path.stat().st_mode & 0o7777, 0o600)
        self.assertNotIn("$y$", "".join(self.admin_log()))
        for name in ("alice", "bob"):
            (self.users / f"{name}.conf").unlink()
        (self.users / ".next-uid").unlink()
        self.ctl("restore", str(self.path))
        self.assertEqual(self.records(), before)
        self.assertEqual((self.users.stat().st_mode & 0o7777, self.users.stat().st_uid), (0o700, 0))
        self.add("new")
        self.assertEqual((self.homes / "new").stat().st_uid, max(uids) + 2)
        words = [line.split()[2] for line in self.admin_log()]
        self.assertEqual((words.count("backup"), words.count("restore")), (1, 1))

    def test_onto_a_machine_without_anything(self):
        self.ctl("backup", str(self.path))
        before = self.records()
        for path in list(self.users.iterdir()):
            path.unlink()
        self.users.rmdir()
        for name in ("alice", "bob"):
            (self.homes / name).rmdir()
        done = self.ctl("restore", str(self.path))
        self.assertEqual(self.records(), before)
        self.assertIn("2 of the users have no folder", done.stderr)
        self.assertIn("numeric", done.stderr)

    def test_not_over_accounts_unless_forced(self):
        self.ctl("backup", str(self.path))
        before = self.records()
        self.add("later")
        stderr = self.assert_nothing_done("restore", str(self.path), status=FAILED)
        self.assertIn("3 accounts already", stderr)
        self.assertIn("--force", stderr)
        self.ctl("restore", str(self.path), "--force")
        self.assertEqual(self.records(), before)
        self.assertTrue((self.directory / "users.before-restore" / "later.conf").exists())
        self.ctl("restore", str(self.path), "--force")
        self.assertFalse((self.directory / "users.before-restore" / "later.conf").exists())
        self.assertFalse((self.directory / "users.restore").exists())

    def test_dry_run(self):
        self.ctl("backup", str(self.path))
        before = self.everything()
        self.assertIn("2 accounts would be restored", self.ctl("restore", str(self.path), "--dry-run").stdout)
        self.assertEqual(self.everything(), before)

    def test_a_backup_is_not_overwritten(self):
        self.path.write_text("something else")
        self.assertIn("--force", self.ctl("backup", str(self.path), status=FAILED).stderr)
        self.assertEqual(self.path.read_text(), "something else")
        self.ctl("backup", str(self.path), "--force")
        self.assertIn("cellftpd accounts 1", self.path.read_text())

    def test_any_damage_is_found(self):
        """A byte changed, or cut off, anywhere: nothing is done."""
        self.ctl("backup", str(self.path))
        good = self.path.read_bytes()
        damaged = [good[:size] for size in range(0, len(good), 97)] + [good + b"x", good + good, b""]
        for place in range(0, len(good), 61):
            damaged.append(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        for content in damaged:
            self.path.write_bytes(content)
            self.assert_nothing_done("restore", str(self.path), "--force", status=FAILED)
        self.path.write_bytes(good)
        self.ctl("restore", str(self.path), "--force")

    def test_uids_of_another_range(self):
        self.ctl("backup", str(self.path))
        self.config.write_text(self.config.read_text().replace("hash_cost = 1;",
                               "hash_cost = 1; uid_min = 700000; uid_max = 700999;"))  # fmt: skip
        self.assertIn("accounts.uid_min", self.assert_nothing_done("restore", str(self.path), "--force", status=FAILED))

    def test_who_waits_meanwhile_changes_the_new_accounts(self):
        """An account that is made while all are exchanged is not made among those that are gone."""
        old = os.open(self.users, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(old, fcntl.LOCK_EX)
        waiting = subprocess.Popen(self.command("user", "add", "late", "--generate"), stdout=subprocess.DEVNULL)
        self.assertTrue(wait_until(lambda: re.search(rf"-> FLOCK .* {waiting.pid} ", Path("/proc/locks").read_text())))
        shutil.copytree(self.users, self.directory / "new")
        self.users.rename(self.directory / "gone")
        (self.directory / "new").rename(self.users)
        os.close(old)
        self.assertEqual(waiting.wait(60 * slow()), 0)
        self.assertEqual(self.names(), ["alice", "bob", "late"])

    def test_interrupted_anywhere(self):
        """All old accounts are there, or all new ones."""
        self.ctl("backup", str(self.path))
        new = self.records()
        for number in range(30):
            for name in ("alice", "bob"):
                record = self.users / f"{name}.conf"
                record.write_text(record.read_text().replace("read_only = false", "read_only = true"))
            old = self.records()
            process = subprocess.Popen(self.command("restore", str(self.path), "--force"), stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)  # fmt: skip
            time.sleep(number * 0.0004 * slow())
            process.send_signal(signal.SIGKILL)
            process.wait()
            self.assertIn(self.records(), (old, new))
        self.ctl("restore", str(self.path), "--force")
        self.assertEqual(self.records(), new)


class Login(ServerTest):
    def test_imported_users_log_in(self):
        """And their hashes become those of this server."""
        path = self.server.directory / "list"
        path.write_text(f"dora:{SHA512}:2001:2001::/x:::::1:::::::\n")
        path.chmod(0o600)
        self.server.ctl("import", "--from", "puredb", str(path))
        self.server.passwords["dora"] = SECRET
        self.login("dora").stor("a", b"x")
        self.assertIn("$y$", (self.server.directory / "users" / "dora.conf").read_text())


if __name__ == "__main__":
    main()
