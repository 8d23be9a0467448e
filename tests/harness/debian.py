"""What a test asks a booted Debian for, whatever it runs in: machine.py has one of systemd-nspawn's, emulator.py one
with a kernel of its own."""

import json


class Debian:
    """Those that are one have execute(), and the source tree in /src. `patience` is how long a command may take."""

    patience = 60

    def __init__(self):
        self.passwords = {}

    def execute(self, command, text, timeout):
        """Runs the command with TEXT on its stdin: a subprocess.CompletedProcess of text."""
        raise NotImplementedError

    def run(self, *command, text="", check=True, timeout=None):
        """Runs a command in the machine; TEXT goes to its stdin."""
        done = self.execute([str(word) for word in command], text, timeout or self.patience)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(done.args)}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def output(self, *command, **arguments):
        return self.run(*command, **arguments).stdout

    # what an administrator does

    def install(self):
        """"make install" in the source directory, then the socket is enabled."""
        self.run("make", "-C", "/src", "install", "PREFIX=/usr")
        self.run("systemctl", "enable", "--now", "cellftpd.socket")

    def add_user(self, name, password, *options):
        self.run("cellftpctl", "user", "add", name, "--password-stdin", *options, text=password + "\n")
        self.passwords[name] = password

    # what systemd says

    def show(self, unit, *properties):
        """Properties of a unit as a dict."""
        text = self.output("systemctl", "show", *(f"--property={name}" for name in properties), "--", unit)
        return dict(line.split("=", 1) for line in text.splitlines())

    def units(self, pattern):
        """The units with such a name that are loaded, a line for each."""
        return self.output("systemctl", "list-units", "--plain", "--no-legend", pattern).splitlines()

    def journal(self, *arguments):
        """Entries of the journal as dicts."""
        text = self.output("journalctl", "--quiet", "--output=json", "--all", *arguments)
        return [json.loads(line) for line in text.splitlines()]

    def trouble(self):
        """What is wrong with the service: failed units, a socket that does not listen. Mended with the report."""
        problems = []
        failed = self.output("systemctl", "list-units", "--failed", "--plain", "--no-legend")
        if failed:
            said = self.output("journalctl", "-n", "30", "--no-hostname", "-u", "cellftpd.socket")
            problems.append(f"failed units:\n{failed}\n{said}")
            self.run("systemctl", "reset-failed")
        state = self.show("cellftpd.socket", "ActiveState", "SubState")
        if state != {"ActiveState": "active", "SubState": "listening"}:
            problems.append(f"cellftpd.socket: {state}")
            self.run("systemctl", "restart", "cellftpd.socket")
        return problems
