"""PASV (RFC 959 section 4.1.2): a passive data connection over IPv4, for one transfer."""

import socket

from harness import ServerTest, main


class Pasv(ServerTest):
    def test_needs_login(self):
        self.check_needs_login("PASV")

    def test_transfer(self):
        self.server.write("a", b"hello")
        client = self.login()
        self.assertEqual(client.retr("a", verb="PASV"), b"hello")
        client.stor("b", b"upload", verb="PASV")
        self.assertEqual(self.server.read("b"), b"upload")

    def test_address_and_port(self):
        client = self.login()
        for _ in range(20):
            host, port = client.pasv()
            self.assertEqual(host, "127.0.0.1")
            first, last = (int(end) for end in self.server.ports.split("-"))
            self.assertTrue(first <= port <= last, port)

    def test_takes_no_argument(self):
        self.login().expect(501, "PASV x")

    def test_one_transfer_each(self):
        self.server.write("a", b"hello")
        client = self.login()
        client.retr("a", verb="PASV")
        client.expect(425, "RETR a")

    def test_new_one_closes_the_old(self):  # D06
        client = self.login()
        first = client.pasv()
        second = client.pasv()
        with self.assertRaises(ConnectionRefusedError):
            client.dial(first).receive_all()
        self.assertEqual(client.dial(second).raw.getpeername()[1], second[1])

    def test_connection_may_come_after_the_command(self):
        self.server.write("a", b"hello")
        client = self.login()
        address = client.pasv()
        client.send("RETR a")
        data = client.dial(address)
        client.read(150)
        self.assertEqual(data.receive_all(), b"hello")
        client.read(226)

    def test_over_ipv6_there_is_no_address_to_tell(self):
        client = self.login(family=socket.AF_INET6)
        self.assertIn("EPSV", client.expect(425, "PASV").text)
        self.assertEqual(client.list(), [])


class NoConnection(ServerTest):
    config = {"transfer": {"connect": "1 s"}}

    def test_nobody_comes(self):
        self.server.write("a", b"hello")
        client = self.login()
        client.pasv()
        client.send("RETR a")
        replies = [client.read_reply().code]
        while replies[-1] < 200:
            replies.append(client.read_reply().code)
        self.assertEqual(replies[-1], 425)
        self.assertEqual(client.retr("a", verb="PASV"), b"hello")


class Range(ServerTest):
    config = {"passive": {"ports": "50990-50999"}}

    def test_configured_ports(self):
        client = self.login()
        self.assertTrue(all(50990 <= client.pasv()[1] <= 50999 for _ in range(20)))


class Announced(ServerTest):
    config = {
        "passive": {"address": "203.0.113.5", "networks": ["127.0.0.2/32=127.0.0.1", "127.0.0.0/16=198.51.100.7"]}
    }

    def announced(self, source):
        return self.login(source=source).pasv()[0]

    def test_fixed_address_and_exceptions(self):
        self.assertEqual(self.announced("127.0.0.1"), "198.51.100.7")
        self.assertEqual(self.announced("127.0.0.2"), "127.0.0.1")
        self.assertEqual(self.announced("127.9.0.1"), "203.0.113.5")


if __name__ == "__main__":
    main()
