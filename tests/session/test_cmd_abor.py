"""ABOR (RFC 959 section 4.1.3): ends a transfer, with and without telnet urgent data."""

import os

from harness import ServerTest, in_clear, main


class Abor(ServerTest):
    def setUp(self):
        super().setUp()
        self.server.write("big", b"x" * 30000000)

    def check_usable(self, client):
        client.expect(200, "NOOP")
        self.server.write("small", b"hello")
        self.assertEqual(client.retr("small"), b"hello")

    def test_needs_login(self):
        self.check_needs_login("ABOR")

    def test_without_a_transfer(self):
        client = self.login()
        self.check_replies(client, [("ABOR", 226), ("ABOR x", 501), ("NOOP", 200)])

    def test_download(self):  # D13
        client = self.login()
        data = client.begin("RETR big")
        data.receive(1000)
        client.send("ABOR")
        client.read(426)
        client.read(226)
        data.close()
        self.check_usable(client)
        self.server.expect_log("files", "download-failed", path="/big", user="alice")

    @in_clear("TLS has no urgent data")
    def test_with_urgent_data(self):  # D13
        client = self.login()
        data = client.begin("RETR big")
        data.receive(1000)
        client.urgent(b"\xff\xf4\xff")  # IAC IP IAC, the last byte urgent, then DM: as old clients do
        client.raw(b"\xf2ABOR\r\n")
        client.read(426)
        client.read(226)
        data.close()
        self.check_usable(client)

    @in_clear("TLS has no urgent data")
    def test_with_urgent_data_mark(self):
        client = self.login()
        data = client.begin("RETR big")
        client.urgent(b"\xff\xf4\xff\xf2")
        client.send("ABOR")
        client.read(426)
        client.read(226)
        data.close()
        self.check_usable(client)

    def test_upload(self):
        client = self.login()
        data = client.begin("STOR new")
        data.send(b"y" * 5000)
        client.send("ABOR")
        client.read(426)
        client.read(226)
        data.close()
        content = self.server.read("new") if self.server.path("new").exists() else b""
        self.assertEqual(content, b"y" * len(content))
        self.check_usable(client)
        self.server.expect_log("files", "upload-failed", path="/new")

    def test_before_the_data_connection(self):
        client = self.login()
        client.epsv()
        client.raw(b"RETR big\r\nABOR\r\n")
        codes = [client.read_reply().code for _ in range(2)]
        while codes[-1] != 226:
            codes.append(client.read_reply().code)
        self.assertIn(codes, ([150, 426, 226], [425, 226], [426, 226], [150, 425, 226]))
        self.check_usable(client)

    def test_behind_other_commands(self):
        client = self.login()
        data = client.begin("RETR big")
        client.raw(b"PWD\r\nSIZE big\r\nABOR\r\nSYST\r\n")
        codes = [client.read_reply().code for _ in range(5)]
        data.close()
        self.assertEqual(codes[0], 426)
        self.assertEqual(sorted(codes), [213, 215, 226, 257, 426])
        self.check_usable(client)

    def test_listing(self):
        path = self.server.mkdir("many")
        for number in range(20000):
            os.close(os.open(path / ("x" * 200 + str(number)), os.O_CREAT))
        client = self.login()
        data = client.begin("LIST many")
        data.receive(100)
        client.send("ABOR")
        client.read(426)
        client.read(226)
        data.close()
        self.check_usable(client)

    def test_twice(self):
        client = self.login()
        data = client.begin("RETR big")
        client.raw(b"ABOR\r\nABOR\r\n")
        for code in (426, 226, 226):
            client.read(code)
        data.close()
        self.check_usable(client)


if __name__ == "__main__":
    main()
