"""The regression list, section 5, second part: what lies in the folder cannot harm anybody (rows C10 to C12, C15,
C16, C19, C23, and the groups of A13)."""

import os
import signal
import socket
import subprocess
import time

from harness import PASSWORD, ServerTest, build, main, slow

DATA = ("RETR", "LIST", "NLST", "MLSD", "STOR", "APPE", "STOU")


class Folder(ServerTest):
    users = {"alice": PASSWORD, "bob": PASSWORD}

    def names(self, folder=""):
        return sorted(os.listdir(self.server.path(folder)))

    def ask(self, client, command):
        """The reply to a command that must not begin a transfer."""
        if command.split()[0] in DATA:
            client.passive()
        return client.command(command)


class Bits(Folder):
    def test_C10_set_id_bits_cannot_be_asked_for(self):
        self.server.write("a", b"x", mode=0o640)
        self.server.mkdir("d", mode=0o750)
        client = self.login()
        for mode in ("4777", "2777", "6755", "7777", "1777", "04755", "004755", "4000"):
            for name in ("a", "d", "."):
                for command in (f"SITE CHMOD {mode} {name}", f"MFF unix.mode={mode}; {name}"):
                    with self.subTest(command=command):
                        self.assertIn(client.command(command).code, (501, 504))
        self.assert_mode("a", 0o640)
        self.assert_mode("d", 0o750)
        self.assertEqual(self.server.home().stat().st_mode & 0o7000, 0)

    def test_C10_set_id_bits_that_are_there_go(self):
        client = self.login()
        for command in ("SITE CHMOD 755 a", "MFF unix.mode=0755; a"):
            self.server.write("a", b"x", mode=0o6755)
            with self.subTest(command=command):
                self.assertIn(client.command(command).code, (200, 213))
                self.assert_mode("a", 0o755)
        for verb in ("STOR", "APPE"):
            self.server.write("a", b"x", mode=0o6755)
            with self.subTest(verb=verb):
                client.upload(f"{verb} a", b"evil")
                self.assertEqual(self.server.path("a").stat().st_mode & 0o6000, 0)

    def test_C10_nothing_that_is_uploaded_is_executable(self):
        client = self.login()
        for mask in ("000", "777", "022"):
            client.expect(200, f"SITE UMASK {mask}")
            for verb in ("STOR a", "APPE b", "STOU"):
                with self.subTest(mask=mask, verb=verb):
                    client.upload(verb, b"#!/bin/sh\n")
        self.assertEqual({self.server.path(name).stat().st_mode & 0o7111 for name in self.names()}, {0})


class Foreign(Folder):
    VERBS = ("RETR", "STOR", "APPE", "SIZE", "HASH", "XCRC", "XMD5", "XSHA256", "MLSD", "CWD", "RMD")

    def make_special(self):
        uid = self.server.uid()
        os.mkfifo(self.server.path("fifo"))
        os.mknod(self.server.path("null"), 0o20666, os.makedev(1, 3))
        os.mknod(self.server.path("zero"), 0o20666, os.makedev(1, 5))
        os.mknod(self.server.path("disk"), 0o60666, os.makedev(7, 0))
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self.server.path("socket")))
        for name in ("fifo", "null", "zero", "disk", "socket"):
            os.chown(self.server.path(name), uid, uid)
            self.server.path(name).chmod(0o666)
        return ("fifo", "null", "zero", "disk", "socket")

    def test_C11_what_is_no_file_is_not_opened(self):
        client = self.login()
        for name in self.make_special():
            for verb in self.VERBS:
                with self.subTest(name=name, verb=verb):
                    started = time.monotonic()
                    self.assertIn(self.ask(client, f"{verb} {name}").code, (501, 550, 553))
                    client.expect(200, "NOOP")
                    self.assertLess(time.monotonic() - started, 0.5 * slow())
            client.expect(350, "REST 1")
            self.assertIn(self.ask(client, f"STOR {name}").code, (550, 553))
            # Looking at them and removing them is no harm.
            self.check_replies(client, [(f"MDTM {name}", 213), (f"MLST {name}", 250), (f"RNFR {name}", 350)])
            client.expect(250, f"RNTO moved-{name}")
            client.expect(250, f"DELE moved-{name}")
        self.assertEqual(self.names(), [])

    def test_C11_they_are_listed(self):
        special = self.make_special()
        client = self.login()
        self.assertEqual(sorted(line.split()[-1] for line in client.list()), sorted(special))
        for name, facts in client.facts().items():
            if name in special:
                self.assertNotIn(facts["type"], ("file", "dir"))
                self.assertNotIn("r", facts["perm"])

    def check_foreign(self, name):
        """A file that is not the user's, in the user's folder: its content and its facts are safe."""
        path = self.server.path(name)
        before = (path.read_bytes(), path.stat().st_mode, path.stat().st_uid, path.stat().st_mtime)
        client = self.login()
        for verb in (
            "RETR",
            "HASH",
            "XCRC",
            "XSHA256",
            "STOR",
            "APPE",
            "SITE CHMOD 666",
            "MFF unix.mode=0666;",
            "MFMT 20010909014640",
            "SITE UTIME 20010909014640",
        ):
            with self.subTest(name=name, verb=verb):
                self.assertEqual(self.ask(client, f"{verb} {name}").code, 550)
                client.expect(200, "NOOP")
        self.assertEqual((path.read_bytes(), path.stat().st_mode, path.stat().st_uid, path.stat().st_mtime), before)

    def test_C12_hard_link_to_another_users_file(self):
        secret = self.server.write("secret", b"bob's", "bob", mode=0o600)
        os.link(secret, self.server.path("link"))
        self.check_foreign("link")
        # The name is alice's, the file is bob's.
        self.login().expect(250, "DELE link")
        self.assertEqual(secret.read_bytes(), b"bob's")

    def test_C12_hard_link_to_another_users_directory_is_impossible_so_a_link(self):
        os.symlink(self.server.home("bob"), self.server.path("link"))
        self.server.write("secret", b"bob's", "bob", mode=0o644)
        self.server.home("bob").chmod(0o755)
        client = self.login()
        for command in ("RETR link/secret", "CWD link", "MLSD link", "STOR link/x", "DELE link/secret"):
            with self.subTest(command=command):
                self.assertIn(self.ask(client, command).code, (550, 553))

    def test_A13_files_of_root_and_its_groups(self):
        """No group of root's is left over: root:root and root:adm may read them, alice may not."""
        groups = os.getgroups()
        self.addCleanup(os.setgroups, groups)
        os.setgroups([0, 4, 6, 42])  # as the server is started
        for name, group in (("root", 0), ("adm", 4), ("disk", 6), ("shadow", 42)):
            path = self.server.path(name)
            path.write_bytes(b"secret")
            os.chown(path, 0, group)
            path.chmod(0o640)
            self.check_foreign(name)
        group = self.server.path("group")
        group.mkdir(mode=0o770)
        group.chmod(0o770)
        client = self.login()
        for command in ("CWD group", "STOR group/x", "MKD group/x", "MLSD group"):
            with self.subTest(command=command):
                self.assertIn(self.ask(client, command).code, (550, 553))


class Commands(Folder):
    def test_C15_copy_verbs(self):
        self.server.write("a", b"x")
        verbs = ("SITE CPFR a", "SITE CPTO b", "SITE COPY a b", "SITE MKDIR b", "SITE SYMLINK a b", "SITE LINK a b")
        self.check_needs_login(*verbs)
        self.check_replies(self.login(), [(verb, 504) for verb in verbs])
        self.assertEqual(self.names(), ["a"])

    def test_C15_renaming_to_another_file_system(self):
        other = self.server.mkdir("other")
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=777", "tmpfs", other], check=True)
        self.server.write("a", b"x")
        self.server.mkdir("d")
        os.symlink("/etc/passwd", self.server.path("link"))
        client = self.login()
        client.stor("other/b", b"on it")
        for source, target in (("a", "other/a"), ("d", "other/d"), ("link", "other/link"), ("other/b", "b")):
            with self.subTest(source=source):
                client.expect(350, f"RNFR {source}")
                client.expect(553, f"RNTO {target}")
        self.assertEqual((self.names(), self.names("other")), (["a", "d", "link", "other"], ["b"]))

    def test_C16_nothing_is_executed(self):
        names = [
            ";id",
            "$(id)",
            "`id`",
            "|id",
            "-rf",
            "a;touch b",
            "|touch b",
            "$(touch b)",
            "%n",
            "!id",
            "&id",
            "> b",
            "*",
        ]
        self.server.write("d/x", b"x")
        client = self.login()
        for name in names:
            with self.subTest(name=name):
                client.stor(name, name.encode())
                self.assertEqual(client.retr(name), name.encode())
                client.expect(213, f"SIZE {name}")
                client.expect(213, f"HASH {name}")
        self.assertEqual(self.names(), sorted([*names, "d"]))
        for command in ("SITE EXEC id", "SITE EXEC /bin/sh -c id", "SITE INDEX", "SITE ALIAS", "SITE GROUP x"):
            client.expect(504, command)
        for name in ("d.tar", "d.tar.gz", "d.zip", "d.Z", "x.gz", "|cat d/x", "d/x.gz"):
            with self.subTest(name=name):
                self.assertEqual(self.ask(client, f"RETR {name}").code, 550)
        client.list("-rf")
        client.names("-rf")
        client.expect(250, "DELE -rf")
        client.expect(250, "DELE *")
        self.assertEqual(self.names(), sorted({*names, "d"} - {"-rf", "*"}))


class Crash(Folder):
    def test_C19_no_core(self):
        self.server.allow_stderr = build().name == "asan"  # the sanitizers say something about it
        client = self.login()
        client.expect(257, "MKD d")
        client.expect(250, "CWD d")
        for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGQUIT):
            with self.subTest(signal=number):
                crashing = self.login()
                crashing.loose, crashing.exit_status = True, None
                os.kill(crashing.session_pid, number)
                crashing.close()
                crashing.wait()
        found = [name for _, _, files in os.walk(self.server.directory) for name in files if "core" in name]
        self.assertEqual((found, self.names(), self.names("d")), ([], ["d"], []))
        client.expect(200, "NOOP")


class Attributes(Folder):
    def getfacl(self, name):
        command = ["getfacl", "--numeric", "--omit-header", "--absolute-names", self.server.path(name)]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return {line.partition("#")[0].strip() for line in text.splitlines() if line}

    def test_C23_an_upload_has_no_attributes(self):
        client = self.login()
        for verb in ("STOR a", "APPE b", "STOU"):
            client.upload(verb, b"x")
        client.expect(257, "MKD d")
        for name in self.names():
            self.assertEqual(os.listxattr(self.server.path(name)), [], name)

    def test_C23_replacing_takes_capabilities_away(self):
        self.server.write("a", b"x", mode=0o755)
        capability = bytes.fromhex("0100000200040000000000000000000000000000")  # cap_net_bind_service
        for verb in ("STOR", "APPE"):
            with self.subTest(verb=verb):
                os.setxattr(self.server.path("a"), "security.capability", capability)
                self.login().upload(f"{verb} a", b"evil")
                self.assertEqual(os.listxattr(self.server.path("a")), [])

    def test_C23_default_list_is_inherited_and_its_mask_is_not_widened(self):
        subprocess.run(["setfacl", "-d", "-m", "u:12345:rwx", self.server.home()], check=True)
        client = self.login()
        client.stor("a", b"x")
        self.assertIn("user:12345:rwx", self.getfacl("a"))
        self.assertIn("mask::r--", self.getfacl("a"))  # of mode 0640
        for mode, mask in (("600", "---"), ("640", "r--"), ("644", "r--"), ("604", "---")):
            with self.subTest(mode=mode):
                client.expect(200, f"SITE CHMOD {mode} a")
                self.assertIn(f"mask::{mask}", self.getfacl("a"))
        client.stor("a", b"again")
        self.assertIn("mask::---", self.getfacl("a"))  # what replaces it may not have more


if __name__ == "__main__":
    main()
