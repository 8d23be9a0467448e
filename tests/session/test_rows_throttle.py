"""Regression rows A03, A04 and Q10 with real connections: every try is another process, and the limits hold."""

import select
import threading
import time

from harness import PASSWORD, ServerTest, before_tls, in_clear, main, slow, wait_until, within

# What the harness switches off, as it is by default.
DEFAULTS = {"failures_per_address": 20, "failures_per_name": 100}
TICK = 0.001  # the server's clock has whole milliseconds
# More than the lines that one address has at once, with some for the time that a test takes.
LINES = 60


def wrong(server, source="127.0.0.1", user="alice", password="wrong"):
    """One connection with one wrong password: the reply, or the one that turned it away."""
    client = server.connect(source=source, greeting=None)
    reply = client.read_reply()
    if reply.code == 220:
        client.expect(331, f"USER {user}")
        reply = client.command(f"PASS {password}")
    client.loose = True
    client.close()
    client.wait()
    server.clients.remove(client)
    return reply


class Guessing(ServerTest):
    config = {"login": DEFAULTS}
    users = {"alice": PASSWORD, "bob": "bob's own 1"}

    def expect_banned(self, source="127.0.0.1"):
        client = self.connect(source=source, greeting=None)
        reply = client.read(421)
        self.assertEqual(reply.text, "Too many failed logins from your address. Try again later.")
        self.assert_closed(client)

    @before_tls
    def test_A03_twenty_connections_with_one_failure_each(self):
        early = self.connect()
        for number in range(19):
            self.assertEqual(wrong(self.server, user=f"user{number}").code, 530)
        self.assertEqual(wrong(self.server).code, 421)
        self.server.expect_log("auth", "banned", remote="127.0.0.1", reason="failures")

        self.expect_banned()
        self.server.expect_log("connections", "refused", remote="127.0.0.1", reason="banned")
        # Who was there before is not heard either, whatever the password.
        early.expect(331, "USER alice")
        early.expect(421, f"PASS {PASSWORD}")
        self.assert_closed(early)
        self.server.expect_log("auth", "refused", reason="address-banned")
        self.login(source="127.0.0.2").expect(257, "PWD")

    @before_tls
    def test_A03_ban_ends(self):
        session = self.login()
        while wrong(self.server).code == 530:
            pass
        self.expect_banned()
        session.expect(257, "PWD")  # whoever had logged in stays
        # A ban is never longer than the present configuration says.
        self.server.configure({"login": DEFAULTS | {"ban": "1 s"}})

        def greeted():
            client = self.connect(greeting=None)
            return client.read_reply().code == 220

        self.assertTrue(wait_until(greeted))
        self.assertEqual(wrong(self.server).code, 530)
        self.login().expect(257, "PWD")

    @before_tls
    def test_A03_hanging_up_early_does_not_help(self):
        for _ in range(20):
            client = self.connect()
            client.loose = True
            client.raw(b"USER alice\r\nPASS wrong\r\n")
            client.reset()
            client.wait()
        # Some resets come before the password is read.
        while wrong(self.server).code == 530:
            pass
        self.expect_banned()
        self.server.expect_log("auth", "refused", count=20, reason="bad-password")

    def test_A03_many_at_once(self):
        """Fifty passwords in the same moment: as many are checked as one after the other."""
        limits = {"waiting_per_address": 60, "per_address": 60}
        server = self.make_server({"login": DEFAULTS, "limits": limits, "accounts": {"hash_cost": 5}})
        clients = [server.connect() for _ in range(50)]
        for client in clients:
            client.expect(331, "USER alice")
        codes = []

        def send(client):
            codes.append(client.command("PASS wrong").code)

        threads = [threading.Thread(target=send, args=(client,)) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(codes), 50)
        server.expect_log("auth", "refused", count=20, reason="bad-password")
        server.expect_log("auth", "refused", count=30, reason="address-banned")
        server.expect_log("auth", "banned")
        self.assertEqual(codes.count(530), 19)

    def test_A03_granted_logins_are_no_failures(self):
        """Also many at once, where each might be the last one that may fail."""
        login = {"failures_per_address": 2}
        limits = {"waiting_per_address": 60, "per_address": 60}
        server = self.make_server({"login": login, "limits": limits})
        problems = []

        def log_in():
            try:
                for _ in range(5):
                    server.login().quit()
            except (AssertionError, OSError) as error:
                problems.append(error)

        for failures in range(2):
            threads = [threading.Thread(target=log_in) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(problems, [])
            server.expect_log("auth", "accepted", count=40 * (failures + 1))
            self.assertEqual(wrong(server).code, 530 if failures == 0 else 421)
        server.expect_log("auth", "banned")

    @before_tls
    def test_A04_nobody_locks_an_account(self):
        for number in range(100):
            wrong(self.server, "127.0.0.2")
            if number % 4 == 0:
                wrong(self.server, f"127.0.1.{number % 3 + 1}")
        started = time.monotonic()
        self.login(source="127.0.0.1").expect(257, "PWD")
        self.assertLess(time.monotonic() - started, within(2))

        # From many addresses, up to the limit of the name.
        for number in range(80):
            wrong(self.server, f"127.0.2.{number % 10 + 1}")
        checked = len(self.server.logs("auth", "refused", reason="bad-password"))
        self.assertEqual(checked, 100)
        for _ in range(2):
            self.login(source="127.0.0.1").expect(257, "PWD")
        # A new address may fail once; from then on alice's password is not looked at from there, and bob's is.
        first = wrong(self.server, "127.0.3.1")
        second = wrong(self.server, "127.0.3.1", password=PASSWORD)
        self.assertEqual((second.code, second.text), (first.code, first.text))
        self.server.expect_log("auth", "refused", remote="127.0.3.1", reason="bad-password")
        self.server.expect_log("auth", "refused", remote="127.0.3.1", reason="name-throttled")
        self.login("bob", source="127.0.3.1").expect(257, "PWD")


class Pausing(ServerTest):
    def pause(self, client, user="alice"):
        """Seconds that the answer to a wrong password takes."""
        client.expect(331, f"USER {user}")
        started = time.perf_counter()
        client.expect((530, 421), "PASS wrong")
        return time.perf_counter() - started

    def test_A03_pauses_grow_across_connections(self):
        server = self.make_server({"login": {"delay": "500 ms", "delay_max": "2 s"}})
        pauses = [self.pause(server.connect()) for _ in range(4)]
        for pause, least in zip(pauses, (0.5, 1, 2, 2)):
            self.assertGreaterEqual(pause, least - TICK, pauses)

    def test_A03_right_password_is_never_delayed(self):
        delay = 5 * slow()
        server = self.make_server({"login": {"delay": f"{delay} s", "delay_max": f"{delay} s"}})
        guessing = server.connect()
        guessing.expect(331, "USER alice")
        started = time.monotonic()
        guessing.send("PASS wrong")
        self.assertTrue(wait_until(lambda: server.logs("auth", "refused")))
        for _ in range(3):
            server.login().expect(257, "PWD")
        self.assertEqual(select.select([guessing.socket], [], [], 0)[0], [], "the refusal came before the logins")
        guessing.read(530)
        self.assertGreaterEqual(time.monotonic() - started, delay - TICK)

    def test_A02_work_is_part_of_the_pause(self):
        """A refusal takes login.delay, for a name that there is and for one that there is not, and not the time of
        the work in addition."""
        names = ("alice", "nosuch")
        login = {"attempts": 20, "deadline": "10 min", "delay": "0 s", "delay_max": "0 s"}
        server = self.make_server({"login": login, "accounts": {"hash_cost": 6}})
        client = server.connect()
        work = min(self.pause(client, name) for name in names * 3)
        self.assertGreater(work, 0.01, "the hash costs nothing: this test shows nothing")

        delay = 10 * work  # longer than the work takes on a machine that does other things as well
        login |= {"delay": f"{int(delay * 1000) + 1} ms", "delay_max": f"{int(delay * 1000) + 1} ms"}
        server.configure({"login": login, "accounts": {"hash_cost": 6}})
        # Of each the quickest counts: a busy machine makes others slower, and none quicker.
        quickest = dict.fromkeys(names, delay + work)
        for _ in range(20):
            if max(quickest.values()) < delay + work / 2:
                break
            client = server.connect()
            for name in names:
                quickest[name] = min(quickest[name], self.pause(client, name))
            client.close()
        for name in names:
            self.assertGreaterEqual(quickest[name], delay - TICK, name)
            self.assertLess(quickest[name], delay + work / 2, name)


class LogFlood(ServerTest):
    """Q10: what a stranger can cause at will is in the log once, and then as a number."""

    def flood(self, count, come):
        for _ in range(count):
            come()
        return count

    def size(self, name="connections"):
        return (self.server.directory / "logs" / f"{name}.log").stat().st_size

    def check_count(self, come):
        """Comes until the log says once more how many there were (10 s at most); how often that was."""
        total, before = 0, self.server.left_out("127.0.0.1")

        def told():
            nonlocal total
            come()
            total += 1
            return self.server.left_out("127.0.0.1") > before

        self.assertTrue(wait_until(told, 20))
        return total

    @before_tls
    def test_Q10_refused_connections(self):
        self.server.configure({"login": {"failures_per_address": 1}})
        self.assertEqual(wrong(self.server).code, 421)
        before = self.size()

        def come():
            client = self.connect(greeting=421)
            client.read_end()
            client.wait()
            self.server.clients.remove(client)

        total = self.flood(400, come)
        self.assertLess(self.size() - before, LINES * 250)
        self.assertLess(self.size("auth"), 1000)

        # Others are not in the shadow of that (row L06).
        self.assertEqual(wrong(self.server, "127.0.0.2").code, 421)
        self.server.expect_log("auth", "refused", remote="127.0.0.2", reason="bad-password")
        self.server.expect_log("connections", "connect", remote="127.0.0.2")
        self.server.expect_log("connections", "disconnect", remote="127.0.0.2")

        total += self.check_count(come)
        written = len(self.server.logs("connections", "refused", remote="127.0.0.1", reason="banned"))
        self.assertLess(written, LINES)
        self.assertEqual(written + self.server.left_out("127.0.0.1"), total)

    @in_clear("AUTH, PBSZ and PROT make lines of their own")
    def test_Q10_commands_of_strangers(self):
        """They may be logged (logs.commands), but a stranger does not fill the disk with them."""
        self.server.configure({"logs": {"commands": True}})
        client = self.connect()
        began = time.monotonic()
        for _ in range(20):
            client.raw(b"NOOP\r\n" * 100)
            for _ in range(100):
                client.read(200)
        client.login("alice")
        seconds = time.monotonic() - began
        for _ in range(100):
            client.expect(257, "PWD")
        client.quit()
        client.wait()
        written = len(self.server.logs("commands", command="NOOP"))
        self.assertLessEqual(written, 100 + 2 * (seconds + 1))
        self.assertEqual(len(self.server.logs("commands", command="PWD")), 100)
        before = len(self.server.logs("commands")) - 101  # and QUIT
        left_out = self.server.expect_log("connections", "log-throttled", user="alice")["detail"]
        self.assertEqual(left_out.split()[0], str(2000 + 2 - before))

    def test_Q10_connections_that_say_nonsense(self):
        """Connect, three bad commands, disconnect: five lines each, all there or all counted."""

        def come():
            client = self.connect()
            for _ in range(3):
                client.expect(500, "NONSENSE " + "x" * 500)
            client.quit()
            client.wait()
            self.server.clients.remove(client)

        total = self.flood(100, come)
        self.assertLess(self.size(), LINES * 5 * 1000)
        self.assertLess(len(self.server.logs("connections", "connect")), LINES)
        # Logging in has its lines in the middle of it.
        client = self.login()
        client.quit()
        client.wait()
        self.server.expect_log("auth", "accepted", remote="127.0.0.1")
        self.server.expect_log("connections", "disconnect", remote="127.0.0.1", user="alice")

        total += self.check_count(come)
        # The last one is only told as far as it had come.
        words = ("connect", "protocol-abuse", "disconnect")
        written = sum(len(self.server.logs("connections", word)) for word in words)
        self.assertEqual(written + self.server.left_out("127.0.0.1"), 5 * total - 4 + 2)


if __name__ == "__main__":
    main()
