"""EXPECTATIONS 15: a camera that knows no TLS is served where everybody else needs it, by an exception of its own that
the administrator gives and takes; nobody else gets in with it."""

from harness import PASSWORD, ServerTest, main, tls


@tls.in_clear("what is said about clients in clear")
class OldDevices(ServerTest):
    users = {"alice": PASSWORD, "camera": PASSWORD}
    config = {"tls": {"required": "always"}, "auth": {"order": ["local"]}}

    def may_in_clear(self, user):
        """Whether USER can log in and upload without TLS."""
        client = self.connect()
        reply = client.command(f"USER {user}")
        if reply.code == 530:
            self.assertIn("AUTH TLS", reply.text)
            client.expect(503, f"PASS {PASSWORD}")
            client.quit()
            return False
        self.assertEqual(reply.code, 331)
        client.expect(230, f"PASS {PASSWORD}")
        client.expect(200, "TYPE I")
        client.stor("picture.jpg", b"\xff\xd8" + bytes(5000))
        client.quit()
        return True

    def test_exception_for_one(self):
        self.assertEqual((self.may_in_clear("camera"), self.may_in_clear("alice")), (False, False))
        self.server.ctl("user", "mod", "camera", "--tls", "optional")
        self.assertEqual((self.may_in_clear("camera"), self.may_in_clear("alice")), (True, False))
        self.assertEqual((self.server.home("camera") / "picture.jpg").stat().st_size, 5002)
        self.server.ctl("user", "mod", "camera", "--tls", "default")
        self.assertFalse(self.may_in_clear("camera"))

    def test_an_administrator_has_no_exception(self):
        self.server.ctl("user", "mod", "camera", "--tls", "optional", "--role", "admin")
        self.assertFalse(self.may_in_clear("camera"))


class Strict(ServerTest):
    users = {"alice": PASSWORD}
    config = {"tls": {"required": "never"}, "auth": {"order": ["local"]}}

    @tls.in_clear("what is said about clients in clear")
    def test_required_for_one(self):
        self.server.ctl("user", "mod", "alice", "--tls", "required")
        client = self.connect()
        client.expect(530, "USER alice")
        self.assertEqual(self.server.logs("auth", "accepted"), [])


if __name__ == "__main__":
    main()
