"""Networks that an administrator has banned: cellftpctl ban, and what a client hears (complaint 8 of EXPECTATIONS)."""

import json

from harness import ServerTest, main, wait_until

BANNED = "An administrator has banned your address."


class Ban(ServerTest):
    def refused(self, source):
        client = self.server.connect(source=source, greeting=None)
        client.loose = True
        self.assertEqual(client.read(421).text, BANNED)
        client.read_end()

    def test_one_address(self):
        self.server.ctl("ban", "add", "127.0.0.7")
        self.refused("127.0.0.7")
        self.login(source="127.0.0.8").expect(257, "PWD")
        self.server.expect_log("connections", "refused", remote="127.0.0.7", reason="ban-list")
        self.server.expect_log("admin", "ban-add", detail="127.0.0.7, for ever")
        self.server.ctl("ban", "del", "127.0.0.7")
        self.server.expect_log("admin", "ban-delete", detail="127.0.0.7")
        self.login(source="127.0.0.7").expect(257, "PWD")

    def test_network(self):
        self.server.ctl("ban", "add", "127.0.1.0/24")
        self.refused("127.0.1.1")
        self.refused("127.0.1.254")
        self.login(source="127.0.2.1").expect(257, "PWD")
        self.assertEqual(self.server.ctl("ban", "del", "127.0.1.1", check=False).returncode, 1)
        self.refused("127.0.1.1")

    def test_living_sessions_are_ended(self):
        inside, outside, waiting = (
            self.login(source="127.0.0.7"),
            self.login(source="127.0.0.8"),
            self.server.connect(source="127.0.0.7"),
        )
        self.server.ctl("ban", "add", "127.0.0.7/32")
        for client in (inside, waiting):
            client.read(421)
            client.read_end()
        outside.expect(257, "PWD")
        self.server.expect_log("connections", "disconnect", remote="127.0.0.7", reason="banned", count=2)
        self.server.expect_log("admin", "kick", remote="127.0.0.7", reason="banned", count=2)

    def test_for_a_time(self):
        self.server.ctl("ban", "add", "127.0.0.7", "--for", "1h")
        self.server.ctl("ban", "add", "127.0.0.8", "--for", "1s")
        (entry,) = [one for one in json.loads(self.server.ctl("ban", "list", "--json").stdout) if one["network"] == "127.0.0.7"]
        self.assertTrue(entry["until"].endswith("Z"))
        self.assertEqual(entry["by"], "root")
        self.refused("127.0.0.7")
        self.assertTrue(wait_until(lambda: len(json.loads(self.server.ctl("ban", "list", "--json").stdout)) == 1))
        self.login(source="127.0.0.8").expect(257, "PWD")

    def test_damaged_line(self):
        self.server.ctl("ban", "add", "127.0.0.7")
        bans = self.server.directory / "state" / "bans"
        bans.write_text(bans.read_text() + "127.0.0.8 some day\n")
        self.refused("127.0.0.7")
        self.login(source="127.0.0.8").expect(257, "PWD")
        self.assertIn("line 3", self.server.expect_log("connections", "server-failed", reason="bans")["detail"])
        listed = self.server.ctl("ban", "list")
        self.assertIn("127.0.0.7", listed.stdout)
        self.assertIn("line 3", listed.stderr)

    def test_list_that_others_can_write_to(self):
        self.server.ctl("ban", "add", "127.0.0.7")
        (self.server.directory / "state" / "bans").chmod(0o666)
        client = self.server.connect(greeting=421)
        client.read_end()
        self.server.expect_log("connections", "server-failed", reason="bans")

    def test_flood_does_not_fill_the_log(self):
        self.server.ctl("ban", "add", "127.0.0.7")
        for _ in range(60):
            self.refused("127.0.0.7")
        self.assertLess(len(self.server.logs("connections", "refused", remote="127.0.0.7")), 50)

    def test_bad_arguments(self):
        for arguments in (("add",), ("add", "alice"), ("add", "127.0.0.1/33"), ("add", "127.0.0.1", "--for", "x"), ("del", "")):
            with self.subTest(arguments=arguments):
                self.assertEqual(self.server.ctl("ban", *arguments, check=False).returncode, 2)
        self.server.ctl("ban", "add", "127.0.0.7", "--dry-run")
        self.assertEqual(self.server.ctl("ban", "list").stdout, "")


if __name__ == "__main__":
    main()
