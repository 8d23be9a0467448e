"""The private key is in the memory of no session, at any time: neither while it serves TLS, nor in the copy of the
monitor's memory that its process begins with. Nor is anybody's password or its hash. Twelve bytes of it would be found, in any of the forms it has there."""

import base64
import hashlib
import os
import re
import subprocess

from harness import PASSWORD, ServerTest, main, process, wait_until
from harness.tls import in_clear, make_certificate

WINDOW = 12
PAGE = 4096
# Shadow of the sanitizers: it says which bytes may be used, and has none of them.
LARGEST_MAPPING = 1 << 30
KERNELS = ("[vvar]", "[vvar_vclock]", "[vsyscall]")  # cannot be read from outside


def numbers(text):
    """The numbers in what "openssl pkey -text" says, by name."""
    found = {}
    for name, digits in re.findall(r"^(\w+):((?:\n +[0-9a-f:]+)+)", text, re.MULTILINE):
        found[name] = bytes.fromhex(re.sub(r"[^0-9a-f]", "", digits)).lstrip(b"\0")
    return found


def secrets(key):
    """Name to bytes of everything in the file KEY that nobody else may know."""
    text = subprocess.run(["openssl", "pkey", "-in", key, "-text", "-noout"], check=True, capture_output=True, text=True)
    public = {"modulus", "pub", "publicExponent"}
    found = {name: value for name, value in numbers(text.stdout).items() if name not in public and len(value) >= WINDOW}
    if "ED25519" in text.stdout:  # RFC 8032 section 5.1.5: what is computed of the seed is as good
        found["expanded"] = hashlib.sha512(found["priv"]).digest()
    for name, value in list(found.items()):
        found[f"{name}, as limbs"] = value[::-1]
    lines = [line for line in key.read_bytes().splitlines() if not line.startswith(b"-----")]
    der = base64.b64decode(b"".join(lines))
    for line in lines:
        # A line of nothing but what everybody may know is no secret.
        if any(value[i : i + WINDOW] in base64.b64decode(line + b"==") for value in found.values() for i in range(64)):
            found[f"line {line[:4].decode()}"] = line
    assert all(value in der for name, value in found.items() if name in ("priv", "prime1", "privateExponent"))
    return found


def windows(found):
    """Every WINDOW bytes of these values: where they are from."""
    return {value[i : i + WINDOW]: name for name, value in found.items() for i in range(len(value) - WINDOW + 1)}


def memory(pid):
    """The readable mappings of a process: name and bytes."""
    with open(f"/proc/{pid}/maps", encoding="utf-8", errors="replace") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            place, rights, *rest = line.split(maxsplit=5)
            start, end = (int(text, 16) for text in place.split("-"))
            name = rest[-1].strip() if len(rest) == 4 else "anonymous"
            if "r" not in rights or end - start > LARGEST_MAPPING or name in KERNELS:
                continue
            mem.seek(start)
            content = b""
            while len(content) < end - start and (part := mem.read(end - start - len(content))):
                content += part
            yield f"{name} {rights}", content, is_of_file(name, int(rest[0], 16), content)


def is_of_file(name, offset, content):
    """What is in a file word for word, such as the code of a library, has no key in it, and is most of the memory."""
    if not name.startswith("/") or not os.path.isfile(name):
        return False
    with open(name, "rb") as file:
        file.seek(offset)
        same = file.read(len(content))
    return content == same.ljust(len(content), b"\0")


def search(pid, wanted):
    """What of the windows WANTED is in the memory of PID: a set of (secret, mapping); and how much was read."""
    found, read = set(), 0
    for name, content, known in memory(pid):
        read += len(content)
        for start in range(0, 0 if known else len(content), PAGE):
            page = content[start : start + PAGE + WINDOW - 1]
            if page.count(page[0]) == len(page):
                continue
            parts = (page[i : i + WINDOW] for i in range(len(page) - WINDOW + 1))
            found |= {(wanted[part], name) for part in filter(wanted.__contains__, parts)}
    return found, read


@in_clear("these begin TLS themselves")
class Key(ServerTest):
    users = {"alice": PASSWORD, "bob": "bob's own 1"}
    config = {"login": {"deadline": "30 min"}, "tls": {"handshake": "10 min"}}  # the search takes its time

    def setUp(self):
        # What was freed would be kept as it is, for a better report.
        self.addCleanup(os.environ.__setitem__, "ASAN_OPTIONS", os.environ.get("ASAN_OPTIONS", ""))
        os.environ["ASAN_OPTIONS"] = "max_free_fill_size=1000000000:free_fill_byte=0"
        super().setUp()

    def use(self, kind):
        """The server has a key of KIND from here on: the windows of it."""
        directory = self.server.directory
        make_certificate(directory / "new.pem", directory / "new.key", kind=kind)
        os.rename(directory / "new.pem", directory / "certificate.pem")
        os.rename(directory / "new.key", directory / "key.pem")
        self.server.configure(
            {
                "login": self.config["login"],
                "tls": {
                    "certificate": str(directory / "certificate.pem"),
                    "key": str(directory / "key.pem"),
                    **self.config["tls"],
                },
            }
        )
        return windows(secrets(directory / "key.pem"))

    def begin_tls(self, client):
        """AUTH, until the fresh session is there, before its handshake."""
        before = client.session_pid
        client.expect(234, "AUTH TLS")
        self.assertTrue(wait_until(lambda: process.children(client.monitor_pid) not in ([before], [])))
        wait_until(lambda: process.status(client.session_pid)["Seccomp"] == "2")

    def check_session(self, client, wanted):
        found, read = search(client.session_pid, wanted)
        self.assertGreater(read, 1 << 20)
        self.assertEqual(found, set())

    def check_monitor(self, client, wanted):
        """So the search is a good one."""
        found, _ = search(client.monitor_pid, wanted)
        self.assertNotEqual(found, set())

    def test_memory_of_a_session(self):
        for kind in ("rsa", "ec", "ec384", "ed25519"):
            wanted = self.use(kind)
            self.assertGreater(len(wanted), 30)
            for version in ("1.2", "1.3"):
                with self.subTest(kind=kind, version=version):
                    client = self.connect(secure="clear")
                    self.begin_tls(client)
                    self.check_session(client, wanted)  # as it was forked
                    client.handshake(version=version).protect()
                    client.login()
                    client.expect(200, "TYPE I")
                    client.resume = False  # so that each data connection needs a signature
                    client.stor("a", b"x" * 100000)
                    client.retr("a")
                    client.list()
                    data = client.begin("STOR b")
                    data.send(b"x" * 300000)
                    self.check_session(client, wanted)
                    self.check_monitor(client, wanted)
                    data.finish()
                    client.read(226)
                    client.quit()

    def test_memory_of_a_verifier(self):
        """The process that reads the certificates of strangers was forked before the key was there."""
        wanted = self.use("ec")
        self.server.config["tls"]["client_certificates"] = "optional"
        self.server.configure({"tls": self.server.config["tls"]})
        client = self.connect(secure="clear")
        self.begin_tls_of_two(client)
        client.handshake(version="1.3").protect()
        self.check_monitor(client, wanted)
        for pid in process.children(client.monitor_pid):
            found, read = search(pid, wanted)
            self.assertGreater(read, 1 << 20)
            self.assertEqual(found, set())

    def begin_tls_of_two(self, client):
        client.expect(234, "AUTH TLS")
        self.assertTrue(wait_until(lambda: len(process.children(client.monitor_pid)) == 2))

    def test_memory_after_rein(self):
        """A session in clear again, which is a fork of a monitor that has had the key."""
        for kind in ("rsa", "ec", "ed25519"):
            wanted = self.use(kind)
            with self.subTest(kind=kind):
                client = self.connect(secure="clear")
                client.start_tls()
                self.check_monitor(client, wanted)
                client.expect(220, "REIN")
                client.end_tls()
                client.expect(331, "USER alice")
                self.check_session(client, wanted)
                self.begin_tls(client)
                self.check_session(client, wanted)
                client.handshake()
                client.login()

    def test_memory_has_nobodys_password(self):
        """What the monitor has read for an earlier name or password is not in the session that comes after AUTH."""
        record = (self.server.directory / "users" / "bob.conf").read_text(encoding="utf-8")
        wanted = windows(
            {"hash": re.search(r'"(\$[^"]+)"', record).group(1).encode(), "tried": b"staple battery 2"}
        )
        for commands in (["USER bob"], ["USER bob", "PASS staple battery 2"]):
            for back in (False, True):
                client = self.connect(secure="clear")
                for command in commands:
                    client.command(command)
                self.begin_tls(client)
                self.check_session(client, wanted)
                client.handshake()
                if back:
                    for command in commands:
                        client.command(command)
                    client.expect(220, "REIN")
                    client.end_tls()
                    client.expect(331, "USER alice")
                    self.check_session(client, wanted)
                client.quit()

    def test_memory_behind_implicit_tls(self):
        wanted = self.use("rsa")
        client = self.login(secure="implicit")
        self.check_session(client, wanted)
        self.check_monitor(client, wanted)


if __name__ == "__main__":
    main()
