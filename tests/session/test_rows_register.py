"""Row L11: accounts that clients make for themselves, and passwords that they change: who may, how often, and what is
left when it is interrupted. The limits are those of guessed passwords (A03, A04)."""

import ftplib
import json
import os
import threading
import time

from harness import PASSWORD, ClientTest, ServerTest, main, process, slow

GOOD = "swordfish 42 x"
QUOTED = f'"{GOOD}"'
DEFAULTS = {"failures_per_address": 20, "failures_per_name": 100}


class RegisterTest(ServerTest):
    config = {"registration": {"open": True, "per_address": 1000}, "logs": {"journal": False, "commands": True}}

    def register(self, name, password=QUOTED, rest="", code=200, **arguments):
        client = self.connect(**arguments)
        client.loose = True
        reply = client.expect(code, f"SITE REGISTER {name} {password}{rest}")
        client.close()
        client.wait()
        self.server.clients.remove(client)
        return reply.text

    def names(self):
        return sorted(path.stem for path in (self.server.directory / "users").glob("*.conf"))


class Register(RegisterTest):
    def test_makes_an_account(self):
        client = self.connect()
        self.assertIn("Log in", client.expect(200, f"SITE REGISTER carl {QUOTED}").text)
        self.server.passwords["carl"] = GOOD
        client.login("carl")
        client.stor("a", b"x")
        self.assertEqual(self.server.read("a", "carl"), b"x")
        self.assertEqual(self.server.home("carl").stat().st_mode & 0o7777, 0o700)
        session = self.server.expect_log("auth", "registered", user="carl", remote="127.0.0.1")["session"]
        self.server.expect_log("admin", "user-add", user="carl", actor="a stranger from 127.0.0.1", session=session)
        shown = json.loads(self.server.ctl("user", "show", "carl", "--json").stdout)
        self.assertEqual((shown["role"], shown["read_only"]), ("user", False))
        client.expect(504, f"SITE REGISTER dave {QUOTED}")  # no longer a stranger

    def test_L11_a_session_does_not_know_the_invitation(self):
        # The sanitizers' allocator clears what is freed only if it is told to; ours always does (monitor/free.c).
        self.addCleanup(os.environ.__setitem__, "ASAN_OPTIONS", os.environ.get("ASAN_OPTIONS", ""))
        os.environ["ASAN_OPTIONS"] = "max_free_fill_size=1000000000:free_fill_byte=0"
        invitation = "a rather rare invitation"
        self.server.configure(self.config | {"registration": {"open": True, "invitation": invitation}})
        client = self.connect()
        found = invitation[:-4].encode() in process.memory(client.session_pid)
        self.assertFalse(found)  # not assertNotIn, which prints all of it
        client.expect(200, f'SITE REGISTER carl {QUOTED} "{invitation}"')

    def test_L11_off_by_default(self):
        closed = self.make_server({})
        client = closed.connect()
        reply, other = client.command(f"SITE REGISTER carl {QUOTED}"), client.command("SITE NOSUCH")
        self.assertEqual((reply.code, reply.lines), (other.code, other.lines))
        self.assertEqual(reply.code, 530)

    def test_names(self):
        for name in ("Carl", "-x", "a/b", ".x", "x.", "a" * 33, "..", "%s%n", "root", "daemon", "admin", "ftp", "anonymous", "alice"):
            with self.subTest(name=name):
                self.register(name, code=550)
        for line in ("", " x", ' "carl', ' "carl"x y', " a b c d"):
            client = self.connect()
            client.expect(501, f"SITE REGISTER{line}")
        self.assertEqual(self.names(), ["alice"])
        self.assertEqual(os.listdir(self.server.directory / "homes"), ["alice"])

    def test_taken_names_tell_no_more(self):
        self.assertEqual(self.register("alice", code=550), "this name is taken; choose another")

    def test_passwords(self):
        for name, password in (
            ("carl", "short1234"),
            ("carl", "aaaaaaaaaaaaaaaa"),
            ("carlcarlca", "carlcarlca"),
            ("carlcarl", "CarlCarl2026"),
            ("carl", "a" * 511),
            ("carl", "\xc3\xa4\xc3\xa4bcdef"),
        ):
            with self.subTest(password=password):
                self.assertIn("password", self.register(name, password, code=550))
        self.register("carl", "x" * 513, code=501)
        self.register("carl", "tab\tinside-it", code=550)
        self.assertEqual(self.names(), ["alice"])
        self.register("carl", "0123456789")

    def test_needs_tls(self):
        self.register("carl", secure="1.3")
        self.register("dave", secure="clear")  # on loopback
        server = self.make_server({"registration": {"open": True}, "tls": {"required": "always"}})
        client = server.connect(secure="clear")
        self.assertIn("TLS", client.expect(550, f"SITE REGISTER carl {QUOTED}").text)
        client.start_tls()
        client.expect(200, f"SITE REGISTER carl {QUOTED}")

    def test_accounts_max(self):
        server = self.make_server({"registration": {"open": True, "accounts_max": 2}})
        client = server.connect()
        client.expect(200, f"SITE REGISTER carl {QUOTED}")
        self.assertIn("as many accounts", client.expect(550, f"SITE REGISTER dave {QUOTED}").text)
        server.ctl("user", "add", "erin", "--password-stdin", text=GOOD)  # on the server itself there is no limit

    def test_default_quota(self):
        self.server.configure(self.config | {"quota": {"bytes": "1 MiB"}})
        self.register("carl")
        self.server.passwords["carl"] = GOOD
        self.login("carl").expect(552, "ALLO 2000000")

    def test_L11_reserved_names_can_be_changed(self):
        self.server.configure(self.config | {"registration": {"open": True, "reserved": ["carl"]}})
        self.register("carl", code=550)
        self.register("admin")

    def test_L11_names_that_a_share_is_for(self):
        """Whoever takes the name before, or after, its owner has it would have the share."""
        shared = self.server.directory / "shared"
        shared.mkdir()
        share = {"path": str(shared), "at": "shared", "users": ["erin", "carl"]}
        self.server.configure(self.config | {"shares": [share]})
        self.register("carl", code=550)
        self.register("dave")
        self.server.ctl("user", "add", "carl", "--password-stdin", text=GOOD)

    def test_L03_no_secret_in_the_logs(self):
        self.server.configure(self.config | {"registration": {"open": True, "invitation": "topsecret0"}})
        self.register("carl", "topsecret1", " topsecret0")
        self.register("dave", "topsecret2", " topsecret3", code=550)
        self.register("dave", '"topsecret4', code=501)
        self.register("", "topsecret5", code=501)
        for path in (self.server.directory / "logs").iterdir():
            self.assertNotIn(b"topsecret", path.read_bytes(), path.name)

    def test_L10_two_of_one_name_at_once(self):
        for attempt in range(5):
            clients = [self.connect() for _ in range(4)]
            for client in clients:
                client.send(f"SITE REGISTER carl{attempt} {QUOTED}")
            codes = sorted(client.read_reply().code for client in clients)
            self.assertEqual(codes, [200, 550, 550, 550])
            for client in clients:
                client.quit()
                client.wait()
        self.assertEqual(len(self.names()), 6)
        uids = [line.split("\t")[1] for line in self.server.ctl("user", "list").stdout.splitlines()]
        self.assertEqual(len(set(uids)), 6)

    def test_L10_client_that_leaves(self):
        """Whoever hangs up while the account is made leaves a whole one, or none."""
        for number in range(20):
            client = self.connect()
            client.loose, client.exit_status = True, None
            client.send(f"SITE REGISTER carl{number:02} {QUOTED}")
            time.sleep(number / 1000)
            client.close()
            client.wait()
        for name in self.names():
            self.assertEqual(self.server.home(name).stat().st_uid, json.loads(self.server.ctl("user", "show", name, "--json").stdout)["uid"])
        for number in range(20):
            if f"carl{number:02}" not in self.names():
                self.register(f"carl{number:02}")


class Limits(RegisterTest):
    def test_L11_per_address(self):
        self.server.configure(self.config | {"registration": {"open": True, "per_address": 3}})
        for number in range(3):
            self.register(f"carl{number}")
        self.assertIn("from your address", self.register("carl3", code=421))
        self.server.expect_log("auth", "register-refused", reason="per-address", user="carl3")
        self.register("carl3", source="127.0.0.2")
        # What was refused is not counted.
        self.register("alice", source="127.0.0.3", code=550)
        for number in range(4, 7):
            self.register(f"carl{number}", source="127.0.0.3")
        self.register("carl7", source="127.0.0.3", code=421)

    def test_L11_per_address_with_many_at_once(self):
        self.server.configure(self.config | {"registration": {"open": True, "per_address": 3}})
        clients = [self.connect() for _ in range(8)]
        for number, client in enumerate(clients):
            client.loose = True
            client.send(f"SITE REGISTER carl{number} {QUOTED}")
        codes = sorted(client.read_reply().code for client in clients)
        self.assertEqual(codes, [200] * 3 + [421] * 5)
        self.assertEqual(len(self.names()), 4)

    def test_L11_tries_of_one_connection(self):
        client = self.connect()
        for _ in range(3):
            client.expect(550, f"SITE REGISTER alice {QUOTED}")
        client.expect(421, f"SITE REGISTER carl {QUOTED}")
        self.assert_closed(client)
        self.assertEqual(self.names(), ["alice"])


class Invitation(RegisterTest):
    config = {
        "registration": {"open": True, "per_address": 1000, "invitation": "open sesame"},
        "login": DEFAULTS,
        "logs": {"journal": False},
    }

    def test_is_needed(self):
        self.assertIn("is needed", self.register("carl", code=550))
        for wrong in ("open", "OPEN", '"open sesam"', '"open sesamex"', '"Open sesame"', '""', "x" * 500):
            with self.subTest(invitation=wrong):
                self.register("carl", rest=f" {wrong}", code=550)
        self.server.expect_log("auth", "register-refused", reason="invitation", count=8)
        self.register("carl", rest=' "open sesame"')

    def test_A03_guesses_from_one_address(self):
        codes = []
        for number in range(30):
            client = self.connect(greeting=None)
            client.loose = True
            if client.read_reply().code == 421:
                break
            codes.append(client.command(f"SITE REGISTER carl {QUOTED} guess{number}").code)
            client.close()
            client.wait()
        self.assertEqual(len(codes), 20)
        self.assertEqual(codes[:19], [550] * 19)
        self.server.expect_log("auth", "banned", remote="127.0.0.1", reason="failures")
        self.register("carl", rest=' "open sesame"', source="127.0.0.2")

    def test_A04_guesses_from_many_addresses(self):
        """A hundred and no more; then those who have guessed are not heard, and others are."""

        def guess(low):
            for host in range(low, low + 30):
                for number in range(3):
                    self.register("carl", rest=f" guess{host}{number}", code=(550, 421), source=f"127.0.1.{host}")

        threads = [threading.Thread(target=guess, args=(low,)) for low in (1, 51)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        guesses = len(self.server.logs("auth", "register-refused", reason="invitation"))
        self.assertLessEqual(guesses, 100 + 60)  # each address once more, as it has not failed yet
        self.assertGreater(len(self.server.logs("auth", "register-refused", reason="name-throttled")), 10)
        self.assertIn("Too many", self.register("carl", rest=' "open sesame"', code=421, source="127.0.1.1"))
        self.register("carl", rest=' "open sesame"', source="127.0.2.1")

    def test_guesses_take_their_time(self):
        self.server.configure(self.config | {"login": DEFAULTS | {"delay": "500 ms"}})
        start = time.monotonic()
        self.register("carl", rest=" wrong", code=550)
        self.register("carl", rest=" wrong", code=550)
        self.assertGreaterEqual(time.monotonic() - start, 1.5)


class Password(ServerTest):
    config = {"login": DEFAULTS}
    users = {"alice": PASSWORD, "bob": PASSWORD}

    def test_is_changed(self):
        client, other, bob = self.login(), self.login(), self.login("bob")
        client.expect(200, f'SITE PSWD "{PASSWORD}" "new password 2"')
        self.assertIn("password", other.read(421).text)  # whoever knew the old one is out
        other.loose = True
        client.expect(257, "PWD")
        bob.expect(257, "PWD")
        self.server.expect_log("auth", "password-changed", user="alice")
        self.server.expect_log("admin", "user-password", user="alice", actor="alice from 127.0.0.1")
        self.server.expect_log("connections", "disconnect", user="alice", reason="password")
        again = self.connect()
        again.expect(331, "USER alice")
        again.expect(530, f"PASS {PASSWORD}")
        self.server.passwords["alice"] = "new password 2"
        self.login().expect(257, "PWD")

    def test_rules(self):
        client = self.login()
        for new in ("short", "aaaaaaaaaaaaaa", "alice00000", '"a\tbcdefghijkl"'):
            with self.subTest(new=new):
                self.assertIn("password", client.expect(550, f'SITE PSWD "{PASSWORD}" {new}').text)
                client.quit()
                client = self.login()
        client.expect(550, f'SITE PSWD wrong "{PASSWORD}"')
        client.expect(200, f'SITE PSWD "{PASSWORD}" "{PASSWORD}"')

    def test_A03_guesses(self):
        """The present password cannot be guessed faster than by logging in."""
        client = self.login()
        for _ in range(3):
            client.expect(550, 'SITE PSWD guess "new password 2"')
        client.expect(421, f'SITE PSWD "{PASSWORD}" "new password 2"')
        self.assert_closed(client)
        for _ in range(5):
            client = self.login()
            for _ in range(3):
                client.expect(550, 'SITE PSWD guess "new password 2"')
        client = self.login()
        client.expect(550, 'SITE PSWD guess "new password 2"')
        client.expect(421, 'SITE PSWD guess "new password 2"')  # number 20 of this address
        self.server.expect_log("auth", "banned", remote="127.0.0.1", reason="failures")
        self.server.expect_log("auth", "password-refused", user="alice", reason="bad-password", count=20)
        self.assert_closed(client)
        self.login(source="127.0.0.2").expect(257, "PWD")

    def test_A04_guesses_from_many_addresses(self):
        """Whoever sits at many of somebody's open sessions has as many guesses as at a login, and ends no others."""

        def guess(low):
            for host in range(low, low + 30):
                client = self.login(source=f"127.0.1.{host}")
                client.loose = True
                for number in range(3):
                    if client.command(f'SITE PSWD guess{host}{number} "new password 2"').code == 421:
                        break
                client.close()
                client.wait()
                self.server.clients.remove(client)

        threads = [threading.Thread(target=guess, args=(low,)) for low in (1, 51)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        checked = len(self.server.logs("auth", "password-refused", reason="bad-password"))
        self.assertLessEqual(checked, 100 + 60)  # each address once more, as it has not failed yet
        self.assertGreater(len(self.server.logs("auth", "password-refused", reason="name-throttled")), 10)
        bob = self.login("bob", source="127.0.1.1")
        bob.expect(200, f'SITE PSWD "{PASSWORD}" "new password 2"')
        alice = self.login(source="127.0.2.1")
        alice.expect(200, f'SITE PSWD "{PASSWORD}" "new password 2"')

    def test_switched_off(self):
        self.server.configure(self.config | {"accounts": {"password_change": False}})
        client = self.login()
        reply, other = client.command(f'SITE PSWD "{PASSWORD}" x'), client.command("SITE NOSUCH")
        self.assertEqual((reply.code, reply.lines), (other.code, other.lines))
        self.assertNotIn("PSWD", "\n".join(client.expect(214, "SITE HELP").lines))

    def test_A20_only_ones_own(self):
        before = (self.server.directory / "users" / "bob.conf").read_bytes()
        client = self.login()
        client.expect(501, f'SITE PSWD bob "{PASSWORD}" "new password 2"')
        self.assertEqual((self.server.directory / "users" / "bob.conf").read_bytes(), before)


class Clients(ClientTest):
    """With programs that people have."""

    config = {"registration": {"open": True}}

    def test_curl(self):
        self.make_local("up", b"hello")
        self.run_client("curl", "-sS", "-Q", "NOOP", f"ftp://alice@127.0.0.1:{self.port}/", "-u", f"alice:{self.password}")
        self.run_client(
            "curl", "-sS", "-Q", f'SITE PSWD "{self.password}" "new password 2"', "-u", f"alice:{self.password}",
            f"ftp://127.0.0.1:{self.port}/",
        )  # fmt: skip
        self.run_client("curl", "-sS", "-T", "up", "-u", "alice:new password 2", f"ftp://127.0.0.1:{self.port}/a")
        self.assert_remote("a", b"hello")

    def test_curl_registers(self):
        """curl logs in before its commands of -Q; telnet's way of sending a line works with everything."""
        script = f"SITE REGISTER carl {QUOTED}\r\nUSER carl\r\nPASS {GOOD}\r\nQUIT\r\n"
        output = self.run_client("curl", "-sS", "--max-time", "20", "-T", "-", f"telnet://127.0.0.1:{self.port}", text=script, status=None)
        self.assertIn("200 The account is made.", output)
        self.assertIn("230 ", output)

    def test_lftp(self):
        self.server.add_user("boss", PASSWORD, "--role", "admin")
        output = self.run_client(
            "lftp", "--norc", "-c",
            f"set ftp:ssl-allow no; set net:max-retries 1; open -p {self.port} -u 'boss,{PASSWORD}' 127.0.0.1; "
            "quote SITE USER ADD carl swordfish42; quote SITE USER LIST; quote SITE WHO; quote SITE KICK carl",
            status=None,
        )  # fmt: skip
        self.assertIn('added user "carl"', output)
        self.assertIn("alice ", output)
        self.assertTrue(self.server.home("carl").is_dir())

    def test_ftplib(self):
        with ftplib.FTP() as ftp:
            ftp.connect("127.0.0.1", self.port, 20 * slow())
            self.assertIn("account is made", ftp.sendcmd(f"SITE REGISTER carl {QUOTED}"))
            ftp.login("carl", GOOD)
            ftp.mkd("d")
            self.assertIn("changed", ftp.sendcmd(f'SITE PSWD {QUOTED} "new password 2"'))
            self.assertEqual(ftp.nlst(), ["d"])


if __name__ == "__main__":
    main()
