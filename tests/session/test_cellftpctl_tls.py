"""cellftpctl tls: certificates made, shown and judged; the openssl program is the witness."""

import json
import os
import shutil
import socket
import stat
import subprocess
import time

from harness import main, slow
from harness.ctl import FAILED, OK, USAGE, CtlTest

CHANGING = "write,pwrite64,fsync,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,fchmod"
DAY = 86400


def openssl(*arguments, text=None):
    done = subprocess.run(
        ["openssl", *map(str, arguments)], input=text, capture_output=True, text=True, timeout=120 * slow(), check=False
    )
    if done.returncode != 0:
        raise AssertionError(f"openssl {arguments}: {done.stderr}")
    return done.stdout


class Authority:
    """A CA of its own with one between it and the servers."""

    def __init__(self, directory):
        self.directory = directory
        self.directory.mkdir()
        self.root = self.issue("root", None, "basicConstraints=critical,CA:TRUE")
        self.middle = self.issue("middle", "root", "basicConstraints=critical,CA:TRUE")

    def issue(self, name, issuer, *extensions, days=100, key=("EC", "ec_paramgen_curve:P-256"), digest="sha256"):
        """The certificate's file; its key is beside it."""
        base = self.directory / name
        openssl("genpkey", "-algorithm", key[0], "-pkeyopt", key[1], "-out", f"{base}.key")
        more = [word for extension in extensions for word in ("-addext", extension)]
        begins, ends = (
            time.strftime("%Y%m%d%H%M%SZ", time.gmtime(when))
            for when in (time.time() - 200 * DAY, time.time() + days * DAY)
        )
        openssl("req", "-new", "-key", f"{base}.key", "-subj", f"/CN={name}", "-out", f"{base}.csr", *more)
        signer = self.directory / (issuer or name)
        (self.directory / "index.txt").write_text("")
        (self.directory / "ca.conf").write_text(
            "[ca]\ndefault_ca=us\n[us]\npolicy=any\ncopy_extensions=copy\nunique_subject=no\nrand_serial=yes\n"
            f"default_md={digest}\ndatabase={self.directory}/index.txt\nnew_certs_dir={self.directory}\n"
            "[any]\ncommonName=supplied\n"
        )
        self_signed = [] if issuer else ["-selfsign"]
        certificate = [] if issuer is None else ["-cert", f"{signer}.pem"]
        openssl(
            "ca", "-batch", "-notext", "-config", self.directory / "ca.conf", "-keyfile", f"{signer}.key", *certificate,
            *self_signed, "-startdate", begins, "-enddate", ends, "-in", f"{base}.csr", "-out", f"{base}.pem",
        )  # fmt: skip
        return base.with_name(f"{name}.pem")


class TlsTest(CtlTest):
    def configure(self, more=""):
        self.tls = self.directory / "tls"
        self.certificate, self.key, self.hosts = self.tls / "certificate.pem", self.tls / "key.pem", self.tls / "hosts"
        super().configure(
            f'tls: {{ certificate = "{self.certificate}"; key = "{self.key}"; hosts = "{self.hosts}"; {more} }};\n'
        )

    def text(self, file=None):
        return openssl("x509", "-in", file or self.certificate, "-noout", "-text")

    def names(self, file=None):
        line = openssl("x509", "-in", file or self.certificate, "-noout", "-ext", "subjectAltName").splitlines()[1]
        return [name.strip().removeprefix("DNS:").removeprefix("IP Address:") for name in line.split(",")]

    def assert_pair(self, certificate=None, key=None):
        certificate, key = certificate or self.certificate, key or self.key
        self.assertEqual(
            openssl("x509", "-in", certificate, "-noout", "-pubkey"), openssl("pkey", "-in", key, "-pubout")
        )
        self.assertEqual(stat.S_IMODE(key.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(certificate.stat().st_mode), 0o644)
        self.assertEqual((key.stat().st_uid, certificate.stat().st_uid), (0, 0))


class SelfSigned(TlsTest):
    def test_default(self):
        done = self.ctl("tls", "self-signed")
        self.assertIn(f"made {self.certificate} and {self.key} for ", done.stdout)
        self.assert_pair()
        self.assertEqual(stat.S_IMODE(self.tls.stat().st_mode), 0o700)
        self.assertEqual(sorted(path.name for path in self.tls.iterdir()), ["certificate.pem", "key.pem"])
        self.assertIn("localhost", self.names())
        self.assertIn(socket.gethostname().lower(), self.names())
        text = self.text()
        self.assertIn("NIST CURVE: P-256", text)
        self.assertIn("CA:FALSE", text)
        self.assertIn("TLS Web Server Authentication", text)
        openssl("verify", "-purpose", "sslserver", "-verify_hostname", "localhost", "-CAfile", self.certificate, self.certificate)  # fmt: skip
        openssl("x509", "-in", self.certificate, "-noout", "-checkend", 3649 * DAY)
        self.assertIn(f'certificate-made detail="{self.certificate}" actor="root"', self.admin_log()[-1])
        self.assertNotIn("PRIVATE", done.stdout + done.stderr)

    def test_names_and_days(self):
        self.ctl(
            "tls", "self-signed", "--name", "FTP.Example.org", "--name=192.0.2.1", "--name", "2001:db8::1",
            "--name", "*.example.org", "--name", "ftp.example.org", "--days", "30",
        )  # fmt: skip
        self.assertEqual(self.names(), ["ftp.example.org", "192.0.2.1", "2001:DB8:0:0:0:0:0:1", "*.example.org"])
        shown = json.loads(self.ctl("tls", "show", "--json").stdout)[0]
        self.assertEqual(
            (shown["days_left"], shown["subject"]), (29 + (shown["days_left"] == 30), "CN=ftp.example.org")
        )

    def test_long_name(self):
        name = ".".join(["a" * 60] * 4)
        self.ctl("tls", "self-signed", "--name", name)
        self.assertEqual(self.names(), [name])

    def test_types(self):
        for kind, words in (("rsa", "Public-Key: (3072 bit)"), ("ed25519", "ED25519"), ("ecdsa", "P-256")):
            self.ctl("tls", "self-signed", "--type", kind, "--force")
            self.assertIn(words, self.text())
            self.assert_pair()

    def test_of_a_host(self):
        self.ctl("tls", "self-signed", "ftp.example.org", "--name", "ftp2.example.org")
        directory = self.hosts / "ftp.example.org"
        self.assert_pair(directory / "fullchain.pem", directory / "privkey.pem")
        self.assertEqual(self.names(directory / "fullchain.pem"), ["ftp.example.org", "ftp2.example.org"])
        self.assertFalse(self.certificate.exists())

    def test_nothing_is_overwritten(self):
        self.ctl("tls", "self-signed")
        before = self.everything()
        self.assertIn("--force", self.ctl("tls", "self-signed", status=FAILED).stderr)
        self.assertEqual(self.everything(), before)
        self.certificate.unlink()  # somebody's key, who waits for its certificate
        before = self.everything()
        self.assertIn(f"{self.key} exists", self.ctl("tls", "self-signed", status=FAILED).stderr)
        self.assertIn(f"{self.key} exists", self.ctl("tls", "self-signed", "--dry-run", status=FAILED).stderr)
        self.assertEqual(self.everything(), before)
        self.ctl("tls", "self-signed", "--force")
        self.assert_pair()

    def test_no_link_is_replaced(self):
        """Certbot's live directory has links."""
        archive = self.directory / "archive"
        archive.mkdir()
        (archive / "cert1.pem").write_text("precious")
        self.tls.mkdir()
        self.certificate.symlink_to(archive / "cert1.pem")
        for force in ([], ["--force"]):
            self.assertNotEqual(self.ctl("tls", "self-signed", *force, status=FAILED).stderr, "")
        self.assertEqual((archive / "cert1.pem").read_text(), "precious")
        self.assertTrue(self.certificate.is_symlink())
        self.assertFalse(self.key.exists())

    def test_dry_run(self):
        before = self.everything()
        done = self.ctl("tls", "self-signed", "--dry-run", "--name", "ftp.example.org")
        self.assertEqual(done.stdout, f"would make {self.certificate} and {self.key} for ftp.example.org\n")
        self.assertEqual(self.everything(), before)

    def test_one_file_for_both(self):
        self.config.write_text(self.config.read_text().replace("key.pem", "certificate.pem"))
        self.ctl("tls", "self-signed")
        self.assertEqual(stat.S_IMODE(self.certificate.stat().st_mode), 0o600)
        self.assertEqual([path.name for path in self.tls.iterdir()], ["certificate.pem"])
        self.ctl("tls", "check")

    def test_usage(self):
        for arguments in (
            ["--type", "dsa"], ["--days", "0"], ["--days", "36501"], ["--days", "x"], ["--name", "a_b"], ["--name", ""],
            ["--name", "a,DNS:b"], ["--name", "fe80::1%eth0"], ["../evil"], ["Upper.example.org"], [".hidden"], ["a/b"],
            [word for i in range(40) for word in ("--name", f"n{i}")],
        ):  # fmt: skip
            self.assert_nothing_done("tls", "self-signed", *arguments, status=USAGE)

    def test_many_at_once(self):
        """One makes it, the others find it made."""
        running = [
            subprocess.Popen(self.command("tls", "self-signed"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            for _ in range(6)
        ]
        errors = [process.communicate()[1].decode() for process in running]
        self.assertEqual([process.returncode for process in running].count(OK), 1, errors)
        self.assertEqual(sum("exists" in error for error in errors), 5, errors)
        self.assert_pair()


class Crash(TlsTest):
    """Killed at each system call that changes something: then, and after the next run, key and certificate belong
    together, or there is none."""

    def run_with(self, fault, arguments):
        return subprocess.run(
            ["strace", "-qq", "-o", self.directory / "trace", "-e", f"trace={CHANGING}", *fault]
            + self.command(*arguments),
            capture_output=True,
            timeout=60 * slow(),
            check=False,
            env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"),  # which cannot be traced
        )

    def calls(self, arguments):
        self.assertEqual(self.run_with([], arguments).returncode, OK)
        names = [line.partition("(")[0] for line in (self.directory / "trace").read_text().splitlines()]
        counted = {}
        for name in names:
            counted[name] = counted.get(name, 0) + 1
            yield name, counted[name]

    def again(self):
        """Finishes it, or finds it whole."""
        self.assertIn(self.run_with([], ["tls", "self-signed"]).returncode, (OK, FAILED))

    def test_new(self):
        self.ctl("tls", "self-signed")  # makes admin.log, too
        shutil.rmtree(self.tls)
        calls = list(self.calls(["tls", "self-signed"]))
        self.assertGreater(len(calls), 8)
        finished = 0
        for name, when in calls:
            with self.subTest(call=name, when=when):
                shutil.rmtree(self.tls)
                done = self.run_with(["-e", f"inject={name}:signal=KILL:when={when}"], ["tls", "self-signed"])
                self.assertNotEqual(done.returncode, OK)
                if self.key.exists():
                    self.assertEqual(stat.S_IMODE(self.key.stat().st_mode), 0o600)
                complete = self.key.exists() and self.certificate.exists()
                again = self.ctl("tls", "self-signed", status=FAILED if complete else OK)
                finished += "interrupted" in again.stdout
                self.assert_pair()
                self.assertEqual(sorted(path.name for path in self.tls.iterdir()), ["certificate.pem", "key.pem"])
        self.assertGreater(finished, 0)

    def test_replaced(self):
        self.ctl("tls", "self-signed")
        for name, when in list(self.calls(["tls", "self-signed", "--force"])):
            with self.subTest(call=name, when=when):
                old = self.key.read_bytes()
                self.run_with(["-e", f"inject={name}:signal=KILL:when={when}"], ["tls", "self-signed", "--force"])
                if self.key.read_bytes() == old:
                    self.assert_pair()
                else:
                    self.again()
                    self.assert_pair()

    def test_errors(self):
        for error in ("ENOSPC", "EIO"):
            for name, when in list(self.calls(["tls", "self-signed", "--force"])):
                with self.subTest(call=name, when=when, error=error):
                    done = self.run_with(
                        ["-e", f"inject={name}:error={error}:when={when}"], ["tls", "self-signed", "--force"]
                    )
                    self.assertIn(done.returncode, (OK, FAILED))
                    self.again()
                    self.assert_pair()


class Show(TlsTest):
    def test_nothing(self):
        done = self.ctl("tls", "show", status=FAILED)
        self.assertEqual(done.stdout, "")
        self.assertIn(f"cannot read {self.certificate}: No such file or directory", done.stderr)

    def test_fields(self):
        self.ctl("tls", "self-signed", "--name", "ftp.example.org", "--name", "192.0.2.1")
        self.ctl("tls", "self-signed", "b.example.org")
        first, second = json.loads(self.ctl("tls", "show", "--json").stdout)
        self.assertEqual(
            [first[key] for key in ("host", "file", "state", "names", "subject", "issuer", "self_signed", "chain", "key")],
            [None, str(self.certificate), "valid", "ftp.example.org, 192.0.2.1", "CN=ftp.example.org",
             "CN=ftp.example.org", True, None, "EC, P-256"],
        )  # fmt: skip
        fingerprint = (
            openssl("x509", "-in", self.certificate, "-noout", "-fingerprint", "-sha256").split("=")[1].strip()
        )
        self.assertEqual(first["sha256"], fingerprint)
        self.assertEqual(second["host"], "b.example.org")
        alone = self.ctl("tls", "show", "b.example.org").stdout.splitlines()
        self.assertEqual(len(alone), 1)
        self.assertEqual(alone[0].split("\t")[0], "b.example.org")

    def test_chain_and_expiry(self):
        authority = Authority(self.directory / "ca")
        leaf = authority.issue("old.example.org", "middle", "subjectAltName=DNS:old.example.org", days=-3)
        self.tls.mkdir()
        self.certificate.write_text(leaf.read_text() + authority.middle.read_text())
        shown = json.loads(self.ctl("tls", "show", "--json").stdout)[0]
        self.assertEqual(
            [shown[key] for key in ("state", "days_left", "issuer", "self_signed", "chain")],
            ["expired", 0, "CN=middle", False, "CN=middle"],
        )

    def test_names_that_a_terminal_would_act_upon(self):
        authority = Authority(self.directory / "ca")
        leaf = authority.issue("evil\x1b[2J", "middle", "subjectAltName=DNS:evil.example.org")
        self.tls.mkdir()
        self.certificate.write_text(leaf.read_text())
        self.assertNotIn("\x1b", self.ctl("tls", "show").stdout)
        self.assertNotIn("\x1b", self.ctl("tls", "check", status=FAILED).stdout)


class Findings(TlsTest):
    def findings(self, *arguments, status=OK, **environment):
        done = self.ctl("tls", "check", "--json", *arguments, status=status, env=dict(os.environ, **environment))
        found = json.loads(done.stdout)
        self.assertTrue(all(entry["remedy"] or entry["result"] == "ok" for entry in found), found)
        return found

    def problems(self, *arguments, status=FAILED, **environment):
        return [
            (os.path.basename(entry["file"] or "-"), entry["found"])
            for entry in self.findings(*arguments, status=status, **environment)
            if entry["result"] == "problem"
        ]

    def assert_problem(self, words, *arguments, **environment):
        found = self.problems(*arguments, **environment)
        self.assertTrue(any(words in text for _, text in found), found)
        self.assertEqual(len(found), 1, found)


class Check(Findings):
    def install(self, certificate, *chain):
        """CERTIFICATE of an Authority with its key."""
        self.tls.mkdir(exist_ok=True)
        self.certificate.write_text("".join(file.read_text() for file in (certificate, *chain)))
        self.key.write_bytes(certificate.with_suffix(".key").read_bytes())
        self.key.chmod(0o600)

    def test_good(self):
        self.ctl("tls", "self-signed")
        found = self.findings()
        self.assertEqual({entry["result"] for entry in found}, {"ok", "note"})
        notes = [entry["found"] for entry in found if entry["result"] == "note"]
        self.assertEqual(len(notes), 1)
        self.assertIn("self-signed", notes[0])

    def test_nothing(self):
        done = self.ctl("tls", "check", status=FAILED)
        self.assertIn("cellftpctl tls self-signed", done.stdout)
        self.assertEqual(len(self.problems()), 2)

    def test_chains(self):
        authority = Authority(self.directory / "ca")
        trusted = {"SSL_CERT_FILE": str(authority.root)}
        leaf = authority.issue("ftp.example.org", "middle", "subjectAltName=DNS:ftp.example.org")
        name = ("--name", "ftp.example.org")
        self.install(leaf, authority.middle)
        found = self.findings(*name, **trusted)
        self.assertEqual({entry["result"] for entry in found}, {"ok"})
        self.assertTrue(any("leads to a CA" in entry["found"] for entry in found), found)
        self.install(leaf)
        self.assert_problem("ends with what CN=middle has signed", *name, **trusted)
        self.install(leaf, authority.middle, authority.root)
        self.findings(*name, **trusted)
        self.assert_problem("leads to no CA", *name, SSL_CERT_FILE=str(leaf))
        self.install(leaf, authority.root, authority.middle)
        self.assert_problem("do not follow one another", *name, **trusted)
        client = authority.issue(
            "client", "middle", "subjectAltName=DNS:ftp.example.org", "extendedKeyUsage=clientAuth"
        )
        self.install(client, authority.middle)
        self.assert_problem("no certificate for a server", *name, **trusted)

    def test_expiry(self):
        authority = Authority(self.directory / "ca")
        trusted = {"SSL_CERT_FILE": str(authority.root)}
        for days, words in ((-3, "has expired"), (10, "it expires in ")):
            leaf = authority.issue(f"d{days}.example.org", "middle", "subjectAltName=DNS:a.example.org", days=days)
            self.install(leaf, authority.middle)
            self.assert_problem(words, "--name", "a.example.org", **trusted)
        self.configure("expiry_warning = 5;")
        self.findings("--name", "a.example.org", **trusted)
        middle = authority.issue("spent", "root", "basicConstraints=critical,CA:TRUE", days=-1)
        self.install(authority.issue("x", "spent", "subjectAltName=DNS:a.example.org"), middle)
        self.assert_problem("in the chain, CN=spent has expired", "--name", "a.example.org", **trusted)

    def test_key_of_another(self):
        self.ctl("tls", "self-signed")
        openssl("genpkey", "-algorithm", "ED25519", "-out", self.key)
        self.assert_problem("does not belong to the certificate")
        openssl("genpkey", "-algorithm", "ED25519", "-aes256", "-pass", "pass:x", "-out", self.key)
        self.assert_problem("passphrase")
        self.key.write_text("nonsense")
        self.assert_problem("no private key in it")

    def test_permissions(self):
        self.ctl("tls", "self-signed")
        self.key.chmod(0o644)
        self.assert_problem("everybody can use the private key, its mode is 0644")
        self.key.chmod(0o640)
        self.assertIn("note", [entry["result"] for entry in self.findings() if "group" in entry["found"]])
        self.key.chmod(0o600)
        os.chown(self.key, 1234, 0)
        self.assert_problem("belongs to uid 1234")
        os.chown(self.key, 0, 0)
        self.tls.chmod(0o777)
        self.assert_problem("can be replaced by others than root: its mode is 0777")
        self.tls.chmod(0o700)
        self.certificate.chmod(0o666)
        self.assert_problem("its mode is 0666")

    def test_names(self):
        self.ctl("tls", "self-signed", "--name", "ftp.example.org", "--name", "192.0.2.1")
        self.findings("--name", "ftp.example.org", "--name", "192.0.2.1")
        self.assert_problem("is not for other.example.org", "--name", "other.example.org", "--name", "192.0.2.1")
        self.assertTrue(any("no name of this machine" in entry["found"] for entry in self.findings()))
        self.ctl("tls", "self-signed", "other.example.org")
        self.findings("--name", "other.example.org")  # clients that say it are shown that one

    def test_weak(self):
        authority = Authority(self.directory / "ca")
        trusted = {"SSL_CERT_FILE": str(authority.root)}
        name = "subjectAltName=DNS:a.example.org"
        self.install(authority.issue("short", "middle", name, key=("RSA", "rsa_keygen_bits:1024")), authority.middle)
        found = self.problems("--name", "a.example.org", **trusted)
        self.assertTrue(any("shorter than 2048 bits" in text for _, text in found), found)
        self.install(authority.issue("sha1", "middle", name, digest="sha1"), authority.middle)
        found = self.problems("--name", "a.example.org", **trusted)
        self.assertTrue(any("signature of CN=sha1 is weak (SHA1)" in text for _, text in found), found)

    def test_settings(self):
        self.ctl("tls", "self-signed")
        self.configure('ciphers = "NONSENSE"; ciphersuites = "TLS_NONE"; groups = "P-1";')
        found = self.problems()
        self.assertEqual(
            [text.partition(":")[0] for _, text in found], ["tls.ciphers", "tls.ciphersuites", "tls.groups"]
        )

    def test_switched_off(self):
        self.ctl("tls", "self-signed")
        self.configure("enabled = false;")
        self.assertEqual(self.problems(status=0), [])
        self.configure('enabled = false; required = "always";')
        self.assertIn("lets nobody in", self.problems()[0][1])

    def test_every_problem_in_one_run(self):
        self.ctl("tls", "self-signed", "--name", "a.example.org")
        self.ctl("tls", "self-signed", "b.example.org")
        (self.hosts / "b.example.org" / "privkey.pem").unlink()
        self.key.chmod(0o666)
        self.configure('groups = "P-1";')
        found = self.problems("--name", "c.example.org")
        self.assertEqual(
            [file for file, _ in found], ["certificate.pem", "key.pem", "key.pem", "privkey.pem", "-"], found
        )


if __name__ == "__main__":
    main()
