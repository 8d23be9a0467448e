"""The regression list, section 6: what happens to files when something goes wrong (rows F01 to F09)."""

import os
import re
import signal
import subprocess
import threading

from harness import PASSWORD, ServerTest, main, process, wait_until

MEGABYTE = 1000000


class Files(ServerTest):
    def names(self, folder=""):
        """What users see: hidden names of dead sessions are not for them."""
        return sorted(n for n in os.listdir(self.server.path(folder)) if not n.startswith(".cellftpd-upload-"))

    def mount_small_disk(self, size):
        """The folder becomes a disk of its own."""
        home, uid = self.server.home(), self.server.uid()
        options = f"size={size},mode=700,uid={uid},gid={uid}"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", home], check=True)


class Overwrite(Files):
    """F01: the good file is the good file until there is a better one."""

    def start(self, command="STOR a", rest=None):
        self.good = os.urandom(MEGABYTE)
        self.server.write("a", self.good)
        client = self.login()
        if rest is not None:
            client.expect(350, f"REST {rest}")
        data = client.begin(command)
        data.send(b"y" * 5000)
        client.expect(200, "NOOP")
        self.assertEqual(self.server.read("a"), self.good)
        return client, data

    def check_good(self):
        self.assertEqual(self.server.read("a"), self.good)
        again = self.login()
        self.assertEqual(again.names(), ["a"])
        self.assertEqual(again.retr("a"), self.good)
        again.stor("a", b"better")
        self.assertEqual(self.server.read("a"), b"better")

    def test_F01_data_connection_is_reset(self):
        for rest in (None, 500000):
            with self.subTest(rest=rest):
                client, data = self.start(rest=rest)
                data.reset()
                client.read(426)
                client.expect(200, "NOOP")
                self.check_good()

    def test_F01_abort(self):
        client, data = self.start()
        client.expect(426, "ABOR")
        client.read(226)
        data.close()
        self.check_good()

    def test_F01_control_connection_is_lost(self):
        """By a reset, or in good order while the data connection stays as it is."""
        for reset in (True, False):
            with self.subTest(reset=reset):
                client, _ = self.start()
                if reset:
                    client.reset()
                else:
                    client.socket.close()
                client.wait()
                self.check_good()

    def check_killed(self, who):
        self.server.allow_temporaries = True
        client, _ = self.start()
        client.loose, client.exit_status = True, None
        session = client.session_pid
        os.kill(getattr(client, who), signal.SIGKILL)
        self.assertTrue(wait_until(lambda: not process.alive(session), 5))
        client.wait()
        self.check_good()

    def test_F01_session_is_killed(self):
        self.check_killed("session_pid")

    def test_F01_monitor_is_killed(self):
        self.check_killed("monitor_pid")

    def test_F01_server_is_stopped(self):
        client, _ = self.start()
        client.loose = True
        os.kill(client.monitor_pid, signal.SIGTERM)
        client.wait()
        self.check_good()

    def check_disk_full(self, verb, rest, name, before):
        self.mount_small_disk("2m")
        if before is not None:
            self.server.write(name, before)
        client = self.login()
        if rest is not None:
            client.expect(350, f"REST {rest}")
        data = client.begin(f"{verb} {name}")
        try:
            data.send(b"y" * 5 * MEGABYTE)
            data.close()
        except ConnectionError:
            pass  # it need not read what it cannot keep
        reply = client.read(452)
        self.assertIn("full", reply.text)
        self.assertEqual(self.names(), [name] if before is not None else [])
        if before is not None:
            self.assertEqual(self.server.read(name), before)
        self.assertEqual(os.listdir(self.server.home()), self.names())
        client.stor("small", b"there is room again")
        self.server.expect_log("files", "upload-failed", path=f"/{name}", reply=452)

    def test_F01_disk_is_full(self):
        self.check_disk_full("STOR", None, "a", os.urandom(MEGABYTE))

    def test_F01_disk_is_full_from_the_middle(self):
        self.check_disk_full("STOR", 500000, "a", os.urandom(MEGABYTE))

    def test_F01_disk_is_full_at_the_end(self):
        self.check_disk_full("STOR", MEGABYTE, "a", os.urandom(MEGABYTE))

    def test_F01_disk_is_full_while_appending(self):
        self.check_disk_full("APPE", None, "a", os.urandom(MEGABYTE))

    def test_F01_disk_is_full_under_a_new_name(self):
        self.check_disk_full("STOR", None, "new", None)

    def test_F01_announced_size_is_too_large(self):
        """ALLO: refused before a byte is sent, and nothing is left of it."""
        self.mount_small_disk("2m")
        self.server.write("a", b"good")
        client = self.login()
        client.expect(552, f"ALLO {5 * MEGABYTE}")
        client.expect(200, f"ALLO {MEGABYTE + 500000}")
        self.server.write("b", b"x" * MEGABYTE)  # somebody else was faster
        client.passive()
        self.assertIn(client.command("STOR a").code, (452, 552))
        self.assertEqual((self.names(), self.server.read("a")), (["a", "b"], b"good"))


class Writers(Files):
    def test_F02_overlapping_uploads_of_one_name(self):
        contents = [b"A" * 200000, b"B" * 50000, b"C" * 100000]
        for order in ((0, 1, 2), (2, 1, 0), (1, 0, 2), (1, 2, 0)):
            with self.subTest(order=order):
                clients = [self.login() for _ in contents]
                datas = [client.begin("STOR a") for client in clients]
                for step in range(4):
                    for data, content in zip(datas, contents):
                        data.send(content[step * len(content) // 4 : (step + 1) * len(content) // 4])
                for number in order:
                    datas[number].close()
                    clients[number].read(226)
                    self.assertEqual(self.server.read("a"), contents[number])
                self.assertEqual(os.listdir(self.server.home()), ["a"])

    def test_F02_two_that_append(self):
        self.server.write("a", b"begin")
        first, second = self.login(), self.login()
        data = first.begin("APPE a")
        data.send(b"A" * 1000)
        second.passive()
        second.expect(450, "APPE a")
        data.close()
        first.read(226)
        second.appe("a", b"B")
        self.assertEqual(self.server.read("a"), b"begin" + b"A" * 1000 + b"B")

    def test_F03_nobody_sees_half_of_it(self):
        """Somebody looks at the folder on the disk all the time."""
        new, old = os.urandom(2 * MEGABYTE), b"old" * 1000
        for before in (None, old):
            if before:
                self.server.write("a", before)
            client, stop, seen = self.login(), threading.Event(), set()

            def look():
                while not stop.is_set():
                    try:
                        seen.add(self.server.read("a"))
                    except FileNotFoundError:
                        seen.add(None)

            thread = threading.Thread(target=look)
            thread.start()
            data = client.begin("STOR a")
            for position in range(0, len(new), 20000):
                data.send(new[position : position + 20000])
            client.expect(200, "NOOP")
            self.assertIn(self.server.read("a") if before else None, (before,))
            data.close()
            client.read(226)
            wait_until(lambda: new in seen)
            stop.set()
            thread.join()
            with self.subTest(before=before is not None):
                self.assertEqual({content and len(content) for content in seen}, {before and len(before), len(new)})
            os.unlink(self.server.path("a"))

    def test_F04_unique_names(self):
        """500 STOU in ten sessions at once."""
        each, found, problems = 50, {}, []

        def store(number):
            try:
                client = clients[number]
                for turn in range(each):
                    content = b"%d-%d" % (number, turn)
                    client.upload("STOU a" if turn % 2 else "STOU", content)
                    name = re.fullmatch(r"FILE: (\S+)", client.opening.text)[1]
                    self.assertIn(name, client.closing.text)
                    found.setdefault(name, []).append(content)
            except Exception as problem:  # pylint: disable=broad-except
                problems.append(problem)

        clients = [self.login() for _ in range(10)]
        threads = [threading.Thread(target=store, args=(number,)) for number in range(len(clients))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(problems, [])
        self.assertEqual(len(found), 10 * each)
        self.assertEqual(self.names(), sorted(found))
        for name, contents in found.items():
            self.assertEqual([self.server.read(name)], contents)


class Names(Files):
    def test_F05_rename_is_forgotten(self):
        self.server.write("a", b"a")
        client = self.login()
        for command in (
            "NOOP",
            "PWD",
            "STAT",
            "SIZE a",
            "TYPE I",
            "CWD /",
            "MKD d",
            "RMD d",
            "REST 0",
            "NOSUCH",
            "RNFR nosuch",
        ):
            with self.subTest(command=command):
                client.expect(350, "RNFR a")
                client.command(command)
                client.expect(503, "RNTO c")
        client.expect(350, "RNFR a")
        client.stor("b", b"b")
        client.expect(503, "RNTO c")
        client.expect(503, "RNTO c")
        client.expect(350, "RNFR a")
        client.expect(250, "RNTO c")
        client.expect(503, "RNTO e")
        for name in ("/", ".", "..", "", "c/..", "/../"):
            with self.subTest(name=name):
                self.assertIn(client.command(f"RNFR {name}".rstrip()).code, (501, 550))
                client.expect(503, "RNTO c")
        self.assertEqual(self.names(), ["b", "c"])

    def test_F07_without_permissions(self):
        self.server.mkdir("d")
        self.server.write("e/f", b"x")
        self.server.write("file", b"x")
        client = self.login()
        for name in ("d", "e", "file"):
            client.expect(200, f"SITE CHMOD 000 {name}")
        client.passive()
        client.expect(550, "RETR file")
        client.expect(550, "CWD e")
        client.expect(550, "SIZE e/f")
        client.expect(350, "RNFR d")
        client.expect(250, "RNTO d2")
        client.expect(250, "RMD d2")
        client.expect(350, "RNFR file")
        client.expect(250, "RNTO file2")
        client.expect(250, "DELE file2")
        client.expect(550, "RMD e")  # not empty
        client.expect(200, "SITE CHMOD 700 e")  # and it comes back
        client.expect(250, "DELE e/f")
        client.expect(250, "RMD e")
        self.assertEqual(self.names(), [])

    def test_F07_account_is_deleted_all_the_same(self):
        self.server.add_user("leaver", PASSWORD)
        self.server.write("d/e/f", b"x", "leaver")
        client = self.login("leaver")
        for name in ("d/e/f", "d/e", "d"):
            client.expect(200, f"SITE CHMOD 000 {name}")
        client.quit()
        client.wait()
        self.server.ctl("user", "del", "leaver", "--purge", "--yes")
        self.assertFalse(self.server.home("leaver").exists())

    def test_F08_what_cannot_be_removed(self):
        self.server.write("d/x", b"x")
        self.server.mkdir("empty")
        self.server.write("file", b"x")
        client = self.login()
        client.expect(250, "CWD d")
        rows = [
            (f"{verb} {name}", 550)
            for verb in ("RMD", "XRMD", "DELE")
            for name in ("/", ".", "..", "/.", "/..", "../..")
        ]
        rows += [("DELE /d", 550), ("RMD /d", 550), ("RMD /file", 550), ("DELE /empty", 550), ("RMD /nosuch", 550)]
        rows += [("DELE /nosuch", 550), ("DELE /file/", 550), ("DELE /file/x", 550), ("RMD /d/x", 550)]
        self.check_replies(client, [row for row in rows if row[0] != "DELE /file/"])
        for source, target in (
            ("/file", "/empty"),
            ("/empty", "/d"),
            ("/file", "/d"),
            ("/d", "/empty"),
            ("/file", "/"),
        ):
            with self.subTest(source=source, target=target):
                client.expect(350, f"RNFR {source}")
                self.assertIn(client.command(f"RNTO {target}").code, (550, 553))
        client.expect(350, "RNFR /d")
        self.assertIn(client.command("RNTO /d/inside").code, (550, 553))
        client.expect(350, "RNFR /empty")
        self.assertIn(client.command("RNTO /file").code, (550, 553))
        self.assertEqual((self.names(), self.names("d")), (["d", "empty", "file"], ["x"]))


class Downloads(Files):
    SIZE = 30 * MEGABYTE

    def begin(self, kind):
        self.server.write("a", b"0123456789" * (self.SIZE // 10))
        client = self.login()
        client.expect(200, f"TYPE {kind}")
        data = client.begin("RETR a")
        data.receive(1000)
        return client, data

    def test_F06_file_shrinks(self):
        for kind in ("I", "A"):
            for size in (0, 1000, self.SIZE - 1):
                with self.subTest(kind=kind, size=size):
                    client, data = self.begin(kind)
                    os.truncate(self.server.path("a"), size)
                    rest = data.receive_all()
                    self.assertLess(len(rest), self.SIZE - 1000)
                    client.read(426)
                    self.assertEqual(client.retr("a"), b"0123456789" * (size // 10) + b"0123456789"[: size % 10])
                    client.quit()
        self.server.expect_log("files", "download-failed", count=6, path="/a", reply=426)

    def test_F06_file_grows(self):
        """The transfer ends where the file ended when it began."""
        for kind in ("I", "A"):
            with self.subTest(kind=kind):
                client, data = self.begin(kind)
                with open(self.server.path("a"), "ab") as file:
                    file.write(b"more" * MEGABYTE)
                self.assertEqual(len(data.receive_all()), self.SIZE - 1000)
                client.read(226)
                client.quit()

    def test_F06_file_is_removed_or_replaced(self):
        """The transfer is of the file that it began with."""
        for replace in (False, True):
            with self.subTest(replace=replace):
                client, data = self.begin("I")
                other = self.login()
                if replace:
                    other.stor("a", b"new")
                else:
                    other.expect(250, "DELE a")
                self.assertEqual(len(data.receive_all()), self.SIZE - 1000)
                client.read(226)
                client.quit()


class Modes(Files):
    def check_modes(self, file_mode, directory_mode):
        """Whatever the umask of whoever started the server."""
        for mask in (0o000, 0o022, 0o077, 0o777):
            before = os.umask(mask)
            try:
                client = self.login()
            finally:
                os.umask(before)
            with self.subTest(mask=oct(mask)):
                for verb, name in (("STOR", "a"), ("APPE", "b")):
                    data = client.begin(f"{verb} {name}")
                    client.expect(200, "NOOP")
                    for found in self.server.home().iterdir():  # also while it runs, under its hidden name
                        self.assertEqual(found.stat().st_mode & 0o7777 & ~file_mode, 0)
                    data.close()
                    client.read(226)
                    self.assert_mode(name, file_mode)
                    client.expect(250, f"DELE {name}")
                client.expect(257, "MKD d")
                self.assert_mode("d", directory_mode)
                client.expect(250, "RMD d")

    def test_F09_modes(self):
        self.check_modes(0o640, 0o750)


class ConfiguredModes(Modes):
    config = {"files": {"mode": "0604", "directory_mode": "0711"}}

    def test_F09_modes(self):
        self.check_modes(0o604, 0o711)


if __name__ == "__main__":
    main()
