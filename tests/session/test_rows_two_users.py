"""Rows C01, A20, Q01 and Q04 with two users who attack each other: folders, quotas, sessions and accounts. Each has a
quota; what one does is refused, or counts against himself, and the other's ledger is that of his disk to a byte."""

import os
import threading

from confinement import READS, TRANSFERS, WRITES
from harness import PASSWORD, main
from harness.quota import QuotaTest

LIMIT = 10000000


class TwoUsers(QuotaTest):
    users = {"alice": PASSWORD, "bob": PASSWORD}
    config = {"quota": {"bytes": f"{LIMIT} B", "files": 1000}, "limits": {"per_address": 100}}

    def setUp(self):
        super().setUp()
        for user in self.users:
            self.server.write("mine", f"of {user}".encode(), user)
            self.server.write("old", b"x", user)

    def picture(self, user):
        """Everything of the folder, the record and the ledger that the other may not change."""
        found = {}
        for folder, folders, files in os.walk(self.server.home(user)):
            for path in [folder, *(os.path.join(folder, name) for name in folders + files)]:
                status = os.lstat(path)
                found[path] = (status.st_mode, status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_nlink)
        for path in (self.server.directory / "users" / f"{user}.conf", self.ledger(user)):
            found[str(path)] = path.read_bytes()
        return found

    def ledger(self, user):
        return self.server.directory / "state" / "usage" / str(self.server.uid(user))

    def ways_to(self, user):
        """Paths by which somebody else could come to a file of USER's, and links in his own folder that lead there."""
        home = self.server.home(user)
        other = self.server.home("alice" if user == "bob" else "bob")
        for name, target in (("link", home), ("relative", f"../{user}"), ("file", home / "mine")):
            os.symlink(target, other / name)
        return (f"../{user}/mine", f"/../{user}/mine", f"{home}/mine", f"~{user}/mine", "link/mine", "relative/mine", "file")

    def attack(self, client, path):
        # The link itself is his own, which he may list, rename, replace or remove.
        for verb in ("RETR", "SIZE", "MDTM", "HASH", "SITE CHMOD 777") if path == "file" else READS + WRITES:
            with self.subTest(verb=verb, path=path):
                data = client.passive() if verb.split()[0] in TRANSFERS else None
                if verb == "RNTO":
                    client.expect(350, "RNFR old")
                code = client.command(f"{verb} {path}").code
                if code == 150:  # NLST and LIST of nothing
                    self.assertIn(verb.split()[0], ("LIST", "NLST"))
                    self.assertEqual(data.receive_all(), b"")
                    client.read(226)
                else:
                    self.assertGreaterEqual(code, 450, verb)
                if data:
                    data.close()

    @staticmethod
    def upload(client, command, content):
        """Which another session may be in the way of (450)."""
        data = client.passive()
        if client.command(command).code == 150:
            data.send(content)
            data.finish()
            client.read((226, 450))
        data.close()

    def test_C01_folders(self):
        clients = {user: self.login(user) for user in self.users}
        ways = {user: self.ways_to(user) for user in self.users}
        for attacker, victim in (("alice", "bob"), ("bob", "alice")):
            before = self.picture(victim)
            for path in ways[victim]:
                self.attack(clients[attacker], path)
            self.assertEqual(self.picture(victim), before)
            self.assertEqual(self.server.read("old", attacker), b"x")

    def test_A20_accounts_sessions_and_quotas(self):
        clients = {user: self.login(user) for user in self.users}
        for attacker, victim in (("alice", "bob"), ("bob", "alice")):
            before = self.picture(victim)
            client = clients[attacker]
            unknown = client.command("SITE NOSUCH")
            for command in (f"QUOTA SET {victim} 1", f"QUOTA SET {attacker} none", f"KICK {victim}", f"USER DEL {victim}",
                            f"USER PASSWD {victim} secretsecret", f"USER LOCK {victim}", "BAN 127.0.0.1"):  # fmt: skip
                reply = client.command(f"SITE {command}")
                self.assertEqual((reply.code, reply.lines), (unknown.code, unknown.lines), command)
            client.expect(501, f'SITE PSWD {victim} "{PASSWORD}" secretsecret')
            client.expect(504, f"SITE QUOTA {victim}")
            self.assertEqual(self.picture(victim), before)
        for client in clients.values():
            client.expect(200, "NOOP")

    def test_Q01_a_full_quota_is_ones_own(self):
        """One stores until nothing goes, and announces all there is: the other has all of his."""
        alice, bob = self.login(), self.login("bob")
        before = self.told(bob)
        alice.stor("much", bytes(LIMIT - 1000))
        self.refused(alice, "STOR more", bytes(2000))
        others = [self.login() for _ in range(3)]
        for client in others:
            client.command("ALLO 900")
        self.assertEqual(self.told(bob), before)
        bob.expect(200, f"ALLO {LIMIT - 100}")
        bob.stor("much", bytes(LIMIT - 1000))
        for user, client in (("alice", alice), ("bob", bob)):
            self.assert_exact(client, user)

    def test_Q04_both_at_once(self):
        """Both store, append, rename and delete the same names over several sessions each, as fast as they can."""
        problems = []

        def work(user, number):
            try:
                client = self.login(user)
                for turn in range(12):
                    name = f"{(turn + number) % 3}"
                    self.upload(client, f"STOR {name}", user.encode() * 5000)
                    self.upload(client, f"APPE {name}", user.encode() * 100)
                    if client.command(f"RNFR {name}").code == 350:
                        client.command(f"RNTO {number}-{turn % 2}")
                    client.command(f"DELE {(turn + 1) % 3}")
                client.quit()
            except Exception as error:  # pylint: disable=broad-exception-caught
                problems.append((user, repr(error)))

        threads = [threading.Thread(target=work, args=(user, number)) for user in self.users for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(problems, [])
        for user in self.users:
            # What another session had open when it was removed is only found to be gone by the next count.
            self.assertGreaterEqual(self.used(self.login(user)), self.on_disk(user))
            self.assert_exact_soon(user)
            content = b"".join(path.read_bytes() for path in self.server.home(user).iterdir() if path.name not in ("mine", "old"))
            self.assertEqual(content.replace(user.encode(), b""), b"", "nothing of the other's")


if __name__ == "__main__":
    main()
