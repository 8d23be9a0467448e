"""ftplint as a program: command line, passwords, formats, baseline, exit status, interruption. What its tests find is
the business of tests/ftplint."""

import json
import os
import pty
import re
import signal
import socket
import subprocess
import threading
import time
import xml.etree.ElementTree
from pathlib import Path

from harness import main, slow, wait_until
from harness.stub import PROGRAM, ProgramTest

CODE, ONCE, VERSION = "rfc959.greeting.code", "rfc959.greeting.once", "security.greeting.version"


class Program(ProgramTest):
    # exit status and text

    def test_clean(self):
        done = self.examine(self.stub())
        self.assertRegex(done.stdout, r"\n\d+ tests in [\d.]+ s: \d+ passed")
        self.assertNotIn("\033", done.stdout)

    def test_error_tells_everything(self):
        done = self.examine(self.stub("hello"), status=2)
        self.assertIn(f"error      {CODE}\n", done.stdout)
        for field in ("test", "did", "expected", "got", "why", "remedy"):
            self.assertRegex(done.stdout, rf"\n  {field} +\S")
        self.assertRegex(done.stdout, r"\n  did +\* connected\n +< hello\n")
        # What stands on the greeting is not blamed too.
        self.assertIn(f"blocked    {ONCE}: {CODE} has failed", done.stdout)
        self.assertEqual(len(re.findall("^error", done.stdout, re.MULTILINE)), 1)

    def test_notes_are_clean(self):
        done = self.examine(self.stub("220 Frob 1.2.3 ready"), only=VERSION)
        self.assertIn(f"note       {VERSION}\n", done.stdout)

    def test_nobody_could_log_in(self):
        done = self.examine(self.stub(PASS="530 No."), only="rfc3659*", status=3)
        self.assertIn("nobody could log in", done.stderr)
        self.assertIn("530 No.", done.stderr)

    def test_no_server(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        done = self.run_program(f"ftp://a:b@127.0.0.1:{port}/", status=3)
        self.assertIn("Connection refused", done.stderr)

    def test_quiet(self):
        self.assertEqual(self.examine(self.stub(), "--quiet").stdout, "")

    def test_second_try_before_a_timeout_is_told(self):
        stub = self.stub(None)
        done = self.examine(stub, "--timeout", "200 ms", "--format", "json", only=CODE, status=2)
        test = json.loads(done.stdout)["tests"][0]
        self.assertEqual((test["outcome"], test["attempts"]), ("failed", 2))

    def test_second_try_after_any_wait_in_vain(self):
        """Also if the test does not take the silence for a timeout: it may be a busy machine's."""
        stub = self.stub(NOOP=None)
        stub.lines = b""
        only = "concurrency.wait.connection"
        done = self.examine(stub, "--timeout", "1200 ms", "--format", "json", only=only, status=2)
        test = json.loads(done.stdout)["tests"][0]
        self.assertEqual((test["outcome"], test["attempts"]), ("failed", 2))
        self.assertRegex("\n".join(test["did"]), r"\* nothing for \d+ ms")

    def test_limit(self):
        started = time.monotonic()
        # What had no second try is not held against the server.
        done = self.examine(self.stub(None), "--limit", "1 s", "--timeout", "800 ms", status=3)
        self.assertIn("stopped: the time for the whole run is over", done.stdout)
        self.assertNotIn("error  ", done.stdout)
        self.assertLess(time.monotonic() - started, 20 * slow())

    def test_limit_of_a_run_that_began(self):
        """Tests that could not be finished: status 1."""
        stub = self.stub()
        stub.delay = 0.3
        done = self.examine(stub, "--limit", "4 s", only="greeting,rfc959.*", status=1)
        self.assertIn("stopped: the time for the whole run is over", done.stdout)

    # a server that does not stop

    def test_replies_without_end(self):
        for flood in (b"150 And on.\r\n" * 1000, b"211-\0" + b"\0" * 60000 + b"\r\n", b"x" * 65536):
            with self.subTest(flood=flood[:8]):
                stub = self.stub()
                stub.flood = {"NOOP": flood}
                started = time.monotonic()
                process = subprocess.Popen(
                    [PROGRAM, "--only", "rfc959.noop*,commands", "--limit", "6 s", "--timeout", "1 s",
                     f"ftp://a:secret@127.0.0.1:{stub.port}/"],
                    stdout=subprocess.PIPE, text=True, env=self.environment(),
                )  # fmt: skip
                output = process.stdout.read()
                usage = os.wait4(process.pid, 0)[2]
                process.returncode = 0
                process.stdout.close()
                self.assertLess(time.monotonic() - started, 30 * slow(), output)
                self.assertLess(usage.ru_maxrss, 600 << 10, output)  # KiB

    # escapes

    def test_no_escape_gets_through(self):
        """Neither to a terminal nor into a format, from a server that tries."""
        evil = "\033]0;x\007 \x9b # <]]>&\"'\uffff"
        for form in ("text", "tap", "junit", "json"):
            for status, stub in (
                (2, self.stub(evil)),
                (3, self.stub(PASS=f"530 {evil}")),
                (0, self.stub(f"220 {evil}", RMD=f"550 {evil}", PWD=f'257 "/{evil}"'.replace('\\"', ""))),
            ):
                with self.subTest(form=form, status=status):
                    done = self.examine(stub, "-f", form, "-v", only=f"{CODE},{ONCE}", status=status)
                    for text in (done.stdout, done.stderr):
                        self.assertNotRegex(text, "[\x00-\x09\x0b-\x1f\x7f-\x9f]")
                    if form == "junit":
                        xml.etree.ElementTree.fromstring(done.stdout.encode())
                        self.assertNotIn("\uffff", done.stdout)
                    if form == "json":
                        json.loads(done.stdout)

    def test_server_that_goes_away(self):
        stub = self.stub("hello")
        stub.listener.listen(8)

        def leave():
            wait_until(lambda: stub.connections >= 2)
            stub.close()

        threading.Thread(target=leave).start()
        done = self.examine(stub, "--timeout", "1 s", only="*", status=2)
        self.assertIn("stopped: the server takes no connections since", done.stdout)

    # its own folder

    def test_folder_is_removed(self):
        stub = self.stub()
        self.examine(stub)
        made = [line.split()[1] for line in stub.seen if line.startswith("MKD")]
        self.assertEqual(len(made), 1)
        self.assertRegex(made[0], r"^/ftplint-[0-9a-f]{8}$")
        self.assertIn(f"RMD {made[0]}", stub.seen)

    def test_folder_in_the_directory_of_the_url(self):
        stub = self.stub(PWD='257 "/a b"')
        self.run_program("--only", CODE, f"ftp://alice:x@127.0.0.1:{stub.port}/a%20b")
        self.assertIn("CWD a b", stub.seen)
        self.assertTrue(any(line.startswith("MKD /a b/ftplint-") for line in stub.seen))

    def test_what_is_left_is_named(self):
        done = self.examine(self.stub(RMD="550 No."))
        self.assertRegex(done.stdout, r"left behind: /ftplint-\w+ \(5")

    def test_listing_that_leads_elsewhere(self):
        """What is removed is in ftplint's folder, whatever the server lists there."""
        facts = b"".join(b"type=%s; %s\r\n" % pair for pair in (
            (b"file", b"../../precious"), (b"file", b"/etc/precious"), (b"dir", b".."), (b"file", b"a/b"),
            (b"cdir", b"/"), (b"pdir", b"/"), (b"OS.unix=slink:/", b"link"), (b"dir", b"moved"), (b"file", b"mine"),
            (b"file", b"x\rDELE precious"),
        ))  # fmt: skip
        for feat, lines in (("211-X\r\n MLST type*;\r\n211 E", facts), ("500 No.", b"../x\r\n..\r\n/\r\nlink\r\nmine\r\n")):
            with self.subTest(feat=feat):
                stub = self.stub(FEAT=feat, RMD="550 No.", DELE="550 No.")
                stub.lines = lines
                # PWD says "/" wherever a CWD has led.
                self.examine(stub)
                folder = next(line.split()[1] for line in stub.seen if line.startswith("MKD"))
                removed = [line.split(" ", 1)[1] for line in stub.seen if line.split()[0] in ("DELE", "RMD", "SITE")]
                self.assertIn(f"{folder}/mine", removed)
                for path in removed:
                    # No CHMOD: it would change what a link points to.
                    self.assertRegex(path, rf"^{folder}(/(x|link|moved|mine))?$")
                self.assertLessEqual({line for line in stub.seen if line.startswith("CWD")},
                                     {"CWD /", f"CWD {folder}", f"CWD {folder}/moved", f"CWD {folder}/x",
                                      f"CWD {folder}/link", f"CWD {folder}/mine"})  # fmt: skip

    def test_interruption_cleans_up(self):
        stub = self.stub(None)
        with subprocess.Popen(
            [PROGRAM, "--timeout", "1 s", "--only", "greeting", f"ftp://a:b@127.0.0.1:{stub.port}/"],
            stdout=subprocess.PIPE, text=True, env=self.environment(),
        ) as process:  # fmt: skip
            wait_until(lambda: stub.connections >= 2)
            stub.greeting = "220 Hello."
            process.send_signal(signal.SIGINT)
            output = process.communicate(timeout=60 * slow())[0]
        self.assertEqual(process.returncode, 3)
        self.assertIn("stopped: interrupted", output)

    def test_interruption_ends_a_wait(self):
        """The present test, which can take long, and cleans up; what waited is no finding."""
        for lacking, seen in ({"NOOP": None}, "NOOP"), ({"MKD": None}, "MKD"):
            with self.subTest(lacking=lacking):
                stub = self.stub(**lacking)
                started = time.monotonic()
                with subprocess.Popen(
                    [PROGRAM, "--timeout", "60 s", "--only", "rfc959.noop.code", f"ftp://a:b@127.0.0.1:{stub.port}/"],
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment(),
                ) as process:  # fmt: skip
                    wait_until(lambda: any(line.startswith(seen) for line in stub.seen), seconds=30)
                    time.sleep(0.2)
                    process.send_signal(signal.SIGTERM)
                    output, said = process.communicate(timeout=50 * slow())
                self.assertLess(time.monotonic() - started, 40 * slow())
                self.assertEqual((process.returncode, said), (3, ""), output)
                self.assertIn("stopped: interrupted", output)
                self.assertTrue(any(line.startswith("RMD /ftplint-") for line in stub.seen))

    def test_closed_output_ends_the_run(self):
        stub = self.stub()
        stub.delay = 0.05
        with subprocess.Popen(
            [PROGRAM, "-v", "--only", "rfc959.*", f"ftp://a:secret@127.0.0.1:{stub.port}/"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment(),
        ) as process:  # fmt: skip
            process.stdout.readline()
            process.stdout.close()
            said = process.communicate(timeout=60 * slow())[1]
            self.assertIn("the report could not be written: Broken pipe", said)
        self.assertEqual(process.returncode, 3)
        self.assertLess(len(stub.seen), 300)
        self.assertTrue(any(line.startswith("RMD /ftplint-") for line in stub.seen))

    def test_what_a_test_stands_on_is_examined(self):
        """Also if it was not chosen: the finding would say nothing without it."""
        done = self.examine(self.stub("hello"), only=ONCE, status=3)
        self.assertIn(f"blocked    {ONCE}: {CODE} has failed", done.stdout)
        self.assertIn("1 tests in", done.stdout)

    def test_connections(self):
        """No more at once than were allowed, destructive or not."""
        for options in ([], ["--destructive"]):
            stub = self.stub()
            self.examine(stub, *options, "--connections", "2", "--quick", "--timeout", "200 ms", only="greeting,concurrency",
                         status=None)  # fmt: skip
            self.assertLessEqual(stub.most, 2)

    # formats

    def test_json(self):
        document = json.loads(self.examine(self.stub('220 caf\\ "x" 1.2.3'), "--format", "json").stdout)
        self.assertEqual(document["target"]["user"], "alice")
        self.assertEqual(document["server"]["greeting"], 'caf\\ "x" 1.2.3')
        tests = {test["name"]: test for test in document["tests"]}
        self.assertEqual(tests[CODE]["outcome"], "passed")
        self.assertEqual(tests[VERSION]["outcome"], "failed")
        self.assertEqual(tests[VERSION]["severity"], "note")
        self.assertIn("< 220 caf", "\n".join(tests[VERSION]["did"]))
        self.assertEqual(document["summary"]["tests"], len(tests))
        self.assertEqual(document["summary"]["notes"], 1)

    def test_junit(self):
        done = self.examine(self.stub("<&>\x01\udcff".encode("utf-8", "replace").decode()), "-f", "junit", status=2)
        suite = xml.etree.ElementTree.fromstring(done.stdout.encode()).find("testsuite")
        cases = {case.get("name"): case for case in suite}
        self.assertEqual(int(suite.get("tests")), len(cases))
        self.assertEqual(int(suite.get("failures")), 1)
        self.assertRegex(cases[CODE].find("failure").get("message"), "^expected .*; got ")
        self.assertIn("<&>\\x01", cases[CODE].find("failure").get("message"))
        self.assertIn("remedy:", cases[CODE].find("failure").text)
        self.assertIn("has failed", cases[ONCE].find("skipped").get("message"))

    def test_tap(self):
        done = self.examine(self.stub("hello"), "--format=tap", status=2)
        lines = done.stdout.splitlines()
        self.assertEqual(lines[0], "TAP version 13")
        planned = int(re.fullmatch(r"1\.\.(\d+)", lines[1])[1])
        results = [line for line in lines if re.match(r"(not )?ok ", line)]
        self.assertEqual(len(results), planned)
        self.assertEqual([line for line in results if line.startswith("not ok")], [f"not ok 1 - {CODE}"])
        self.assertIn('  severity: "error"', lines)
        self.assertIn('    - "< hello"', lines)
        self.assertTrue(any(line.endswith(f"# SKIP blocked: {CODE} has failed") for line in results))

    def test_output_file(self):
        path = self.directory / "report"
        self.assertEqual(self.examine(self.stub(), "-f", "json", "-o", path).stdout, "")
        json.loads(path.read_text(encoding="utf-8"))
        self.assertIn("No such file", self.examine(self.stub(), "-o", "/nowhere/x", status=3).stderr)
        for form in ("text", "tap", "junit", "json"):
            done = self.examine(self.stub(), "-o", "/dev/full", "-f", form, status=3)
            self.assertIn("the report could not be written: No space left on device", done.stderr)

    def test_verbose_shows_all_but_passwords(self):
        done = self.examine(self.stub("220 a\tb"), "--verbose")
        self.assertIn("1  < 220 a\\x09b\n", done.stdout)
        self.assertIn("1  > USER alice\n", done.stdout)
        self.assertIn("1  > PASS ********\n", done.stdout)
        self.assertNotIn("secret", done.stdout + done.stderr)
        self.assertIn(f"passed     {CODE}\n", done.stdout)

    def test_color(self):
        self.assertIn("\033[", self.examine(self.stub(), "--color", "always", "-v").stdout)
        for variable, colored in (({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True)):
            with self.subTest(variable=variable):
                self.assertEqual("\033[32mpassed" in self.on_terminal(self.stub(), "-v", **variable), colored)

    def on_terminal(self, stub, *arguments, answer=None, **variables):
        """What a terminal shows; ANSWER is typed when a question ends in ": "."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ.update(self.environment(**({} if answer else {"FTPLINT_PASSWORD": "secret"}), **variables))
            os.execv(PROGRAM, [PROGRAM, "--only", "greeting", *arguments, f"ftp://alice@127.0.0.1:{stub.port}/"])
        shown = b""
        while True:
            try:
                shown += os.read(terminal, 4096)
            except OSError:
                break
            if answer and shown.endswith(b": "):
                os.write(terminal, answer.encode() + b"\n")
        os.close(terminal)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0, shown)
        return shown.decode()

    # passwords

    def told_password(self, stub):
        return {line for line in stub.seen if line.startswith("PASS")}

    def test_password_sources(self):
        url = "ftp://alice@127.0.0.1:{}/"
        file = self.directory / "password"
        file.write_text("from file\nnot this\n", encoding="utf-8")
        netrc = self.directory / "other.netrc"
        netrc.write_text("machine 127.0.0.2 login alice password wrong\nmachine 127.0.0.1 login bob password his\n"
                         "machine 127.0.0.1\n login alice\n password from-netrc\n", encoding="utf-8")  # fmt: skip
        (self.directory / ".netrc").write_text("default login alice password from-default", encoding="utf-8")
        rows = (
            (["--password-file", file], {"FTPLINT_PASSWORD": "not this"}, url, "from file"),
            (["--password-file", "-"], {"text": "typed\n"}, url, "typed"),
            ([], {"FTPLINT_PASSWORD": "from environment"}, url, "from environment"),
            ([], {}, "ftp://alice:a%3Ab@127.0.0.1:{}/", "a:b"),
            (["--netrc", netrc], {}, url, "from-netrc"),
            ([], {}, url, "from-default"),
            (["--user", "alice"], {}, "ftp://bob:his@127.0.0.1:{}", "from-default"),
        )
        for options, environment, form, expected in rows:
            with self.subTest(expected=expected):
                stub = self.stub()
                self.run_program("--only", CODE, *options, form.format(stub.port), **environment)
                self.assertEqual(self.told_password(stub), {f"PASS {expected}"})
                self.assertIn("USER alice", stub.seen)

    def test_anonymous(self):
        stub = self.stub()
        self.run_program("--only", CODE, f"ftp://127.0.0.1:{stub.port}")
        self.assertIn("USER anonymous", stub.seen)

    def test_question(self):
        stub = self.stub()
        shown = self.on_terminal(stub, answer="typed at a terminal")
        self.assertEqual(self.told_password(stub), {"PASS typed at a terminal"})
        self.assertNotIn("typed", shown)

    def test_password_that_is_echoed(self):
        for form in ("text", "json", "junit", "tap"):
            done = self.examine(self.stub("hello secret", USER="331 secret?"), "-v", "-f", form, only=CODE, status=2)
            self.assertNotIn("secret", done.stdout + done.stderr)
            self.assertIn("hello ******", done.stdout)

    def test_password_of_the_url_leaves_argv(self):
        stub = self.stub(None)
        with subprocess.Popen(
            [PROGRAM, "--timeout", "1 s", "--limit", "2 s", "--only", CODE, f"ftp://a:hidden@127.0.0.1:{stub.port}/"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.environment(),
        ) as process:  # fmt: skip
            wait_until(lambda: stub.connections >= 1)
            shown = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        self.assertNotIn(b"hidden", shown)
        self.assertIn(b"//a:******@127.0.0.1", shown)

    def test_password_file_without_a_user(self):
        file = self.directory / "password"
        file.write_text("me@example.org\n", encoding="utf-8")
        stub = self.stub()
        self.run_program("--only", CODE, "--password-file", file, f"ftp://127.0.0.1:{stub.port}")
        self.assertIn("USER anonymous", stub.seen)
        self.assertEqual(self.told_password(stub), {"PASS me@example.org"})

    def test_no_password(self):
        done = self.run_program(f"ftp://alice@127.0.0.1:{self.stub().port}/", status=3)
        self.assertIn("no password for alice", done.stderr)
        self.assertIn("FTPLINT_PASSWORD", done.stderr)

    # the catalogue

    def test_list_and_explain(self):
        rows = [line.split("\t") for line in self.run_program("--list").stdout.splitlines()]
        self.assertTrue(all(len(row) == 4 for row in rows))
        names = [row[2] for row in rows]
        self.assertEqual(len(names), len(set(names)))
        only = self.run_program("--list", "--only", "greeting", "--skip", f"{ONCE},security.*").stdout
        self.assertIn(CODE, only)
        self.assertNotIn(ONCE, only)
        self.assertNotIn("security.", only)
        every = self.run_program("--list", "--only", ",".join(names)).stdout
        self.assertEqual([line.split("\t")[2] for line in every.splitlines()], names)
        explained = self.run_program("--explain", ONCE).stdout
        self.assertIn("RFC 959, section 5.4", explained)
        self.assertIn(f"Not without:    {CODE}", explained)
        self.run_program("--explain", "rfc1.nothing.such", status=3)

    def test_baseline(self):
        known = self.directory / "known"
        self.examine(self.stub("hello"), "--write-baseline", known, only=CODE, status=2)
        self.assertIn(f"\n{CODE}  # error: ", known.read_text(encoding="utf-8"))
        # No error is left; that nobody can log in with such a greeting is.
        done = self.examine(self.stub("hello"), "--baseline", known, only=CODE, status=3)
        self.assertIn("1 known before", done.stdout)
        self.assertNotIn("remedy", done.stdout)
        # Another finding is new.
        self.examine(self.stub("220 x\r\n220 y"), "--baseline", known, status=2)
        # What follows from what is known does not count either.
        known.write_text(f"{CODE}\n", encoding="utf-8")
        done = self.examine(self.stub("hello"), "--baseline", known, "-v", only=f"{CODE},{ONCE}", status=3)
        self.assertIn(f"skipped    {ONCE}: {CODE} has failed, as the baseline knows", done.stdout)
        # What was not examined stays known, and the file as it is if nothing was.
        known.write_text(f"{VERSION}\n{CODE} # gone\n", encoding="utf-8")
        self.examine(self.stub(), "--baseline", known, "--write-baseline", known, only=CODE)
        self.assertIn(f"\n{VERSION}  # note: ", known.read_text(encoding="utf-8"))
        self.assertNotIn(CODE, known.read_text(encoding="utf-8"))
        before = known.read_text(encoding="utf-8")
        self.examine(self.stub(PASS="530 No."), "--write-baseline", known, only="rfc3659*", status=3)
        self.assertEqual(known.read_text(encoding="utf-8"), before)
        self.assertIn("Is a directory", self.examine(self.stub(), "--baseline", self.directory, status=3).stderr)
        known.write_text("rfc1.nothing.such\n", encoding="utf-8")
        self.assertIn("there is no test rfc1.nothing.such", self.examine(self.stub(), "--baseline", known).stderr)

    # the command line

    def test_help_and_version(self):
        helped = self.run_program("--help").stdout
        for option in ("--only", "--baseline", "--destructive", "-f, --format"):
            self.assertIn(option, helped)
        self.assertRegex(self.run_program("--version").stdout, r"^ftplint \d")

    def test_mistakes(self):
        url = "ftp://a:b@127.0.0.1:1/"
        rows = (
            ((), "which server"),
            (("--frob", url), "--frob: there is no such option"),
            (("-x", url), "-x: there is no such option"),
            (("--only",), "--only needs an operand"),
            (("--only", "nothing.*", url), "no test and no group"),
            (("--quick=yes", url), "takes no operand"),
            (("--tls", "maybe", url), "none, explicit"),
            (("--format", "html", url), "text, tap, junit or json"),
            (("--color", "blue", url), "auto, always or never"),
            (("--timeout", "0", url), "--timeout 0"),
            (("--connections", "1", url), "--connections 1"),
            ((url, url), "one server at a time"),
            (("http://a@127.0.0.1/",), "ftp, ftps and ftpes"),
            (("ftp://a:b@127.0.0.1:99999/",), "a port is a number"),
            (("ftp://a:b@[::1/",), "[ADDRESS]"),
            (("ftp://a:b@/",), "no host"),
            (("ftp://a%0d:b@127.0.0.1/",), "wrong user"),
            (("ftp://a:b@127.0.0.1/%zz",), "in the directory"),
            (("ftp://" + "a" * 4000,), "too long"),
            (("--baseline", "/nowhere/x", f"ftp://a:b@127.0.0.1:{self.stub().port}/"), "No such file"),
            (("--only", "", url), "--only: which tests?"),
            (("--user", "", f"ftp://127.0.0.1:{self.stub().port}/"), "it is empty"),
            (("--user", "a\r\nDELE b", f"ftp://127.0.0.1:{self.stub().port}/"), "no password"),
            (("--ca", "/nowhere", f"ftp://a:b@127.0.0.1:{self.stub().port}/"), "--ca: there is no certificate"),
            (("--certificate", "/etc/passwd", f"ftp://a:b@127.0.0.1:{self.stub().port}/"), "--certificate: there is no"),
            (("--local", "/nowhere", f"ftp://a:b@127.0.0.1:{self.stub().port}/"), "--local: there is no such folder"),
            (("--password-file", "/dev/null", f"ftp://a@127.0.0.1:{self.stub().port}/"), "no password in it"),
        )
        for arguments, words in rows:
            with self.subTest(arguments=arguments):
                done = self.run_program(*arguments, status=3)
                self.assertIn(words, done.stderr)
                self.assertEqual(done.stdout, "")
                self.assertNotIn("a:b@", done.stderr)

    def test_completion(self):
        script = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); ' \
                 '_ftplint "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"; printf "%s\\n" "${COMPREPLY[@]}"'  # fmt: skip
        file = Path(__file__).resolve().parents[2] / "etc" / "completion" / "ftplint"

        def offered(*words):
            done = subprocess.run(["bash", "-c", script, "bash", file, PROGRAM, *words], capture_output=True, text=True,
                                  check=True)  # fmt: skip
            self.assertEqual(done.stderr, "")
            return done.stdout.split()

        self.assertEqual(offered("--des"), ["--destructive"])
        self.assertEqual(offered("--tls", "e"), ["explicit"])
        self.assertEqual(offered("--only", "gree"), ["greeting"])
        self.assertEqual(offered("--explain", "rfc959.greeting.o"), [ONCE])
        self.assertIn("ftp://", offered("ft"))


if __name__ == "__main__":
    main()
