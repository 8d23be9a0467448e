"""cellftpctl doctor: what is not as it should be is found, with the remedy, and nothing else is."""

import json
import os

from harness import PASSWORD, ServerTest, main

FAILED, NOT_CONFIGURED = 1, 6


class Doctor(ServerTest):
    users = {"alice": PASSWORD, "bob": PASSWORD}

    def setUp(self):
        super().setUp()
        (self.server.directory / "logs").chmod(0o750)
        # Whether the tests' machine mounts its disk so, and has systemd, is not the question.
        self.before = self.notes(self.examine())

    def examine(self, status=0):
        done = self.server.ctl("doctor", "--json", check=False)
        self.assertEqual(done.returncode, status, f"{done.stdout}{done.stderr}")
        return json.loads(done.stdout)

    @staticmethod
    def notes(rows):
        return [row for row in rows if row["result"] == "note"]

    def assert_finds(self, subject, words, remedy, result="problem"):
        """Exactly one line that was not there before."""
        rows = self.examine(FAILED if result == "problem" else 0)
        found = [row for row in rows if row["result"] != "ok" and row not in self.before]
        self.assertEqual([row["result"] for row in found], [result], found)
        self.assertEqual(found[0]["subject"], subject)
        self.assertRegex(found[0]["found"], words)
        self.assertRegex(found[0]["remedy"] or "", remedy)

    def user_file(self, name):
        return self.server.directory / "users" / f"{name}.conf"

    def test_all_is_well(self):
        rows = self.examine()
        self.assertEqual({row["result"] for row in rows} - {"note"}, {"ok"})
        found = " ".join(row["found"] for row in rows)
        for words in ("entering a user's folder", "2 records", "directories.users", "certificate", "counted"):
            self.assertIn(words, found)
        for row in self.before:
            self.assertTrue(row["remedy"], row)
        text = self.server.ctl("doctor").stdout
        self.assertEqual([line.split("\t")[2] for line in text.splitlines()], [row["found"] for row in rows])

    def test_it_changes_nothing(self):
        def everything():
            return {path: path.lstat().st_mtime_ns for path in self.server.directory.rglob("*")}

        before = everything()
        self.examine()
        after = everything()
        changed = {path.name for path in after if after[path] != before.get(path)}
        self.assertLessEqual(changed, {"run"}, changed)  # the folder of the cell on trial, removed again

    def test_mode_of_a_directory(self):
        users = self.server.directory / "users"
        users.chmod(0o755)
        self.assert_finds(str(users), "directories.users: mode 0755: password hashes", "chmod 0700")

    def test_owner_of_a_directory(self):
        logs = self.server.directory / "logs"
        home = self.server.home("alice").stat()
        try:
            os.chown(logs, home.st_uid, -1)
            rows = self.examine(FAILED)
        finally:
            os.chown(logs, 0, -1)
        found = [row for row in rows if row["result"] == "problem"]
        self.assertEqual({row["subject"] for row in found}, {"server", str(logs)})

    def test_damaged_record(self):
        self.user_file("bob").write_text("damaged")
        rows = self.examine(FAILED)
        found = [row for row in rows if row["result"] == "problem"]
        self.assertEqual([(row["subject"], row["found"]) for row in found], [
            ("accounts", "1 with a damaged record cannot log in: bob"),
        ])

    def test_folder_that_is_gone(self):
        self.server.home("bob").rmdir()
        self.assert_finds("accounts", "1 have no folder of their own: bob", "login-test")

    def test_expired(self):
        self.server.ctl("user", "expire", "bob", "2001-01-01")
        self.assert_finds("accounts", "1 have expired: bob", "user expire", result="note")

    def test_certificate(self):
        self.server.configure({"tls": {"certificate": "/nonexistent/certificate.pem"}})
        rows = self.examine(FAILED)
        found = [row["found"] for row in rows if row["result"] == "problem"]
        self.assertTrue(any("/nonexistent/certificate.pem" in words for words in found), found)

    def test_23_share_that_cannot_work(self):
        common = self.server.directory / "common"
        self.server.configure({"shares": [{"path": str(common), "at": "common"}]})
        self.assert_finds("server", f"share at common: {common} is not there", "^$")
        common.mkdir()
        self.assertIn(f"share {common} at common", " ".join(row["found"] for row in self.examine()))

    def test_L14_hook_that_cannot_work(self):
        program = self.server.directory / "hook"
        self.server.configure({"hooks": {"upload": str(program)}})
        self.assert_finds("server", f"hooks.upload: .*{program}.*install it", "^$")
        program.write_text("#!/bin/sh\n")
        program.chmod(0o777)
        self.assert_finds("server", "hooks.upload: .*can be changed by others", "^$")
        program.chmod(0o755)
        self.assertIn(f"hooks.upload {program}", [row["found"] for row in self.examine()])

    def test_Q07_damaged_ledger(self):
        self.server.ctl("quota", "set", "alice", "1M")
        client = self.login()
        client.stor("one", b"x")
        client.quit()
        client.wait()
        self.assertEqual(self.notes(self.examine()), self.before)
        (ledger,) = (self.server.directory / "state" / "usage").iterdir()
        ledger.write_bytes(b"damaged")
        self.assert_finds("quotas", "1 can upload nothing.*: alice", "quota recount")
        self.server.ctl("quota", "set", "alice", "none")  # then nobody asks it
        self.examine()
        self.server.ctl("quota", "set", "alice", "1M")
        self.assert_finds("quotas", "1 can upload nothing.*: alice", "quota recount")
        self.server.ctl("quota", "recount", "--all")
        self.examine()

    def test_project_quotas_that_there_are_not(self):
        """The tests' folders are on a file system without: whatever kind it is, it is said what to do."""
        self.server.configure({"quota": {"backend": "project"}})
        rows = self.examine(FAILED)
        found = [row for row in rows if row["result"] == "problem"]
        self.assertEqual({row["subject"] for row in found}, {"server", str(self.server.directory / "homes")})
        for row in found:
            self.assertRegex(row["found"], "project quotas")
            self.assertRegex(row["remedy"], "prjquota|quota.backend")

    def test_configuration_with_a_mistake(self):
        """There is nothing to examine by, and the mistake is named."""
        good = self.server.config_file.read_text()
        self.server.config_file.write_text(good + "nonsense: { };\n")
        done = self.server.ctl("doctor", "--json", check=False)
        self.server.config_file.write_text(good)
        self.assertEqual((done.returncode, done.stdout), (NOT_CONFIGURED, ""))
        self.assertIn("nonsense", done.stderr)


if __name__ == "__main__":
    main()
