"""The regression list: quotas (rows Q01 to Q03, Q05 to Q09, Q11, Q12, C20). Races are in test_rows_quota_race.py."""

import os
import random
import re
import signal
import threading

from harness import PASSWORD, main, process, wait_until
from harness.quota import MEGABYTE, QuotaTest

LIMIT = 10 * MEGABYTE


class Bytes(QuotaTest):
    def names(self, folder=""):
        return sorted(os.listdir(self.server.path(folder)))

    def test_Q01_limit_holds_at_every_instant(self):
        """The disk itself is asked all the time how much is on it."""
        self.mount_disk("100m")
        home, most, stop = self.server.home(), [0], threading.Event()
        block = os.statvfs(home).f_frsize

        def look():
            while not stop.is_set():
                disk = os.statvfs(home)
                most[0] = max(most[0], (disk.f_blocks - disk.f_bfree) * block)

        thread = threading.Thread(target=look)
        thread.start()
        try:
            for mode in ("I", "A"):
                client = self.login()
                client.expect(200, f"TYPE {mode}")
                text = self.refused(client, "STOR a", b"x" * 50 * MEGABYTE)
                self.assertTrue(text.endswith(f" {LIMIT} of {LIMIT} bytes are free."), text)
                self.assertEqual(self.names(), [])
                client.expect(200, "NOOP")
                client.expect(200, "TYPE I")
                client.stor("b", b"y" * (LIMIT - 1))
                self.assert_exact(client)
                text = self.refused(client, "STOR c", b"zz")
                self.assertIn(f" 1 of {LIMIT} bytes are free", text)
                client.stor("c", b"z")
                client.stor("empty", b"")
                self.assertEqual(self.names(), ["b", "c", "empty"])
                self.assert_exact(client)
                for name in self.names():
                    client.expect(250, f"DELE {name}")
                self.assert_exact(client)
        finally:
            stop.set()
            thread.join()
        self.assertGreater(most[0], 9 * MEGABYTE)  # it has looked
        self.assertLessEqual(most[0], LIMIT + 2 * block)  # the last block of a file is not full
        self.server.expect_log("files", "upload-failed", count=4, reply=552)

    def check_kept(self, command, content, rest=None, mode="I", good=9 * MEGABYTE):
        """What was there is there."""
        before = os.urandom(good)
        client = self.login()
        client.stor("a", before)
        self.assert_exact(client)
        client.expect(200, f"TYPE {mode}")
        text = self.refused(client, command, content, rest=rest)
        self.assertIn(f" {LIMIT - good} of {LIMIT} bytes are free", text)
        self.assertEqual(self.names(), ["a"])
        self.assertEqual(self.server.read("a"), before)
        self.assert_exact(client)
        client.expect(200, "TYPE I")
        client.stor("b", b"x")
        client.expect(250, "DELE a")
        client.stor("a", before)
        self.assert_exact(client)

    def test_Q02_append(self):
        self.check_kept("APPE a", b"x" * 3 * MEGABYTE)

    def test_Q02_append_text(self):
        self.check_kept("APPE a", b"x\r\n" * 2 * MEGABYTE, mode="A")

    def test_Q02_continued(self):
        self.check_kept("STOR a", b"x" * 3 * MEGABYTE, rest=9 * MEGABYTE)

    def test_Q02_from_the_middle(self):
        self.check_kept("STOR a", b"x" * 3 * MEGABYTE, rest=3 * MEGABYTE, good=6 * MEGABYTE)

    def test_Q02_replaced(self):
        self.check_kept("STOR a", b"x" * 3 * MEGABYTE)

    def test_Q02_the_rest_is_refused_before_a_byte_is_sent(self):
        """The copy of the beginning counts."""
        client = self.login()
        client.stor("a", b"x" * 6 * MEGABYTE)
        client.expect(350, f"REST {5 * MEGABYTE}")
        client.passive()
        text = client.expect(552, "STOR a").text
        self.assertIn(f" {4 * MEGABYTE} of {LIMIT} bytes are free; the present file counts until", text)
        self.assertEqual(self.on_disk(), (6 * MEGABYTE, 1))
        self.assert_exact(client)

    def test_Q02_replacing_what_fits(self):
        client = self.login()
        for size in (4000000, 5999999, 3, 0, 4000001):
            client.stor("a", b"x" * size)
            self.assert_exact(client)

    def test_Q02_partial(self):
        """files.keep_partial: what was sent before the connection broke stays, if it fits."""
        for keep in (True, False):
            with self.subTest(keep=keep):
                self.server.configure({"quota": {"bytes": "10 MB"}, "files": {"keep_partial": keep}})
                client = self.login()
                data = client.begin("STOR new")
                data.send(b"x" * 3 * MEGABYTE)
                client.expect(200, "NOOP")
                data.reset()
                client.read(426)
                self.assertEqual(self.names(), ["new"] if keep else [])
                self.assert_exact(client)
                self.refused(client, "STOR other", b"x" * 11 * MEGABYTE)
                self.assertEqual(self.names(), ["new"] if keep else [])
                self.assert_exact(client)
                client.command("DELE new")

    def test_Q02_aborted(self):
        client = self.login()
        client.stor("a", b"x" * MEGABYTE)
        for command in ("STOR a", "APPE a", "STOU"):
            data = client.begin(command)
            data.send(b"y" * MEGABYTE)
            wait_until(lambda: self.on_disk()[0] >= 2 * MEGABYTE)
            client.expect(426, "ABOR")
            client.read(226)
            data.close()
            self.assert_exact(client)

    def test_Q03_offsets(self):
        client = self.login()
        client.stor("a", b"0123456789")
        for offset in (10**12, 11, 2**63 - 1):
            client.expect(350, f"REST {offset}")
            client.passive()
            client.expect(554, "STOR a")
        client.expect(350, f"REST {10**12}")
        client.passive()
        client.expect(554, "STOR new")
        self.assert_exact(client)
        client.stor("a", b"abc", rest=5)
        self.assertEqual(self.server.read("a"), b"01234abc")
        self.assert_exact(client)
        client.expect(350, "REST 5")
        client.appe("a", b"xyz")
        self.assertEqual(self.server.read("a"), b"01234abcxyz")
        self.assert_exact(client)

    def test_Q05_changes_on_the_disk(self):
        """Who is refused although files were removed by somebody else is counted again with the next login."""
        client = self.login()
        client.stor("a", b"x" * 9 * MEGABYTE)
        os.unlink(self.server.path("a"))
        self.refused(client, "STOR b", b"x" * 2 * MEGABYTE)
        client.quit()
        self.assert_exact_soon()
        self.login().stor("b", b"x" * 9 * MEGABYTE)

    def test_Q07_ledger_is_damaged(self):
        """Never taken for nothing."""
        client = self.login()
        client.stor("a", b"x" * 6 * MEGABYTE)
        client.quit()
        client.wait()
        ledger = self.server.directory / "state" / "usage" / str(self.server.uid())
        whole = ledger.read_bytes()
        for content in (b"", whole[:40], b"\0" * len(whole), os.urandom(len(whole))):
            with self.subTest(content=content[:8]):
                ledger.write_bytes(content)
                client = self.login()
                self.assert_exact(client)
                self.refused(client, "STOR b", b"x" * 5 * MEGABYTE)
                client.quit()
                client.wait()

    def test_Q07_nothing_is_known(self):
        """A count that is not allowed to take any time: words, and what needs no room still works."""
        client = self.login()
        client.stor("a", b"x")
        client.expect(257, "MKD d")
        (self.server.directory / "state" / "usage" / str(self.server.uid())).write_bytes(b"")
        for command in ("STOR b", "APPE a", "STOU"):
            client.passive()
            self.assertIn("not been counted", client.expect(552, command).text)
        self.assertIn("not been counted", client.expect(552, "MKD e").text)
        self.assertEqual(client.expect(213, "AVBL").text, "0")
        self.assertEqual(self.told(client)["Used"], "not known; tell the administrator")
        self.assertEqual(client.retr("a"), b"x")
        client.expect(250, "DELE a")
        client.expect(250, "RMD d")
        client.quit()
        self.assert_exact(self.login())

    def test_Q09_disk_is_full(self):
        """Before the quota is."""
        self.mount_disk("4m")
        client = self.login()
        before = os.urandom(MEGABYTE)
        client.stor("a", before)
        for command, rest in (("STOR a", None), ("STOR new", None), ("APPE a", None), ("STOR a", 500000)):
            with self.subTest(command=command, rest=rest):
                self.assertIn("full", self.refused(client, command, b"y" * 5 * MEGABYTE, 452, rest))
                self.assertEqual(self.names(), ["a"])
                self.assertEqual(self.server.read("a"), before)
                self.assert_exact(client)
        client.stor("b", before)
        self.assert_exact(client)

    def test_Q11_crash_during_uploads(self):
        """kill -9 of sessions and monitors in the middle; a login makes it exact, and a listing clean."""
        self.server.allow_temporaries = True
        witness = self.login()
        for number in range(24):
            client = self.login()
            client.loose, client.exit_status = True, None
            data = client.begin("STOR a" if number % 3 else "APPE b")
            data.send(b"x" * 200000)
            wait_until(lambda: self.on_disk()[0] > 200000)
            session = client.session_pid
            os.kill(client.monitor_pid if number % 2 else session, signal.SIGKILL)
            self.assertTrue(wait_until(lambda pid=session: not process.alive(pid)))
            client.wait()
            self.assertGreaterEqual(sum(size for size in self.used(witness)), sum(self.on_disk()) - 300000 * 24)
        witness.quit()
        self.assert_exact_soon()
        client = self.login()
        for name in os.listdir(self.server.home()):
            os.utime(self.server.path(name), (0, 0))
        client.list()
        self.assertEqual([name for name in os.listdir(self.server.home()) if name.startswith(".")], [])
        self.assert_exact(client)
        client.stor("c", b"x" * 4 * MEGABYTE)
        self.assert_exact(client)

    def test_Q12_announced(self):
        client = self.login()
        client.stor("a", b"x" * 6 * MEGABYTE)
        self.check_replies(
            client,
            [
                ("ALLO 100000000000000000000", 501),
                ("ALLO 9223372036854775807", 552, "4000000 bytes can still be stored"),
                ("ALLO 10000001", 552),
                ("ALLO 4000001", 552),
                ("ALLO 4000000", 200),
                ("ALLO 0", 200),
            ],
        )
        client.expect(200, "ALLO 3000000")
        client.stor("b", b"x" * 3000001)  # more than was said, and it fits
        self.assert_exact(client)
        client.expect(200, "ALLO 900000")
        client.stor("c", b"x")  # less
        self.assert_exact(client)
        client.expect(200, "ALLO 999998")
        client.appe("c", b"x" * 999998)
        self.assert_exact(client)
        self.assertEqual(client.expect(213, "AVBL").text, "0")

    def test_Q12_announced_size_is_reserved(self):
        """For others there is only the rest, and the early refusal is before a data connection."""
        first, second = self.login(), self.login()
        first.expect(200, "ALLO 8000000")
        second.expect(200, "ALLO 8000000")
        data = first.begin("STOR a")
        second.passive()
        self.assertIn("2000000 of 10000000 bytes are free", second.expect(552, "STOR b").text)
        self.assertEqual(second.expect(213, "AVBL").text, "2000000")
        self.refused(second, "STOR b", b"x" * 2000001)
        data.send(b"x" * 8000000)
        data.finish()
        first.read(226)
        second.stor("b", b"x" * 2000000)
        self.assert_exact(second)

    def test_Q12_without_a_quota(self):
        """The disk is the limit."""
        self.server.configure({})
        self.mount_disk("4m")
        client = self.login()
        client.expect(552, "ALLO 4194305")
        client.expect(200, "ALLO 4000000")

    def test_C20_nothing_of_ours_in_the_folder(self):
        client = self.login()
        self.assertEqual(client.list("-a")[2:], [])
        client.stor("a", b"x")
        self.refused(client, "STOR b", b"x" * 11 * MEGABYTE)
        client.expect(250, "DELE a")
        self.assertEqual([line for line in client.list("-a") if not line.endswith((" .", " .."))], [])
        self.assertEqual(self.names(), [])


class FileCount(QuotaTest):
    config = {"quota": {"files": 5}}

    def test_Q08_number_of_files(self):
        self.server.mkdir("d/e")
        client = self.login()
        client.stor("a", b"")
        client.expect(257, "MKD f")
        client.upload("STOU", b"x")
        self.assert_exact(client)
        for command in ("STOR n", "APPE n", "STOU", "STOR d/n"):
            client.passive()
            self.assertIn(" 0 of 5 files are free", client.expect(552, command).text)
        for command in ("MKD n", "XMKD d/n"):
            self.assertIn(" 0 of 5 files are free", client.expect(552, command).text)
        client.appe("a", b"more of what is there")
        self.assert_exact(client)
        self.assertEqual(self.told(client)["Files"], "5 of 5")
        client.expect(250, "RMD f")
        client.stor("a", b"instead")
        client.expect(257, "MKD d/e/n")
        self.assert_exact(client)
        client.expect(552, "MKD d/e/m")
        client.expect(350, "RNFR d/e")
        client.expect(250, "RNTO moved")
        client.expect(350, "RNFR a")
        client.expect(250, "RNTO b")
        self.assert_exact(client)
        self.assertEqual(self.on_disk()[1], 5)


class Words(QuotaTest):
    def test_site_quota(self):
        client = self.login()
        client.stor("a", b"x" * 1048576)
        self.assertEqual(
            self.told(client),
            {"Used": "1048576 bytes (1 MiB)", "Limit": "10000000 bytes (10 MB)", "Free": "8951424 bytes",
             "Files": "1, no limit"},
        )  # fmt: skip
        self.assertIn(" QUOTA: show how much", "\n".join(client.expect(214, "SITE HELP").lines))

    def test_without_a_quota(self):
        self.server.configure({})
        self.mount_disk("4m")
        self.assertEqual(
            self.told(self.login()),
            {"Used": "not counted", "Limit": "no limit", "Free": "4194304 bytes (4 MiB)",
             "Files": "not counted, no limit"},
        )  # fmt: skip

    def test_none_at_all(self):
        """A quota of 0 means that nothing may be stored."""
        self.server.configure({"quota": {"bytes": "0 B"}})
        client = self.login()
        self.refused(client, "STOR a", b"x")
        client.stor("empty", b"")
        self.assertEqual(client.expect(213, "AVBL").text, "0")
        client.expect(552, "ALLO 1")

    def test_what_is_free(self):
        """By quota or disk, whichever is less; for programs that ask for it, with the directory."""
        self.server.mkdir("d")
        client = self.login()
        client.stor("a", b"x" * 1000)
        for command in ("AVBL", "AVBL d", "AVBL /"):
            self.assertEqual(client.expect(213, command).text, str(LIMIT - 1000))
        self.assertNotIn("x.avbl", client.facts()["d"])
        client.expect(200, "OPTS MLST type;x.AVBL;")
        facts = client.facts()
        self.assertEqual(facts["d"], {"type": "dir", "x.avbl": str(LIMIT - 1000)})
        self.assertEqual(facts["."], {"type": "cdir", "x.avbl": str(LIMIT - 1000)})
        self.assertEqual(facts["a"], {"type": "file"})
        line = client.expect(250, "MLST d").lines[1]
        self.assertRegex(line, rf"^ type=dir;X\.avbl={LIMIT - 1000}; /d$")
        features = [line for line in client.expect(211, "FEAT").lines if line.startswith(" MLST")]
        self.assertTrue(features[0].endswith("UNIX.mode;X.avbl*;"), features)
        client.quit()
        client.wait()
        self.mount_disk("4m")
        client = self.login()
        self.assertEqual(client.expect(213, "AVBL").text, "4194304")

    def test_read_only(self):
        self.server.add_user("reader", PASSWORD, "--read-only")
        client = self.login("reader")
        self.assertEqual(client.expect(213, "AVBL").text, "0")
        self.assertEqual(self.told(client)["Free"], "0 bytes")


class Verbs(QuotaTest):
    """Q06: whatever is done, the number is that of the disk."""

    def test_Q06_random_operations(self):
        seed = random.randrange(10**6)
        chance = random.Random(seed)
        client = self.login()
        names = ["a", "b", "d/a", "d/b", "d/e/c"]
        folders = ["d", "d/e", "f"]

        def content():
            return bytes(chance.choice((0, 1, 1000, 70000, 1500000)))

        def upload(verb):
            name, mode = chance.choice(names), chance.choice("IA")
            client.expect(200, f"TYPE {mode}")
            if mode == "I" and verb == "STOR" and chance.random() < 0.5:
                client.expect(350, f"REST {chance.choice((1, 1000, 70000, 70001))}")
            if chance.random() < 0.3:
                client.command(f"ALLO {chance.choice((1, 5000, 2000000, 9000000))}")
            data = client.passive()
            reply = client.command(f"{verb} {name}" if verb != "STOU" else "STOU")
            if reply.code != 150:
                data.close()
                return f"{verb} {name} {mode}: {reply.code}"
            data.handshake()
            end = chance.choice(("finish", "finish", "finish", "reset", "ABOR"))
            try:
                data.send(content())
                if end == "reset":
                    data.reset()
                elif end == "finish":
                    data.finish()
            except OSError:
                pass
            codes = [client.command("ABOR").code] if end == "ABOR" else []
            codes.append(client.read_reply().code)
            data.close()
            return f"{verb} {name} {mode} {end}: {codes}"

        def rename():
            source, target = chance.choice(names + folders), chance.choice(names + folders)
            codes = [client.command(command).code for command in (f"RNFR {source}", f"RNTO {target}")]
            return f"{source} to {target}: {codes}"

        def one(command):
            return f"{command}: {client.command(command).code}"

        operations = (
            lambda: upload("STOR"), lambda: upload("STOR"), lambda: upload("APPE"), lambda: upload("STOU"),
            rename, rename,
            lambda: one(f"DELE {chance.choice(names + os.listdir(self.server.home()))}"),
            lambda: one(f"DELE {chance.choice(names)}"),
            lambda: one(f"MKD {chance.choice(folders)}"), lambda: one(f"RMD {chance.choice(folders)}"),
            lambda: one(f"SITE CHMOD {chance.choice(('000', '200', '644'))} {chance.choice(names)}"),
            lambda: one(f"SITE UMASK {chance.choice(('000', '777', '022'))}"),
            lambda: one(f"MFF modify=20200101000000;unix.mode=0640; {chance.choice(names)}"),
        )  # fmt: skip
        done = []
        for _ in range(250):
            done.append(chance.choice(operations)())
            self.assertEqual(self.used(client), self.on_disk(), f"seed {seed}: {done[-5:]}")
        self.assertGreater(len({re.sub(r"\d", "", what) for what in done}), 40, done)  # it was no walk in one place

    def test_Q06_links(self):
        """Hard links, which no client can make: never too low, and exact with a login."""
        client = self.login()
        client.stor("a", b"x" * MEGABYTE)
        os.link(self.server.path("a"), self.server.path("b"))
        client.expect(250, "DELE a")
        self.assertGreaterEqual(self.used(client), self.on_disk())
        client.expect(250, "DELE b")
        client.stor("c", b"x")
        self.assertGreaterEqual(self.used(client), self.on_disk())
        client.quit()
        self.assert_exact_soon()


if __name__ == "__main__":
    main()
