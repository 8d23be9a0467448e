"""Regression rows D10 to D16: transfers that are interrupted, raced, stopped, or go wrong (CVE_TESTS section 1)."""

import contextlib
import os
import random
import socket
import ssl
import time

from harness import ServerTest, build, in_clear, main, slow
from harness.data import reset

ROUNDS = 1000 if build().name == "release" else 150

# Commands that do not end the session; each has exactly one final reply, whatever the state.
COMMANDS = (
    b"ABOR", b"ALLO 100", b"APPE /up", b"CDUP", b"CWD /sub", b"CWD /none", b"DELE /none", b"FEAT",
    b"HASH /big", b"HELP", b"LIST", b"MDTM /big", b"MKD /sub", b"MLSD", b"MLST", b"MODE S", b"NLST", b"NOOP",
    b"PORT 10,9,8,7,1,1", b"PWD", b"RANG 1 5", b"REST 5", b"RETR /none", b"RMD /none", b"RNFR /up", b"RNTO /up",
    b"SITE UMASK 077", b"SIZE /big", b"STAT", b"STAT /", b"STOR /up", b"STOU", b"SYST", b"TYPE A", b"TYPE I",
    b"USER root", b"PASS x", b"XCRC /big", b"NONSENSE", b"", b"\xff\xf4\xff\xf2ABOR", b"MFMT 20200101000000 /up",
)  # fmt: skip


class Interrupted(ServerTest):
    config = {"transfer": {"connect": "1 s"}, "login": {"deadline": "1 h"}}

    def setUp(self):
        super().setUp()
        self.server.write("big", os.urandom(300000))
        self.server.mkdir("sub")

    def read_finals(self, client, count):
        """Exactly so many final replies are there: 150 and its like do not count."""
        while count:
            if client.read_reply().code >= 200:
                count -= 1

    def disturb(self, client, chance):
        """One transfer that ends badly. False if the control connection went with it."""
        upload = chance.random() < 0.5
        data = client.passive(chance.choice(("EPSV", "PASV")))
        client.send(chance.choice(("STOR /up", "APPE /up", "STOU") if upload else ("RETR /big", "LIST /")))
        waits = chance.random() < 0.9  # the server may not know of the data connection before it is gone
        left = 1 if not waits or client.read_reply().code < 200 else 0
        moved = chance.randrange(0, 200000)
        data.raw.settimeout(0.2)
        try:
            if upload:
                data.send(bytes(moved))
            else:
                data.receive(moved)
        except OSError:
            pass  # it may refuse or end before that
        count = chance.randrange(1, 51) if chance.random() < 0.2 else chance.randrange(1, 5)
        commands = [chance.choice(COMMANDS) for _ in range(count - 1)]
        commands.append(chance.choice((b"EPSV", b"PASV", b"NOOP")))  # a transfer behind it would wait for a second
        text = b"".join(command + b"\r\n" for command in commands)
        fate = chance.randrange(4)
        if fate == 0:
            client.raw(text[: chance.randrange(1, len(text) + 1)])
            client.loose = True
            reset(client.socket)
            data.close()
            return False
        client.raw(text)
        data.reset() if fate < 3 else data.close()
        self.read_finals(client, left + count)
        client.expect(200, "NOOP")
        return True

    def test_D10_interrupted_transfers(self):
        """CVE-2020-9273: commands while data is in flight, then RST of the one or the other connection."""
        seed = random.randrange(1 << 32)
        chance = random.Random(seed)
        client = None
        with self.subTest(seed=seed):
            for _ in range(ROUNDS):
                client = client or self.login()
                if not self.disturb(client, chance):
                    self.assertEqual(client.wait(), 0)
                    self.server.clients.remove(client)
                    client = None
            if client:
                client.quit()
            self.login().stor("after", b"all is well")
            self.assertEqual(self.server.read("after"), b"all is well")

    def test_D11_commands_before_the_data_connects(self):
        """LightFTP issue 25: what is asked for between RETR and its data does not change what is sent."""
        self.server.write("ok.txt", b"this one\n")
        self.server.write("other", b"not this one\n")
        self.server.write("sub/ok.txt", b"nor this one\n")
        for command in (
            "CWD sub",
            "RNFR other",
            "USER ../../other",
            "REST 3",
            "TYPE A",
            "SIZE other",
            "RANG 1 2",
            "RETR other",
            "DELE other",
            "EPSV",
        ):
            with self.subTest(command=command):
                client = self.login()
                address = client.epsv()
                client.raw(f"RETR ok.txt\r\n{command}\r\nNOOP\r\n".encode())
                client.read(150)
                time.sleep(0.01)
                data = client.dial(address)
                self.assertEqual(data.receive_all(), b"this one\n")
                client.read(226)
                client.read_reply()
                client.read(200)

    def test_D12_end_of_control_during_a_listing(self):
        folder = self.server.mkdir("many")
        for number in range(50000 if build().name == "release" else 10000):
            os.close(os.open(folder / f"{number:0200}", os.O_CREAT))
        for number in range(ROUNDS // 2):
            client = self.login(binary=False)
            data = client.passive()
            client.send("LIST many")
            client.loose = True
            if number % 3 == 0:
                data.receive(number * 100)
            if number % 2:
                client.reset()
                data.close()
            else:
                client.socket.close()
                data.reset() if number % 4 else data.close()
            self.assertEqual(client.wait(), 0)
            self.server.clients.remove(client)
        self.login().quit()

    def test_D12_end_of_control_alone(self):
        """The data connection stays, and nobody reads from it: the session ends all the same."""
        self.server.write("huge", b"x" * 30000000)
        for end in ("close", "reset"):
            with self.subTest(end=end):
                client = self.login()
                data = client.passive()
                client.send("RETR huge")
                data.receive(1000)
                client.loose = True
                if end == "close":
                    client.socket.close()
                else:
                    client.reset()
                started = time.monotonic()
                self.assertEqual(client.wait(), 0)
                self.assertLess(time.monotonic() - started, 5 * slow())
                data.close()


class Blocked(ServerTest):
    """D13: the data connection is full, and the server still listens."""

    def setUp(self):
        super().setUp()
        self.server.write("big", b"x" * 30000000)

    def begin_blocked(self, client):
        data = client.begin("RETR big")
        data.receive(1000)
        time.sleep(0.2)  # until the server can write no more
        return data

    def check_abort(self, send):
        client = self.login()
        data = self.begin_blocked(client)
        started = time.monotonic()
        send(client)
        client.read(426)
        client.read(226)
        self.assertLess(time.monotonic() - started, 1 * slow())
        client.expect(200, "NOOP")
        data.close()

    def test_D13_plain(self):
        self.check_abort(lambda client: client.send("ABOR"))

    def test_D13_with_telnet_attention(self):
        self.check_abort(lambda client: client.raw(b"\xff\xf4\xff\xf2ABOR\r\n"))

    @in_clear("TLS has no urgent data")
    def test_D13_with_urgent_data(self):
        def urgent(client):
            client.urgent(b"\xff\xf4\xff")
            client.raw(b"\xf2ABOR\r\n")

        self.check_abort(urgent)

    def test_D13_status_is_told(self):
        client = self.login()
        data = self.begin_blocked(client)
        for command, code in (("NOOP", 200), ("STAT", 211), ("NOOP", 200)):
            client.expect(code, command)
        client.raw(b"PWD\r\nABOR\r\n")
        self.assertEqual([client.read_reply().code for _ in range(3)], [426, 257, 226])
        data.close()


class Failed(ServerTest):
    """D14: what did not arrive is not confirmed."""

    def test_D14_reset_upload(self):
        for command in ("STOR new", "APPE new2", "STOU", "STOR old", "APPE old"):
            with self.subTest(command=command):
                self.server.write("old", b"old content")
                client = self.login()
                data = client.begin(command)
                data.send(b"x" * 5000)
                data.reset()
                client.read((426, 451))
                client.expect(200, "NOOP")
        self.assertEqual(self.server.read("old")[:11], b"old content")
        self.server.expect_log("files", "upload", count=0)
        self.server.expect_log("files", "upload-failed", count=5)

    def test_D14_reset_download(self):
        self.server.write("big", b"x" * 30000000)
        client = self.login()
        for _ in range(3):
            data = client.begin("RETR big")
            data.receive(1000)
            data.reset()
            client.read((426, 451))
        self.server.expect_log("files", "download", count=0)
        client.expect(200, "NOOP")

    def test_D14_only_half_of_it(self):
        """A client that goes away without a word: its kernel sends FIN for the data, RST for the control."""
        client = self.login()
        data = client.begin("STOR new")
        data.send(b"x" * 5000)
        client.loose = True
        client.reset()
        self.assertEqual(client.wait(), 0)
        data.close()
        self.server.expect_log("files", "upload", count=0)


class EarlyLateTwice(ServerTest):
    """D16: the data connection at every moment; each transfer has one final reply."""

    config = {"transfer": {"connect": "1 s", "stall": "1 s"}}

    def setUp(self):
        super().setUp()
        self.server.write("a", b"hello")

    def check_end(self, client):
        client.expect(200, "NOOP")
        self.assertEqual(client.retr("a"), b"hello")

    def test_D16_before_the_command(self):
        client = self.login()
        data = client.passive()
        time.sleep(0.1)
        client.send("RETR a")
        self.assertEqual(data.receive_all(), b"hello")
        client.read(150)
        client.read(226)
        self.check_end(client)

    def test_D16_after_the_command(self):
        client = self.login()
        address = client.epsv()
        client.send("RETR a")
        client.read(150)
        time.sleep(0.3)
        self.assertEqual(client.dial(address).receive_all(), b"hello")
        client.read(226)
        self.check_end(client)

    def test_D16_after_the_end(self):
        client = self.login()
        address = client.epsv()
        client.send("RETR a")
        client.read(150)
        client.read(425)
        with self.assertRaises(ConnectionRefusedError):
            client.dial(address)
        client.expect(425, "RETR a")
        self.check_end(client)

    def test_D16_twice(self):
        """Either may come first into the backlog: one is served, once, and the other is closed with nothing."""
        client = self.login()
        for wait in (0, 0.1):
            address = client.epsv()
            connections = [client.dial(address)]
            time.sleep(wait)
            with contextlib.suppress(ConnectionRefusedError):
                connections.append(client.dial(address))
            client.send("RETR a")
            client.read(150)
            received = []
            for connection in connections:
                try:
                    received.append(connection.receive_all())
                except (ConnectionResetError, ssl.SSLError):
                    received.append(b"")
            self.assertEqual(sorted(received), [b""] * (len(connections) - 1) + [b"hello"])
            client.read(226)
            self.check_end(client)

    def test_D16_connected_and_silent(self):
        client = self.login()
        data = client.begin("STOR new")
        started = time.monotonic()
        client.read(426)
        self.assertTrue(0.8 < time.monotonic() - started < 3 * slow())
        self.assertEqual(data.receive_all(), b"")
        self.check_end(client)

    def test_D16_connected_and_gone_before_the_command(self):
        client = self.login()
        client.passive().close()
        time.sleep(0.1)
        client.send("RETR a")
        client.read(150)
        client.read((226, 425, 426, 522))
        client.passive().reset()
        time.sleep(0.1)
        client.send("RETR a")
        client.read(150)
        client.read((425, 426, 522))
        self.check_end(client)

    def test_D16_connected_and_never_used(self):
        """A data connection without a command costs nobody anything."""
        client = self.login()
        data = [client.passive() for _ in range(20)]
        self.check_end(client)
        for connection in data:
            self.assertFalse(connection.is_open())

    def test_D16_active_client_hangs_up(self):
        client = self.login()
        listening = client.port()
        client.send("RETR a")
        data = listening.accept()
        client.read(150)
        data.socket.shutdown(socket.SHUT_WR)  # half of it is no reason to stop sending
        self.assertEqual(data.receive_all(), b"hello")
        client.read(226)
        self.check_end(client)


if __name__ == "__main__":
    main()
