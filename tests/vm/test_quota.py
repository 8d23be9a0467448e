"""quota.backend = "project" on Debian's kernel: ext4 and XFS with project quotas, in images of their own. The kernel
counts and refuses; cellftpd says so, sets it up, and finds what root has done behind its back (rows Q01, Q04, Q05)."""

import json
import re

from harness import PASSWORD, EmulatorTest, main, show_console

MIB = 1 << 20
CONFIG = "/etc/cellftpd/conf.d/quota.conf"


class ProjectQuota:
    """The tests, on the file system that `kind` is."""

    kind = None
    make = ()
    megabytes = 0

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.homes = f"/srv/{cls.kind}"
        cls.image = f"/var/tmp/{cls.kind}.img"
        cls.machine.run("truncate", "--size", f"{cls.megabytes}M", cls.image)
        cls.machine.run(*cls.make, cls.image)
        cls.machine.run("mkdir", "-p", cls.homes)
        cls.mount()
        cls.machine.write(CONFIG, f'quota: {{ backend = "project"; }};\ndirectories: {{ homes = "{cls.homes}"; }};\n')

    @classmethod
    def tearDownClass(cls):
        cls.machine.run("rm", CONFIG)
        cls.machine.run("umount", cls.homes)
        cls.machine.run("rm", cls.image)

    @classmethod
    def mount(cls, options="prjquota,nosuid"):
        cls.machine.run("mount", "-o", f"loop,{options}", cls.image, cls.homes)
        cls.machine.run("chmod", "0711", cls.homes)

    def setUp(self):
        super().setUp()
        self.user = f"{self.kind}-{self.id().rpartition('.')[2].removeprefix('test_').lower().replace('_', '-')}"[:32]
        self.home = f"{self.homes}/{self.user}"
        self.ctl("user", "add", self.user, "--password-stdin", text=PASSWORD + "\n")
        self.machine.passwords[self.user] = PASSWORD

    def tearDown(self):
        self.wait_for_the_end(check=False)
        self.ctl("user", "del", self.user, "--purge", "--yes")
        super().tearDown()

    # what the tests do

    def ctl(self, *arguments, status=0, text=""):
        done = self.machine.run("cellftpctl", *arguments, check=False, text=text)
        self.assertEqual(done.returncode, status, f"{arguments}: {done.stdout}{done.stderr}")
        return done

    def uploads(self, *jobs):
        """The codes of the replies to the uploads of one session: ("STOR", NAME, SIZE) each."""
        words = [str(word) for job in jobs for word in job]
        return [int(reply[:3]) for reply in json.loads(self.machine.output(*self.client(), *words))]

    def client(self):
        return ("python3", "/src/tests/vm/upload.py", self.user, PASSWORD)

    def upload(self, name, size):
        (code,) = self.uploads(("STOR", name, size))
        return code

    def du(self):
        return int(self.machine.output("du", "--summarize", "--block-size=1", self.home).split()[0])

    def names(self):
        return self.machine.output("ls", "-A", self.home).split()

    def shown(self):
        (entry,) = json.loads(self.ctl("quota", "show", self.user, "--json").stdout)
        return entry

    def admin_log(self, word):
        lines = self.machine.output("cat", "/var/log/cellftpd/admin.log").splitlines()
        return [line for line in lines if f" {word} " in line and self.user in line]

    def expect_warning(self, words):
        """One line in the journal that is not trouble."""
        found = [line for line in self.journal("--priority=warning") if words in line]
        self.assertEqual(len(found), 1, self.journal())
        self.since = self.machine.output("date", "+@%s.%6N").strip()

    # the tests

    def test_Q01_full(self):
        """552 by the kernel, what was there is untouched, nothing of the new file is left, and never more than that."""
        self.ctl("quota", "set", self.user, "6M")
        self.assertEqual(self.uploads(("STOR", "one", 4 * MIB), ("STOR", "two", 5 * MIB)), [226, 552])
        self.assertLessEqual(self.du(), 6 * MIB)
        self.assertEqual(self.names(), ["one"])
        before = self.machine.output("sha256sum", f"{self.home}/one")
        # A new version needs room beside the old one, which stays what it was; so does what is appended to.
        self.assertEqual(self.uploads(("STOR", "one", 5 * MIB), ("APPE", "one", 3 * MIB)), [552, 552])
        self.assertEqual(self.machine.output("sha256sum", f"{self.home}/one"), before)
        self.assertEqual(self.upload("small", MIB), 226)
        self.assertLessEqual(self.du(), 6 * MIB)

    def test_Q04_sessions_at_once(self):
        """However many write at once, together they stay below the limit; whole files only."""
        self.ctl("quota", "set", self.user, "6M")
        command = f"python3 /src/tests/vm/upload.py {self.user} '{PASSWORD}' STOR"
        said = self.machine.output("sh", "-c", f"for i in a b c d e f; do {command} $i {2 * MIB} & done; wait")
        codes = [int(code) for code in re.findall(r'\["(\d{3}) ', said)]
        self.assertEqual((len(codes), set(codes) - {226, 552}), (6, set()), said)
        self.assertIn(552, codes)
        self.wait_for_the_end()
        self.assertLessEqual(self.du(), 6 * MIB)
        sizes = self.machine.output("sh", "-c", f"cd {self.home} && stat --format=%s -- $(ls -A) /etc/passwd").split()
        self.assertEqual(sizes[:-1], [str(2 * MIB)] * codes.count(226))
        self.assertEqual(self.ctl("quota", "check", self.user).stdout.split("\t")[1], "same")

    def test_Q08_files(self):
        """The limit of files counts those that are made, not the folder."""
        self.ctl("quota", "set", self.user, "none", "--files", "2")
        jobs = [("STOR", name, 1) for name in ("one", "two", "three")]
        self.assertEqual(self.uploads(*jobs), [226, 226, 552])
        self.assertEqual(sorted(self.names()), ["one", "two"])

    def test_set_holds_at_once(self):
        """More, less than there is, nothing at all, and none."""
        self.ctl("quota", "set", self.user, "2M")
        self.assertEqual(self.upload("one", 3 * MIB), 552)
        self.ctl("quota", "set", self.user, "4M")
        self.assertEqual(self.upload("one", 3 * MIB), 226)
        self.ctl("quota", "set", self.user, "1M")
        self.assertEqual(self.upload("two", MIB), 552)
        self.assertEqual(self.names(), ["one"])
        shown = self.shown()
        self.assertEqual((shown["free"], shown["quota"], shown["state"]), (0, MIB, "exact"))
        self.ctl("quota", "set", self.user, "0")
        self.assertEqual(self.upload("nothing", 1), 552)
        self.ctl("quota", "set", self.user, "none")
        self.assertEqual(self.upload("two", 7 * MIB), 226)
        self.assertEqual(len(self.admin_log("quota-set")), 5)

    def test_Q05_hole_in_the_books(self):
        """A file that root has taken out of the project: check finds it, recount mends it, and says so once."""
        self.ctl("quota", "set", self.user, "6M")
        self.assertEqual(self.upload("one", 4 * MIB), 226)
        self.assertGreaterEqual(self.shown()["used"], 4 * MIB)
        self.machine.run("chattr", "-p", "0", f"{self.home}/one")
        self.assertLess(self.shown()["used"], MIB)
        self.assertIn("different", self.ctl("quota", "check", self.user, status=1).stdout)
        self.assertIn("different", self.ctl("quota", "check", "--all", status=1).stdout)
        self.assertIn("repaired", self.ctl("quota", "recount", "--all").stdout)
        self.assertGreaterEqual(self.shown()["used"], 4 * MIB)
        self.assertEqual(self.upload("two", 4 * MIB), 552)
        self.assertIn("same", self.ctl("quota", "check", self.user).stdout)
        self.assertEqual(self.ctl("quota", "recount", "--all").stdout, "")
        self.assertEqual(len(self.admin_log("quota-recount")), 1)

    def test_folder_with_content(self):
        """What was there before the back end was chosen is not counted until recount: till then it can only be read."""
        self.machine.run("sh", "-c", f"mkdir -p {self.home}/a/b && head -c {4 * MIB} /dev/zero > {self.home}/a/b/old")
        owner = self.machine.output("stat", "--format=%u", self.home).strip()
        self.machine.run("chown", "-R", f"{owner}:{owner}", self.home)
        self.machine.run("chattr", "-R", "-p", "0", self.home)
        self.machine.run("sh", "-c", f"find {self.home} -type d -exec chattr -P {{}} +")
        self.machine.run("sed", "-i", "$ a quota = \"6 MiB\";", f"/var/lib/cellftpd/users/{self.user}.conf")
        self.assertEqual(self.upload("new", MIB), 550)
        self.expect_warning("not-marked")
        self.assertEqual(self.shown()["state"], "unmarked")
        done = self.ctl("doctor", status=1)
        self.assertRegex(done.stdout, rf"problem\tquotas\t1 can only read.*{self.user}\tquota recount NAME")
        self.assertIn("repaired", self.ctl("quota", "recount", self.user).stdout)
        self.assertEqual(self.uploads(("STOR", "a/b/new", MIB), ("STOR", "a/two", 2 * MIB)), [226, 552])
        # Within the folder things can be moved to where they were not before.
        self.machine.run(
            *("setpriv", f"--reuid={owner}", f"--regid={owner}", "--clear-groups"),
            *("mv", f"{self.home}/a/b/old", f"{self.home}/old"),
        )
        self.ctl("doctor")

    def test_without_project_quotas(self):
        """Mounted without them, who has a quota can read; the log, doctor and --check say what to do."""
        self.ctl("quota", "set", self.user, "6M")
        self.assertEqual(self.upload("one", MIB), 226)
        self.machine.run("umount", self.homes)
        self.mount("nosuid")
        try:
            self.machine.run(
                *("curl", "--silent", "--user", f"{self.user}:{PASSWORD}", "--output", "/tmp/back"),
                "ftp://127.0.0.1/one",
            )
            self.expect_warning("no-project-quotas")
            self.assert_same(f"{self.home}/one", "/tmp/back")
            self.assertEqual(self.upload("two", MIB), 550)
            self.expect_warning("prjquota")
            self.assertEqual(self.shown()["state"], "unenforced")
            self.assertIn("prjquota", self.ctl("doctor", status=1).stdout)
            done = self.machine.run("cellftpd", "--check", check=False)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stdout, r"MISSING project quotas in directories\.homes: .*\n  .*prjquota")
            self.assertIn("prjquota", self.ctl("quota", "set", self.user, "5M", status=1).stderr)
        finally:
            self.machine.run("umount", self.homes)
            self.mount()
        self.ctl("quota", "recount", self.user)
        self.assertEqual(self.upload("two", MIB), 226)


class OnExt4(ProjectQuota, EmulatorTest):
    kind = "ext4"
    users = {}
    make = ("mke2fs", "-q", "-t", "ext4", "-O", "quota,project", "-E", "quotatype=prjquota")
    megabytes = 96


class OnXfs(ProjectQuota, EmulatorTest):
    kind = "xfs"
    users = {}
    make = ("mkfs.xfs", "-q")
    megabytes = 320


if __name__ == "__main__":
    main(after_failure=show_console)
