"""Row L10: cellftpctl killed at, and refused, every system call that changes something; and on a full disk. There is
the old state or the new one, never one between, and the next run finishes."""

import json
import os
import shutil
import subprocess

from harness import PASSWORD, ServerTest, in_clear, main, process, slow
from harness.ctl import FAILED, OK, SECRET, CtlTest, crypt

CHANGING = "write,pwrite64,sendfile,fsync,ftruncate,rename,renameat,renameat2,unlinkat,mkdir,mkdirat,fchmod,fchown"
FUTURE = "2099-12-31"


@in_clear("no client connects")
class Fault(CtlTest):
    """A users directory with carl, and with alice where she is there before."""

    def setUp(self):
        super().setUp()
        self.outside = self.directory.with_name(self.directory.name + "-outside")
        self.outside.mkdir()
        self.addCleanup(shutil.rmtree, self.outside)
        self.add("carl")
        self.old_hash = None

    def begin_with_alice(self):
        self.add("alice")
        (self.homes / "alice" / "file").write_text("precious")
        self.old_hash = self.hash("alice")

    def save(self):
        subprocess.run(["cp", "-a", self.directory, self.outside / "saved"], check=True)

    def restore(self):
        for name in ("users", "homes", "logs"):
            shutil.rmtree(self.directory / name)
            subprocess.run(["cp", "-a", self.outside / "saved" / name, self.directory / name], check=True)

    def describe(self):
        """Alice as `user show` has her, which says that her record is whole; None if there is none. A hash is new or
        old, and her folder hers or not."""
        if not (self.users / "alice.conf").exists():
            return None
        shown = json.loads(self.ctl("user", "show", "alice", "--json").stdout)
        home = self.homes / "alice"
        shown |= {
            "created": None,
            "new password": self.hash("alice") != self.old_hash,
            "folder": home.exists() and (home.stat().st_uid == shown["uid"], oct(home.stat().st_mode)),
        }
        del shown["uid"]
        return shown

    def run_with(self, fault, arguments, text):
        return subprocess.run(
            ["strace", "-qq", "-o", self.outside / "trace", "-e", f"trace={CHANGING}", *fault]
            + self.command(*arguments),
            input=text.encode(),
            capture_output=True,
            timeout=60 * slow(),
            check=False,
            env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"),  # which cannot be traced
        )

    def undisturbed(self, arguments, text):
        """What alice is like after it, and its calls: (name, how manieth of that name)."""
        self.assertEqual(self.run_with([], arguments, text).returncode, OK)
        names = [line.partition("(")[0] for line in (self.outside / "trace").read_text().splitlines()]
        counted = {}
        calls = []
        for name in names:
            counted[name] = counted.get(name, 0) + 1
            calls.append((name, counted[name]))
        return self.describe(), calls

    def check(self, *arguments, text="", between=None):
        """BETWEEN is what a state that is neither old nor new has in common with what `user show` says."""
        self.save()
        old = self.describe()
        new, calls = self.undisturbed(arguments, text)
        self.assertNotEqual(old, new)
        seen = []
        for name, number in calls:
            for fault in ("signal=KILL", "error=EIO"):
                with self.subTest(call=name, number=number, fault=fault):
                    self.restore()
                    done = self.run_with(["-e", f"inject={name}:{fault}:when={number}"], arguments, text)
                    found = self.describe()
                    if found not in (old, new) and between:
                        self.assertEqual(found, found | between)
                    else:
                        self.assertIn(found, (old, new))
                    if done.returncode == OK:
                        self.assertEqual(found, new)
                    elif fault == "error=EIO":
                        self.assertEqual(done.returncode, FAILED)
                        self.assertIn(b"cellftpctl: ", done.stderr)
                    seen.append(found == new)
                    self.run_again(arguments, text)
                    self.assertEqual(self.describe(), new)
        self.assertIn(False, seen)
        self.assertIn(True, seen)

    def run_again(self, arguments, text):
        done = subprocess.run(self.command(*arguments), input=text.encode(), capture_output=True, check=False)
        if done.returncode != OK:  # because it was done
            self.assertRegex(done.stderr.decode(), 'user "alice" (already exists|does not exist)')
        uids = [line.split("\t")[1] for line in self.ctl("user", "list").stdout.splitlines()]
        self.assertEqual(len(set(uids)), len(uids))

    def test_L10_add(self):
        self.check("user", "add", "alice", "--password-stdin", text=SECRET + "\n")

    def test_L10_ensure(self):
        self.check("user", "ensure", "alice", "--password-stdin", "--read-only", text=SECRET + "\n")

    def test_L10_passwd(self):
        self.begin_with_alice()
        self.check("user", "passwd", "alice", "--password-stdin", text="another one\n")

    def test_L10_lock(self):
        self.begin_with_alice()
        self.check("user", "lock", "alice")

    def test_L10_mod(self):
        self.begin_with_alice()
        self.check("user", "mod", "alice", "--read-only", "--expires", FUTURE)

    def test_L10_expire(self):
        self.begin_with_alice()
        self.check("user", "expire", "alice", FUTURE)

    def test_L10_del(self):
        self.begin_with_alice()
        self.check("user", "del", "alice")

    def test_L10_purge(self):
        self.begin_with_alice()
        self.check("user", "del", "alice", "--purge", "--yes", between={"state": "locked"})


@in_clear("no client connects")
class Skeleton(Fault):
    """The same with a skeleton: its files are all there, or there is no account."""

    def setUp(self):
        super().setUp()
        skeleton = self.directory / "skeleton"
        (skeleton / "incoming" / "deep").mkdir(parents=True)
        (skeleton / "welcome").write_bytes(b"hello" * 1000)
        (skeleton / "incoming" / "deep" / "file").write_bytes(b"x")
        os.symlink("/etc/passwd", skeleton / "link")
        os.mkfifo(skeleton / "fifo")

    def describe(self):
        shown = super().describe()
        if shown and not self.old_hash:
            home = self.homes / "alice"
            owner = home.stat().st_uid
            shown["skeleton"] = {
                str(path.relative_to(home)): (path.stat().st_uid == owner, path.is_dir() or path.read_bytes())
                for path in home.rglob("*")
            }
        return shown

    def test_L10_add(self):
        super().test_L10_add()
        self.assertEqual(
            self.describe()["skeleton"],
            {
                "incoming": (True, True),
                "incoming/deep": (True, True),
                "incoming/deep/file": (True, b"x"),
                "welcome": (True, b"hello" * 1000),
            },
        )

    def test_L10_somebody_elses_file_is_not_touched(self):
        """The folder of a begun account that has something else in it is not taken over."""
        done = self.run_with(
            ["-e", "inject=renameat2:signal=KILL:when=1"], ("user", "add", "alice", "--password-stdin"), SECRET + "\n"
        )
        self.assertNotEqual(done.returncode, OK)
        (self.homes / "alice" / "incoming" / "mine").write_text("precious")
        self.assertIn("not empty", self.ctl("user", "add", "alice", "--password-stdin", text=SECRET, status=FAILED).stderr)
        self.assertEqual((self.homes / "alice" / "incoming" / "mine").read_text(), "precious")
        (self.homes / "alice" / "incoming" / "mine").unlink()
        self.add("alice")

    test_L10_ensure = test_L10_passwd = test_L10_lock = test_L10_mod = test_L10_expire = None
    test_L10_del = test_L10_purge = None


def fill(directory):
    """Takes all the room that the file system of DIRECTORY has; returns the file that does."""
    path = directory / "ballast"
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    return path


def mount_small(test, directory):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "none", directory], check=True)
    test.addCleanup(process.unmount_below, directory)


@in_clear("no client connects")
class FullDisk(CtlTest):
    def setUp(self):
        super().setUp()
        self.users.mkdir(0o700)
        mount_small(self, self.users)
        self.add("alice")

    def test_L10_full_disk(self):
        ballast = fill(self.users)
        before = self.everything()
        for arguments, text in (
            (["add", "bob", "--password-stdin"], SECRET),
            (["ensure", "bob", "--password-stdin"], SECRET),
            (["passwd", "alice", "--password-stdin"], "another one"),
            (["lock", "alice"], ""),
            (["mod", "alice", "--read-only"], ""),
            (["expire", "alice", FUTURE], ""),
        ):
            with self.subTest(arguments):
                done = self.ctl("user", *arguments, text=text, status=FAILED)
                self.assertIn("No space left on device", done.stderr)
                self.assertEqual(done.stdout, "")
                shown = {path: content for path, content in self.everything().items() if ".next-uid" not in path}
                shown.pop(str(self.homes / "bob"), None)  # root's and empty: the next run takes it
                self.assertEqual(shown, {path: before[path] for path in before if ".next-uid" not in path})
        ballast.unlink()
        self.ctl("user", "add", "bob", "--password-stdin", text=SECRET)
        self.ctl("user", "lock", "alice")
        self.assertIn("\tlocked\t", self.ctl("user", "list").stdout)

    def test_L10_removing_makes_room(self):
        fill(self.users)
        self.ctl("user", "del", "alice")
        self.assertEqual(self.ctl("user", "list").stdout, "")


class Upgrade(ServerTest):
    """An older hash is replaced at the first login: if that fails, the login is granted all the same."""

    def test_L10_upgrade_on_a_full_disk(self):
        users = self.server.directory / "users"
        record = users / "alice.conf"
        old = crypt(PASSWORD, "$6$saltsalt$")
        text = record.read_text()
        mount_small(self, users)
        record.write_text(text.replace(text.partition('password = "')[2].partition('"')[0], old))
        record.chmod(0o600)
        before = record.read_bytes()
        ballast = fill(users)
        self.login().quit()
        self.server.expect_log("connections", "server-failed", reason="hash-upgrade", detail="No space left on device")
        self.assertEqual(record.read_bytes(), before)
        self.assertEqual([name for name in os.listdir(users) if name.endswith(".tmp")], [])
        ballast.unlink()
        self.login().quit()
        self.server.expect_log("admin", "user-password", user="alice", reason="hash-upgraded")
        self.assertIn('password = "$y$', record.read_text())


if __name__ == "__main__":
    main()
