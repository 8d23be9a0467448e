"""NOOP (RFC 959 section 4.1.3): nothing, also many times at once and with odd ends of lines."""

from harness import ServerTest, main


class Noop(ServerTest):
    def test_before_and_after_login(self):
        client = self.connect()
        client.expect(200, "NOOP")
        client.login()
        self.check_replies(client, [("NOOP", 200), ("noop", 200), ("NoOp", 200)])

    def test_pipelined(self):
        client = self.login()
        client.raw(b"NOOP\r\n" * 500)
        for _ in range(500):
            client.read(200)

    def test_byte_by_byte(self):
        client = self.connect()
        for byte in b"NOOP\r\n":
            client.raw(bytes([byte]))
        client.read(200)

    def test_bare_line_feed_ends_a_line(self):
        client = self.connect()
        client.raw(b"NOOP\nNOOP\r\nNOOP\n")
        for _ in range(3):
            client.read(200)

    def test_telnet_sequences_are_taken_out(self):  # P16
        client = self.connect()
        client.raw(b"\xff\xf4\xff\xf2NO\xff\xfb\x01OP\r\n")
        client.read(200)

    def test_argument(self):
        self.login().expect(200, "NOOP x")

    def test_unknown_commands(self):
        client = self.login()
        self.check_replies(
            client,
            [
                ("NOSUCH", 500),
                ("NOOPX", 500),
                ("N", 500),
                ("ACCT x", 502),
                ("SMNT x", 502),
                ("ADAT x", 502),
                ("MIC x", 502),
                ("CONF x", 502),
                ("ENC x", 502),
                ("NOOP", 200),
            ],
        )

    def test_idle_session_ends(self):
        server = self.make_server({"session": {"idle": "1 s"}})
        client = server.login()
        client.read(421)
        self.assert_closed(client)


if __name__ == "__main__":
    main()
