"""EPSV (RFC 2428 section 3): a passive data connection over IPv4 or IPv6, and EPSV ALL."""

import socket

from harness import ServerTest, main


class Epsv(ServerTest):
    def test_needs_login(self):
        self.check_needs_login("EPSV", "EPSV ALL", "EPSV 1")

    def test_both_families(self):
        self.server.write("a", b"hello")
        for family in (socket.AF_INET, socket.AF_INET6):
            with self.subTest(family=family):
                client = self.login(family=family)
                self.assertEqual(client.retr("a"), b"hello")
                client.stor("b", b"upload")
                self.assertEqual(self.server.read("b"), b"upload")

    def test_family_must_be_that_of_the_control_connection(self):
        self.check_replies(self.login(), [("EPSV 1", 229), ("EPSV 2", 522, "(1)"), ("EPSV 3", 522), ("EPSV 1", 229)])
        client = self.login(family=socket.AF_INET6)
        self.check_replies(client, [("EPSV 2", 229), ("EPSV 1", 522, "(2)")])

    def test_syntax(self):
        self.check_replies(self.login(), [("EPSV x", 501), ("EPSV -1", 501), ("EPSV 1 2", 501), ("EPSV ALL ALL", 501)])

    def test_all_refuses_the_others_until_the_end(self):  # D07
        content = b"x" * 20000000
        self.server.write("a", content)
        client = self.login()
        client.expect(200, "EPSV ALL")
        rows = [("PASV", 503), ("PORT 127,0,0,1,200,1", 503), ("EPRT |1|127.0.0.1|50000|", 503)]
        self.check_replies(client, rows)
        data = client.begin("RETR a")
        client.send("ABOR")
        client.read(426)
        client.read(226)
        data.close()
        self.check_replies(client, rows)
        self.assertEqual(client.retr("a"), content)

    def test_one_transfer_each(self):
        client = self.login()
        client.list()
        client.expect(425, "LIST")

    def test_ports_are_not_counted_up(self):  # D05
        client = self.login()
        ports = [client.epsv()[1] for _ in range(100)]
        steps = sum(after - before == 1 for before, after in zip(ports, ports[1:]))
        self.assertLess(steps, 10, ports)
        self.assertGreater(len(set(ports)), 50, ports)


if __name__ == "__main__":
    main()
