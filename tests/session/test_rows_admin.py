"""Row A20: the administrator's session. It sees all users' folders and works in them, what it makes is theirs, and
nothing of root's or of anybody outside is in its reach."""

import os
import stat
import subprocess
from pathlib import Path

from harness import PASSWORD, ServerTest, main, process, wait_until
from session.test_cell import capabilities, mounts, same_file

CHOWN, DAC_OVERRIDE, FOWNER = 0, 1, 3
FOREIGN = 4711  # a uid and gid of the host's that no account has


class AdminTest(ServerTest):
    users = {"alice": PASSWORD, "bob": PASSWORD}

    def setUp(self):
        super().setUp()
        self.server.add_user("boss", PASSWORD, "--role", "admin")
        self.homes = self.server.directory / "homes"

    def admin(self, **arguments):
        client = self.connect(**arguments)
        client.is_admin = True
        client.login("boss")
        client.expect(200, "TYPE I")
        return client

    @property
    def number(self):
        """The uid and gid of the administrators' sessions."""
        return self.server.uid_min + 999

    def owner(self, name, user="alice"):
        status = self.server.path(name, user).lstat()
        return status.st_uid, status.st_gid

    def assert_owned(self, name, user="alice"):
        self.assertEqual(self.owner(name, user), (self.server.uid(user),) * 2, name)

    def plant(self, name, content=b"root's", user="alice", mode=0o600, owner=0):
        """A file in the user's folder that is root's."""
        path = self.server.path(name, user)
        path.write_bytes(content)
        os.chown(path, owner, owner)
        path.chmod(mode)
        return path


class Cell(AdminTest):
    """As the kernel sees it."""

    def check(self, client, writable="rw"):
        pid, number = client.session_pid, str(self.number)
        found = process.status(pid)
        self.assertEqual(found["Uid"].split(), [number] * 4)
        self.assertEqual(found["Gid"].split(), [number] * 4)
        self.assertEqual(found["Groups"], "")
        for name, kept in (("Prm", True), ("Eff", True), ("Inh", False), ("Bnd", False), ("Amb", False)):
            expected = capabilities(*((CHOWN, DAC_OVERRIDE, FOWNER) if kept else ()))
            self.assertEqual(found[f"Cap{name}"], expected, name)
        self.assertEqual((found["NoNewPrivs"], found["Seccomp"], found["Seccomp_filters"]), ("1", "2", "2"))
        for name in ("uid_map", "gid_map"):
            text = Path(f"/proc/{pid}/{name}").read_text(encoding="ascii")
            first = str(self.server.uid_min)
            self.assertEqual([line.split() for line in text.splitlines()], [[first, first, "1000"]], name)
        ((point, options),) = mounts(pid)
        self.assertEqual(point, "/")
        self.assertLessEqual({writable, "nosuid", "nodev", "noexec"}, options)
        self.assertTrue(same_file(f"/proc/{pid}/root", self.homes))
        self.assertTrue(same_file(f"/proc/{pid}/cwd", self.homes))

    def test_A20_rights_of_the_process(self):
        for secure in ("clear", "1.2", "1.3"):
            with self.subTest(secure=secure):
                self.check(self.admin(secure=secure))

    def test_A20_read_only(self):
        self.server.ctl("user", "mod", "boss", "--read-only")
        self.server.write("f", b"x")
        client = self.admin()
        self.check(client, "ro")
        for command in ("DELE alice/f", "MKD alice/d", "STOR alice/g", "RNFR alice/f", "SITE CHMOD 600 alice/f"):
            client.expect(550, command)
        self.assertEqual(client.retr("alice/f"), b"x")

    def test_A20_users_keep_nothing_of_it(self):
        """A user's session has no capability, and another's uid is not known to it."""
        client = self.login()
        for name in ("Prm", "Eff", "Bnd", "Inh", "Amb"):
            self.assertEqual(process.status(client.session_pid)[f"Cap{name}"], capabilities(), name)
        text = Path(f"/proc/{client.session_pid}/uid_map").read_text(encoding="ascii")
        self.assertEqual(text.split()[2], "1")

    def test_A20_two_administrators_are_the_same_nobody(self):
        self.server.add_user("chief", PASSWORD, "--role", "admin")
        one, other = self.admin(), self.connect()
        other.is_admin = True
        other.login("chief")
        self.check(one)
        self.check(other)
        self.assertNotEqual(self.server.uid("boss"), self.server.uid("chief"))
        for kind in ("user", "mnt", "pid"):
            links = {os.readlink(f"/proc/{client.session_pid}/ns/{kind}") for client in (one, other)}
            self.assertEqual(len(links), 2, kind)

    def test_A20_ranges_that_will_not_do(self):
        """Neither the kernel's own number for what is not mapped, nor a range with nobody in it."""
        self.server.ctl("user", "del", "boss", "--purge", "--yes")
        for first, last in ((60000, 70000), (5000, 5001)):
            self.server.configure({"accounts": {"uid_min": first, "uid_max": last}})
            name = f"boss{first}"
            self.server.add_user(name, PASSWORD, "--role", "admin")
            client = self.connect()
            client.is_admin = True
            client.expect(331, f"USER {name}")
            if first == 60000:
                client.expect(421, f"PASS {PASSWORD}")
                self.server.expect_log("connections", "cell-failed", reason="administrators' uids")
            else:
                client.expect(230, f"PASS {PASSWORD}")


class Root(AdminTest):
    """The folder of all users' folders."""

    def test_A20_shows_the_users_folders_only(self):
        client = self.admin()
        self.assertEqual(sorted(client.facts("/", verb="MLSD")), [".", "..", "alice", "bob", "boss"])
        self.assertEqual(sorted(client.names()), ["alice", "bob", "boss"])
        self.assertEqual(client.expect(257, "PWD").text.split()[0], '"/"')
        client.expect(250, "CWD ..")
        self.assertEqual(client.expect(257, "PWD").text.split()[0], '"/"')
        facts = client.facts("/", verb="MLSD")
        self.assertEqual(facts["alice"]["perm"], "celmp")
        self.assertEqual(facts["."]["perm"], "el")

    def test_A20_nothing_is_made_renamed_or_removed_there(self):
        self.server.write("f", b"x")
        client = self.admin()
        words = "SITE USER ADD"
        self.check_replies(
            client,
            [
                ("MKD new", 550, words),
                ("MKD /new", 550, words),
                ("RMD bob", 550, words),
                ("RMD /alice/../bob", 550, words),
                ("DELE bob", 550, words),
                ("RNFR bob", 550, words),
                ("EPSV", 229),
                ("STOR file", 550, words),
                ("EPSV", 229),
                ("APPE file", 550, words),
                ("EPSV", 229),
                ("STOU", 550, words),
                ("RNFR alice/f", 350),
                ("RNTO f", 550, words),
                ("SITE CHMOD 777 /", 550),
                ("SITE CHMOD 077 alice", 550),
            ],
        )
        self.assertEqual(sorted(os.listdir(self.homes)), ["alice", "bob", "boss"])
        self.assertEqual(stat.S_IMODE(self.homes.stat().st_mode), 0o751)
        self.assert_mode("", 0o700)

    def test_A20_is_listed_by_its_group_alone(self):
        status = self.homes.stat()
        self.assertEqual((status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)), (0, self.number, 0o751))

    def test_A20_is_prepared_by_user_mod_and_check_says_so(self):
        def check():
            done = subprocess.run(
                [self.server.program, "--check", "--config", self.server.config_file],
                capture_output=True,
                text=True,
                check=True,
            )
            return done.stdout

        self.assertNotIn("administrators", check())
        os.chown(self.homes, 0, 0)
        self.homes.chmod(0o711)
        self.assertIn(f"note    administrators (role admin) cannot list {self.homes}\n", check())
        self.assertIn(f"        chgrp {self.number} {self.homes} && chmod g+rx {self.homes}\n", check())
        client = self.admin()
        line = self.server.expect_log("connections", "server-failed", reason="homes")
        self.assertIn(f"chgrp {self.number} {self.homes} && chmod g+rx {self.homes}", line["detail"])
        client.expect(250, "CWD alice")  # but works where it knows the name
        client.passive()
        client.expect(550, "LIST /")
        self.server.ctl("user", "mod", "alice", "--role", "user")
        self.assertIn("note", check())
        self.server.ctl("user", "mod", "boss", "--role", "admin")
        self.assertNotIn("administrators", check())
        self.assertEqual(sorted(client.names("/")), ["alice", "bob", "boss"])

    def test_A20_a_group_of_its_own_is_not_taken_away(self):
        os.chown(self.homes, 0, FOREIGN)
        self.homes.chmod(0o750)
        done = self.server.ctl("user", "mod", "boss", "--role", "admin")
        self.assertIn(f"chgrp {self.number} {self.homes}", done.stderr)
        self.assertEqual(self.homes.stat().st_gid, FOREIGN)

    def test_A20_the_number_is_nobodys(self):
        record = self.server.directory / "users/alice.conf"
        text = record.read_text(encoding="utf-8")
        record.write_text(text.replace(str(self.server.uid("alice")), str(self.number)), encoding="utf-8")
        client = self.connect()
        client.expect(331, "USER alice")
        client.expect(530, f"PASS {PASSWORD}")
        line = self.server.expect_log("connections", "server-failed", reason="account-record")
        self.assertIn("raise accounts.uid_max", line["detail"])


class Reach(AdminTest):
    """What is not the local accounts' is out of it."""

    def test_A20_nothing_outside(self):
        client = self.admin()
        for path in ("../../etc/shadow", "/../../etc/shadow", "/etc/shadow", "alice/../../../etc/shadow"):
            client.passive()
            client.expect(550, f"RETR {path}")
        client.expect(550, "CWD /etc")
        client.expect(550, "SIZE ../users/alice.conf")

    def test_A20_files_of_root_and_of_the_system(self):
        self.plant("root")
        self.plant("system", owner=FOREIGN)
        half = self.plant("half")  # the user's, but of a group of the host's
        os.chown(half, self.server.uid(), FOREIGN)
        open_file = self.plant("open", mode=0o644)
        client = self.admin()
        for name in ("root", "system", "half"):
            with self.subTest(name=name):
                client.passive()
                client.expect(550, f"RETR alice/{name}")
                client.expect(550, f"HASH alice/{name}")
        for name in ("root", "system", "half", "open"):
            with self.subTest(name=name):
                client.passive()
                client.expect(550, f"APPE alice/{name}")
                client.passive()
                client.expect(550, f"STOR alice/{name}")
                client.expect(550, f"SITE CHMOD 777 alice/{name}")
                # What its owner may do, whatever its group: that is all that CAP_FOWNER asks for.
                client.expect(213 if name == "half" else 550, f"MFMT 20010909014640 alice/{name}")
                client.expect(350, f"RNFR alice/{name}")
                client.expect(550, f"RNTO bob/{name}")  # it could not become bob's
        self.assertEqual(client.retr("alice/open"), b"root's")
        self.assertEqual(self.owner("open"), (0, 0))
        self.assertEqual(open_file.read_bytes(), b"root's")
        self.assertEqual(os.listdir(self.server.home("bob")), [])

    def test_A20_directories_of_root(self):
        top = self.server.path("system")
        top.mkdir()
        top.chmod(0o755)
        (top / "file").write_bytes(b"x")
        (top / "closed").mkdir(mode=0o700)
        os.chown(top / "file", self.server.uid(), self.server.uid())
        free = self.server.path("free")  # where everybody may write, but whose would it be?
        free.mkdir()
        free.chmod(0o777)
        (free / "file").write_bytes(b"x")
        os.chown(free / "file", self.server.uid(), self.server.uid())
        client = self.admin()
        self.check_replies(
            client,
            [
                ("DELE alice/system/file", 550),
                ("RMD alice/system/closed", 550),
                ("CWD alice/system/closed", 550),
                ("MKD alice/system/new", 550),
                ("EPSV", 229),
                ("STOR alice/system/new", 550),
                ("SITE CHMOD 777 alice/system", 550),
                ("MKD alice/free/new", 550),
                ("EPSV", 229),
                ("STOR alice/free/new", 550),
                ("RNFR alice/free/file", 350),
                ("RNTO alice/free/other", 550),
            ],
        )
        self.assertEqual(sorted(os.listdir(top)), ["closed", "file"])
        self.assertEqual(os.listdir(free), ["file"])

    def test_A20_links_are_not_followed(self):
        """One in a user's folder would otherwise lead into another's, or to a file of root's."""
        self.server.write("secret", b"bob's", "bob")
        self.plant("root")
        links = {
            "to-bob": "../bob/secret",
            "by-root": "/bob/secret",
            "to-root": "root",
            "folder": "../bob",
            "outside": "/etc/passwd",
        }
        for name, target in links.items():
            os.symlink(target, self.server.path(name))
        client = self.admin()
        for name in links:
            with self.subTest(link=name):
                client.passive()
                client.expect(550, f"RETR alice/{name}")
                for command in ("APPE", "STOR"):
                    client.passive()
                    client.expect((550, 553), f"{command} alice/{name}")
                client.expect(550, f"SITE CHMOD 644 alice/{name}")
                client.expect(550, f"CWD alice/{name}")
                client.expect(550, f"SIZE alice/{name}")
        client.passive()
        client.expect(550, "RETR alice/folder/secret")
        client.expect(550, "DELE alice/folder/secret")
        client.expect(250, "DELE alice/to-bob")  # the link itself
        self.assertEqual(self.server.read("secret", "bob"), b"bob's")

    def test_A20_no_set_id_and_no_device(self):
        self.server.write("f", b"x")
        client = self.admin()
        for mode in ("4755", "2755", "6777"):
            client.expect((501, 504), f"SITE CHMOD {mode} alice/f")
        self.assert_mode("f", 0o644)

    def test_A20_hardest_modes_are_no_obstacle(self):
        """What a user has locked himself out of, the administrator can put right."""
        self.server.write("d/f", b"x")
        self.server.path("d/f").chmod(0)
        self.server.path("d").chmod(0)
        client = self.admin()
        self.assertEqual(client.retr("alice/d/f"), b"x")
        self.assertEqual(client.names("alice/d"), ["f"])
        client.expect(200, "SITE CHMOD 700 alice/d")
        client.expect(250, "DELE alice/d/f")
        client.expect(250, "RMD alice/d")


class Ownership(AdminTest):
    def test_A20_what_is_made_is_the_owners(self):
        self.server.write("old", b"old", "bob", mode=0o604)
        client = self.admin()
        for user in ("alice", "bob"):
            with self.subTest(user=user):
                client.stor(f"{user}/f", b"content")
                client.stor(f"{user}/f", b"again")
                client.appe(f"{user}/g", b"1")
                client.appe(f"{user}/g", b"2")
                client.expect(257, f"MKD {user}/d")
                client.expect(257, f"MKD {user}/d/e")
                client.stor(f"{user}/d/e/f", b"deep")
                for name in ("f", "g", "d", "d/e", "d/e/f"):
                    self.assert_owned(name, user)
                self.assert_mode("f", 0o640, user)
                self.assert_mode("d", 0o750, user)
                self.assertEqual(self.server.read("g", user), b"12")
        client.stor("bob/old", b"new")
        self.assert_owned("old", "bob")
        self.assert_mode("old", 0o604, "bob")
        # And the users can do with it what they like.
        other = self.login("bob")
        other.stor("d/e/f", b"mine")
        other.expect(250, "DELE d/e/f")
        other.expect(250, "RMD d/e")

    def test_A20_unique_names_and_unfinished_uploads(self):
        client = self.admin()
        client.expect(250, "CWD alice")
        data = client.begin("STOU")
        wait_until(lambda: os.listdir(self.server.home()))
        (name,) = os.listdir(self.server.home())
        self.assertTrue(name.startswith(".cellftpd-upload-"))
        self.assert_owned(name)
        data.send(b"x")
        data.close()
        client.read(226)
        (name,) = os.listdir(self.server.home())
        self.assert_owned(name)
        # One that breaks off stays under its name, and is the owner's as well.
        data = client.begin("STOR half")
        data.send(b"half")
        wait_until(lambda: any(path.stat().st_size == 4 for path in self.server.home().iterdir()))
        data.reset()
        client.read(426)
        self.assert_owned("half")

    def test_A20_umask_and_restart(self):
        client = self.admin()
        client.expect(200, "SITE UMASK 777")
        client.expect(257, "MKD alice/d")
        client.stor("alice/f", b"abc")
        self.assert_owned("d")
        self.assert_owned("f")
        self.assert_mode("f", 0)
        client.expect(350, "REST 3")
        client.stor("alice/f", b"def")
        client.expect(350, "REST 1")
        client.stor("alice/f", b"x")
        self.assertEqual(self.server.read("f"), b"ax")
        self.assert_owned("f")

    def test_A20_group_of_the_directory(self):
        """The group of a directory, with setgid or without, as far as it is a local account's."""
        for name, mode in (("plain", 0o770), ("setgid", 0o2770)):
            with self.subTest(name=name):
                path = self.server.mkdir(name)
                os.chown(path, self.server.uid("alice"), self.server.uid("bob"))
                path.chmod(mode)
                client = self.admin()
                client.stor(f"alice/{name}/f", b"x")
                client.expect(257, f"MKD alice/{name}/d")
                expected = (self.server.uid("alice"), self.server.uid("bob"))
                self.assertEqual(self.owner(f"{name}/f"), expected)
                self.assertEqual(self.owner(f"{name}/d"), expected)
                self.assertEqual(bool(self.server.path(f"{name}/d").stat().st_mode & stat.S_ISGID), name == "setgid")

    def test_A20_default_acl(self):
        """The kernel's: what is made in a directory has what the directory says."""
        path = self.server.mkdir("shared")
        bob = self.server.uid("bob")
        subprocess.run(["setfacl", "-d", "-m", f"u:{bob}:rw,m::rwx", path], check=True)
        client = self.admin()
        client.stor("alice/shared/f", b"x")
        client.stor("alice/shared/f", b"y")  # replaced, it keeps it
        found = subprocess.run(
            ["getfacl", "-n", "-c", "--absolute-names", path / "f"], capture_output=True, text=True, check=True
        ).stdout
        self.assertIn(f"user:{bob}:rw-", found)
        self.assert_owned("shared/f")

    def test_A20_moves_between_users(self):
        self.server.write("f", b"f", mode=0o640)
        self.server.write("twice", b"t")
        os.link(self.server.path("twice"), self.server.path("link"))
        os.symlink("f", self.server.path("symbolic"))
        os.mkfifo(self.server.path("fifo"))
        self.server.write("d/inside", b"i")
        self.server.write("there", b"bob's", "bob")
        client = self.admin()
        client.expect(350, "RNFR alice/f")
        client.expect(250, "RNTO bob/f")
        self.assert_owned("f", "bob")
        self.assert_mode("f", 0o640, "bob")
        client.expect(350, "RNFR bob/f")
        client.expect(250, "RNTO alice/d/f")  # and back, in another folder
        self.assert_owned("d/f")
        client.expect(350, "RNFR alice/d/f")
        client.expect(250, "RNTO bob/there")  # over a file
        self.assert_owned("there", "bob")
        self.assertEqual(self.server.read("there", "bob"), b"f")
        for name in ("d", "twice", "symbolic", "fifo"):
            with self.subTest(name=name):
                before = self.owner(name)
                client.expect(350, f"RNFR alice/{name}")
                reply = client.expect(553, f"RNTO bob/{name}")
                self.assertIn("single file", reply.text)
                self.assertEqual(self.owner(name), before)
        client.expect(350, "RNFR alice/d")  # within a user's folder all of it
        client.expect(250, "RNTO alice/d2")
        self.assert_owned("d2/inside")
        # What cannot be done in the end leaves the file as it was.
        self.server.mkdir("folder", "bob")
        self.server.write("g", b"g")
        client.expect(350, "RNFR alice/g")
        client.expect(553, "RNTO bob/folder")
        self.assert_owned("g")

    def test_A20_counts_in_the_quota_of_the_folders_user(self):
        """Which keeps the administrator from nothing, but the user afterwards. The ledger may be too high, never too
        low: it was counted a moment ago."""
        for name in ("alice", "boss"):
            self.server.ctl("user", "mod", name, "--quota", "10 KiB")
        user = self.login()
        user.stor("before", b"x" * 2000)
        client = self.admin()
        client.stor("alice/f", b"x" * 20000)
        client.stor("bob/f", b"x" * 3000)
        client.expect(350, "RNFR bob/f")
        client.expect(250, "RNTO alice/g")
        used = [line.split()[1] for line in user.expect(211, "SITE QUOTA").lines if line.startswith(" Used:")]
        self.assertGreaterEqual(int(used[0]), 25000)
        data = user.begin("STOR mine")
        data.send(b"x")
        data.close()
        user.read(552)
        client.stor("boss/own", b"x" * 20000)  # nor is there a quota of his own
        client.expect(250, "DELE boss/own")

    def test_A20_own_folder_is_one_of_all(self):
        client = self.admin()
        client.stor("boss/f", b"x")
        self.assert_owned("f", "boss")


class Login(AdminTest):
    def address(self):
        """An address of this machine that is not of its loopback network."""
        done = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=True)
        found = [address for address in done.stdout.split() if ":" not in address]
        self.assertTrue(found, "this machine has no address")
        return found[0]

    def test_A20_needs_TLS_but_on_loopback(self):
        self.server.configure({"tls": {"required": "never"}})
        address = self.address()
        client = self.connect(source=address, secure="clear")
        client.expect(530, "USER boss")
        client.expect(503, f"PASS {PASSWORD}")
        client.expect(331, "USER alice")  # the others may
        self.admin(source=address, secure="1.3").expect(250, "CWD alice")
        self.admin(secure="clear")

    def test_A20_lock_kick_and_demotion_end_it(self):
        for command in (("kick", "boss"), ("user", "lock", "boss"), ("user", "mod", "boss", "--role", "user")):
            with self.subTest(command=command):
                client = self.admin()
                self.server.ctl(*command)
                client.read(421)
                self.assert_closed(client)
                self.server.ctl("user", "unlock", "boss")
                self.server.ctl("user", "mod", "boss", "--role", "admin")

    def test_A20_promotion_waits_for_the_next_login(self):
        client = self.login()
        self.server.ctl("user", "mod", "alice", "--role", "admin")
        client.expect(550, "CWD /bob")
        self.assertEqual(process.status(client.session_pid)["CapEff"], capabilities())

    def test_A20_login_test_goes_the_same_way(self):
        done = self.server.ctl("login-test", "boss")
        self.assertIn("as an administrator, in a cell", done.stdout)
        self.assertIn(str(self.homes), done.stdout)


if __name__ == "__main__":
    main()
