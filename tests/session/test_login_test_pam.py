"""cellftpctl login-test with users of the system: the same answer as a login gets, with the reason."""

import json
import subprocess
from pathlib import Path

from harness import PASSWORD, main
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

    def assert_fails(self, name, step, words, password=PASSWORD):
        rows, stderr = self.login_test(name, password, False)
        self.assertEqual([row["step"] for row in rows.values() if row["result"] == "failed"], [step])
        self.assertIn(words, rows[step]["found"])
        self.assertTrue(rows[step]["remedy"])
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
        self.assert_fails("walter", "PAM", "bad-password", "wrong")
        self.assert_fails("nosuch", "account", "no back end")
        self.assert_fails("nosuch", "account", "no back end", None)
        self.assert_fails("root", "system user", "uid-too-low", None)
        subprocess.run(["chage", "-E", "1", "walter"], check=True)
        self.assert_fails("walter", "PAM", "expired")
        subprocess.run(["chage", "-E", "-1", "walter"], check=True)
        self.set_stack("account required pam_nologin.so\n" + UNIX)
        Path("/etc/nologin").write_text("Back at noon.\n")
        rows, stderr = self.login_test("walter", PASSWORD, False)
        self.assertIn("nologin", rows["PAM"]["found"])
        self.assertIn("Back at noon", stderr)  # what the modules say is for whoever asks
        Path("/etc/nologin").unlink()
        self.login("walter").quit()
        self.assertEqual(self.server.logs("auth", "refused"), [])
        self.assertEqual(self.server.logs("auth", "pam-message"), [])

    def test_home(self):
        self.add("walter")
        self.server.home("walter").rename(self.server.home("moved"))
        self.assert_fails("walter", "PAM", "no-home")
        self.assert_fails("walter", "folder", "No such file", None)
        self.server.home("moved").rename(self.server.home("walter"))


if __name__ == "__main__":
    main()
