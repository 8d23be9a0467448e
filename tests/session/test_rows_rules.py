"""What a user may do by rules: from where, when, how many sessions; by record, group and default; and anonymous access
(rows A16, A20, A21 and P02)."""

import os
import signal
import subprocess
import threading
import time

from harness import PASSWORD, ServerTest, before_tls, in_clear, main
from harness.network import own_network
from harness.system_users import SystemUserTest, setup


def setUpModule():
    setup()


def day(offset):
    """The name of the day that is OFFSET days from now, on this machine."""
    return time.strftime("%a", time.localtime(time.time() + offset * 86400)).lower()


def refused(test, user="alice", password=PASSWORD, source=None):
    """A login is refused with the words of every refusal; the connection stays."""
    client = test.connect(**({"source": source} if source else {}))
    client.expect(331, f"USER {user}")
    reply = client.expect(530, f"PASS {password}")
    test.assertEqual(reply.text, "Login incorrect.")
    return client


class Networks(ServerTest):
    users = {}

    def test_A16_a_login_from_another_network(self):
        self.server.add_user("alice", PASSWORD, "--networks", "127.0.3.0/24,127.9.9.9")
        for source in ("127.0.3.1", "127.0.3.255", "127.9.9.9"):
            self.login(source=source).expect(257, "PWD")
        for source in ("127.0.0.1", "127.0.4.1", "127.9.9.8"):
            refused(self, source=source)
            self.server.expect_log("auth", "refused", user="alice", remote=source, reason="network")
        # A wrong password is that, wherever it comes from: nobody learns from where they may.
        refused(self, password="wrong", source="127.0.4.1")
        self.server.expect_log("auth", "refused", user="alice", remote="127.0.4.1", reason="bad-password")

    def test_A16_the_record_wins_over_the_group_and_that_over_nothing(self):
        self.server.configure({"groups": [{"name": "office", "networks": ["127.0.3.0/24"]}]})
        self.server.add_user("alice", PASSWORD, "--groups", "office")
        self.server.add_user("bob", PASSWORD, "--groups", "office", "--networks", "127.0.5.0/24")
        self.server.add_user("carol", PASSWORD)
        self.login("alice", source="127.0.3.1")
        refused(self, "alice", source="127.0.5.1")
        self.login("bob", source="127.0.5.1")
        refused(self, "bob", source="127.0.3.1")
        self.login("carol", source="127.0.6.1")
        self.server.ctl("user", "mod", "bob", "--networks", "default")
        self.login("bob", source="127.0.3.1")
        refused(self, "bob", source="127.0.5.1")


class Hours(ServerTest):
    def test_A16_a_login_at_another_time(self):
        cases = [
            (day(0), True),
            (day(0) + "-" + day(1), True),
            (day(2) + "-" + day(3), False),
            (day(3) + ", " + day(0) + " 00:00-24:00", True),
            ("00:00-24:00", True),
        ]
        for hours, granted in cases:
            with self.subTest(hours):
                self.server.ctl("user", "mod", "alice", "--hours", hours)
                if granted:
                    self.login().quit()
                else:
                    refused(self)
                    self.server.expect_log("auth", "refused", user="alice", reason="hours")
        self.server.ctl("user", "mod", "alice", "--hours", "default")
        self.login()

    def test_who_is_in_stays(self):
        client = self.login()
        self.server.ctl("user", "mod", "alice", "--hours", day(3))
        client.stor("x", b"y")
        refused(self)

    def test_a_bad_hour_is_no_hour(self):
        for hours in ("25:00-26:00", "mon-", "monday", "08:00", "mon 8-18", "08:00-18:00,", ""):
            done = self.server.ctl("user", "mod", "alice", "--hours", hours, check=False)
            self.assertEqual(done.returncode, 2, hours)
        self.assertNotIn("hours", (self.server.directory / "users" / "alice.conf").read_text())


class Crowd(ServerTest):
    config = {"limits": {"per_user": 2, "waiting_per_address": 100, "per_address": 100}}

    def crowded(self, user="alice", number=2):
        client = self.connect()
        client.expect(331, f"USER {user}")
        reply = client.expect(421, f"PASS {PASSWORD}")
        self.assertIn(f"{number} session", reply.text)
        self.assert_closed(client)

    def test_P02_no_more_than_so_many(self):
        first, second = self.login(), self.login()
        self.crowded()
        # A wrong password hears nothing of it.
        refused(self, password="wrong")
        second.quit()
        second.wait()
        self.login()
        self.crowded()
        first.expect(257, "PWD")
        self.server.expect_log("auth", "refused", count=2, user="alice", reason="crowded")

    def test_P02_the_record_and_the_group_count_first(self):
        self.server.configure(self.config | {"groups": [{"name": "many", "sessions": 3}]})
        self.server.ctl("user", "mod", "alice", "--groups", "many")
        sessions = [self.login() for _ in range(3)]
        self.crowded(number=3)
        self.server.ctl("user", "mod", "alice", "--sessions", "1")
        self.crowded(number=1)
        self.server.ctl("user", "mod", "alice", "--sessions", "none")
        sessions.append(self.login())

    def test_P02_twenty_at_once(self):
        self.server.ctl("user", "mod", "alice", "--sessions", "5")
        clients = [self.connect() for _ in range(20)]
        codes = []
        barrier = threading.Barrier(20)

        def come(client):
            client.expect(331, "USER alice")
            barrier.wait()
            codes.append(client.command(f"PASS {PASSWORD}").code)

        threads = [threading.Thread(target=come, args=(client,)) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(codes), [230] * 5 + [421] * 15)
        self.server.expect_log("auth", "refused", count=15, user="alice", reason="crowded")

    @before_tls
    def test_P02_a_monitor_that_was_killed_frees_its_place(self):
        first, _ = self.login(), self.login()
        self.crowded()
        first.exit_status, first.loose = None, True
        os.kill(first.monitor_pid, signal.SIGKILL)
        first.wait()
        self.login().expect(257, "PWD")
        self.crowded()


class Anonymous(ServerTest):
    def test_A21_off_by_default(self):
        """As any name that there is none of: the same words, and the same reason in the log."""
        for name in ("anonymous", "ftp", "nobody-of-ours"):
            refused(self, name, "mozilla@example.com")
            self.server.expect_log("auth", "refused", user=name, reason="unknown-user")

    def test_A21_to_read_and_nothing_else(self):
        self.server.configure({"anonymous": {"enabled": True}})
        self.server.add_user("anonymous", PASSWORD)
        self.server.write("file", b"for everybody", "anonymous")
        for name in ("anonymous", "ftp"):
            client = self.connect()
            client.expect(331, f"USER {name}")
            client.expect(230, "PASS guest@")
            self.assertEqual(client.retr("file"), b"for everybody")
            client.passive()
            self.assertIn(client.command("STOR new").code, (550, 553))
            for command in ("MKD new", "DELE file", "RMD x", "SITE CHMOD 777 file", "MFMT 20200101000000 file"):
                self.assertIn(client.command(command).code, (500, 502, 504, 550, 553), command)
            self.assertIn(client.command("RNFR file").code, (350, 550))
            self.assertIn(client.command("RNTO other").code, (503, 550, 553))
            client.quit()
        self.assertEqual([path.name for path in self.server.home("anonymous").iterdir()], ["file"])
        self.server.expect_log("auth", "accepted", count=2, user="anonymous")
        # Alice needs her password as ever.
        refused(self, "alice", "guest@")

    def test_A21_other_names_and_another_account(self):
        self.server.configure({"anonymous": {"enabled": True, "account": "public", "names": ["guest"]}})
        self.server.add_user("public", PASSWORD)
        client = self.connect()
        client.expect(331, "USER guest")
        client.expect(230, "PASS x")
        for name in ("anonymous", "ftp", "public"):
            refused(self, name, "x")
        # Who knows the password of the account is its owner.
        self.login("public").stor("new", b"x")

    def test_A21_nobody_without_an_account_or_as_an_administrator(self):
        self.server.configure({"anonymous": {"enabled": True}, "groups": [{"name": "boss", "role": "admin"}]})
        refused(self, "ftp", "x")
        check = [self.server.program, "--check", "--config", self.server.config_file]
        done = subprocess.run(check, capture_output=True, text=True, check=False)
        self.assertIn('MISSING anonymous.account "anonymous"', done.stdout)
        self.server.expect_log("auth", "refused", user="ftp", reason="anonymous-account")
        self.assertIn("cellftpctl user add anonymous", self.server.logs("auth", "refused")[-1]["detail"])
        self.server.add_user("anonymous", PASSWORD, "--groups", "boss")
        refused(self, "ftp", "x")
        self.server.expect_log("auth", "refused", user="ftp", reason="anonymous-admin")
        self.server.ctl("user", "mod", "anonymous", "--role", "user")
        client = self.connect()
        client.expect(331, "USER ftp")
        client.expect(230, "PASS x")
        client.quit()
        client.wait()
        self.server.ctl("user", "lock", "anonymous")
        refused(self, "ftp", "x")
        self.server.expect_log("auth", "refused", user="ftp", reason="disabled")


class ReadOnly(ServerTest):
    def test_A20_a_group_makes_readers(self):
        self.server.configure({"groups": [{"name": "readers", "read_only": True}]})
        self.server.ctl("user", "mod", "alice", "--groups", "readers")
        client = self.login()
        client.passive()
        client.expect(550, "STOR x")
        self.server.ctl("user", "mod", "alice", "--read-write")
        self.login().stor("x", b"the record says so")


@in_clear("the password in clear is what it is about")
class Administrators(SystemUserTest):
    config = SystemUserTest.config | {"tls": {"required": "never"}, "groups": [{"name": "mail", "role": "admin"}]}

    def test_A20_by_a_group_only_under_tls(self):
        """From elsewhere than loopback; the password of a system user is only known to be an administrator's when it
        has come."""
        self.server.add_user("alice", PASSWORD, "--groups", "mail")
        self.add("walter", "--groups", "mail")
        self.add("wanda")
        with own_network("198.51.100.7/32"):
            self.check(self.connect(source="198.51.100.7"))

    def check(self, client):
        client.expect(530, "USER alice")
        client.expect(331, "USER walter")
        client.expect(530, f"PASS {PASSWORD}")
        client.expect(331, "USER wanda")
        client.expect(230, f"PASS {PASSWORD}")
        for name in ("alice", "walter"):
            self.server.expect_log("auth", "refused", user=name, reason="tls-required")


class SystemUsers(SystemUserTest):
    config = SystemUserTest.config | {
        "groups": [
            {"name": "mail", "networks": ["127.0.3.0/24"], "sessions": 1},
            {"name": "adm", "networks": ["127.0.4.0/24"], "read_only": True},
        ],
        "limits": {"per_user": 2},
    }

    def test_A16_rules_by_the_groups_of_the_system(self):
        self.add("walter", "--groups", "mail,adm")
        self.add("wanda", "--groups", "adm")
        self.add("wilma")
        refused(self, "walter", source="127.0.4.1")
        self.server.expect_log("auth", "refused", user="walter", reason="network")
        client = self.login("walter", source="127.0.3.1")
        client.passive()
        client.expect(550, "STOR x")
        refused(self, "wanda", source="127.0.3.1")
        self.login("wanda", source="127.0.4.1")
        self.login("wilma").stor("x", b"y")

    def test_A16_the_primary_group_counts_too(self):
        self.add("walter", "--gid", "mail")
        refused(self, "walter", source="127.0.4.1")
        self.login("walter", source="127.0.3.1")

    def test_P02_sessions_of_a_system_user(self):
        self.add("walter", "--groups", "mail")
        self.add("wilma")
        for name, source, number in (("walter", "127.0.3.1", 1), ("wilma", "127.0.0.1", 2)):
            sessions = [self.login(name, source=source) for _ in range(number)]
            client = self.connect(source=source)
            client.expect(331, f"USER {name}")
            self.assertIn(f"{number} session", client.expect(421, f"PASS {PASSWORD}").text)
            self.assert_closed(client)
            sessions[0].quit()
            sessions[0].wait()
            self.login(name, source=source)

    def test_S07_a_refused_one_has_no_session_left_open(self):
        """Its session is closed when the rules refuse it, not at the end of the connection."""
        self.set_stack("auth required pam_unix.so\naccount required pam_unix.so\nsession required MODULE record=DIRECTORY/record\n")
        self.add("walter", "--groups", "mail")
        client = refused(self, "walter", source="127.0.4.1")
        self.assertIn("close", self.record.read_text())
        client.quit()


if __name__ == "__main__":
    main()
