"""EPRT (RFC 2428 section 2, RFC 2577): an active data connection over IPv4 or IPv6, to the client and nobody else."""

import socket

from harness import ServerTest, main


class Eprt(ServerTest):
    def test_needs_login(self):
        self.check_needs_login("EPRT |1|127.0.0.1|50000|", "EPRT")

    def test_both_families(self):
        self.server.write("a", b"hello")
        for family in (socket.AF_INET, socket.AF_INET6):
            with self.subTest(family=family):
                client = self.login(family=family)
                self.assertEqual(client.retr("a", verb="EPRT"), b"hello")
                client.stor("b", b"upload", verb="EPRT")
                self.assertEqual(self.server.read("b"), b"upload")

    def test_any_delimiter(self):
        client = self.login()
        for delimiter in "|!:~,":
            with self.subTest(delimiter=delimiter):
                client.expect(200, "EPRT " + delimiter.join(["", "1", "127.0.0.1", "50000", ""]))

    def test_protocol(self):
        self.check_replies(self.login(), [("EPRT |3|127.0.0.1|50000|", 522, "(1"), ("EPRT |0|127.0.0.1|50000|", 522)])

    def test_family_that_does_not_fit(self):
        client = self.login()
        for argument in ("|2|::1|50000|", "|1|::1|50000|", "|2|127.0.0.1|50000|"):
            with self.subTest(argument=argument):
                self.assertIn(client.command(f"EPRT {argument}").code, (501, 522))
        self.assertIn(self.login(family=socket.AF_INET6).command("EPRT |1|127.0.0.1|50000|").code, (501, 522))

    def test_other_addresses_and_low_ports(self):  # D01 D02
        client = self.login()
        for argument in (
            "|1|10.9.8.7|10000|",
            "|1|127.0.0.2|10000|",
            "|1|0.0.0.0|10000|",
            "|1|127.0.0.1|0|",
            "|1|127.0.0.1|25|",
            "|1|127.0.0.1|1023|",
            "|1|127.0.0.1|65536|",
            "|1|127.0.0.1|99999|",
        ):
            with self.subTest(argument=argument):
                client.expect(501, f"EPRT {argument}")
                client.expect(425, "LIST")

    def test_syntax(self):  # E12
        client = self.login()
        for argument in (
            "|1|127.0.0.1|50000",
            "|1|127.0.0.1|",
            "|1||50000|",
            "||127.0.0.1|50000|",
            "|1|127.0.0.1|x|",
            "|1|127.1|50000|",
            "1|127.0.0.1|50000|",
            "|1|127.0.0.1|50000|x",
            "|1|127.0.0.1|-1|",
            "|",
            "||||",
            "x",
            "|1|" + "1" * 4000 + "|50000|",
            "|1|localhost|50000|",
        ):
            with self.subTest(argument=argument[:40]):
                client.expect(501, f"EPRT {argument}")
        client.expect(501, "EPRT")

    def test_refused_one_forgets_the_one_before(self):  # D08
        for bad, code in (("EPRT |1|127.0.0.1|25|", 501), ("EPRT |3|127.0.0.1|50000|", 522), ("EPRT x", 501)):
            with self.subTest(bad=bad):
                client = self.login()
                listening = client.eprt()
                client.expect(code, bad)
                client.expect(425, "LIST")
                self.assertFalse(listening.was_called())


class Disabled(ServerTest):
    config = {"active": {"enabled": False}}

    def test_not_offered(self):
        client = self.login()
        client.expect(502, "EPRT |1|127.0.0.1|50000|")
        client.expect(425, "LIST")


if __name__ == "__main__":
    main()
