"""cellftpctl quota: how much who stores, set, compared and mended, with sessions that are there."""

import contextlib
import json
import os

from harness import PASSWORD, ServerTest, main, wait_until

FAILED, USAGE = 1, 2
KIB = 1024
MIB = KIB * KIB


class QuotaTest(ServerTest):
    users = {"alice": PASSWORD, "bob": PASSWORD}

    def ctl(self, *arguments, status=0):
        done = self.server.ctl(*arguments, check=False)
        self.assertEqual(done.returncode, status, f"{arguments}: {done.stdout}{done.stderr}")
        return done

    def shown(self, *names):
        return {row["name"]: row for row in json.loads(self.ctl("quota", "show", *names, "--json").stdout)}

    def admin(self, word, **fields):
        return self.server.logs("admin", word, **fields)

    def rows(self, command, *arguments, status=0):
        return json.loads(self.ctl("quota", command, *arguments, "--json", status=status).stdout)

    def quiet(self, user="alice"):
        """Waits until no session has anything leased."""
        self.assertTrue(wait_until(lambda: self.shown(user)[user]["sessions"] == 0))

    def store(self, name, size, user="alice"):
        """A session that uploads a file and is gone."""
        client = self.login(user)
        client.stor(name, b"x" * size)
        client.quit()
        client.wait()

    def refuse(self, client, name, content):
        """An upload that does not fit: 552, before a byte is sent or as soon as it is too much."""
        data = client.passive()
        client.send(f"STOR {name}")
        reply = client.read_reply()
        if reply.code == 150:
            with contextlib.suppress(ConnectionError):
                data.handshake().send(content)
            data.close()
            reply = client.read_reply()
        self.assertEqual(reply.code, 552, reply)
        self.assertNotIn(name, client.names())


class Set(QuotaTest):
    def test_everywhere_at_once(self):
        """In the record, for a session that is there, and in the log; each of them once."""
        self.ctl("quota", "set", "alice", "10K", "--files", "100")
        client = self.login()
        client.stor("one", b"x" * 8 * KIB)
        self.refuse(client, "two", b"x" * 8 * KIB)
        self.assertIn("changed", self.ctl("quota", "set", "alice", "1M").stdout)
        client.stor("two", b"x" * 8 * KIB)
        self.assertIn("unchanged", self.ctl("quota", "set", "alice", "1M").stdout)
        self.ctl("quota", "set", "alice", "4K")
        self.refuse(client, "three", b"x" * KIB)
        self.assertEqual(client.retr("two"), b"x" * 8 * KIB)
        self.ctl("quota", "set", "alice", "none", "--files", "2")
        self.refuse(client, "three", b"x" * KIB)
        self.ctl("quota", "set", "alice", "none", "--files", "3")
        client.stor("three", b"x" * KIB)
        details = [record["detail"] for record in self.admin("quota-set", user="alice")]
        self.assertEqual(len(details), 5)
        self.assertEqual(details[0], "quota 10 KiB, files 100")

    def test_nothing_may_be_stored(self):
        """0 is no way to say "none" (row Q01)."""
        self.ctl("quota", "set", "alice", "0")
        client = self.login()
        self.refuse(client, "one", b"x")
        self.assertEqual(os.listdir(self.server.home("alice")), [])

    def test_default_is_the_groups(self):
        self.server.configure({"quota": {"bytes": "1 MiB"}})
        self.ctl("quota", "set", "alice", "none")
        self.assertIsNone(self.shown("alice")["alice"]["quota"])
        self.assertIn("(default)", self.ctl("quota", "set", "alice", "default").stdout)
        self.assertEqual(self.shown("alice")["alice"]["quota"], MIB)

    def test_dry_run(self):
        self.ctl("quota", "set", "alice", "5M")
        record = self.server.directory / "users" / "alice.conf"
        before = record.read_bytes()
        self.assertIn("would change", self.ctl("quota", "set", "alice", "6M", "--dry-run").stdout)
        self.assertEqual(record.read_bytes(), before)
        self.assertEqual(len(self.admin("quota-set")), 1)

    def test_session_that_began_without(self):
        """It has no ledger to ask: the administrator is told, and how it ends."""
        client = self.login()
        said = self.ctl("quota", "set", "alice", "1K").stderr
        self.assertIn('1 session of "alice" began without a quota and goes on so; "kick" ends it', said)
        client.stor("big", b"x" * 2 * KIB)

    def test_those_that_cannot_be_set(self):
        said = self.ctl("quota", "set", "daemon", "1G", status=FAILED).stderr
        self.assertRegex(said, "user of the system: its quota is that of a group")
        self.assertIn("does not exist", self.ctl("quota", "set", "nobody-knows", "1G", status=FAILED).stderr)
        for size in ("-1", "10X", "", "1 G B", "99999999999999999999", "2000000T", "unlimited", "NaN"):
            self.ctl("quota", "set", "alice", "--", size, status=USAGE)
        self.assertEqual(self.admin("quota-set"), [])


class Show(QuotaTest):
    def test_what_is_stored_and_free(self):
        self.ctl("quota", "set", "alice", "1M", "--files", "10")
        self.assertEqual(self.shown(), {})
        self.assertEqual(self.shown("alice")["alice"]["state"], "new")
        self.assertEqual(self.shown("bob")["bob"]["state"], "unlimited")
        self.store("one", 100 * KIB)
        self.quiet()
        alice = self.shown()["alice"]
        self.assertEqual(
            (alice["used"], alice["quota"], alice["free"], alice["files"], alice["files_quota"], alice["files_free"]),
            (100 * KIB, MIB, MIB - 100 * KIB, 1, 10, 9),
        )
        self.assertEqual((alice["state"], alice["leased"]), ("exact", 0))
        self.assertRegex(alice["counted"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        line = self.ctl("quota", "show").stdout.split("\t")
        self.assertEqual(line[:4], ["alice", str(100 * KIB), str(MIB), str(MIB - 100 * KIB)])

    def test_record_is_not_read_without_a_ledger(self):
        """With 100,000 accounts: those whose folder is nobody's with a ledger are left alone, damaged or not."""
        self.ctl("quota", "set", "alice", "1M")
        self.store("one", KIB)
        (self.server.directory / "users" / "bob.conf").write_text("damaged")
        done = self.ctl("quota", "show")
        self.assertEqual((done.stdout.split("\t")[0], done.stderr), ("alice", ""))
        self.assertIn("bob", self.ctl("quota", "show", "bob", status=FAILED).stderr)

    def test_home_elsewhere(self):
        """A ledger whose owner is not found by the folder's name is looked for in all records."""
        self.ctl("quota", "set", "alice", "1M")
        self.store("one", KIB)
        elsewhere = self.server.directory / "elsewhere"
        self.server.home("alice").rename(elsewhere)
        (self.server.directory / "homes" / "alice").mkdir()
        record = self.server.directory / "users" / "alice.conf"
        record.write_text(record.read_text() + f'home = "{elsewhere}";\n')
        self.assertEqual(list(self.shown()), ["alice"])
        self.assertEqual(self.rows("check", "alice")[0]["result"], "same")


class Count(QuotaTest):
    def setUp(self):
        super().setUp()
        self.ctl("quota", "set", "alice", "1M")
        self.store("one", 100 * KIB)
        self.quiet()

    def ledger(self):
        (path,) = (self.server.directory / "state" / "usage").iterdir()
        return path

    def test_Q05_drift(self):
        """What root adds and deletes: found, nothing changed by check; mended by recount, and logged once."""
        self.assertEqual(self.rows("check", "--all"), [])
        extra = self.server.write("extra", b"y" * 50 * KIB)
        before = self.ledger().read_bytes()
        (row,) = self.rows("check", "--all", status=FAILED)
        self.assertEqual(
            (row["name"], row["result"], row["before"], row["found"], row["files_before"], row["files_found"]),
            ("alice", "different", 100 * KIB, 150 * KIB, 1, 2),
        )
        self.assertEqual(self.ledger().read_bytes(), before)
        self.assertEqual(self.shown()["alice"]["used"], 100 * KIB)

        self.assertEqual(self.rows("recount", "alice")[0]["result"], "repaired")
        self.assertEqual(self.shown()["alice"]["used"], 150 * KIB)
        self.assertEqual(self.rows("recount", "--all"), [])
        (record,) = self.admin("quota-recount", user="alice")
        self.assertEqual(
            record["detail"],
            f"known were {100 * KIB} bytes in 1 files, there are {150 * KIB} bytes in 2 files",
        )
        extra.unlink()
        self.assertEqual(self.rows("check", "alice", status=FAILED)[0]["found"], 100 * KIB)

    def test_Q07_damaged(self):
        """A ledger that cannot be read is no empty one."""
        self.ledger().write_bytes(b"\0" * 100)
        done = self.ctl("quota", "show")
        self.assertIn("recount", done.stderr)
        self.assertEqual(self.shown()["alice"]["state"], "unknown")
        self.assertEqual(self.rows("check", "--all", status=FAILED)[0]["result"], "different")
        self.assertEqual(self.rows("recount", "--all")[0]["result"], "repaired")
        self.assertEqual((self.shown()["alice"]["used"], self.shown()["alice"]["state"]), (100 * KIB, "exact"))

    def test_while_a_session_writes(self):
        """Its lease covers what is not settled yet: no drift."""
        client = self.login()
        data = client.begin("STOR two")
        data.send(b"z" * 60 * KIB)
        self.assertTrue(wait_until(lambda: self.shown()["alice"]["leased"] >= 60 * KIB))
        self.assertEqual(self.rows("check", "alice")[0]["result"], "same")
        self.assertEqual(self.rows("recount", "alice")[0]["result"], "same")
        data.finish()
        client.read(226)
        client.quit()
        client.wait()
        self.assertEqual(self.rows("check", "alice")[0]["found"], 160 * KIB)

    def test_unfinished_uploads_are_swept(self):
        """Of those that nobody writes nothing is left, and they are paid for by nobody."""
        left = self.server.write(".cellftpd-upload-00000000000000aa", b"x" * 10, mtime=1e9)
        self.ctl("quota", "recount", "alice")
        self.assertFalse(left.exists())
        self.assertEqual(self.shown()["alice"]["used"], 100 * KIB)

    def test_quota_of_the_configuration(self):
        """A default that was changed holds for a session that is there after recount."""
        self.ctl("quota", "set", "alice", "default")
        self.server.configure({"quota": {"bytes": "200 KiB"}})
        client = self.login()
        self.server.configure({"quota": {"bytes": "110 KiB"}})
        self.ctl("quota", "recount", "alice")
        self.refuse(client, "two", b"x" * 20 * KIB)

    def test_without_a_folder(self):
        self.server.home("alice").rename(self.server.directory / "away")
        (row,) = self.rows("recount", "--all", status=FAILED)
        self.assertEqual(row["result"], "failed")

    def test_names_or_all(self):
        for command in ("check", "recount"):
            self.ctl("quota", command, status=USAGE)
            self.ctl("quota", command, "--all", "alice", status=USAGE)
            self.assertIn("bob", self.ctl("quota", command, "bob").stdout)


if __name__ == "__main__":
    main()
