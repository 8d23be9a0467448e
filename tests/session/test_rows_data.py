"""Regression rows D01 to D09 and D17: where data connections come from and go to (CVE_TESTS section 1)."""

import contextlib
import random
import socket
import time

from harness import ServerTest, main, slow, wait_until
from harness.network import connections_begun, listeners, own_network


class Bounce(ServerTest):
    """D01: the server connects to nobody but its client."""

    def setUp(self):
        self.enterContext(own_network("10.9.8.7/32", "fd00::1/128"))
        super().setUp()
        self.victims = [
            self.listen(socket.AF_INET, "127.0.0.2"),
            self.listen(socket.AF_INET, "10.9.8.7"),
            self.listen(socket.AF_INET6, "fd00::1"),
        ]

    def listen(self, family, host):
        victim = socket.socket(family)
        self.addCleanup(victim.close)
        victim.bind((host, 10000))
        victim.listen(5)
        victim.setblocking(False)
        return victim

    def check_no_call(self, client, commands):
        for command in commands:
            with self.subTest(command=command):
                begun = connections_begun()
                self.assertIn(client.command(command).code, (501, 522))
                client.expect(425, "LIST")
                client.expect(425, "STOR x")
                self.assertEqual(connections_begun(), begun)
        for victim in self.victims:
            with self.assertRaises(BlockingIOError):
                victim.accept()

    def test_D01_third_hosts(self):
        self.check_no_call(
            self.login(),
            (
                "PORT 127,0,0,2,39,16",
                "PORT 10,9,8,7,39,16",
                "EPRT |1|127.0.0.2|10000|",
                "EPRT |1|10.9.8.7|10000|",
                "EPRT |2|fd00::1|10000|",
                "EPRT |2|::ffff:10.9.8.7|10000|",
                "EPRT |1|::ffff:10.9.8.7|10000|",
                "PORT 0,0,0,0,39,16",
                "PORT 255,255,255,255,39,16",
            ),
        )
        self.server.expect_log("connections", "data-refused", count=3, reason="third-party", detail="10.9.8.7")

    def test_D01_third_hosts_over_ipv6(self):
        self.check_no_call(
            self.login(family=socket.AF_INET6),
            (
                "EPRT |2|fd00::1|10000|",
                "EPRT |1|10.9.8.7|10000|",
                "EPRT |2|::ffff:10.9.8.7|10000|",
                "EPRT |2|::|10000|",
            ),
        )

    def test_D01_own_address_is_called(self):
        """The counter counts, and each address may call itself."""
        client = self.login(source="10.9.8.7")
        begun = connections_begun()
        self.assertEqual(client.retr(self.make_file(), verb="PORT"), b"hello")
        self.assertEqual(connections_begun(), begun + 1)
        client.expect(501, "PORT 127,0,0,1,200,1")

    def make_file(self):
        self.server.write("a", b"hello")
        return "a"


class Addresses(ServerTest):
    def test_D02_service_ports(self):
        client = self.login()
        for port in (0, 20, 25, 1023):
            with self.subTest(port=port):
                self.assertIn(client.command(f"PORT 127,0,0,1,{port // 256},{port % 256}").code, (501, 504))
                self.assertIn(client.command(f"EPRT |1|127.0.0.1|{port}|").code, (501, 504))
                client.expect(425, "LIST")
        for command in (
            "PORT 127,0,0,1,256,0",
            "PORT 127,0,0,1,390,159",
            "EPRT |1|127.0.0.1|65536|",
            "EPRT |1|127.0.0.1|99999|",
            "EPRT |1|127.0.0.1|65561|",  # 25 in 16 bits
            "EPRT |1|127.0.0.1|4294967321|",
            "EPRT |1|127.0.0.1|-1|",
        ):
            with self.subTest(command=command):
                self.assertIn(client.command(command).code, (501, 504))
                client.expect(425, "LIST")
        self.server.expect_log("connections", "data-refused", count=8, reason="port-below-1024")

    def test_D03_stranger_comes_first(self):
        """The thief gets nothing, the owner his file: EPSV and PASV, before and after the command."""
        self.server.write("secret", b"for the owner only")
        client = self.login()
        for verb in ("EPSV", "PASV"):
            for before in (True, False):
                with self.subTest(verb=verb, before=before):
                    address = client.pasv() if verb == "PASV" else client.epsv()
                    thief = client.dial(address, source="127.0.0.2").in_clear() if before else None
                    client.send("RETR secret")
                    thief = thief or client.dial(address, source="127.0.0.2").in_clear()
                    self.assertEqual(thief.receive_all(), b"")
                    owner = client.dial(address)
                    self.assertEqual(owner.receive_all(), b"for the owner only")
                    client.read(150)
                    client.read(226)
        self.server.expect_log("connections", "data-refused", count=4, reason="stranger", detail="127.0.0.2")

    def test_D03_stranger_cannot_upload(self):
        client = self.login()
        address = client.epsv()
        thief = client.dial(address, source="127.0.0.2").in_clear()
        client.send("STOR mine")
        with contextlib.suppress(ConnectionError):
            thief.send(b"forged")
        owner = client.dial(address)
        owner.send(b"genuine")
        owner.close()
        client.read(150)
        client.read(226)
        self.assertEqual(self.server.read("mine"), b"genuine")

    def test_D03_crowd_of_strangers(self):
        """More of them than the listener's backlog holds."""
        self.server.write("secret", b"for the owner only")
        client = self.login()
        address = client.epsv()
        thieves = [client.dial(address, source=f"127.0.0.{2 + i}") for i in range(60)]
        client.send("RETR secret")
        owner = client.dial(address)
        self.assertEqual(owner.receive_all(), b"for the owner only")
        for thief in thieves:
            self.assertTrue(wait_until(lambda stranger=thief: not stranger.is_open()), "a stranger is still connected")
            thief.close()
        client.read(150)
        client.read(226)

    def test_D07_epsv_all_survives_a_transfer(self):
        self.server.write("big", b"x" * 8000000)
        client = self.login()
        client.expect(200, "EPSV ALL")
        refused = ["PORT 127,0,0,1,200,1", "PASV", "EPRT |1|127.0.0.1|50001|"]
        self.check_replies(client, [(command, 503) for command in refused])
        data = client.begin("RETR big")
        data.receive(1000)
        client.send("ABOR")
        client.read(426)
        client.read(226)
        data.close()
        self.check_replies(client, [(command, 503) for command in refused] + [("LIST", 425)])
        self.assertEqual(len(client.retr("big")), 8000000)
        self.check_replies(client, [(command, 503) for command in refused])

    def test_D08_refused_address_forgets_the_one_before(self):
        bad = (
            "PORT nonsense",
            "PORT 127,0,0,1,0,25",
            "PORT 10,9,8,7,200,1",
            "EPRT nonsense",
            "EPRT |1|10.9.8.7|50001|",
            "EPRT |3|x|50001|",
            "EPRT |1|127.0.0.1|25|",
        )
        client = self.login()
        for first in ("PORT", "EPRT", "EPSV"):
            for command in bad:
                with self.subTest(first=first, command=command):
                    if first == "EPSV":
                        address = client.epsv()
                    else:
                        listening = client.port() if first == "PORT" else client.eprt()
                    self.assertIn(client.command(command).code, (501, 522))
                    client.expect(425, "LIST")
                    if first == "EPSV":
                        with self.assertRaises(ConnectionRefusedError):
                            client.dial(address)
                    else:
                        self.assertFalse(listening.was_called(0.02))

    def test_D17_client_does_not_go_where_it_is_sent(self):
        server = self.make_server({"passive": {"address": "192.0.2.7"}})
        client = server.login()
        address = client.pasv()
        self.assertEqual(address[0], "192.0.2.7")
        with self.assertRaisesRegex(AssertionError, "announces 192.0.2.7, it is 127.0.0.1"):
            client.dial(address)
        data = client.dial((client.socket.getpeername()[0], address[1]))  # it is only the address that was wrong
        client.send("NLST")
        client.read(150)
        self.assertEqual(data.receive_all(), b"")
        client.read(226)


class PassivePorts(ServerTest):
    def test_D05_ports_cannot_be_foreseen(self):
        first = 32000 + 200 * random.randrange(3)  # no connection of another test gets a port from there
        server = self.make_server({"passive": {"ports": f"{first}-{first + 199}"}})
        client = server.login()
        ports = [client.epsv()[1] for _ in range(300)]
        self.assertTrue(all(first <= port < first + 200 for port in ports), ports)
        self.assertGreaterEqual(len(set(ports)), 120, "less than 60 % of the range in 300 draws")

        steps = [later - earlier for earlier, later in zip(ports, ports[1:])]
        for sign in (1, -1):
            for three in zip(steps, steps[1:], steps[2:]):
                self.assertNotEqual(three, (sign,) * 3, "three ports in a row")

        # The runs test: above or below the middle changes as often as with coins (mean 150.5, deviation 8.6).
        high = [port >= first + 100 for port in ports]
        changes = sum(a != b for a, b in zip(high, high[1:]))
        self.assertTrue(105 <= changes <= 195, f"{changes} changes: not random")

        # Nor does one port tell the next: of some 220 pairs with the same port before, one is the same behind.
        following = {}
        for port, later in zip(ports, ports[1:]):
            following.setdefault(port, []).append(later)
        same = sum(len(later) - len(set(later)) for later in following.values())
        self.assertLess(same, 12, f"{same} times the same port followed")

    def test_D06_one_session_has_one_port(self):
        """2,000 times PASV in a range of three ports, and others still find one."""
        first = 32000 + 3 * random.randrange(250)  # no connection of another test gets a port from there
        server = self.make_server({"passive": {"ports": f"{first}-{first + 2}"}})
        greedy, other = server.login(), server.login()
        for number in range(2000):
            greedy.pasv() if number % 2 else greedy.epsv()
            if number % 100 == 0:
                found = listeners(greedy.monitor_pid, greedy.session_pid)
                self.assertEqual(len(found), 1, found)
        self.assertEqual(len(listeners(greedy.monitor_pid, greedy.session_pid)), 1)
        for _ in range(5):
            other.stor("a", b"hello")
            self.assertEqual(other.retr("a", verb="PASV"), b"hello")
        # The monitor closes its copy of the last one a moment after it was handed over.
        self.assertTrue(wait_until(lambda: not listeners(other.monitor_pid, other.session_pid)))


class BlackHole(ServerTest):
    config = {"transfer": {"connect": "2 s"}}

    def black_hole(self):
        """A port of ours that answers no SYN: its backlog is full."""
        listener = socket.socket()
        self.addCleanup(listener.close)
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            caller = socket.socket()
            self.addCleanup(caller.close)
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
        probe = socket.socket()
        probe.settimeout(0.3)
        with probe, self.assertRaises(TimeoutError):
            probe.connect(listener.getsockname())
        return listener.getsockname()[1]

    def test_D09_unanswered_call_ends_in_time(self):
        client = self.login()
        port = self.black_hole()
        client.expect(200, f"PORT 127,0,0,1,{port // 256},{port % 256}")
        started = time.monotonic()
        client.send("LIST")
        self.assertEqual(client.read_reply().code, 150)
        for _ in range(5):
            client.expect(200, "NOOP")
            time.sleep(0.05)
        self.assertLess(time.monotonic() - started, 1.5 * slow(), "NOOP had to wait for the connection")
        client.read(425)
        self.assertTrue(1.5 < time.monotonic() - started < 4 * slow())
        client.expect(200, "NOOP")
        self.assertEqual(client.names(), [])

    def test_D09_abort_while_calling(self):
        client = self.login()
        port = self.black_hole()
        client.expect(200, f"PORT 127,0,0,1,{port // 256},{port % 256}")
        client.send("LIST")
        client.read(150)
        started = time.monotonic()
        client.send("ABOR")
        client.read((426, 425))
        client.read(226)
        self.assertLess(time.monotonic() - started, 1 * slow())


if __name__ == "__main__":
    main()
