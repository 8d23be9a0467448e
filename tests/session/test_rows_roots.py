"""The regression list, section 5: the folder itself: races around it, a false one in its place, lures in it (rows C03,
C04, C08, C09, C13)."""

import ctypes
import os
import signal
import struct
import subprocess
import sys
import threading
import time

from confinement import Confinement
from harness import PASSWORD, main

IN_OPEN, IN_NONBLOCK = 0x20, 0o4000


class Roots(Confinement):
    """C09 and C13: a folder that is not what it should be is no folder, and no other takes its place."""

    def check_no_session(self, *codes):
        client = self.connect()
        client.exit_status = None
        client.expect(331, "USER alice")
        self.assertIn(client.command(f"PASS {PASSWORD}").code, codes)
        try:
            self.assertIn(client.command("RETR /etc/passwd").code, (421, 530))
        except (AssertionError, ConnectionError):
            pass  # it has closed the connection
        client.close()
        client.wait()
        self.assertEqual(self.server.logs("auth", "accepted"), [])
        self.assertGreaterEqual(
            len(self.server.logs("connections", "cell-failed") + self.server.logs("connections", "server-failed")), 1
        )

    def test_C09_folder_is_gone(self):
        subprocess.run(["rm", "-r", self.server.home()], check=True)
        self.check_no_session(421, 530)

    def test_C09_folder_is_a_file(self):
        uid = self.server.uid()
        subprocess.run(["rm", "-r", self.server.home()], check=True)
        self.server.home().write_bytes(b"")
        os.chown(self.server.home(), uid, uid)
        self.check_no_session(421, 530)

    def test_C09_folder_cannot_be_entered(self):
        self.server.home().chmod(0)
        self.check_no_session(421, 530)

    def test_C09_folder_of_somebody_else(self):
        """As when the disk with the folders is not mounted, and root's empty one shows."""
        os.chown(self.server.home(), 0, 0)
        self.server.home().chmod(0o755)
        self.check_no_session(421, 530)

    def test_C09_root_cannot_be_closed_by_its_owner(self):
        client = self.login()
        for name in (".", "/", "..", "a/..", "/./"):
            for command in (f"SITE CHMOD 000 {name}", f"SITE CHMOD 077 {name}", f"MFF unix.mode=0000; {name}"):
                with self.subTest(command=command):
                    client.expect(550, command)
        self.login().expect(257, "PWD")

    def replace_by_link(self, path):
        """PATH becomes a link to what it was."""
        away = path.with_name(path.name + "-away")
        path.rename(away)
        os.symlink(away, path)

    def test_C13_folder_is_a_link(self):
        self.replace_by_link(self.server.home())
        self.check_no_session(421, 530)

    def test_C13_folder_is_a_link_to_somebody_elses(self):
        subprocess.run(["rm", "-r", self.server.home()], check=True)
        os.symlink("bob", self.server.home())
        self.check_no_session(421, 530)

    def test_C13_above_the_folder_is_a_link(self):
        self.replace_by_link(self.server.directory / "homes")
        self.check_no_session(421, 530)

    def test_C13_user_database_is_a_link(self):
        self.replace_by_link(self.server.directory / "users")
        self.check_no_session(421, 530)

    def test_C13_record_is_a_link(self):
        self.replace_by_link(self.server.directory / "users" / "alice.conf")
        self.check_no_session(421, 530)


SWAPPER = """
import ctypes, sys
libc = ctypes.CDLL(None)
here, there = (name.encode() for name in sys.argv[1:3])
while True:
    libc.renameat2(-100, here, -100, there, 2)  # RENAME_EXCHANGE
"""


class Races(Confinement):
    SECONDS = 4

    def use(self, client, counts):
        """What a session may try while the directory d and a link to outside change places."""
        for command in ("RETR d/secret", "STOR d/new", "APPE d/secret2", "MLSD d", "LIST d/"):
            data = client.passive()
            reply = client.command(command)
            counts[reply.code] = counts.get(reply.code, 0) + 1
            if reply.code == 150:
                if command.startswith(("STOR", "APPE")):
                    data.send(b"evil")
                else:
                    content = data.receive_all()
                    self.assertNotIn(b"outside", content)
                    self.assertNotIn(b"folder", content)
                data.close()
                self.assertIn(client.read_reply().code, (226, 451, 550, 553))
            data.close()
        for command in ("CWD d", "PWD", "CDUP", "MKD d/made", "RMD d/made", "SIZE d/secret", "SITE CHMOD 640 d/secret"):
            reply = client.command(command)
            counts[reply.code] = counts.get(reply.code, 0) + 1
            if command.startswith("SIZE") and reply.code == 213:
                self.assertEqual(reply.text, "12")
        client.expect(250, "CWD /")

    def check_race(self, swap):
        self.server.write("d/secret", b"twelve bytes")
        link = self.server.path("link")
        os.symlink(self.outside, link)
        os.lchown(link, self.server.uid(), self.server.uid())
        before, counts = self.picture(), {}
        client = self.login()
        end = time.monotonic() + self.SECONDS
        with swap():
            while time.monotonic() < end:
                self.use(client, counts)
        self.assertEqual(self.picture(), before)
        # Both of the two were met.
        self.assertGreater(min(counts.get(150, 0), counts.get(550, 0)), 20, counts)

    def test_C03_race_on_the_disk(self):
        test = self

        class Swap:
            def __enter__(self):
                paths = (test.server.path("d"), test.server.path("link"))
                self.process = subprocess.Popen([sys.executable, "-c", SWAPPER, *paths])

            def __exit__(self, *_):
                self.process.kill()
                self.process.wait()

        self.check_race(Swap)

    def test_C03_race_of_two_sessions(self):
        other = self.login()

        class Swap:
            def __enter__(self):
                self.stop = False
                self.thread = threading.Thread(target=self.run)
                self.thread.start()

            def run(self):
                while not self.stop:
                    for source, target in (("d", "t"), ("link", "d"), ("d", "link"), ("t", "d")):
                        other.expect(350, f"RNFR {source}")
                        other.expect(250, f"RNTO {target}")

            def __exit__(self, *_):
                self.stop = True
                self.thread.join()

        self.check_race(Swap)

    def test_C04_ancestor_of_the_present_directory_moves(self):
        self.server.mkdir("a/b/c")
        self.server.mkdir("x")
        first, second = self.login(), self.login()
        first.expect(250, "CWD /a/b/c")
        second.expect(350, "RNFR /a/b")
        second.expect(250, "RNTO /y")
        self.assertTrue(first.expect(257, "PWD").text.startswith('"/y/c" '))
        first.expect(250, "CWD ../../../..")
        self.assertTrue(first.expect(257, "PWD").text.startswith('"/" '))
        self.assertEqual(sorted(first.names()), ["a", "old", "x", "y"])

    def test_C04_present_directory_is_moved_out_or_removed(self):
        """By somebody with rights on the host. Then there is no way, and no session at the host's root."""
        self.server.mkdir("a/b/c")
        client = self.login()
        client.expect(250, "CWD /a/b/c")
        before = self.picture()
        os.rename(self.server.path("a/b/c"), self.outside / "c")
        for command in ("PWD", "CWD ..", "CWD ../..", "CWD ../../../..", "CDUP"):
            client.command(command)
        text = "\n".join(client.expect((213, 550), "STAT .").lines)
        self.assertNotIn("secret", text)
        self.assertNotIn("homes", text)
        self.assertIn(self.tell(client, "RETR", "secret").code, (550,))
        self.assertIn(self.tell(client, "RETR", "../secret").code, (550,))
        os.rmdir(self.outside / "c")
        client.expect(250, "CWD /")
        self.assertEqual({path: what[0] for path, what in self.picture().items()}, {p: w[0] for p, w in before.items()})


class RoaringBeast(Confinement):
    """C08: what libraries like to load is only a file to be stored."""

    LURES = (
        "etc/passwd",
        "etc/group",
        "etc/localtime",
        "etc/nsswitch.conf",
        "etc/host.conf",
        "etc/resolv.conf",
        "etc/ld.so.cache",
        "etc/ld.so.preload",
        "etc/ssl/openssl.cnf",
        "etc/libnl/classid",
        "lib/x86_64-linux-gnu/libnss_files.so.2",
        "lib/x86_64-linux-gnu/libnss_compat.so.2",
        "lib/x86_64-linux-gnu/libgcc_s.so.1",
        "usr/lib/x86_64-linux-gnu/gconv/gconv-modules",
        "usr/lib/x86_64-linux-gnu/gconv/gconv-modules.cache",
        "usr/lib/x86_64-linux-gnu/gconv/UTF-16.so",
        "usr/lib/locale/locale-archive",
        "usr/lib/locale/C.utf8/LC_CTYPE",
        "usr/share/zoneinfo/UTC",
        "usr/share/zoneinfo/localtime",
        "usr/share/locale/locale.alias",
        "dev/log",
        "dev/urandom",
        "run/systemd/journal/socket",
    )

    def work(self, client):
        client.list()
        client.list("-aR")
        client.names("etc")
        client.facts("etc")
        self.check_replies(
            client,
            [
                ("MDTM etc/passwd", 213),
                ("SIZE etc/passwd", 213),
                ("MLST etc/passwd", 250),
                ("STAT etc", 213),
                ("STAT", 211),
                ("AVBL", 213),
                ("SITE CHMOD 640 etc/passwd", 200),
                ("MFMT 20010909014640 etc/localtime", 213),
                ("RETR", 501),
                ("HASH old", 213),
                ("PASV", 227),
            ],
        )
        client.stor("new", b"x")
        client.expect(250, "DELE new")
        client.quit()

    def check_untouched(self, config):
        server = self.make_server(config)
        client = server.login()
        for folder in sorted(
            {"/".join(lure.split("/")[:n]) for lure in self.LURES for n in range(1, lure.count("/") + 1)}
        ):
            client.expect(257, f"MKD {folder}")
        for lure in self.LURES:
            client.stor(lure, b"\x7fELF or whatever is asked for\n")
        client.stor("old", b"x")
        client.quit()
        libc = ctypes.CDLL(None, use_errno=True)
        queue = os.fdopen(libc.inotify_init1(IN_NONBLOCK), "rb", buffering=0)
        self.addCleanup(queue.close)
        watches = {
            libc.inotify_add_watch(queue.fileno(), os.fsencode(server.path(lure)), IN_OPEN): lure for lure in self.LURES
        }
        self.assertEqual(len(watches), len(self.LURES))
        self.work(server.login())
        crashed = server.login()
        crashed.loose, crashed.exit_status = True, None
        os.kill(crashed.session_pid, signal.SIGTERM)
        crashed.close()
        crashed.wait()
        self.assertIsNone(queue.read(4096))  # nothing has happened to any of them
        last = server.login()
        last.retr("etc/passwd")
        event = queue.read(4096)
        self.assertEqual(watches[struct.unpack_from("i", event)[0]], "etc/passwd")  # it would have been seen

    def test_C08_what_libraries_load(self):
        self.check_untouched(None)

    def test_C08_what_libraries_load_with_local_time(self):
        self.check_untouched({"files": {"list_time": "local"}})


if __name__ == "__main__":
    main()
