"""Regression rows A01 to A09, A17, A22, A24: what a stranger learns and can do before a login (CVE_TESTS section 2)."""

import random
import re
import statistics
import threading
import time
from pathlib import Path

from harness import PASSWORD, Listener, ServerTest, main, slow, tls, within
from harness.network import own_network

OPEN = {"USER", "PASS", "AUTH", "PBSZ", "PROT", "CCC", "REIN", "FEAT", "HELP", "SYST", "NOOP", "OPTS", "HOST", "CLNT"}
OPEN |= {"QUIT", "LANG"}
MARKER = "OPTS MLST type;"  # with a reply that nothing else has
MARK = "MLST OPTS type;"


def verbs(client):
    """What HELP lists."""
    return [verb for line in client.expect(214, "HELP").lines[1:-1] for verb in line.split()]


def disable(server, name):
    record = server.directory / "users" / f"{name}.conf"
    text = record.read_text()
    assert "enabled = true" in text
    record.write_text(text.replace("enabled = true", "enabled = false"))


class Strangers(ServerTest):
    config = {"login": {"attempts": 20}}
    users = {"alice": PASSWORD, "bob": "bob's own 1", "gone": "gone's own 1"}

    def setUp(self):
        super().setUp()
        disable(self.server, "gone")
        damaged = self.server.directory / "users" / "damaged.conf"
        damaged.write_text("uid = zero;\n")
        damaged.chmod(0o600)

    def test_A01_every_name_gets_the_same_replies(self):
        replies = {}
        for name, password in (
            ("alice", "wrong"),
            ("nosuch", "wrong"),
            ("root", "wrong"),
            ("gone", "wrong"),
            ("gone", self.server.passwords["gone"]),
            ("damaged", "wrong"),
            ("bob", PASSWORD),
            ("x" * 300, "wrong"),
            ("nosuch", ""),
            ("alice", ""),
        ):
            client = self.connect()
            client.send(f"USER {name}")
            user = client.read_reply()
            client.send(f"PASS {password}")
            reply = client.read_reply()
            replies[(name, password)] = [
                (answer.code, re.sub(rf"\b{name}\b", "NAME", answer.text)) for answer in (user, reply)
            ]
            self.assertEqual((user.code, reply.code), (331, 530))
        self.assertEqual(len(set(map(str, replies.values()))), 1, replies)
        reasons = {record["reason"] for record in self.server.logs("auth", "refused")}
        self.assertEqual(reasons, {"bad-password", "unknown-user", "disabled", "bad-record"})

    def test_A02_every_name_takes_the_same_time(self):
        """60 wrong passwords each, in turns, each of about ten times what the rest costs."""
        server = self.make_server({"accounts": {"hash_cost": 5}, "login": {"attempts": 20}})
        disable(server, "gone")
        times = {"alice": [], "nosuch": [], "gone": [], "bad name": []}
        while len(times["alice"]) < 60:
            client = server.connect()
            names = list(times) * 4
            random.shuffle(names)
            for name in names:
                client.expect(331, f"USER {name}")
                started = time.perf_counter()
                client.expect(530, "PASS wrong password")
                times[name].append(time.perf_counter() - started)
            client.quit()
        medians = {name: statistics.median(taken) for name, taken in times.items()}
        self.assertGreater(medians["alice"], 0.002, "the hash costs nothing: this test shows nothing")
        tolerance = max(0.005 * slow(), 0.25 * medians["alice"])
        for name, median in medians.items():
            self.assertLess(abs(median - medians["alice"]), tolerance, medians)

    def test_A05_no_empty_password(self):
        """Also where the record has none, or one that nothing fits."""
        record = self.server.directory / "users" / "bob.conf"
        text = record.read_text()
        for password in (
            "",
            "!",
            "*",
            "x",
            "$y$",
            "$y$j75$",
            "$6$",
            "!" + text.split('"')[1],
            "$1$abc$",
            "bob's own 1",
        ):
            record.write_text(re.sub('password = "[^"]*"', f'password = "{password}"', text))
            for command in ("PASS", "PASS ", "PASS x", "PASS !", "PASS *", f"PASS {password}", "PASS bob's own 1"):
                with self.subTest(password=password, command=command):
                    client = self.connect()
                    client.expect(331, "USER bob")
                    client.expect(530, command)
                    client.expect(530, "PWD")
                    client.quit()
        record.write_text(text)
        self.login("bob")
        client = self.connect()
        client.expect(331, "USER alice")
        for command in ("PASS", "PASS ", "PASS"):
            client.expect((530, 503), command)

    def test_A06_zero_byte_in_a_name(self):
        for name in (b"alice\0x", b"\0alice", b"alice\0", b"a\0lice"):
            with self.subTest(name=name):
                client = self.connect()
                client.raw(b"USER " + name + b"\r\n")
                client.read((501, 530))
                client.expect((503, 530), f"PASS {PASSWORD}")
                client.expect(530, "PWD")
        details = [record.get("detail") or "" for record in self.server.logs("connections", "protocol-abuse")]
        self.assertEqual(sum("alice\\x00x" in detail for detail in details), 1, details)
        self.server.expect_log("auth", "accepted", count=0)

    def test_A07_user_and_pass_in_every_order(self):
        client = self.connect()
        client.expect(503, f"PASS {PASSWORD}")
        client.expect(331, "USER alice")
        client.expect(331, "USER bob")
        client.expect(530, f"PASS {PASSWORD}")
        client.expect(503, f"PASS {PASSWORD}")
        for between in ("NOOP", "FEAT", "SYST", "OPTS UTF8 ON", "PWD", "NONSENSE"):
            client.expect(331, "USER alice")
            client.command(between)
            client.expect(530, "PASS bob's own 1")
        client.login("bob")
        client.stor("bobs", b"1")
        self.assertEqual(client.command("USER alice").code, 530)
        client.expect(503, f"PASS {PASSWORD}")
        client.stor("bobs2", b"2")
        self.assertEqual(sorted(path.name for path in self.server.home("bob").iterdir()), ["bobs", "bobs2"])
        self.assertEqual(list(self.server.home("alice").iterdir()), [])

    def test_A08_nothing_is_told_before_the_login(self):
        self.server.write("there", b"x")
        client = self.connect()
        closed = [verb for verb in verbs(client) if verb not in OPEN]
        if tls.default():  # a REIN or a CCC is about TLS, and before a login too
            closed = [verb for verb in closed if verb not in ("CCC", "REIN")]
        self.assertGreater(len(closed), 40)
        for named in (False, True):
            if named:
                client.expect(331, "USER alice")
            for verb in closed:
                with self.subTest(verb=verb, named=named):
                    arguments = ("", " there", " /there", " nosuch", " ~root", " /etc/passwd", " .", " ../..", " a b c")
                    answers = {str(client.expect(530, verb + argument)) for argument in arguments}
                    self.assertEqual(len(answers), 1, answers)
        self.server.expect_log("files", None, count=0)

    def test_A17_names_and_passwords_are_only_text(self):
        """Format strings, SQL, shell: refused as any name, logged letter for letter, no process started."""
        marker = self.server.directory / "homes" / "executed"
        names = (
            "%s%n%x%s%s%s%n",
            "%'",
            "' OR 1=1--",
            "'; DROP TABLE users;--",
            "${HOME}",
            f"$(touch {marker})",
            f"`touch {marker}`",
            f"|touch {marker}",
            '"\\',
            "alice\t",
            "$ENV{PATH}",
        )
        for text in names:
            with self.subTest(text=text):
                client = self.connect()
                client.expect(331, f"USER {text}")
                client.expect(530, f"PASS {text}")
                client.login()
                client.expect(550, f"CWD {text}")
                self.assertIn(client.command(f"SITE {text}").code, (500, 501, 502, 504))
                self.assertIn(client.command(f"SITE EXEC {text}").code, (500, 501, 502, 504))
                client.expect(550, f"DELE {text}")
                client.quit()
                self.server.expect_log("auth", "refused", user=text)
                record = self.server.expect_log("files", "refused", count=names.index(text) + 1, command="DELE")
                self.assertIn(text, record["path"])
        self.assertFalse(marker.exists())


class Replies(ServerTest):
    """A09 (ProFTPD issue 2003): one final reply for each command, in order, in every state."""

    def check_states(self, begin, end=lambda client: None):
        for verb in verbs(self.connect()) + ["NONSENSE", "REIN", "ACCT", "AUTH", "SMNT", "\xff\xfe"]:
            if verb == "QUIT" or (verb == "REIN" and tls.default()):
                continue  # REIN ends TLS: test_cmd_rein.py
            for argument in ("", " x", " / y z"):
                with self.subTest(command=verb + argument):
                    client = begin()
                    client.send(verb + argument)
                    client.send(MARKER)
                    end(client)
                    first = client.read_reply()
                    self.assertGreaterEqual(first.code, 200, first)
                    if first.code == 421:
                        continue
                    self.assertNotEqual(first.text, MARK)
                    second = client.read_reply()
                    self.assertEqual((second.code, second.text), (200, MARK), first)
                    client.expect(200, "NOOP")

    def once(self, make):
        """MAKE() the first time and whenever the session has ended; the same client otherwise."""
        kept = []

        def begin():
            if not kept or kept[0].process.poll() is not None:
                kept[:] = [make()]
            return kept[0]

        return begin

    def test_A09_before_login(self):
        self.server.configure({"login": {"bad_commands": 1000}})
        self.check_states(self.once(self.connect))

    def test_A09_after_user(self):
        self.server.configure({"login": {"bad_commands": 1000, "attempts": 20}})
        again = self.once(self.connect)

        def begin():
            client = again()
            client.expect(331, "USER alice")
            return client

        self.check_states(begin)

    def test_A09_logged_in(self):
        again = self.once(self.login)

        def begin():
            client = again()
            client.expect(501, "PORT x")  # forgets the address of an EPSV before
            return client

        self.check_states(begin)

    def test_A09_during_a_transfer(self):
        """The transfer's own reply comes at its end: before those of commands that had to wait, after the others."""
        self.server.write("big", b"x" * 6000000)
        again = self.once(self.login)
        client = again()
        for verb in verbs(client) + ["NONSENSE", "REIN"]:
            for argument in ("", " x"):
                if verb == "QUIT":
                    continue
                with self.subTest(command=verb + argument):
                    client = again()
                    data = client.begin("RETR big")
                    data.receive(1000)
                    client.send(verb + argument)
                    client.send(MARKER)
                    data.receive_all()
                    replies = [client.read_reply() for _ in range(3)]
                    self.assertTrue(any(reply.code in (226, 426) for reply in replies[:2]), replies)
                    self.assertTrue(all(reply.code >= 200 for reply in replies), replies)
                    self.assertEqual((replies[2].code, replies[2].text), (200, MARK), replies)
                    client.expect(200, "NOOP")


class Load(ServerTest):
    def test_A22_huge_password(self):
        client = self.connect()
        client.expect(331, "USER alice")
        started = time.perf_counter()
        client.expect((500, 501, 530), "PASS " + "x" * 60000)
        self.assertLess(time.perf_counter() - started, 0.05 * slow())
        client.login()

    def test_A22_long_password_is_a_try(self):
        client = self.connect()
        for size, code in ((513, 530), (5000, 530), (8180, 421)):
            client.expect(331, "USER alice")
            client.expect(code, "PASS " + "x" * size)
        self.assert_closed(client)
        self.server.expect_log("auth", "refused", count=3, user="alice", reason="bad-password")

    def test_A22_logins_at_once(self):
        """Eight at a time, the wrong ones among them, hold up nobody for long."""
        server = self.make_server({"accounts": {"hash_cost": 5}, "limits": {"waiting_per_address": 30}})
        slowest, problems = [], []

        def log_in(number):
            try:
                for _ in range(4):
                    started = time.perf_counter()
                    client = server.connect()
                    if number % 2:
                        client.login()
                    else:
                        client.expect(331, "USER alice")
                        client.expect(530, "PASS wrong")
                    slowest.append(time.perf_counter() - started)
                    client.quit()
            except (AssertionError, OSError) as error:
                problems.append(error)

        threads = [threading.Thread(target=log_in, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(problems, [])
        self.assertEqual(len(slowest), 32)
        self.assertLess(statistics.median(slowest), within(2), slowest)


class Backdoors(ServerTest):
    """A24: no word opens a door (vsftpd 2.3.4: "USER x:)", ProFTPD 1.3.3c: "HELP ACIDBITCHEZ")."""

    def setUp(self):
        self.enterContext(own_network())
        super().setUp()

    @staticmethod
    def listening():
        """Every listening port of this network, which has nothing else in it: TCP and UDP."""
        found = []
        for family in ("tcp", "tcp6", "udp", "udp6", "raw"):
            for line in Path(f"/proc/thread-self/net/{family}").read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] in ("0A", "07") and (not family.startswith("raw")):
                    found.append((family, fields[1]))
        return found

    def test_A24_no_word_opens_a_port(self):
        with Listener(self.server):
            self.assertEqual(len(self.listening()), 1, "the counting must see a port that is open")
        client = self.connect()
        for command in (
            "USER x:)",
            "USER :)",
            "HELP ACIDBITCHEZ",
            "HELP acidbitchez",
            "SITE ACIDBITCHEZ",
            "ACIDBITCHEZ",
        ):
            client.command(command)
            self.assertEqual(self.listening(), [], command)
        client.expect(331, "USER x:)")
        client.expect(530, "PASS y")
        chance = random.Random(24)
        letters = [bytes([byte]) for byte in range(256) if byte not in (0, 10, 13, 255)]
        for _ in range(20):
            words = [b"".join(chance.choices(letters, k=chance.randrange(1, 30))) for _ in range(500)]
            client.raw(b"".join(chance.choice((b"HELP ", b"USER ")) + word + b"\r\n" for word in words))
            codes = {client.read_reply().code for _ in words}
            self.assertLessEqual(codes, {331, 214, 501}, codes)
            self.assertEqual(self.listening(), [])
        client.expect(530, "PWD")


if __name__ == "__main__":
    main()
