"""How a server is started: by systemd's protocol (sd_listen_fds), what it tells systemd, what it makes of a
configuration that is wrong, and what it says when it is started in another way."""

import os
import socket
import subprocess

from harness import Client, ServerTest, before_tls, in_clear, main, slow, wait_until


@in_clear("no client connects")
class Activation(ServerTest):
    """sd_listen_fds(3): LISTEN_PID is the process, LISTEN_FDS how many descriptors there are from 3 on."""

    def run_server(self, passed, count=None, option="--systemd", listen_pid="", **variables):
        """Starts the server with the descriptors PASSED from 3 on; nothing of it is on 0 to 2."""
        server = self.server
        script = (
            "import os, sys\n"
            "fds = [int(fd) for fd in sys.argv[1].split(',') if fd]\n"
            "kept = [os.dup2(os.dup(fd), 100 + i) for i, fd in enumerate(fds)]\n"
            "[os.dup2(fd, 3 + i) for i, fd in enumerate(kept)]\n"
            "os.closerange(3 + len(fds), 200)\n"
            "os.environ['LISTEN_PID'] = sys.argv[2] or str(os.getpid())\n"
            "os.execv(sys.argv[3], sys.argv[3:])\n"
        )
        numbers = [connection.fileno() for connection in passed]
        with open(server.stderr_file, "ab") as stderr:
            process = subprocess.Popen(
                ["python3", "-c", script, ",".join(map(str, numbers)), listen_pid, server.program]
                + ([option] if option else [])
                + ["--config", server.config_file],
                stdin=subprocess.DEVNULL,
                stdout=stderr,
                stderr=stderr,
                pass_fds=numbers,
                env=dict(os.environ, LISTEN_FDS=str(len(passed) if count is None else count), **variables),
            )
        for connection in passed:
            connection.close()
        return process

    def connect(self, **variables):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            ours = socket.create_connection(listener.getsockname())
            theirs = listener.accept()[0]
        process = self.run_server([theirs], **variables)
        client = Client(ours, process, self.server.check_reply, 30 * slow())
        client.passwords = self.server.passwords
        self.server.clients.append(client)
        client.read(220)
        return client

    def test_serves(self):
        client = self.connect()
        client.login("alice")
        client.expect(257, "PWD")
        client.expect(221, "QUIT")
        self.assertEqual(client.wait(), 0)
        self.server.expect_log("auth", "accepted", user="alice")

    def refusal(self, passed, **arguments):
        self.server.allow_stderr = True
        process = self.run_server(passed, **arguments)
        self.assertEqual(process.wait(30), 2)
        return self.server.stderr_file.read_text()

    def test_without_a_connection(self):
        self.assertIn("no connection was passed", self.refusal([]))

    def test_with_two(self):
        self.assertIn("no connection was passed", self.refusal(list(socket.socketpair())))

    def test_with_a_listening_socket(self):
        self.assertIn("Accept=yes", self.refusal([socket.create_server(("127.0.0.1", 0))]))

    def test_with_something_else(self):
        with open("/dev/null", "rb") as null:
            self.assertIn("no connection was passed", self.refusal([null]))

    def test_passed_to_another_process(self):
        """The variables are inherited; what they say is meant for the process that they name."""
        self.assertIn("no connection was passed", self.refusal([], count=1))
        with socket.create_server(("127.0.0.1", 0)) as listener:
            ours = socket.create_connection(listener.getsockname())
            theirs = listener.accept()[0]
        with ours:
            self.assertIn("no connection was passed", self.refusal([theirs], listen_pid="1"))
            self.assertEqual(ours.recv(100), b"")

    def test_status_is_told_to_an_abstract_socket(self):
        name = f"cellftpd-test-{os.getpid()}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(f"\0{name}")
            notify.settimeout(20)
            self.connect(NOTIFY_SOCKET=f"@{name}").login("alice")
            self.assertEqual(notify.recv(4096), b"STATUS=alice from 127.0.0.1: logged in")

    def test_status_is_told(self):
        """What "systemctl status" shows of an instance (sd_notify(3))."""
        path = str(self.server.directory / "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(path)
            notify.settimeout(20)
            client = self.connect(NOTIFY_SOCKET=path)
            client.login("alice")
            self.assertEqual(notify.recv(4096), b"STATUS=alice from 127.0.0.1: logged in")
            client.expect(200, "TYPE I")
            self.wait_for_status(notify, client, "slow.bin", b"/slow.bin")
            notify.settimeout(20)
            said = b""
            while said != b"STATUS=alice from 127.0.0.1: idle":
                said = notify.recv(4096)

    def wait_for_status(self, notify, client, name, shown):
        """An upload of NAME that goes on until the status has it as SHOWN."""
        data = client.begin(f"STOR {name}")
        said = b""
        while not said.startswith(b"STATUS=alice from 127.0.0.1: STOR " + shown + b" "):
            data.send(b"x" * 1000)
            notify.settimeout(0.3)
            try:
                said = notify.recv(4096)
            except TimeoutError:
                continue
            self.assertNotIn(b"\xc2\x9b", said)
            said.decode()
        data.close()
        client.read(226)

    def test_status_is_fit_for_a_terminal(self):
        """The text is printed as it is; systemd warns of one that is no UTF-8, and does not show it."""
        path = str(self.server.directory / "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(path)
            client = self.connect(NOTIFY_SOCKET=path)
            client.login("alice")
            client.expect(200, "TYPE I")
            self.wait_for_status(notify, client, "\x9b2J\u202e\xe9", "/?2J?\xe9".encode())
            # Cut in the middle of a character:
            self.wait_for_status(notify, client, "\xe9" * 100, b"/" + "\xe9".encode() * 79 + b"?")


class Configuration(ServerTest):
    """Row L13: a mistake in the configuration does not take the service down."""

    def break_config(self, text="limits: { connections = 0; };\n"):
        self.server.allow_stderr = True
        with open(self.server.config_file, "a", encoding="utf-8") as file:
            file.write(text)

    def check_refused(self):
        client = self.server.connect(greeting=421)
        client.exit_status = 6
        self.assertEqual(client.wait(), 6)

    def test_L13_the_last_good_one_is_used(self):
        server = self.server
        server.configure({"server": {"banner": "The good one."}})
        first = server.login()
        good = server.config_file.read_text()
        self.break_config()
        self.assertEqual(server.ctl("config", "check", check=False).returncode, 6)
        first.expect(257, "PWD")  # who is there stays
        second = server.connect(greeting=None)
        self.assertEqual(second.read(220).lines[-1], "The good one.")
        second.login("alice")
        record = server.expect_log("connections", "config-rejected", reason="last-good")
        self.assertIn("limits.connections", record["detail"])
        server.config_file.write_text(good.replace("The good one.", "Mended."))
        self.assertEqual(server.connect(greeting=None).read(220).lines[-1], "Mended.")

    @before_tls
    def test_L13_a_mistake_is_not_logged_without_end(self):
        """Row Q10: whoever is not let in cannot fill the disk with the administrator's mistake."""
        self.server.configure({"limits": {"waiting_per_address": 1}})
        first = self.server.connect()
        self.break_config("nosuch: { };\n")
        for _ in range(100):
            client = self.server.connect(greeting=421)
            client.read_end()
            client.wait()
            self.server.clients.remove(client)
        first.quit()
        self.assertGreater(len(self.server.logs("connections", "config-rejected")), 0)
        self.assertLess(len(self.server.logs("connections", "config-rejected")), 60)
        self.assertEqual(self.server.stderr_file.read_text(), "")

    @before_tls
    def test_L13_only_its_own(self):
        """What another server has kept in the same directory is not ours."""
        kept = self.server.directory / "run" / "last-good.conf"
        self.server.login().expect(221, "QUIT")
        self.assertTrue(wait_until(kept.exists))
        kept.write_text(kept.read_text().replace(str(self.server.config_file), "/etc/other.conf", 1))
        self.break_config()
        self.check_refused()

    @before_tls
    def test_L13_not_from_a_stranger(self):
        """It is believed only as a file that nobody but root can have written."""
        self.server.login().expect(221, "QUIT")
        kept = self.server.directory / "run" / "last-good.conf"
        self.assertEqual(kept.stat().st_mode & 0o777, 0o600)
        kept.chmod(0o622)
        self.break_config()
        self.check_refused()

    @before_tls
    def test_L13_none_yet(self):
        self.break_config()
        self.check_refused()
        self.assertFalse((self.server.directory / "run" / "last-good.conf").exists())


if __name__ == "__main__":
    main()
