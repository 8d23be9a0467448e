"""Row T14: certificates of clients, besides the password or instead of it. The openssl program makes them."""

import base64
import itertools
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from harness import PASSWORD, Listener, ServerTest, in_clear, main, slow, tls
from harness.process import children
from harness.server import ROOT


def openssl(*arguments):
    done = subprocess.run(
        ["openssl", *map(str, arguments)], capture_output=True, text=True, timeout=120 * slow(), check=False
    )
    if done.returncode != 0:
        raise AssertionError(f"openssl {arguments}: {done.stderr}")
    return done.stdout


class Authority:
    """An authority for clients: ca.pem and crl.pem in a directory, and certificates with their keys."""

    def __init__(self, directory, name="Clients"):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True)
        self.file = self.directory / "ca.pem"
        self.key = self.directory / "ca.key"
        self.list = self.directory / "crl.pem"
        self.serials = itertools.count(1)
        openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "9"),
            *("-subj", f"/CN={name}", "-addext", "keyUsage=critical,keyCertSign,cRLSign"),
            *("-keyout", self.key, "-out", self.file),
        )
        (self.directory / "index.txt").write_text("")
        (self.directory / "ca.conf").write_text(
            "[ca]\ndefault_ca=us\n[us]\npolicy=any\nunique_subject=no\nrand_serial=yes\ndefault_md=sha256\n"
            f"copy_extensions=copy\ndatabase={self.directory}/index.txt\nnew_certs_dir={self.directory}\n"
            f"certificate={self.file}\nprivate_key={self.key}\n[any]\ncommonName=supplied\n"
        )

    def issue(self, name, usage="clientAuth", alternative=None, begins=-1, ends=5):
        """A file with the certificate for NAME and its key; days from now."""
        base = self.directory / str(next(self.serials))
        when = (time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + day * 86400)) for day in (begins, ends))
        names = ["-addext", f"subjectAltName={alternative}"] if alternative else []
        openssl(
            *("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}"),
            *("-addext", f"extendedKeyUsage={usage}", *names),
            *("-keyout", f"{base}.key", "-out", f"{base}.csr"),
        )
        openssl(
            *("ca", "-batch", "-notext", "-config", self.directory / "ca.conf", "-startdate", next(when)),
            *("-enddate", next(when), "-in", f"{base}.csr", "-out", f"{base}.crt"),
        )
        whole = Path(f"{base}.pem")
        whole.write_text(Path(f"{base}.crt").read_text() + Path(f"{base}.key").read_text())
        return whole

    def revoke(self, certificate):
        openssl("ca", "-config", self.directory / "ca.conf", "-revoke", certificate.with_suffix(".crt"))

    def make_list(self, seconds=3600):
        """The CRL, which the next one must follow within SECONDS."""
        openssl(
            *("ca", "-gencrl", "-config", self.directory / "ca.conf", "-crlsec", str(seconds)),
            *("-out", self.list),
        )


def der(tag, content):
    """One element of DER."""
    size = len(content)
    length = bytes([size]) if size < 128 else bytes([0x82, size >> 8, size & 255])
    return bytes([tag]) + length + content


def der_parts(content):
    """The elements of DER that stand in a row."""
    found = []
    while content:
        size, head = content[1], 2
        if size & 128:
            head += size & 127
            size = int.from_bytes(content[2:head], "big")
        found.append(content[: head + size])
        content = content[head + size :]
    return found


@in_clear("these begin TLS themselves")
class ClientCertificateTest(ServerTest):
    users = {"alice": PASSWORD, "bob": "bob's own password"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.scratch = Path(tempfile.mkdtemp(prefix="cellftpd-clients-"))
        cls.addClassCleanup(shutil.rmtree, cls.scratch)
        cls.authority = Authority(cls.scratch / "authority")
        cls.alice = cls.authority.issue("alice")
        cls.bob = cls.authority.issue("bob")

    def setUp(self):
        super().setUp()
        self.ask("optional")

    def ask(self, certificates, login="factor", **more):
        """The server asks for certificates of our authority."""
        self.server.configure(
            {
                "tls": {
                    "client_certificates": certificates,
                    "client_login": login,
                    "client_ca": str(self.authority.file),
                    "client_crl": str(self.authority.list),
                    **more,
                }
            }
        )

    def set_account(self, user="alice", **keys):
        """Keys in the account's record, as an editor would write them."""
        record = self.server.directory / "users" / f"{user}.conf"
        text = re.sub(r'certificate\w* = .*\n', "", record.read_text())
        record.write_text(text + "".join(f'{key} = "{value}";\n' for key, value in keys.items()))

    def come(self, certificate=None, version="1.3"):
        """A client under TLS that has not said who it is."""
        client = self.connect(secure="clear")
        client.start_tls(version=version, certificate=certificate)
        return client

    def try_password(self, client, user="alice"):
        """The code of PASS, with the right password."""
        client.expect(331, f"USER {user}")
        return client.command(f"PASS {self.users[user]}").code

    def expect_refusal(self, client, reason, detail=None, user="alice"):
        """The right password is refused like a wrong one; why, is in the log only."""
        before = len(self.server.logs("auth", "refused", reason=reason))
        client.expect(331, f"USER {user}")
        reply = client.expect(530, f"PASS {self.users[user]}")
        self.assertEqual(reply.text, "Login incorrect.")
        lines = self.server.logs("auth", "refused", reason=reason)
        self.assertEqual(len(lines), before + 1)
        if detail:
            self.assertIn(detail, lines[-1]["detail"])


class RulesTest(ClientCertificateTest):
    def test_T14_factor(self):
        self.set_account(certificate="factor")
        self.assertEqual(self.try_password(self.come(self.alice)), 230)
        lines = self.server.logs("connections", "client-certificate", reason="good")
        self.assertEqual(len(lines), 1)
        self.assertRegex(lines[0]["detail"], r"^CN=alice; sha256:[0-9a-f]{64}$")
        # The certificate alone is not enough.
        client = self.come(self.alice)
        client.expect(331, "USER alice")
        client.expect(530, "PASS wrong")
        self.expect_refusal(self.come(), "no-certificate", "shown none")
        self.expect_refusal(self.come(self.bob), "other-certificate", "CN=bob")

    def test_T14_instead(self):
        self.set_account(certificate="instead")
        client = self.come(self.alice)
        client.expect(232, "USER alice")
        client.expect(202, "PASS whatever")
        client.expect(503, "PASS again")
        client.expect(530, "USER bob")
        client.upload("STOR file", b"content")
        self.assertEqual(self.server.read("file"), b"content")
        # The password is worth nothing, with the certificate of somebody else or without one.
        self.expect_refusal(self.come(), "no-certificate")
        client = self.come(self.bob)
        self.expect_refusal(client, "other-certificate")
        self.assertEqual(self.try_password(client, "bob"), 230)

    def test_T14_somebody_else(self):
        """Alice's certificate does not open bob's account, and nothing tells that bob's takes one."""
        self.set_account("bob", certificate="instead")
        self.set_account("alice", certificate="instead")
        for user in ("bob", "nobody"):
            client = self.come(self.alice)
            client.expect(331, f"USER {user}")
            self.assertEqual(client.expect(530, "PASS x").text, "Login incorrect.")
        client.expect(232, "USER alice")

    def test_T14_optional(self):
        """Who has said nothing about certificates logs in as ever."""
        self.assertEqual(self.try_password(self.come()), 230)
        self.assertEqual(self.try_password(self.come(self.bob)), 230)
        self.assertEqual(self.try_password(self.come(version="1.2")), 230)
        self.assertEqual(self.try_password(self.connect(secure="clear")), 230)
        self.ask("optional", "instead")
        self.assertEqual(self.try_password(self.come()), 230)
        self.assertEqual(self.try_password(self.come(self.bob)), 230)
        self.come(self.alice).expect(232, "USER alice")
        self.set_account(certificate="no")
        self.assertEqual(self.try_password(self.come(self.alice)), 230)

    def test_T14_required(self):
        self.ask("required")
        self.assertEqual(self.try_password(self.come(self.alice)), 230)
        self.expect_refusal(self.come(), "no-certificate")
        self.expect_refusal(self.come(self.bob), "other-certificate")
        self.assertEqual(self.connect(secure="clear").command("USER alice").code, 530)
        self.set_account(certificate="no")
        self.assertEqual(self.try_password(self.come(self.bob)), 230)
        self.expect_refusal(self.come(), "no-certificate")
        self.ask("required", "instead")
        self.come(self.bob).expect(232, "USER bob")
        self.expect_refusal(self.come(), "no-certificate", user="bob")

    def test_T14_off(self):
        """Nobody is asked, and who needs one is told in the log where to switch it on."""
        self.ask("off")
        self.assertEqual(self.try_password(self.come(self.alice)), 230)
        self.assertEqual(self.server.logs("connections", "client-certificate"), [])
        self.set_account(certificate="factor")
        self.expect_refusal(self.come(self.alice), "no-certificate", 'tls.client_certificates is "off"')

    def test_T14_tls_1_2(self):
        self.set_account(certificate="factor")
        self.expect_refusal(self.come(self.alice, version="1.2"), "no-certificate", "TLS 1.3 only")
        self.expect_refusal(self.connect(secure="clear"), "no-certificate", "in clear")

    def test_T14_names(self):
        """Whose certificate is the account's."""
        other = self.authority.issue("somebody", alternative="email:alice@example.org,DNS:camera.example.org")
        print_ = openssl("x509", "-in", other, "-noout", "-fingerprint", "-sha256").split("=")[1].strip()
        for name in ("somebody", "cn:somebody", "email:alice@EXAMPLE.org", "dns:camera.example.org", f"sha256:{print_}"):
            with self.subTest(name):
                self.set_account(certificate="instead", certificate_name=name)
                self.come(other).expect(232, "USER alice")
        for name in ("alice@example.org", "dns:somebody", "email:Alice@example.org", f"sha256:{'0' * 64}"):
            with self.subTest(name):
                self.set_account(certificate="instead", certificate_name=name)
                self.come(other).expect(331, "USER alice")
                self.come(self.alice).expect(331, "USER alice")

    def test_T14_locked_and_expired_accounts(self):
        self.set_account(certificate="instead")
        self.server.ctl("user", "lock", "alice")
        client = self.come(self.alice)
        client.expect(530, "USER alice")
        self.server.expect_log("auth", "refused", reason="disabled")
        client.expect(503, "PASS x")

    def test_T14_tries_are_counted(self):
        """A login that only a certificate is missing for is a failure like any other."""
        self.ask("optional", login="factor")
        tls = self.server.config["tls"]
        self.server.configure({"tls": tls, "login": {"failures_per_address": 4}})
        self.set_account(certificate="factor")
        client = self.come()
        self.expect_refusal(client, "no-certificate")
        self.expect_refusal(client, "no-certificate")
        client.quit()
        client = self.come()
        self.expect_refusal(client, "no-certificate")
        client.expect(331, "USER alice")
        client.expect(421, f"PASS {PASSWORD}")
        client.read_end()
        self.connect(greeting=421, secure="clear").read_end()


class CertificatesTest(ClientCertificateTest):
    def setUp(self):
        super().setUp()
        self.set_account(certificate="instead")
        self.addCleanup(self.authority.list.unlink, missing_ok=True)

    def expect_bad(self, certificate, verdict, words=""):
        client = self.come(certificate)
        line = self.server.logs("connections", "client-certificate-refused")[-1]
        self.assertEqual(line["reason"], verdict)
        self.assertIn(words, line["detail"])
        self.expect_refusal(client, "no-certificate", verdict)

    def test_T14_wrong_certificates(self):
        issue = self.authority.issue
        self.expect_bad(issue("alice", ends=-0.5), "expired", "CN=alice; the certificate")
        self.expect_bad(issue("alice", begins=1), "not-yet-valid")
        self.expect_bad(issue("alice", usage="serverAuth"), "purpose", "clientAuth")
        other = Authority(self.server.directory / "other")  # of the same name
        self.expect_bad(other.issue("alice"), "untrusted")
        # Until there is a good one.
        self.come(issue("alice")).expect(232, "USER alice")

    def test_T14_crl(self):
        authority = Authority(self.server.directory / "revoking")
        self.ask("optional", client_ca=str(authority.file), client_crl=str(authority.list))
        alice, bob = authority.issue("alice"), authority.issue("bob")
        self.come(alice).expect(232, "USER alice")
        authority.revoke(alice)
        authority.make_list()
        self.expect_bad(alice, "revoked")
        self.assertEqual(self.try_password(self.come(bob), "bob"), 230)
        authority.make_list(seconds=1)
        time.sleep(2.1)
        self.set_account("bob", certificate="factor")
        client = self.come(bob)
        self.expect_refusal(client, "no-certificate", "revocations", user="bob")
        line = self.server.logs("connections", "client-certificate-refused")[-1]
        self.assertIn("out of date", line["detail"])
        authority.list.write_text("nothing")
        self.expect_bad(bob, "revocations", "damaged or empty")

    def test_T14_authority_file(self):
        """A file that somebody else can change would let anybody in."""
        mine = self.server.directory / "ca.pem"
        shutil.copy(self.authority.file, mine)
        self.ask("optional", client_ca=str(mine))
        self.come(self.alice).expect(232, "USER alice")
        mine.chmod(0o666)
        self.expect_bad(self.alice, "authorities", "only root can change")
        mine.unlink()
        self.expect_bad(self.alice, "authorities", "No such file")
        mine.write_text("nothing")
        mine.chmod(0o644)
        self.expect_bad(self.alice, "authorities", "damaged or empty")
        with open(mine, "ab") as file:
            file.truncate(5 << 20)
        self.expect_bad(self.alice, "authorities", "cannot be read")


    def test_T14_name_with_zero(self):
        """CVE-2009-3639: to whoever stops at a zero byte, it is alice's. No program makes one: it is signed by hand."""
        issued = self.authority.issue("alice#.evil.example")
        text = issued.read_text()
        head, middle, end = "-----BEGIN CERTIFICATE-----", "", "-----END CERTIFICATE-----"
        middle = text[text.index(head) + len(head) : text.index(end)]
        whole = der_parts(base64.b64decode(middle))[0]
        signed, algorithm, _ = der_parts(whole[4:])
        signed = signed.replace(b"alice#.evil", b"alice\0.evil")
        (self.server.directory / "signed").write_bytes(signed)
        openssl(
            *("dgst", "-sha256", "-sign", self.authority.key, "-out", self.server.directory / "signature"),
            self.server.directory / "signed",
        )
        signature = (self.server.directory / "signature").read_bytes()
        forged = base64.encodebytes(der(0x30, signed + algorithm + der(3, b"\0" + signature))).decode()
        issued.write_text(text.replace(middle, "\n" + forged))
        self.expect_bad(issued, "bad-name", "zero byte")

    def test_T14_chain(self):
        """An authority between, which the client sends along."""
        between = Authority(self.server.directory / "between", "Between")
        openssl(
            *("req", "-new", "-key", between.key, "-subj", "/CN=Between", "-addext", "basicConstraints=critical,CA:TRUE"),
            *("-out", between.directory / "ca.csr"),
        )
        openssl(
            *("ca", "-batch", "-notext", "-config", self.authority.directory / "ca.conf", "-days", "5"),
            *("-in", between.directory / "ca.csr", "-out", between.file),
        )
        alice = between.issue("alice")
        self.expect_bad(alice, "untrusted")
        whole = alice.with_name("whole.pem")
        whole.write_text(alice.read_text() + between.file.read_text())
        self.come(whole).expect(232, "USER alice")


class ManualTest(ClientCertificateTest):
    """The section CLIENT CERTIFICATES of cellftpd(8), command by command."""

    def commands(self):
        """Its displays, with our own places and names of programs in them."""
        text = (ROOT / "man/cellftpd.8").read_text()
        section = text[text.index(".Sh CLIENT CERTIFICATES") : text.index(".Sh THROTTLING")]
        shown = re.findall(r"\.Bd -literal\n(.*?)\.Ed", section, re.DOTALL)
        self.assertEqual(len(shown), 4)
        places = {
            "\\e\n": "\\\n",
            "/etc/cellftpd/tls/": f"{self.server.directory}/",
            "/etc/cellftpd/": f"{self.server.directory}/",
            "cellftpctl ": f"{self.server.ctl_program} --config {self.server.config_file} ",
        }
        for words, ours in places.items():
            shown = [part.replace(words, ours) for part in shown]
        return shown

    def run_shell(self, text):
        done = subprocess.run(
            ["sh", "-euc", text], cwd=self.work, capture_output=True, text=True, timeout=120 * slow(), check=False
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def setUp(self):
        super().setUp()
        self.work = self.server.directory / "work"
        self.work.mkdir()
        (self.server.directory / "conf.d").mkdir(mode=0o755)
        authority = str(self.server.directory / "client-ca.pem")
        self.server.configure({"tls": {"client_ca": authority, "client_crl": authority.replace("-ca.pem", "-crl.pem")}})

    def test_commands(self):
        authority, user, login, revocation = self.commands()
        self.run_shell(authority)
        self.run_shell(user)
        self.server.write("hello", b"hello")
        with Listener(self.server) as listener:
            login = login.replace("ftp://HOST/", f"ftp://127.0.0.1:{listener.port}/hello")
            login = login.replace("-u alice", f"-u 'alice:{PASSWORD}'") + f" --cacert {tls.files()}/ca.pem --silent"
            self.assertEqual(self.run_shell(login.replace("\n", " ")), "hello")
        lines = self.server.logs("connections", "client-certificate")
        self.assertTrue(lines[0]["detail"].startswith("CN=alice; sha256:"))
        self.expect_refusal(self.come(), "no-certificate")
        self.run_shell(revocation)
        curl = ["curl", "--silent", "--ssl-reqd", "--cert", "alice.pem", "--key", "alice.key"]
        with Listener(self.server) as listener:
            curl += ["--cacert", f"{tls.files()}/ca.pem", "-u", f"alice:{PASSWORD}", f"ftp://127.0.0.1:{listener.port}/hello"]
            done = subprocess.run(curl, cwd=self.work, capture_output=True, timeout=120 * slow(), check=False)
        self.assertEqual((done.returncode, done.stdout), (67, b""))
        self.server.expect_log("connections", "client-certificate-refused", reason="revoked")

    def test_clients(self):
        """curl and lftp, with the certificate alone."""
        authority, user, _, _ = self.commands()
        self.run_shell(authority)
        self.run_shell(user)
        self.server.ctl("user", "mod", "alice", "--certificate", "instead")
        self.server.write("hello", b"hello")
        with Listener(self.server) as listener:
            port = listener.port
            curl = f"curl --silent --ssl-reqd --cert alice.pem --key alice.key --cacert {tls.files()}/ca.pem -u alice:x"
            self.assertEqual(self.run_shell(f"{curl} ftp://127.0.0.1:{port}/hello"), "hello")
            settings = (
                f"set ssl:ca-file {tls.files()}/ca.pem; set ssl:cert-file alice.pem; set ssl:key-file alice.key; "
                "set ftp:ssl-force yes; set net:max-retries 1; "
            )
            lftp = f"lftp -c '{settings} open -u alice,x 127.0.0.1:{port}; cat hello'"
            self.assertEqual(self.run_shell(lftp), "hello")
        for line in self.server.logs("auth", "accepted"):
            self.assertEqual(line["user"], "alice")


class ProcessesTest(ClientCertificateTest):
    """Of how many processes a connection consists, and when."""

    def processes(self, client):
        return len(children(client.monitor_pid))

    def test_verifier(self):
        client = self.connect(secure="clear")
        self.assertEqual(self.processes(client), 1)
        client.start_tls(version="1.3")
        self.assertEqual(self.processes(client), 2)  # nothing was shown: it has nothing to do
        client.login()
        self.assertEqual(self.processes(client), 1)
        client = self.come(self.alice)
        self.assertEqual(self.processes(client), 1)  # it has answered
        client.login()

    def test_no_verifier(self):
        self.ask("off")
        client = self.come(self.alice)
        self.assertEqual(self.processes(client), 1)

    def test_clear_again(self):
        """REIN forgets what was shown, with the session."""
        self.set_account(certificate="instead")
        client = self.come(self.alice)
        client.expect(220, "REIN")
        client.end_tls()
        self.assertEqual(self.processes(client), 1)
        client.start_tls(version="1.3")
        self.assertEqual(self.processes(client), 2)
        self.expect_refusal(client, "no-certificate", "shown none")

    def test_clear_between(self):
        """And the other way round: the second session has a verifier of its own."""
        self.set_account(certificate="instead")
        client = self.come()
        client.expect(220, "REIN")
        client.end_tls()
        client.start_tls(version="1.3", certificate=self.alice)
        client.expect(232, "USER alice")


if __name__ == "__main__":
    main()
