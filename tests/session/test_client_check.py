"""Row T14: what is wrong with tls.client_ca and tls.client_crl, as cellftpctl tls check and cellftpd --check say it."""

import os
import shutil
import subprocess
import time

import test_cellftpctl_tls

from harness import main
from harness.ctl import FAILED, PROGRAM, SECRET

DAY, openssl = test_cellftpctl_tls.DAY, test_cellftpctl_tls.openssl


class ClientCertificates(test_cellftpctl_tls.Findings):
    """Row T14: what would refuse every client is said before one comes, by both programs."""

    def setUp(self):
        super().setUp()
        self.ctl("tls", "self-signed")
        self.list = self.directory / "crl.pem"
        self.authority = self.make("Clients")
        self.file = self.directory / "ca.pem"
        shutil.copy(self.authority.with_suffix(".pem"), self.file)
        self.use()

    def use(self, certificates="optional", more=""):
        self.configure(
            f'client_certificates = "{certificates}"; client_ca = "{self.file}"; client_crl = "{self.list}"; {more}'
        )

    def make(self, name, begins=-1, ends=100, usage="keyCertSign,cRLSign", issuer=None, key="ec_paramgen_curve:P-256"):
        """An authority; days from now."""
        base = self.directory / name
        when = [time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + day * DAY)) for day in (begins, ends)]
        kind = "RSA" if key.startswith("rsa") else "EC"
        openssl("genpkey", "-algorithm", kind, "-pkeyopt", key, "-out", f"{base}.key")
        openssl("req", "-new", "-key", f"{base}.key", "-subj", f"/CN={name}", "-out", f"{base}.csr")
        (self.directory / f"{name}.index").write_text("")
        (self.directory / f"{name}.conf").write_text(
            "[ca]\ndefault_ca=us\n[us]\npolicy=any\nunique_subject=no\nrand_serial=yes\ndefault_md=sha256\n"
            f"database={base}.index\nnew_certs_dir={self.directory}\ncertificate={base}.pem\nprivate_key={base}.key\n"
            f"x509_extensions=more\n[any]\ncommonName=supplied\n[more]\nsubjectKeyIdentifier=hash\n"
            f"basicConstraints=critical,CA:TRUE\nkeyUsage=critical,{usage}\n"
        )
        signer = ["-selfsign"] if issuer is None else ["-cert", f"{issuer}.pem"]
        openssl(
            *("ca", "-batch", "-notext", "-config", f"{base}.conf", "-startdate", when[0], "-enddate", when[1]),
            *("-keyfile", f"{issuer or base}.key", *signer, "-in", f"{base}.csr", "-out", f"{base}.pem"),
        )
        return base

    def make_list(self, base, seconds=36000):
        """The text of a CRL of the authority."""
        made = self.directory / "made.crl"
        openssl("ca", "-gencrl", "-config", f"{base}.conf", "-crlsec", str(seconds), "-out", made)
        return made.read_text()

    def server_check(self):
        """The lines of cellftpd --check about clients' certificates, and whether it found them good."""
        command = [PROGRAM.with_name("cellftpd"), "--check", "--config", self.config]
        text = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        lines = [line for line in text.splitlines() if " client certificates: " in line]
        return lines, not any(line.startswith("MISSING") for line in lines)

    def assert_both(self, words, file):
        """Both programs find this one problem, with its remedy."""
        self.assert_problem(words)
        self.assertEqual(self.problems()[0][0], file)
        lines, good = self.server_check()
        self.assertFalse(good, lines)
        self.assertTrue(any(words in line and file in line for line in lines if line.startswith("MISSING")), lines)

    def assert_good(self):
        self.assertEqual([entry for entry in self.findings() if entry["result"] == "problem"], [])
        lines, good = self.server_check()
        self.assertTrue(good, lines)
        return lines

    def test_T14_good(self):
        lines = self.assert_good()
        self.assertTrue(any("CN=Clients" in line for line in lines), lines)
        self.list.write_text(self.make_list(self.authority))
        self.assert_good()
        self.use("off")
        self.file.write_text("nonsense")
        self.assertEqual(self.server_check(), ([], True))
        self.findings()

    def test_T14_files(self):
        """The verifier's rule about who may change them."""
        good = self.file.read_bytes()
        for file in (self.file, self.list):
            with self.subTest(file.name):
                file.write_text(self.make_list(self.authority) if file == self.list else good.decode())
                file.chmod(0o664)
                self.assert_both("only root can change", file.name)
                file.chmod(0o644)
                os.chown(file, 1234, 0)
                self.assert_both("only root can change", file.name)
                os.chown(file, 0, 0)
                self.assert_good()
                text = file.read_text()
                file.write_text(text.replace("\nMI", "\n//", 1))
                self.assertNotEqual(file.read_text(), text)
                self.assert_both("damaged", file.name)
                file.write_text("nothing")
                self.assert_both("no list in it" if file == self.list else "no certificate in it", file.name)
                with open(file, "ab") as long:
                    long.truncate(5 << 20)
                self.assert_both("File too large", file.name)
                file.unlink()
                if file == self.file:
                    self.assert_both("No such file", file.name)
                    file.write_bytes(good)
        self.assert_good()

    def test_T14_authorities(self):
        """One that has expired among others; one that is not valid yet; a key that is too short."""
        good = self.file.read_text()
        for name, options, words in (
            ("Old", {"begins": -9, "ends": -1}, "CN=Old has expired"),
            ("Early", {"begins": 2}, "CN=Early is not valid yet"),
            ("Short", {"key": "rsa_keygen_bits:1024"}, "CN=Short has a key that is too short"),
        ):
            with self.subTest(name):
                other = self.make(name, **options)
                self.file.write_text(good + other.with_suffix(".pem").read_text())
                self.assert_both(words, "ca.pem")
        self.file.write_text(self.make("Soon", ends=3).with_suffix(".pem").read_text())
        self.assertTrue(any("CN=Soon expires soon" in line for line in self.assert_good()))
        shutil.copy(self.certificate, self.file)
        self.assertTrue(any("no authority for clients" in line for line in self.assert_good()))

    def test_T14_lists(self):
        other = self.make("Other")
        self.file.write_text(self.file.read_text() + other.with_suffix(".pem").read_text())
        ours = self.make_list(self.authority)
        self.list.write_text(ours)
        self.assert_both("CN=Other has no list here", "crl.pem")
        self.list.write_text(ours + self.make_list(other))
        self.assert_good()
        self.list.write_text(ours + self.make_list(other, seconds=1))
        time.sleep(2.1)
        self.assert_both("CN=Other has a list that is out of date", "crl.pem")
        mute = self.make("Mute", usage="keyCertSign")
        self.file.write_text(mute.with_suffix(".pem").read_text())
        self.list.write_text(self.make_list(mute))
        self.assert_both("CN=Mute may not sign lists", "crl.pem")
        between = self.make("Between", issuer=self.authority)
        self.file.write_text(between.with_suffix(".pem").read_text())
        self.list.write_text(self.make_list(between) + ours)
        self.assert_both("CN=Between has an issuer of its own", "crl.pem")

    def test_T14_list_of_a_namesake(self):
        """Signed with another key."""
        self.list.write_text(self.make_list(self.make("Clients")))
        self.assert_both("CN=Clients has a list that it has not signed", "crl.pem")

    def test_T14_no_way(self):
        """An account that needs what nobody is asked for."""
        self.ctl("user", "add", "alice", "--password-stdin", "--certificate", "factor", text=f"{SECRET}\n")
        self.assert_good()
        self.use("off", 'client_login = "instead";')
        self.assert_problem("1 account needs a client's certificate to log in, the first is alice")
        self.assertFalse(self.server_check()[1])
        notes = [entry["found"] for entry in self.findings(status=FAILED) if entry["result"] == "note"]
        self.assertTrue(any(note.startswith("tls.client_login is of no use") for note in notes), notes)
        self.use("off", "enabled = false;")
        self.assert_problem("1 account needs")
        self.assertFalse(self.server_check()[1])
        self.ctl("user", "mod", "alice", "--certificate", "no")
        self.assert_good()


if __name__ == "__main__":
    main()
