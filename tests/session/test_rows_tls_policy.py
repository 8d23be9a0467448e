"""From whom a login in clear is refused (row A10), for the server, an address, and one account; and what of that is
logged. The monitor decides: see tests/unit/test_tls_policy.c for every combination."""

from harness import PASSWORD, ServerTest, main
from harness.network import own_network
from harness.tls import in_clear

CLEAR, TLS = 331, 530


@in_clear("these begin TLS themselves, or must not")
class Policy(ServerTest):
    users = {"alice": PASSWORD, "camera": PASSWORD, "boss": PASSWORD, "root2": PASSWORD}

    def setUp(self):
        super().setUp()
        self.set("camera", "tls", "optional")
        self.set("boss", "tls", "required")
        self.set("root2", "role", "admin")

    def set(self, user, key, value):
        """Puts the key into the account's record."""
        record = self.server.directory / "users" / f"{user}.conf"
        lines = [line for line in record.read_text().splitlines() if not line.startswith(f"{key} =")]
        record.write_text("\n".join([*lines, f'{key} = "{value}";']) + "\n")

    def check_users(self, expected, **arguments):
        """What USER is answered, by name; then PASS decides for those who may send it."""
        for name, code in expected.items():
            with self.subTest(name=name, **arguments):
                client = self.connect(secure="clear", **arguments)
                reply = client.expect(code, f"USER {name}")
                if code == TLS:
                    self.assertIn("AUTH TLS", reply.text)
                    client.expect(503, f"PASS {PASSWORD}")
                else:
                    client.expect(530 if name == "nosuch" else 230, f"PASS {PASSWORD}")
                client.quit()

    def check_tls(self, **arguments):
        """Under TLS everybody may."""
        for name in self.users:
            client = self.connect(secure="1.3", **arguments)
            client.login(name)
            client.quit()

    def test_A10_by_option_and_account(self):
        always = {"alice": TLS, "nosuch": TLS, "camera": CLEAR, "boss": TLS, "root2": TLS, "../alice": TLS}
        others = {"alice": CLEAR, "nosuch": CLEAR, "camera": CLEAR, "boss": TLS, "root2": CLEAR}
        for required, expected in (("always", always), ("public", others), ("never", others)):
            with self.subTest(required=required):
                self.server.configure({"tls": {"required": required}})
                self.check_users(expected)
                self.check_tls()

    def test_A10_by_address(self):
        private = {"alice": CLEAR, "nosuch": CLEAR, "camera": CLEAR, "boss": TLS, "root2": TLS}
        public = {"alice": TLS, "nosuch": TLS, "camera": CLEAR, "boss": TLS, "root2": TLS}
        with own_network("10.9.8.7/32", "198.51.100.7/32", "100.64.0.7/32"):
            self.check_users(private, source="10.9.8.7")
            self.check_users(public, source="198.51.100.7")
            self.check_users(public, source="100.64.0.7")
            self.check_tls(source="198.51.100.7")

    def test_A10_the_control_connection_stays_open_for_auth(self):
        self.server.configure({"tls": {"required": "always"}})
        client = self.connect(secure="clear")
        client.expect(530, "USER alice")
        client.expect(503, f"PASS {PASSWORD}")
        client.start_tls()
        client.login()
        client.expect(200, "TYPE I")
        client.stor("a", b"x")

    def test_A10_refused_in_the_log_and_no_failure(self):
        server = self.make_server({"tls": {"required": "always"}, "login": {"failures_per_address": 2}})
        for _ in range(5):
            client = server.connect(secure="clear")
            client.expect(530, "USER alice")
            client.expect(530, "USER nosuch")
            client.quit()
        for user in ("alice", "nosuch"):
            server.expect_log("auth", "refused", count=5, user=user, reason="tls-required", protocol="none")
        server.expect_log("auth", "banned", count=0)
        client = server.login(secure="1.3")  # nobody was banned for it
        client.quit()

    def test_refusals_without_end_are_not_all_logged(self):
        server = self.make_server({"tls": {"required": "always"}, "login": {"attempts": 20}})
        client = server.connect(secure="clear")
        for _ in range(100):
            client.expect(530, "USER alice")
        client.quit()
        client.wait()
        self.assertLess(len(server.logs("auth", "refused", reason="tls-required")), 60)
        server.expect_log("connections", "log-throttled")

    def test_so_many_names_and_no_more(self):
        """Whoever asks on learns nothing about accounts any more."""
        for required, code in (("always", TLS), ("never", CLEAR)):
            self.server.configure({"tls": {"required": required}})
            client = self.connect(secure="clear")
            for _ in range(9):
                client.expect(CLEAR, "USER camera")
            client.expect(code, "USER camera")
            client.expect(code, "USER boss")
            client.expect(code, "USER nosuch")
            client.expect(code, "USER boss")
            client.expect(503 if code == TLS else 530, f"PASS {PASSWORD}")
            client.start_tls()
            client.login("boss")
        self.server.expect_log("auth", "accepted", count=0, user="boss", protocol="none")
        self.server.expect_log("auth", "refused", user="boss", reason="tls-required", count=3)

    def test_record_that_changes_between_user_and_pass(self):
        client = self.connect(secure="clear")
        client.expect(331, "USER alice")
        self.set("alice", "tls", "required")
        client.expect(530, f"PASS {PASSWORD}")
        self.server.expect_log("auth", "refused", user="alice", reason="tls-required", protocol="none")

    def test_protocol_in_the_log(self):
        for secure, protocol in (("clear", "none"), ("1.2", "TLSv1.2"), ("1.3", "TLSv1.3"), ("implicit", "TLSv1.3")):
            client = self.connect(secure=secure)
            client.expect(331, "USER alice")
            client.expect(530, "PASS wrong")
            client.login()
            client.quit()
            count = 2 if secure == "implicit" else 1
            self.server.expect_log("auth", "refused", count=count, reason="bad-password", protocol=protocol)
            self.server.expect_log("auth", "accepted", count=count, user="alice", protocol=protocol)
            self.server._expected.clear()


if __name__ == "__main__":
    main()
