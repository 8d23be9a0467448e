"""cellftpctl login-test with users of the system: the same answer as a login gets, with the reason."""

import json
import re
import subprocess
from pathlib import Path

from harness import PASSWORD, main
from harness.server import ROOT
from harness.system_users import UNIX, SystemUserTest, setup


def setUpModule():
    setup()


class LoginTest(SystemUserTest):
    def login_test(self, name, password=None, good=True):
        """({step: row}, stderr)"""
        arguments = ["login-test", name, "--json"] + (["--password-stdin"] if password is not None else [])
        done = self.server.ctl(*arguments, text=f"{password}\n", check=False)
        self.assertEqual(done.returncode, 0 if good else 1, done.stdout + done.stderr)
        return {row["step"]: row for row in json.loads(done.stdout)}, done.stderr

    def assert_fails(self, name, step, words, password=PASSWORD, remedy=""):
        rows, stderr = self.login_test(name, password, False)
        self.assertEqual([row["step"] for row in rows.values() if row["result"] == "failed"], [step])
        self.assertIn(words, rows[step]["found"])
        self.assertTrue(rows[step]["remedy"])
        self.assertIn(remedy, rows[step]["remedy"])
        self.assertIn(f"{name} cannot log in: {step}", stderr)

    def test_system_users(self):
        self.add("walter")
        rows, _ = self.login_test("walter", PASSWORD)
        self.assertEqual(rows["PAM"]["result"], "ok")
        self.assertEqual(rows["folder"]["found"], str(self.server.home("walter")))
        self.assertEqual(rows["entering the folder"]["result"], "ok")
        rows, _ = self.login_test("walter")
        self.assertEqual(rows["PAM"]["result"], "untested")
        self.assertEqual(rows["entering the folder"]["result"], "ok")
        self.assert_fails("walter", "PAM", "bad-password", "wrong", remedy="passwd NAME")
        self.assert_fails("nosuch", "account", "no back end")
        self.assert_fails("nosuch", "account", "no back end", None)
        self.assert_fails("root", "system user", "uid-too-low", None, remedy="pam.uid_min")
        subprocess.run(["chage", "-E", "1", "walter"], check=True)
        self.assert_fails("walter", "PAM", "expired", remedy="chage")
        subprocess.run(["chage", "-E", "-1", "walter"], check=True)
        self.set_stack("account required pam_nologin.so\n" + UNIX)
        Path("/etc/nologin").write_text("Back at noon.\n")
        rows, stderr = self.login_test("walter", PASSWORD, False)
        self.assertIn("nologin", rows["PAM"]["found"])
        self.assertIn("/etc/nologin", rows["PAM"]["remedy"])
        self.assertIn("Back at noon", stderr)  # what the modules say is for whoever asks
        Path("/etc/nologin").unlink()
        self.login("walter").quit()
        self.assertEqual(self.server.logs("auth", "refused"), [])
        self.assertEqual(self.server.logs("auth", "pam-message"), [])

    def test_any_other_reason(self):
        """The section of the manual that is named is there."""
        self.add("walter")
        self.set_stack("auth required pam_permit.so\naccount required pam_deny.so\n")
        rows, _ = self.login_test("walter", PASSWORD, False)
        section = re.match(r"see ([A-Z ]+) in cellftpd\(8\)", rows["PAM"]["remedy"])[1]
        self.assertIn(f".Sh {section}\n", (ROOT / "man/cellftpd.8").read_text())

    def test_home(self):
        self.add("walter")
        self.server.home("walter").rename(self.server.home("moved"))
        self.assert_fails("walter", "PAM", "no-home", remedy="belongs to the user")
        self.assert_fails("walter", "folder", "No such file", None)
        self.server.home("moved").rename(self.server.home("walter"))


if __name__ == "__main__":
    main()
