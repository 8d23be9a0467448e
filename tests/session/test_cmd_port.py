"""PORT (RFC 959 section 4.1.2, RFC 2577): an active data connection, to the client and nobody else."""

import socket

from harness import ServerTest, main


class Port(ServerTest):
    def test_needs_login(self):
        self.check_needs_login("PORT 127,0,0,1,200,1", "PORT")

    def test_transfer(self):
        self.server.write("a", b"hello")
        client = self.login()
        self.assertEqual(client.retr("a", verb="PORT"), b"hello")
        client.stor("b", b"upload", verb="PORT")
        self.assertEqual(self.server.read("b"), b"upload")

    def test_call_comes_from_the_servers_address(self):
        client = self.login()
        listening = client.port()
        client.send("NLST")
        data = listening.accept()
        self.assertEqual(listening.peer[0], "127.0.0.1")
        client.read(150)
        self.assertEqual(data.receive_all(), b"")
        client.read(226)

    def test_other_addresses(self):  # D01
        client = self.login()
        for host in ("127,0,0,2", "10,9,8,7", "0,0,0,0", "255,255,255,255", "224,0,0,1"):
            with self.subTest(host=host):
                client.expect(501, f"PORT {host},200,1")
                client.expect(425, "LIST")

    def test_low_ports(self):  # D02
        client = self.login()
        for port in (0, 20, 25, 1023):
            with self.subTest(port=port):
                client.expect(501, f"PORT 127,0,0,1,{port // 256},{port % 256}")
        client.expect(200, "PORT 127,0,0,1,4,0")

    def test_syntax(self):  # E12
        client = self.login()
        for argument in (
            "",
            "127,0,0,1",
            "127,0,0,1,200",
            "127,0,0,1,200,1,1",
            "127,0,0,1,256,1",
            "127,0,0,1,200,256",
            "127,0,0,1,200,",
            "127.0.0.1,200,1",
            "127,0,0,1,-200,1",
            "127,0,0,1,200,x",
            ",,,,,",
            "1270000000,0,0,1,200,1",
            " 127,0,0,1,200,1",
            "127,0,0,1,200,1x",
            "127,0,0,1,390625,1",
            "x" * 4000,
        ):
            with self.subTest(argument=argument[:40]):
                client.expect(501, f"PORT {argument}")

    def test_refused_one_forgets_the_one_before(self):  # D08
        for bad in ("PORT 127,0,0,1,0,25", "PORT 10,9,8,7,200,1", "PORT nonsense"):
            with self.subTest(bad=bad):
                client = self.login()
                listening = client.port()
                client.expect(501, bad)
                client.expect(425, "LIST")
                self.assertFalse(listening.was_called())

    def test_one_transfer_each(self):
        client = self.login()
        client.list()
        listening = client.port()
        client.send("NLST")
        data = listening.accept()
        client.read(150)
        data.receive_all()
        client.read(226)
        client.expect(425, "NLST")

    def test_nobody_listens(self):
        client = self.login()
        listening = client.listen()
        listening.close()
        client.expect(200, f"PORT 127,0,0,1,{listening.port // 256},{listening.port % 256}")
        reply = client.command("LIST")
        self.assertEqual((client.read_reply() if reply.code == 150 else reply).code, 425)
        self.assertEqual(client.list(), [])

    def test_passive_after_active_counts(self):
        self.server.write("a", b"hello")
        client = self.login()
        listening = client.port()
        self.assertEqual(client.retr("a"), b"hello")
        self.assertFalse(listening.was_called())

    def test_over_ipv6_there_is_no_such_address(self):
        self.assertIn(self.login(family=socket.AF_INET6).command("PORT 127,0,0,1,200,1").code, (501, 522))


class Disabled(ServerTest):
    config = {"active": {"enabled": False}}

    def test_not_offered(self):
        client = self.login()
        client.expect(502, "PORT 127,0,0,1,200,1")
        client.expect(425, "LIST")


if __name__ == "__main__":
    main()
