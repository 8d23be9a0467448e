"""Row A20 for users of the system: those of a group with role = "admin" are administrators, and nothing of what they are
on the host comes with them."""

import subprocess
from pathlib import Path

from harness import PASSWORD, main, process
from harness.system_users import SERVICE, SystemUserTest, setup
from session.test_cell import capabilities
from session.test_rows_admin import CHOWN, DAC_OVERRIDE, FOWNER


def setUpModule():
    setup()


class GroupTest(SystemUserTest):
    config = {
        "auth": {"order": ["local", "pam"]},
        "pam": {"service": SERVICE},
        "groups": [{"name": "mail", "role": "admin"}],
        "tls": {"required": "never"},
    }
    users = {"alice": PASSWORD}

    def admin(self, name, **arguments):
        client = self.connect(**arguments)
        client.is_admin = True
        client.login(name)
        client.expect(200, "TYPE I")
        return client

    def address(self):
        done = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=True)
        return next(address for address in done.stdout.split() if ":" not in address)


class SystemUsers(GroupTest):
    def test_A20_an_administrator_by_a_group_of_the_system(self):
        self.add("walter", "--groups", "adm,mail")
        self.server.ctl("user", "mod", "alice", "--role", "admin")  # which opens the folder of all folders
        self.server.ctl("user", "mod", "alice", "--role", "user")
        client = self.admin("walter")
        pid, number = self.session_pid(client), str(self.server.uid_min + 999)
        found = process.status(pid)
        self.assertEqual(found["Uid"].split() + found["Gid"].split(), [number] * 8)
        self.assertEqual(found["Groups"], "")
        for name in ("CapPrm", "CapEff"):
            self.assertEqual(found[name], capabilities(CHOWN, DAC_OVERRIDE, FOWNER), name)
        first = str(self.server.uid_min)
        for name in ("uid_map", "gid_map"):
            self.assertEqual(Path(f"/proc/{pid}/{name}").read_text(encoding="ascii").split(), [first, first, "1000"])
        self.assertEqual(sorted(client.names()), ["alice", "walter"])
        client.stor("alice/f", b"x")
        status = self.server.path("f").stat()
        self.assertEqual((status.st_uid, status.st_gid), (self.server.uid(),) * 2)

    def test_A20_his_own_files_on_the_host_are_not_his_there(self):
        self.add("walter", "--groups", "mail")
        self.server.write("mine", b"x", "walter", mode=0o600)
        self.server.home("walter").chmod(0o755)
        self.server.home("alice")
        client = self.admin("walter")
        client.passive()
        client.expect(550, "RETR walter/mine")
        client.expect(550, "DELE walter/mine")
        client.expect(550, "MKD walter/new")

    def test_A20_others_of_the_system_are_users(self):
        self.add("walter", "--groups", "adm")
        client = self.login("walter")
        found = process.status(self.session_pid(client))
        self.assertEqual(found["CapEff"], capabilities())
        self.assertEqual(found["Uid"].split(), [str(self.server.uid("walter"))] * 4)

    def test_A20_needs_TLS_but_on_loopback(self):
        """His role is not known before the password is; then it is refused, whatever tls.required says."""
        self.add("walter", "--groups", "mail")
        address = self.address()
        client = self.connect(source=address, secure="clear")
        client.expect(331, "USER walter")
        client.expect(530, f"PASS {PASSWORD}")
        self.server.expect_log("auth", "refused", user="walter", reason="tls-required")
        self.admin("walter", source=address, secure="1.3")
        self.admin("walter", secure="clear")


class LocalAccounts(GroupTest):
    def label(self, name):
        record = self.server.directory / "users" / f"{name}.conf"
        record.write_text(record.read_text(encoding="utf-8") + 'groups = [ "mail" ];\n', encoding="utf-8")

    def test_A20_an_administrator_by_a_label(self):
        self.server.add_user("boss")
        self.label("boss")
        client = self.admin("boss")
        self.assertEqual(process.status(client.session_pid)["CapEff"], capabilities(CHOWN, DAC_OVERRIDE, FOWNER))
        client.expect(257, "MKD alice/d")
        self.assertEqual(self.server.path("d").stat().st_uid, self.server.uid())
        client = self.connect(source=self.address(), secure="clear")
        client.expect(530, "USER boss")

    def test_A20_a_role_of_the_record_wins(self):
        self.server.add_user("boss")
        self.label("boss")
        record = self.server.directory / "users" / "boss.conf"
        record.write_text(record.read_text(encoding="utf-8") + 'role = "user";\n', encoding="utf-8")
        self.assertEqual(process.status(self.login("boss").session_pid)["CapEff"], capabilities())


if __name__ == "__main__":
    main()
