"""Shares: folders of the host in users' trees (complaint 23). What a user sees and may do in them, what the kernel
says of the mounts, and that a share that cannot be had keeps nobody from the own folder."""

import json
import os
import subprocess
from pathlib import Path

from harness import PASSWORD, ServerTest, main, process, wait_until
from harness.server import to_libconfig

OWNER = 23456  # of a share's folder: nobody on this machine


def mounts(pid):
    """The mounts of a process as rows of /proc/PID/mountinfo: (place, options)."""
    lines = Path(f"/proc/{pid}/mountinfo").read_text(encoding="utf-8").splitlines()
    return {fields[4]: fields[5].split(",") for fields in map(str.split, lines)}


class Shares(ServerTest):
    users = {"alice": PASSWORD, "bob": PASSWORD}

    def setUp(self):
        super().setUp()
        self.common = self.folder("common")

    def folder(self, name, owner=OWNER, mode=0o755):
        path = self.server.directory / name
        path.mkdir(exist_ok=True)
        os.chown(path, owner, owner)
        path.chmod(mode)
        return path

    def put(self, path, content=b"x", owner=OWNER, mode=0o644):
        path.write_bytes(content)
        os.chown(path, owner, owner)
        path.chmod(mode)
        return path

    def share(self, *shares):
        """Writes the list; each a dict with what differs from the folder "common", read-only, at "common"."""
        rows = []
        for share in shares:
            whole = {"path": str(self.common), "at": "common", **share}
            rows.append("{ " + " ".join(f"{key} = {to_libconfig(value)};" for key, value in whole.items()) + " }")
        (self.server.directory / "conf.d").mkdir(exist_ok=True)
        drop_in = self.server.directory / "conf.d" / "shares.conf"
        drop_in.write_text("shares = ( " + ", ".join(rows) + " );\n", encoding="utf-8")

    def owners(self, path):
        status = path.lstat()
        return status.st_uid, status.st_gid

    def refused(self, client, *commands):
        for command in commands:
            with self.subTest(command=command):
                if command.split()[0] in ("STOR", "APPE", "RETR"):
                    client.passive()
                reply = client.command(command)
                self.assertEqual(reply.code, 550, str(reply))
                yield reply

    def own_mounts(self):
        """What the host sees mounted below the directory of this test."""
        return {place for place in mounts(os.getpid()) if place.startswith(str(self.server.directory))}

    def session_mount(self, client, place):
        return mounts(client.session_pid).get(place)


class ReadOnly(Shares):
    def test_23_everybody_reads_a_common_folder(self):
        self.share({})
        self.put(self.common / "a", b"for all")
        for user in ("alice", "bob"):
            client = self.login(user)
            self.assertEqual(client.download("RETR common/a"), b"for all")
            self.assertIn(b"common", client.download("NLST"))
            self.assertEqual(client.download("NLST common").split(), [b"a"])
            client.expect(250, "CWD common")
            self.assertEqual(client.expect(257, "PWD").text.split()[0], '"/common"')
            client.expect(250, "CDUP")
            self.assertEqual(client.expect(257, "PWD").text.split()[0], '"/"')
            client.expect(250, "CWD common/../common")
            self.assertEqual(client.download("NLST"), b"a\r\n")
            self.assertIn(b"common", client.download("NLST .."))

    def test_23_nothing_in_it_can_be_changed(self):
        self.share({"read_only": True})
        self.put(self.common / "a", b"for all", mode=0o666)
        self.common.chmod(0o777)
        client = self.login()
        self.server.write("own", b"mine")
        commands = ["STOR common/b", "STOR common/a", "APPE common/a", "DELE common/a", "MKD common/d"]
        commands += ["SITE CHMOD 600 common/a", "MFMT 20200101000000 common/a"]
        for reply in self.refused(client, *commands):
            self.assertIn("read-only", reply.text)
        client.expect(350, "RNFR common/a")
        client.expect(550, "RNTO common/b")
        client.expect(350, "RNFR own")
        client.expect(553, "RNTO common/own")
        self.assertEqual([path.name for path in self.common.iterdir()], ["a"])
        self.assertEqual((self.common / "a").read_bytes(), b"for all")
        self.assertEqual((self.common / "a").stat().st_mode & 0o777, 0o666)
        self.assertEqual(self.server.read("own"), b"mine")

    def test_23_the_mount_is_the_sessions_alone(self):
        self.share({"at": "in/common"})
        self.login().quit()
        before = self.own_mounts()
        client = self.login()
        options = self.session_mount(client, "/in/common")
        for option in ("ro", "nosuid", "nodev", "noexec"):
            self.assertIn(option, options)
        self.assertEqual(self.own_mounts(), before)
        self.assertNotIn("/in/common", " ".join(mounts(client.monitor_pid)))
        self.assertEqual(list(self.server.path("in/common").iterdir()), [])
        self.assertEqual(process.status(client.session_pid)["CapPrm"].strip("0"), "")
        self.assertEqual(process.status(client.session_pid)["CapEff"].strip("0"), "")

    def test_23_a_mount_made_later_on_the_host_is_not_seen(self):
        self.share({})
        (self.common / "disk").mkdir()
        client = self.login()
        subprocess.run(["mount", "-t", "tmpfs", "none", self.common / "disk"], check=True)
        (self.common / "disk" / "later").touch()
        self.assertEqual(client.download("NLST common/disk"), b"")
        self.assertIn(b"later", self.login().download("NLST common/disk"))  # one that was there before is

    def test_23_read_only_accounts_get_it_too(self):
        self.share({"read_only": False, "at": "a/b/c"})
        self.common.chmod(0o777)
        self.put(self.common / "a")
        self.server.add_user("carol", PASSWORD, "--read-only")
        client = self.login("carol")
        self.assertEqual(client.download("RETR a/b/c/a"), b"x")
        client.passive()
        client.expect(550, "STOR a/b/c/new")
        self.assertIn("ro", self.session_mount(client, "/a/b/c"))
        self.assertEqual(self.owners(self.server.path("a/b", "carol")), (self.server.uid("carol"),) * 2)

    def test_23_what_the_facts_say(self):
        """RFC 3659 section 7.5.5: nothing is promised that would be refused."""
        writable = self.folder("writable", mode=0o700)
        self.share({}, {"path": str(writable), "at": "in/writable", "read_only": False})
        self.common.chmod(0o777)
        self.put(self.common / "a", mode=0o666)
        self.put(writable / "b", mode=0o600)
        client = self.login()
        client.expect(200, "OPTS MLST type;perm;")
        self.assertEqual(self.facts(client, "/")["common"], "type=dir;perm=el;")
        self.assertEqual(self.facts(client, "/")["in"], "type=dir;perm=cdeflmp;")
        self.assertEqual(self.facts(client, "/in")["writable"], "type=dir;perm=celmp;")
        self.assertEqual(self.facts(client, "/common")["a"], "type=file;perm=r;")
        self.assertEqual(self.facts(client, "/in/writable")["b"], "type=file;perm=adfrw;")
        self.assertIn("perm=el; /common", "\n".join(client.expect(250, "MLST common").lines))
        self.assertIn("perm=r; /common/a", "\n".join(client.expect(250, "MLST common/a").lines))

    def facts(self, client, path):
        lines = client.download(f"MLSD {path}").decode().splitlines()
        return {name: facts for facts, _, name in (line.partition(" ") for line in lines)}

    def test_23_links_of_the_administrators_are_followed(self):
        self.share({})
        self.put(self.common / "stable")
        (self.common / "current").symlink_to("stable")
        self.assertEqual(self.login().download("RETR common/current"), b"x")


class Writable(Shares):
    def setUp(self):
        super().setUp()
        self.share({"read_only": False})

    def test_23_users_act_as_the_owner_of_the_folder(self):
        self.common.chmod(0o700)
        self.put(self.common / "there", b"before", mode=0o600)
        alice, bob = self.login("alice"), self.login("bob")
        self.assertEqual(alice.download("RETR common/there"), b"before")
        alice.upload("STOR common/new", b"by alice")
        self.assertEqual(self.owners(self.common / "new"), (OWNER, OWNER))
        self.assertEqual(bob.download("RETR common/new"), b"by alice")
        bob.upload("STOR common/there", b"by bob")
        self.assertEqual((self.common / "there").read_bytes(), b"by bob")
        self.assertEqual(self.owners(self.common / "there"), (OWNER, OWNER))
        bob.expect(257, "MKD common/d")
        self.assertEqual(self.owners(self.common / "d"), (OWNER, OWNER))
        alice.expect(350, "RNFR common/new")
        alice.expect(250, "RNTO common/d/moved")
        bob.expect(200, "SITE CHMOD 604 common/d/moved")
        self.assertEqual((self.common / "d/moved").stat().st_mode & 0o777, 0o604)
        alice.expect(250, "DELE common/d/moved")
        alice.expect(250, "RMD common/d")
        options = self.session_mount(alice, "/common")
        for option in ("rw", "nosuid", "nodev", "noexec"):
            self.assertIn(option, options)

    def test_23_what_is_roots_stays_roots(self):
        """Whatever its mode is: root has no number in the mount."""
        self.put(self.common / "roots", b"keep", owner=0, mode=0o666)
        self.put(self.common / "secret", b"keep", owner=0, mode=0o600)
        client = self.login()
        self.assertEqual(client.download("RETR common/roots"), b"keep")
        for _ in self.refused(client, "APPE common/roots", "RETR common/secret", "SITE CHMOD 777 common/secret"):
            pass
        self.assertEqual((self.common / "roots").read_bytes(), b"keep")

    def test_23_a_folder_of_roots_is_no_way_to_be_root(self):
        os.chown(self.common, 0, 0)
        client = self.login()
        client.passive()
        client.expect(550, "STOR common/new")
        self.common.chmod(0o777)
        client.upload("STOR common/new", b"x")
        self.assertEqual(self.owners(self.common / "new"), (self.server.uid(), self.server.uid()))

    def test_23_a_file_system_that_cannot_map(self):
        """ramfs cannot: the login goes on, and users are who they are."""
        subprocess.run(["mount", "-t", "ramfs", "none", self.common], check=True)
        os.chown(self.common, OWNER, OWNER)
        self.common.chmod(0o777)
        client = self.login()
        client.upload("STOR common/new", b"x")
        self.assertEqual(self.owners(self.common / "new"), (self.server.uid(), self.server.uid()))
        self.common.chmod(0o755)
        client.passive()
        client.expect(550, "STOR common/other")
        self.assertEqual(self.server.logs("connections", "share-failed"), [])

    def test_23_links_are_not_followed(self):
        """Whoever can write there could lead another user's command to a file of that user's."""
        self.server.write("private", b"bob's own", user="bob")
        for name, target in (("up", "../private"), ("top", "/private"), ("dir", "/")):
            (self.common / name).symlink_to(target)
            os.chown(self.common / name, OWNER, OWNER, follow_symlinks=False)
        client = self.login("bob")
        for _ in self.refused(client, "RETR common/up", "SIZE common/top", "CWD common/dir", "STOR common/dir/private"):
            pass
        client.expect(550, "DELE common/dir/private")
        client.upload("STOR common/top", b"takes the place of the link")
        self.assertEqual(self.server.read("private", "bob"), b"bob's own")
        client.expect(250, "DELE common/up")

    def test_23_an_upload_is_whole_or_not_there(self):
        alice, bob = self.login("alice"), self.login("bob")
        self.put(self.common / "report", b"old")
        data = alice.begin("STOR common/report")
        data.send(b"half")
        self.assertTrue(wait_until(lambda: any(p.name.startswith(".cellftpd-upload-") for p in self.common.iterdir())))
        self.assertEqual(bob.download("NLST common"), b"report\r\n")
        self.assertEqual(bob.download("RETR common/report"), b"old")
        data.send(b" and half")
        data.close()
        alice.read(226)
        self.assertEqual(bob.download("RETR common/report"), b"half and half")
        self.assertEqual(sorted(p.name for p in self.common.iterdir()), ["report"])

    def test_23_it_cannot_be_moved_into_nor_out_of(self):
        self.server.write("own", b"mine")
        self.put(self.common / "a")
        client = self.login()
        for source, target in (("own", "common/own"), ("common/a", "a")):
            client.expect(350, f"RNFR {source}")
            self.assertIn("share", client.expect(553, f"RNTO {target}").text)
        self.assertEqual(self.server.read("own"), b"mine")
        self.assertEqual([p.name for p in self.common.iterdir()], ["a"])

    def test_23_its_place_stays(self):
        self.put(self.common / "a")
        for client in (self.login(), self.login()):
            for command in ("RMD common", "DELE common"):
                client.expect(550, command)
            client.expect(350, "RNFR common")
            self.assertIn("share", client.expect(550, "RNTO other").text)
            self.assertEqual(client.download("RETR common/a"), b"x")
        self.assertEqual(os.listdir(self.server.home()), ["common"])

    def test_23_the_place_removed_on_the_host_is_made_again(self):
        self.put(self.common / "a")
        client = self.login()
        self.server.path("common").rmdir()
        client.expect(550, "SIZE common/a")  # a session of before has lost it, and nothing else
        client.expect(250, "CWD /")
        self.assertEqual(self.login().download("RETR common/a"), b"x")

    def test_23_denied_names_hold_in_it(self):
        self.server.configure({"files": {"deny_names": ["*.secret"]}})
        self.put(self.common / "a.secret")
        self.put(self.common / "b")
        client = self.login()
        self.assertEqual(client.download("NLST common"), b"b\r\n")
        client.expect(550, "SIZE common/a.secret")


class Whose(Shares):
    def seen(self, user):
        return "common" in os.fsdecode(self.login(user).download("NLST")).split()

    def test_23_by_users(self):
        self.share({"users": ["alice"]})
        self.assertTrue(self.seen("alice"))
        self.assertFalse(self.seen("bob"))
        self.assertFalse(self.server.path("common", "bob").exists())

    def test_23_by_groups(self):
        self.share({"users": ["nobody-else"], "groups": ["staff"]})
        record = self.server.directory / "users" / "bob.conf"
        record.write_text(record.read_text() + 'groups = [ "staff" ];\n', encoding="utf-8")
        self.assertFalse(self.seen("alice"))
        self.assertTrue(self.seen("bob"))

    def test_23_several(self):
        other = self.folder("other")
        self.put(other / "o", b"other")
        self.put(self.common / "c", b"common")
        self.share({"at": "x/c"}, {"path": str(other), "at": "x/o", "users": ["bob"]}, {"path": str(other), "at": "y"})
        client = self.login("bob")
        for name, content in (("x/c/c", b"common"), ("x/o/o", b"other"), ("y/o", b"other")):
            self.assertEqual(client.download(f"RETR {name}"), content)
        self.assertFalse(self.server.path("x/o", "alice").exists())
        self.login("alice")
        self.assertFalse(self.server.path("x/o", "alice").exists())
        self.assertTrue(self.server.path("y", "alice").exists())


class Failing(Shares):
    def check_left_out(self, reason, words, path="/common"):
        client = self.login()
        self.assertEqual(client.upload("STOR own", b"x").code, 226)
        line = self.server.expect_log("connections", "share-failed", reason=reason, path=path, user="alice")
        self.assertIn(words, line["detail"])
        self.assertIsNone(self.session_mount(client, path))
        return client

    def test_23_its_folder_is_missing(self):
        self.share({"path": str(self.server.directory / "nowhere")})
        self.check_left_out("folder", "is not there: make it")
        self.assertFalse(self.server.path("common").exists())

    def test_23_its_folder_is_a_link(self):
        (self.server.directory / "link").symlink_to(self.common)
        for path in ("link", "link/below"):
            self.share({"path": str(self.server.directory / path)})
            with self.subTest(path=path):
                self.check_left_out("folder", "symbolic link")
                (self.server.directory / "logs" / "connections.log").unlink()
                self.server._expected.clear()  # pylint: disable=protected-access

    def test_23_its_folder_is_a_file(self):
        self.share({"path": str(self.put(self.server.directory / "file"))})
        self.check_left_out("folder", "no directory")

    def test_23_a_file_is_in_the_way(self):
        self.share({})
        self.server.write("common", b"mine")
        client = self.check_left_out("place", "in the way")
        self.assertEqual(client.download("RETR common"), b"mine")

    def test_23_a_link_is_in_the_way(self):
        self.share({"at": "a/common"})
        self.server.mkdir("real")
        for link, target in (("a", "real"), ("a", "/real"), ("a", "..")):
            self.server.path(link).symlink_to(target)
            with self.subTest(target=target):
                self.check_left_out("place", "in the way", "/a/common")
                self.assertEqual(os.listdir(self.server.path("real")), [])
                self.server.path(link).unlink()
                (self.server.directory / "logs" / "connections.log").unlink()
                self.server._expected.clear()  # pylint: disable=protected-access

    def test_23_the_user_may_not_make_the_place(self):
        self.share({"at": "roots/common"})
        self.server.path("roots").mkdir(mode=0o755)
        self.check_left_out("place", "may not make", "/roots/common")
        self.assertEqual(os.listdir(self.server.path("roots")), [])

    def test_23_two_at_one_place(self):
        other = self.folder("other")
        self.put(self.common / "first")
        self.share({}, {"path": str(other)}, {"path": str(other), "at": "common/below"})
        client = self.login()
        self.assertEqual(client.download("NLST common"), b"first\r\n")
        self.server.expect_log("connections", "share-failed", reason="place", path="/common")
        self.server.expect_log("connections", "share-failed", reason="place", path="/common/below")
        self.assertEqual(os.listdir(other), [])

    def test_23_the_system_cannot_be_shared(self):
        """The configuration is refused, with words, and the one before it goes on."""
        directory = self.server.directory
        self.login()
        for path in ("/", "/etc", "/etc/ssl", "/proc/self", "/sys", "/dev/shm", "/root", str(directory)):
            self.check_refused(path)
        for name in ("homes", "homes/alice", "users", "run", "logs"):
            self.check_refused(str(directory / name))
        self.login()
        self.assertEqual(os.listdir(self.server.home()), [])

    def check_refused(self, path):
        self.share({"path": path})
        with self.subTest(path=path):
            done = self.server.ctl("config", "check", check=False)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("shares", done.stdout + done.stderr)
            self.assertIn(path, done.stdout + done.stderr)


class Shown(Shares):
    def test_23_share_list(self):
        self.share(
            {"users": ["alice", "bob"]},
            {"path": "/nowhere", "at": "b", "read_only": False, "groups": ["staff"]},
        )
        done = self.server.ctl("share", "list", "--json", check=False)
        self.assertEqual(done.returncode, 1)
        first, second = json.loads(done.stdout)
        self.assertEqual(
            first,
            {
                "path": str(self.common),
                "at": "common",
                "read_only": True,
                "users": "alice bob",
                "groups": None,
                "works": True,
                "as_owner": True,
                "problem": None,
            },
        )
        self.assertFalse(second["works"] or second["read_only"])
        self.assertIn("make it", second["problem"])
        self.share({})
        self.assertIn("owner of the folder", self.server.ctl("share", "list").stdout)

    def test_23_check_says_what_cannot_work(self):
        self.share({}, {"path": "/nowhere", "at": "b"})
        done = subprocess.run(
            [self.server.program, "--check", "--config", self.server.config_file],
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stdout, rf"ok +share {self.common} at common, where users act as its owner")
        self.assertRegex(done.stdout, "MISSING share at b: /nowhere is not there")


if __name__ == "__main__":
    main()
