"""cellftpctl: accounts and configuration on the command line, its exit codes, and where passwords never are."""

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import time

from harness import in_clear, main, slow
from harness.ctl import FAILED, NO_PERMISSION, NOT_CONFIGURED, OK, PROGRAM, SECRET, USAGE, CtlTest


@in_clear("no client connects")
class CommandLine(CtlTest):
    def test_help_and_version_at_any_level(self):
        for words in ([], ["user"], ["user", "add"], ["user", "add", "alice"], ["config", "show"]):
            for option in ("--help", "-h"):
                text = self.ctl(*words, option).stdout
                self.assertIn("usage: cellftpctl", text)
                self.assertEqual("config show" in text, words in ([], ["config", "show"]))
                self.assertEqual("user add NAME" in text, words[:1] in ([], ["user"]))
            self.assertRegex(self.ctl(*words, "--version").stdout, r"\Acellftpctl [0-9.]*\n\Z")
        self.assertEqual(self.everything().keys(), {str(self.config), str(self.logs)})

    def test_help_of_a_command(self):
        text = self.ctl("user", "add", "--help").stdout
        for word in ("NAME ", "--password-stdin ", "--read-only ", "-c, --config FILE", "exit status:\n  0  "):
            self.assertIn(word, text)
        self.assertNotIn("--purge", text)
        self.assertRegex(text, r"(?m)^  4  .*root")
        self.assertNotRegex(self.ctl("config", "show", "--help").stdout, r"(?m)^  4  ")

    def test_short_options(self):
        for words in (["-V"], ["--version"]):
            self.assertRegex(self.ctl(*words).stdout, r"\Acellftpctl [0-9.]*\n\Z")
        for words in (["-c", self.config], [f"-c{self.config}"], ["--config", self.config]):
            done = subprocess.run([PROGRAM, "config", "check", *words], capture_output=True, text=True, check=True)
            self.assertIn(str(self.config), done.stdout)

    def test_nearest(self):
        for arguments, meant in (
            (["user", "ad", "alice"], '"user add"'),
            (["usr", "add", "alice"], '"user add"'),
            (["confg", "show"], '"config show"'),
            (["comands"], '"commands"'),
            (["user", "add", "alice", "--genrate"], "--generate"),
            (["user", "list", "--jso"], "--json"),
        ):
            with self.subTest(arguments):
                self.assertIn(f"did you mean {meant}?", self.assert_nothing_done(*arguments, status=USAGE))
        self.assertNotIn("mean", self.assert_nothing_done("frobnicate", "everything", status=USAGE))

    def test_commands(self):
        """The machine's form of the usage has what --help has."""
        usage = self.ctl("--help").stdout
        lines = [line.split("\t") for line in self.ctl("commands").stdout.splitlines()]
        self.assertEqual({len(line) for line in lines}, {4})
        self.assertEqual(len(lines), len(re.findall(r"(?m)^  [a-z]", usage)))
        for command, operands, options, meaning in lines:
            self.assertRegex(usage, rf"(?m)^  {command}{'' if operands == '-' else ' ' + re.escape(operands)}( |$)")
            self.assertIn(f"      {meaning}\n", usage)
            for option in options.split() if options != "-" else []:
                self.assertIn(option.partition("=")[0], self.ctl(*command.split(), "--help").stdout)
        objects = json.loads(self.ctl("commands", "--json").stdout)
        self.assertEqual([entry["command"] for entry in objects], [line[0] for line in lines])

    def test_help_fits_a_terminal(self):
        helps = [["--help"]]
        helps += [[*line.split("\t")[0].split(), "--help"] for line in self.ctl("commands").stdout.splitlines()]
        for arguments in helps:
            with self.subTest(arguments):
                wide = [line for line in self.ctl(*arguments).stdout.splitlines() if len(line) > 80]
                self.assertEqual(wide, [])

    def test_usage_errors(self):
        for arguments in (
            [],
            ["user"],
            ["frob"],
            ["user", "frob"],
            ["frob", "--help"],
            ["user", "add"],
            ["user", "list", "alice"],
            ["config", "check", "x"],
            ["user", "add", "alice", "--purge"],
            ["user", "list", "--yes"],
            ["user", "add", "alice", "--generate", "--password-stdin"],
            ["user", "add", "alice", "--frob"],
            ["user", "list", "--json=yes"],
            ["user", "list", "-c", str(self.config), "-c", str(self.config)],
            ["user", "del", *["x"] * 100],
            ["--config"],
            ["--config="],
        ):
            with self.subTest(arguments):
                self.assert_nothing_done(*arguments, status=USAGE)

    def test_password_is_no_argument(self):
        for arguments in (
            ["user", "add", "alice", SECRET],
            ["user", "passwd", "alice", SECRET],
            ["user", "add", "alice", "--password=" + SECRET],
            ["user", "add", "alice", "--password", SECRET],
            ["user", "add", "alice", "--password-stdin=" + SECRET],
            ["user", "add", "alice", "-p" + SECRET],
            ["user", SECRET],
            [SECRET],
        ):
            with self.subTest(arguments):
                text = self.assert_nothing_done(*arguments, status=USAGE, text=SECRET + "\n")
                self.assertNotIn("horse", text)

    def test_bad_names_L09(self):
        for name in ("a:b", "a\nb", "../x", "-rf", ".", "..", "", "x" * 300, "%n", "Alice", "a/b", "ä", "\x1b[2J"):
            for command in (
                ["add", "--generate"],
                ["del", "--purge", "--yes"],
                ["passwd", "--generate"],
                ["show"],
            ):
                for dashes in ([], ["--"]):
                    with self.subTest([name, command, dashes]):
                        text = self.assert_nothing_done("user", *command, *dashes, name, status=USAGE)
                        self.assertNotIn("\x1b", text)
                        self.assertEqual(text.count("\n"), 1)

    def test_options_anywhere(self):
        self.ctl("user", "--generate", "add", "alice")
        self.ctl("user", "add", "--generate", "--", "bob")
        done = subprocess.run([PROGRAM, "user", "list", f"--config={self.config}"], capture_output=True, check=True)
        self.assertEqual(done.stdout.count(b"\n"), 2)

    def test_not_root(self):
        program = self.directory / "cellftpctl"
        shutil.copy(PROGRAM, program)
        program.chmod(0o755)
        self.config.chmod(0o644)

        def run(*arguments):
            return subprocess.run(
                [program, "--config", self.config, *arguments],
                user=65534,
                group=65534,
                extra_groups=[],
                capture_output=True,
                check=False,
            )

        for arguments in (["user", "add", "alice", "--generate"], ["user", "list"], ["user", "del", "alice"]):
            done = run(*arguments)
            self.assertEqual(done.returncode, NO_PERMISSION, done.stderr)
            self.assertIn(b"root", done.stderr)
        self.assertEqual(run("user", "add", "a:b").returncode, USAGE)
        self.assertFalse(self.users.exists())

    def test_output_that_cannot_be_written(self):
        self.add("alice")
        with open("/dev/full", "wb") as full:
            done = subprocess.run(self.command("user", "list"), stdout=full, stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, FAILED)
        self.assertIn(b"cannot write", done.stderr)


@in_clear("no client connects")
class Configuration(CtlTest):
    def test_check_and_show(self):
        self.assertIn(str(self.config), self.ctl("config", "check").stdout)
        shown = self.ctl("config", "show").stdout
        self.assertIn(str(self.users), shown)
        self.config.write_text(shown)
        self.assertEqual(self.ctl("config", "show").stdout, shown)

    def test_json(self):
        values = json.loads(self.ctl("config", "show", "--json").stdout)
        self.assertEqual(values["directories"]["users"], str(self.users))
        self.assertEqual(values["accounts"]["hash_cost"], 1)
        self.assertIs(values["active"]["enabled"], True)
        self.assertEqual(values["auth"]["order"], ["local", "pam"])
        self.assertEqual(
            json.loads(self.ctl("config", "check", "--json").stdout),
            {"file": str(self.config), "correct": True, "problems": []},
        )
        self.configure('login: { atempts = 3; };\nfiles: { mode = "9"; };\n')
        found = json.loads(self.ctl("config", "check", "--json", status=NOT_CONFIGURED).stdout)
        self.assertIs(found["correct"], False)
        self.assertEqual([problem.split(":")[1] for problem in found["problems"]], ["6", "7"])

    def test_missing(self):
        self.config.unlink()
        for arguments in (["config", "check"], ["user", "list"], ["user", "add", "alice", "--generate"]):
            self.assertIn(str(self.config), self.assert_nothing_done(*arguments, status=NOT_CONFIGURED))

    def test_mistakes(self):
        self.configure('login: { atempts = 3; };\nfiles: { mode = "9"; };\n')
        for arguments in (["config", "check"], ["config", "show"], ["user", "add", "alice", "--generate"]):
            text = self.assert_nothing_done(*arguments, status=NOT_CONFIGURED)
            self.assertIn(f"{self.config}:6: ", text)  # all of them in one run
            self.assertIn(f"{self.config}:7: ", text)
            self.assertIn("attempts", text)


@in_clear("no client connects")
class Add(CtlTest):
    def test_add(self):
        done = self.add("alice")
        self.assertIn("alice", done.stdout)
        self.assertEqual(done.stderr, "")
        record = self.users / "alice.conf"
        home = self.homes / "alice"
        self.assertEqual(stat.S_IMODE(record.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(home.stat().st_mode), 0o700)
        self.assertEqual((home.stat().st_uid, home.stat().st_gid), (1900000000, 1900000000))
        self.assert_password("alice", SECRET)
        for content in self.everything().values():
            self.assertNotIn(b"horse", content or b"")

    def test_event(self):
        self.add("alice")
        self.add("bob", "--read-only")
        lines = self.admin_log()
        self.assertEqual(len(lines), 2)
        self.assertRegex(lines[0], r'^\S+Z admin user-add .*user="alice"')
        self.assertRegex(lines[0], r'actor="root"')
        self.assertRegex(lines[1], r'user="bob".*read-only')
        self.assertEqual(stat.S_IMODE((self.logs / "admin.log").stat().st_mode), 0o640)

    def test_actor(self):
        for number, (sudo, actor) in enumerate(
            [("carol", "carol"), ('x" user="y', "root"), ("a\nb", "root"), ("", "root"), ("-x", "root")]
        ):
            self.ctl("user", "add", f"u{number}", "--generate", env=dict(os.environ, SUDO_USER=sudo))
            lines = self.admin_log()
            self.assertEqual(len(lines), number + 1)
            self.assertIn(f'actor="{actor}"', lines[-1])

    def test_no_log_directory(self):
        self.logs.rmdir()
        self.assertNotEqual(self.add("alice").stderr, "")
        self.assertIn("alice", self.ctl("user", "list").stdout)

    def test_exists(self):
        self.add("alice")
        created = time.strftime("%Y-%m-%d", time.gmtime((self.users / "alice.conf").stat().st_mtime))
        text = self.assert_nothing_done("user", "add", "alice", "--generate", status=FAILED)
        self.assertEqual(text, f'cellftpctl: user "alice" already exists (created {created}); use "user mod" or "user passwd"\n')

    def test_folder_exists(self):
        self.homes.mkdir(0o711)
        home = self.homes / "alice"
        home.mkdir()
        os.chown(home, 1000, 1000)
        text = self.ctl("user", "add", "alice", "--generate", status=FAILED).stderr
        self.assertIn(f"{home} exists and belongs to uid 1000", text)
        self.assertEqual(home.stat().st_uid, 1000)
        self.ctl("user", "show", "alice", status=FAILED)
        self.assertEqual(self.admin_log(), [])

    def test_generate(self):
        done = self.ctl("user", "add", "alice", "--generate")
        self.assertRegex(done.stdout, r"\A([a-z2-9]{4}-){4}[a-z2-9]{4}\n\Z")  # nothing else, for scripts
        self.assertIn("alice", done.stderr)
        self.assertNotIn(done.stdout.strip(), done.stderr + "".join(self.admin_log()))
        self.assert_password("alice", done.stdout.strip())

    def test_passwords_from_stdin(self):
        for number, (text, password) in enumerate(
            [
                (SECRET, SECRET),  # without a newline
                (SECRET + "\nmore\n", SECRET),
                (" blanks at both ends \n", " blanks at both ends "),
                ("grüß dich\n", "grüß dich"),
                ("x" * 511 + "\n", "x" * 511),
            ]
        ):
            self.ctl("user", "add", f"u{number}", "--password-stdin", text=text)
            self.assert_password(f"u{number}", password)

    def test_refused_passwords(self):
        for text in ("", "\n", "\nabcdefgh\n", "abc\x07defgh\n", "abcdefgh\r\n", "abcd\0efgh\n", "x" * 512 + "\n"):
            with self.subTest(text[:20]):
                said = self.assert_nothing_done("user", "add", "alice", "--password-stdin", status=FAILED, text=text)
                self.assertIn("password", said)

    def test_short_password(self):
        done = self.ctl("user", "add", "alice", "--password-stdin", text="1234567\n")
        self.assertIn("warning", done.stderr)
        self.assertNotIn("1234567", done.stderr)
        self.assertEqual(self.ctl("user", "add", "bob", "--password-stdin", text="12345678\n").stderr, "")

    def test_rest_of_stdin_is_left(self):
        script = f"{PROGRAM} --config {self.config} user add alice --password-stdin >&2; cat"
        done = subprocess.run(["sh", "-c", script], input=b"first line\nsecond\n", capture_output=True, check=True)
        self.assertEqual(done.stdout, b"second\n")

    def test_two_at_once_L10(self):
        for number in range(5):
            both = [
                subprocess.Popen(
                    self.command("user", "add", f"u{number}", "--generate"),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
                for _ in range(2)
            ]
            self.assertEqual(sorted(process.wait(60 * slow()) for process in both), [OK, FAILED])
        self.assertEqual(len(self.ctl("user", "list").stdout.splitlines()), 5)
        self.assertEqual(len(self.admin_log()), 5)


@in_clear("no client connects")
class Prompt(CtlTest):
    def test_asks_twice_without_echo(self):
        terminal = self.terminal("user", "add", "alice")
        for question in ("New password: ", "The same again: "):
            terminal.wait_for(question)
            self.assertFalse(terminal.echoes())
            terminal.type(SECRET + "\n")
        status, text = terminal.end()
        self.assertEqual(status, OK, text)
        self.assertNotIn("horse", text)
        self.assertTrue(terminal.echoes())
        self.assert_password("alice", SECRET)

    def test_two_that_differ(self):
        before = self.everything()
        terminal = self.terminal("user", "add", "alice")
        terminal.wait_for("New password: ")
        terminal.type(SECRET + "\n")
        terminal.wait_for("again: ")
        terminal.type(SECRET + "!\n")
        status, text = terminal.end()
        self.assertEqual(status, FAILED)
        self.assertIn("differ", text)
        self.assertEqual(self.everything(), before)

    def test_end_of_file(self):
        for typed in ("\x04", "abc\x04\x04"):
            terminal = self.terminal("user", "add", "alice")
            terminal.wait_for("New password: ")
            terminal.type(typed)
            self.assertEqual(terminal.end()[0], FAILED)
            self.assertTrue(terminal.echoes())
            self.assertFalse(self.users.exists())

    def test_signals_restore_the_terminal(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            terminal = self.terminal("user", "add", "alice")
            terminal.wait_for("New password: ")
            self.assertFalse(terminal.echoes())
            os.kill(terminal.process_id, number)
            self.assertEqual(terminal.end()[0], -number)
            self.assertTrue(terminal.echoes())
        terminal = self.terminal("user", "add", "alice")
        terminal.wait_for("New password: ")
        terminal.type("abc\x03")  # as it is typed
        self.assertEqual(terminal.end()[0], -signal.SIGINT)
        self.assertTrue(terminal.echoes())

    def test_stop_and_continue(self):
        terminal = self.terminal("user", "add", "alice")
        terminal.wait_for("New password: ")
        # The kernel stops no orphaned process group, and a session leader's is one: the question comes again at once.
        os.kill(terminal.process_id, signal.SIGTSTP)
        terminal.wait_for("New password: ")
        self.assertFalse(terminal.echoes())
        terminal.type(SECRET + "\n")
        terminal.wait_for("again: ")
        terminal.type(SECRET + "\n")
        self.assertEqual(terminal.end()[0], OK)
        self.assert_password("alice", SECRET)

    def test_no_terminal(self):
        text = self.assert_nothing_done("user", "add", "alice", status=USAGE, text=SECRET + "\n")
        self.assertIn("--password-stdin", text)

    def test_not_asked_in_vain(self):
        self.add("alice")
        status, text = self.terminal("user", "add", "alice").end()
        self.assertEqual(status, FAILED)
        self.assertNotIn("New password", text)


@in_clear("no client connects")
class Passwd(CtlTest):
    def test_passwd(self):
        self.add("alice", "--read-only")
        before = (self.users / "alice.conf").read_text().replace(self.hash("alice"), "")
        self.ctl("user", "passwd", "alice", "--password-stdin", text="another password\n")
        self.assert_password("alice", "another password")
        self.assertEqual((self.users / "alice.conf").read_text().replace(self.hash("alice"), ""), before)
        self.assertRegex(self.admin_log()[-1], r'admin user-password .*user="alice"')

    def test_generate(self):
        self.add("alice")
        self.assert_password("alice", self.ctl("user", "passwd", "alice", "--generate").stdout.strip())

    def test_nobody(self):
        text = self.assert_nothing_done("user", "passwd", "alice", "--generate", status=FAILED)
        self.assertIn(f"the directory {self.users} does not exist", text)
        self.add("bob")
        text = self.assert_nothing_done("user", "passwd", "alice", "--generate", status=FAILED)
        self.assertIn('user "alice" does not exist', text)

    def test_malformed_record(self):
        self.add("alice")
        (self.users / "alice.conf").write_text("uid = 0;\n")
        text = self.assert_nothing_done("user", "passwd", "alice", "--generate", status=FAILED)
        self.assertIn("alice.conf:1: uid: 0", text)


@in_clear("no client connects")
class Show(CtlTest):
    def setUp(self):
        super().setUp()
        self.add("bob", "--read-only")
        self.add("alice")

    def test_list(self):
        lines = [line.split("\t") for line in self.ctl("user", "list").stdout.splitlines()]
        self.assertEqual([line[0] for line in lines], ["alice", "bob"])
        self.assertEqual(lines[0][1:4], ["1900000001", "enabled", "read-write"])
        self.assertEqual(lines[1][1:4], ["1900000000", "enabled", "read-only"])
        self.assertRegex(lines[1][4], r"\A20..-..-..T..:..:..Z\Z")
        self.assertEqual(lines[1][5:], ["-", "user", "default", "default", str(self.homes / "bob"), "-", "-"])

    def test_list_json(self):
        users = json.loads(self.ctl("user", "list", "--json").stdout)
        self.assertEqual([user["name"] for user in users], ["alice", "bob"])
        self.assertEqual(users[1], json.loads(self.ctl("user", "show", "bob", "--json").stdout))
        self.assertEqual(users[1]["uid"], 1900000000)
        self.assertIs(users[1]["read_only"], True)
        self.assertIs(users[1]["enabled"], True)
        self.assertEqual(users[1]["home"], str(self.homes / "bob"))
        self.assertLess(
            abs(time.mktime(time.strptime(users[1]["created"], "%Y-%m-%dT%H:%M:%SZ")) - time.mktime(time.gmtime())), 120
        )

    def test_json_of_strange_folders(self):
        record = self.users / "alice.conf"
        original = record.read_bytes()
        for home, shown in (
            (b'/srv/a \\"b\\\\c', '/srv/a "b\\c'),
            ("/srv/grüß".encode(), "/srv/grüß"),
            ("/srv/\x9b\u202e".encode(), "/srv/\x9b\u202e"),
            (b"/srv/\xff\xfe", "/srv/\ufffd\ufffd"),  # as in NAME.jsonl: the bytes are in another member
        ):
            record.write_bytes(original + b'home = "' + home + b'";\n')
            text = self.ctl("user", "show", "alice", "--json").stdout
            self.assertEqual(json.loads(text)["home"], shown)
            self.assertEqual(bytes.fromhex(json.loads(text).get("home_hex", home.hex())), home)
            self.assertNotRegex(text, "[\x80-\x9f\u202e]", "a terminal would obey it")

    def test_nobody(self):
        self.ctl("user", "del", "alice")
        self.ctl("user", "del", "bob")
        self.assertEqual(self.ctl("user", "list").stdout, "")
        self.assertEqual(json.loads(self.ctl("user", "list", "--json").stdout), [])
        self.assertIn('user "alice" does not exist', self.ctl("user", "show", "alice", status=FAILED).stderr)
        shutil.rmtree(self.users)
        for options in ([], ["--json"]):  # a typing error in the configuration, or a disk that is not mounted
            self.assertIn(f"cannot list {self.users}: No such", self.ctl("user", "list", *options, status=FAILED).stderr)
        self.assertIn("does not exist", self.ctl("user", "show", "alice", status=FAILED).stderr)

    def test_on_a_terminal(self):
        status, text = self.terminal("user", "list").end()
        self.assertEqual(status, OK)
        self.assertRegex(text, r"\ANAME +UID +STATE")
        self.assertNotIn("\x1b", text)
        lines = text.split("\r\n")
        self.assertEqual({line.find("  read-") for line in lines[1:3]}, {lines[0].find("  RIGHTS")})
        self.assertTrue(all(line == line.rstrip() for line in lines))

    def test_bold_heading(self):
        for environment, bold in (
            ({"TERM": "xterm"}, True),
            ({"TERM": "xterm", "NO_COLOR": ""}, True),  # https://no-color.org: present and not empty
            ({"TERM": "xterm", "NO_COLOR": "1"}, False),
            ({"TERM": "dumb"}, False),
            ({"TERM": ""}, False),
        ):
            with self.subTest(environment):
                status, text = self.terminal("user", "list", **environment).end()
                self.assertEqual(status, OK)
                self.assertEqual(text.startswith("\x1b[1mNAME"), bold)
                self.assertEqual(text.count("\x1b"), 2 if bold else 0)

    def test_never_a_hash(self):
        for arguments in (["list"], ["list", "--json"], ["show", "alice"], ["show", "alice", "--json"]):
            self.assertNotIn("$y$", self.ctl("user", *arguments).stdout)

    def test_malformed_record(self):
        (self.users / "alice.conf").write_text("uid = 0;\n")
        done = self.ctl("user", "list", status=FAILED)
        self.assertIn("alice.conf:1: uid: 0", done.stderr)
        self.assertRegex(done.stdout, r"\Aalice\t-\tmalformed\t")
        self.assertIn("bob\t1900000000", done.stdout)  # the others are shown all the same
        users = json.loads(self.ctl("user", "list", "--json", status=FAILED).stdout)
        self.assertEqual((users[0].pop("name"), users[0].pop("state")), ("alice", "malformed"))
        self.assertEqual(set(users[0].values()), {None})
        self.assertIn("uid: 0", self.ctl("user", "show", "alice", status=FAILED).stderr)


@in_clear("no client connects")
class Namesake(CtlTest):
    """A name that a user of the system has, too."""

    def test_it_is_said(self):
        self.assertIn("only the new account can log in", self.add("nobody").stderr)
        self.configure('auth: { order = [ "pam", "local" ]; };')
        self.assertIn("only the user of the system can log in", self.add("daemon").stderr)
        self.configure('auth: { order = [ "local" ]; };')
        self.assertEqual(self.add("games").stderr, "")

    def test_is_no_account(self):
        self.add("alice")
        for command in ("lock", "passwd", "del", "show"):
            options = ["--generate"] if command == "passwd" else []
            done = self.ctl("user", command, "nobody", *options, status=FAILED)
            self.assertIn("user of the system", done.stderr)


@in_clear("no client connects")
class Delete(CtlTest):
    def setUp(self):
        super().setUp()
        self.add("alice")
        self.home = self.homes / "alice"
        (self.home / "file").write_text("precious")

    def test_folder_is_kept(self):
        self.assertIn(f"{self.home} is kept", self.ctl("user", "del", "alice").stdout)
        self.assertTrue((self.home / "file").exists())
        self.assertFalse((self.users / "alice.conf").exists())
        self.assertRegex(self.admin_log()[-1], r'admin user-delete .*user="alice".*kept')

    def test_purge(self):
        self.assertIn(f"{self.home} is gone", self.ctl("user", "del", "alice", "--purge", "--yes").stdout)
        self.assertFalse(self.home.exists())
        self.assertFalse((self.users / "alice.conf").exists())
        self.assertRegex(self.admin_log()[-1], r'admin user-delete .*user="alice".*removed')

    def test_purge_needs_a_yes(self):
        self.assertIn("--yes", self.assert_nothing_done("user", "del", "alice", "--purge", status=USAGE, text="y\n"))
        for answer in ("n\n", "\n", "x\n", "\x04"):
            terminal = self.terminal("user", "del", "alice", "--purge")
            terminal.wait_for(f"everything in {self.home}? [y/N] ")
            terminal.type(answer)
            self.assertEqual(terminal.end()[0], FAILED)
            self.assertTrue((self.home / "file").exists())
        terminal = self.terminal("user", "del", "alice", "--purge")
        terminal.wait_for("[y/N] ")
        terminal.type("y\n")
        self.assertEqual(terminal.end()[0], OK)
        self.assertFalse(self.home.exists())

    def test_dry_run(self):
        before = self.everything()
        self.assertIn(f"would keep {self.home}", self.ctl("user", "del", "alice", "--dry-run").stdout)
        for more in ([], ["--yes"]):
            done = self.ctl("user", "del", "alice", "--purge", "--dry-run", *more)
            self.assertIn(f"would remove {self.home}", done.stdout)
        self.assertEqual(self.everything(), before)
        self.ctl("user", "del", "bob", "--dry-run", status=FAILED)

    def test_nobody(self):
        for options in ([], ["--purge", "--yes"]):
            text = self.assert_nothing_done("user", "del", "bob", *options, status=FAILED)
            self.assertIn('user "bob" does not exist', text)

    def test_folder_of_somebody_else(self):
        os.chown(self.home, 1000, 1000)
        text = self.assert_nothing_done("user", "del", "alice", "--purge", "--yes", status=FAILED)
        self.assertIn("belongs to uid 1000", text)

    def test_unfinished_purge_is_logged(self):
        subprocess.run(["chattr", "+i", self.home / "file"], check=True)
        self.addCleanup(subprocess.run, ["chattr", "-i", self.home / "file"], stderr=subprocess.DEVNULL, check=False)
        text = self.ctl("user", "del", "alice", "--purge", "--yes", status=FAILED).stderr
        self.assertIn('cannot remove "file"', text)
        self.assertRegex(self.admin_log()[-1], r"user-delete .*unfinished")
        self.assertIn("\tlocked\t", self.ctl("user", "list").stdout)
        subprocess.run(["chattr", "-i", self.home / "file"], check=True)
        self.ctl("user", "del", "alice", "--purge", "--yes")
        self.assertFalse(self.home.exists())

    def test_malformed_record(self):
        (self.users / "alice.conf").write_text("uid = 0;\n")
        said = self.assert_nothing_done("user", "del", "alice", "--purge", "--yes", status=FAILED)
        self.assertIn("without --purge the account can be removed", said)
        self.ctl("user", "del", "alice")
        self.assertFalse((self.users / "alice.conf").exists())
        self.assertTrue((self.home / "file").exists())


if __name__ == "__main__":
    main()
