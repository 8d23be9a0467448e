"""rates.* and the rules of accounts: nobody is faster than the rate, everybody is served meanwhile.

A busy machine only makes transfers slower, so what is asserted is mostly that they take long enough."""

import os
import re
import subprocess
import threading
import time

from harness import PASSWORD, ServerTest, main, within

KIB = 1024
BURST = 0.25  # seconds of the rate that can be had at once


def set_rules(server, text, user="alice"):
    """Puts TEXT into the record of USER."""
    with open(server.directory / "users" / f"{user}.conf", "a", encoding="utf-8") as record:
        record.write(text + "\n")


class Timed:
    """How long the body took."""

    def __enter__(self):
        self.begin = time.monotonic()
        return self

    def __exit__(self, *ignored):
        self.seconds = time.monotonic() - self.begin


class RateTest(ServerTest):
    def assert_rate(self, seconds, size, rate):
        """SIZE bytes at RATE took SECONDS: not less than they must, and not many times that."""
        least = size / rate - BURST
        self.assertGreaterEqual(seconds, least)
        self.assertLess(seconds, within(3 * least + 10))


class Session(RateTest):
    rate = 100 * KIB
    config = {"rates": {"session_download": "100 KiB", "session_upload": "100 KiB"}}
    content = os.urandom(160 * KIB)

    def check_directions(self, **arguments):
        client = self.login(**arguments)
        with Timed() as up:
            client.stor("a", self.content)
        with Timed() as down:
            self.assertEqual(client.retr("a"), self.content)
        self.assertEqual(self.server.read("a"), self.content)
        self.assert_rate(up.seconds, len(self.content), self.rate)
        self.assert_rate(down.seconds, len(self.content), self.rate)

    def test_in_clear(self):
        self.check_directions(secure="clear")

    def test_under_tls(self):
        self.check_directions(secure="1.3")

    def test_under_tls_1_2(self):
        self.check_directions(secure="1.2")

    def test_as_text(self):
        client = self.login(binary=False)
        text = b"line of text\r\n" * 8000
        with Timed() as up:
            client.stor("a", text)
        with Timed() as down:
            self.assertEqual(client.retr("a"), text)
        self.assert_rate(up.seconds, len(text), self.rate)
        self.assert_rate(down.seconds, len(text), self.rate)

    def test_active(self):
        self.server.write("a", self.content)
        client = self.login()
        with Timed() as down:
            self.assertEqual(client.retr("a", verb="EPRT"), self.content)
        self.assert_rate(down.seconds, len(self.content), self.rate)

    def test_listings(self):
        for number in range(1500):
            self.server.path(f"{'long-name-' * 8}{number}").touch()
        client = self.login()
        with Timed() as down:
            size = len(client.download("NLST"))
        self.assertGreater(size, 120 * KIB)
        self.assert_rate(down.seconds, size, self.rate)

    def test_many_small_files_are_no_way_around(self):
        for number in range(16):
            self.server.write(f"f{number}", self.content[: 10 * KIB])
        client = self.login()
        with Timed() as down:
            for number in range(16):
                self.assertEqual(len(client.retr(f"f{number}")), 10 * KIB)
        self.assert_rate(down.seconds, 160 * KIB, self.rate)

    def test_directions_are_apart_and_sessions_too(self):
        self.server.write("a", self.content)
        clients = [self.login() for _ in range(3)]
        threads = [threading.Thread(target=client.retr, args=("a",)) for client in clients]
        with Timed() as all_of_them:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.assert_rate(all_of_them.seconds, len(self.content), self.rate)

    def test_the_kernel_has_it_too(self):
        """Whatever becomes of the session: its sockets have the limit, those that a listener accepts too."""
        self.server.write("a", self.content)
        client = self.login()
        data = client.begin("RETR a")
        port = data.raw.getpeername()[1]
        shown = subprocess.run(
            ["ss", "--tcp", "--info", "--numeric", "--no-header", "sport", "=", str(port)],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        most = re.search(r"pacing_rate \S+/(\d+)([KM]?)bps", shown)
        self.assertTrue(most, shown)
        bits = int(most[1]) * {"": 1, "K": 1000, "M": 1000000}[most[2]]
        self.assertLess(abs(bits / 8 - self.rate * 17 / 16 - KIB), self.rate / 50)
        data.receive_all()
        client.read(226)


class Meanwhile(RateTest):
    """A transfer that waits for its rate."""

    config = {"rates": {"session_download": "4 KiB", "session_upload": "4 KiB"}, "transfer": {"stall": "1 s"}}

    def check(self, client):
        """NOOP and STAT are answered long before the transfer could end, ABOR ends it."""
        with Timed() as answers:
            for _ in range(5):
                client.expect(200, "NOOP")
                self.assertIn("Transfer in progress:", client.expect(211, "STAT").lines)
            client.send("ABOR")
            client.read(426)
            client.read(226)
        self.assertLess(answers.seconds, within(10))

    def test_download(self):
        self.server.write("a", bytes(1024 * KIB))  # four minutes
        client = self.login()
        data = client.begin("RETR a")
        data.receive(2 * KIB)
        self.check(client)
        data.close()
        self.server.expect_log("files", "download-failed", path="/a", reason="aborted")

    def test_upload(self):
        client = self.login()
        data = client.begin("STOR a")
        data.send(bytes(64 * KIB))
        self.check(client)
        data.close()
        self.server.expect_log("files", "upload-failed", path="/a", reason="aborted")

    def test_upload_under_tls(self):
        client = self.login(secure="1.3")
        data = client.begin("STOR a")
        data.send(bytes(64 * KIB))
        self.check(client)
        data.close()
        self.server.expect_log("files", "upload-failed", path="/a", reason="aborted")

    def test_the_administrator_ends_it(self):
        self.server.write("a", bytes(1024 * KIB))
        client = self.login()
        data = client.begin("RETR a")
        data.receive(1)
        with Timed() as end:
            self.server.ctl("kick", "alice")
            client.read(426)
            client.read(421)
        self.assertLess(end.seconds, within(10))
        self.assert_closed(client)
        data.close()
        self.server.expect_log("files", "download-failed", path="/a", reason="session-ended")

    def test_no_processor_is_used_up(self):
        """It waits, and does not ask again and again."""
        self.server.write("a", bytes(1024 * KIB))
        client = self.login()
        data = client.begin("RETR a")
        data.receive(1)

        def ticks():
            text = open(f"/proc/{client.session_pid}/stat", encoding="ascii").read()
            user, system = text.rpartition(")")[2].split()[11:13]
            return int(user) + int(system)

        before = ticks()
        time.sleep(2)
        self.assertLess((ticks() - before) / os.sysconf("SC_CLK_TCK"), 0.5)
        client.send("ABOR")
        client.read(426)
        client.read(226)
        data.close()


class User(RateTest):
    """What the sessions of a user have in common."""

    users = {"alice": PASSWORD, "bob": PASSWORD}
    content = os.urandom(100 * KIB)

    def setUp(self):
        super().setUp()
        set_rules(self.server, 'upload_rate = "100 KiB";\ndownload_rate = "100 KiB";')
        self.server.write("a", self.content)

    def together(self, *calls):
        threads = [threading.Thread(target=call) for call in calls]
        with Timed() as timed:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        return timed.seconds

    def test_one_session(self):
        client = self.login()
        with Timed() as up:
            client.stor("b", self.content * 2)
        with Timed() as down:
            client.retr("b")
        self.assert_rate(up.seconds, 200 * KIB, 100 * KIB)
        self.assert_rate(down.seconds, 200 * KIB, 100 * KIB)

    def test_sessions_share_downloads(self):
        clients = [self.login() for _ in range(4)]
        seconds = self.together(*(lambda client=client: client.retr("a") for client in clients))
        self.assert_rate(seconds, 400 * KIB, 100 * KIB)

    def test_sessions_share_uploads(self):
        clients = [self.login(secure="1.3") for _ in range(4)]
        seconds = self.together(
            *(lambda number=number: clients[number].stor(f"f{number}", self.content) for number in range(4))
        )
        self.assert_rate(seconds, 400 * KIB, 100 * KIB)
        for number in range(4):
            self.assertEqual(self.server.read(f"f{number}"), self.content)

    def test_each_gets_the_same(self):
        self.server.write("big", bytes(4096 * KIB))
        clients = [self.login() for _ in range(3)]
        connections = []
        for client in clients:
            connections.append(client.begin("RETR big"))
        amounts = [0] * len(clients)
        end = time.monotonic() + 4

        def receive(number):
            while time.monotonic() < end:
                amounts[number] += len(connections[number].receive(2 * KIB))

        self.together(*(lambda number=number: receive(number) for number in range(3)))
        self.assertGreater(min(amounts) * 2, max(amounts), amounts)
        for client, data in zip(clients, connections):
            data.close()
            client.send("ABOR")
            client.read(426)
            client.read(226)

    def test_a_new_session_has_no_rate_of_its_own(self):
        self.server.write("s", self.content[: 10 * KIB])
        with Timed() as timed:
            for _ in range(15):
                client = self.login()
                self.assertEqual(len(client.retr("s")), 10 * KIB)
                client.quit()
        self.assertGreaterEqual(timed.seconds, 150 / 100 - BURST)

    def test_another_user_has_nothing_to_do_with_it(self):
        self.server.write("big", bytes(100 * 1024 * KIB), user="bob")
        alice = self.login()
        data = alice.begin("RETR a")
        with Timed() as timed:
            self.assertEqual(len(self.login("bob").retr("big")), 100 * 1024 * KIB)
        self.assertLess(timed.seconds, within(60))  # at alice's rate a quarter of an hour
        data.receive_all()
        alice.read(226)

    def test_the_smaller_of_both(self):
        set_rules(self.server, 'session_download_rate = "50 KiB";')
        client = self.login()
        with Timed() as down:
            client.retr("a")
        self.assert_rate(down.seconds, 100 * KIB, 50 * KIB)

    def test_waiting_for_others_is_no_stall(self):
        self.server.configure({"transfer": {"stall": "1 s"}})
        set_rules(self.server, 'download_rate = "1 KiB";', "bob")
        self.server.write("c", bytes(1536), user="bob")
        clients = [self.login("bob") for _ in range(4)]
        seconds = self.together(*(lambda client=client: client.retr("c") for client in clients))
        self.assert_rate(seconds, 6 * KIB, KIB)  # each waits two seconds for every half KiB

    def test_who_has_no_rate_pays_nothing(self):
        client = self.login("bob")
        client.stor("a", b"x")
        client.retr("a")
        self.assertFalse((self.server.directory / "run" / "rates").exists())
        self.login().retr("a")
        self.assertTrue((self.server.directory / "run" / "rates").exists())

    def test_no_room_for_the_table(self):
        """Then the session has the rate for itself, and the log says so."""
        (self.server.directory / "run" / "rates").mkdir()
        client = self.login()
        with Timed() as down:
            client.retr("a")
            client.retr("a")
        self.assert_rate(down.seconds, 200 * KIB, 100 * KIB)
        self.server.expect_log("connections", "server-failed", reason="rates")


if __name__ == "__main__":
    main()
