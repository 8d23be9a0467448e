"""Faults of the certificate."""

import ssl
import subprocess
import tempfile
import threading
from pathlib import Path

from broken.faults import fault


NAMES = "DNS:localhost,IP:127.0.0.1,IP:::1"
CONFIGURATION = """
[ca]
default_ca = here
[here]
database = index.txt
new_certs_dir = .
policy = any
rand_serial = yes
unique_subject = no
certificate = ca.pem
private_key = ca.key
default_md = sha256
[any]
commonName = supplied
"""
MAKING = threading.Lock()


def run(*words, directory):
    """openssl."""
    subprocess.run(["openssl", *words], cwd=directory, check=True, capture_output=True)


class OwnCertificate:
    """A certificate of our own, signed by the authority that belongs to the server's, if there is one."""

    key_kind = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    not_before, not_after = "20200101000000Z", "20491231235959Z"
    digest = "sha256"
    extensions = ("subjectAltName=" + NAMES, "basicConstraints=critical,CA:FALSE")
    files = None

    def certificate(self):
        """Made once."""
        with MAKING:
            if not type(self).files:
                type(self).files = self.make_certificate(Path(self.server.certificate).parent)
        return type(self).files

    def make_certificate(self, authority):
        """Its two files, in a directory that the process leaves behind no longer than it lives."""
        holder = tempfile.TemporaryDirectory(prefix="ftplint-certificate-")
        type(self).holder = holder
        directory = Path(holder.name)
        for name in ("ca.pem", "ca.key"):
            (directory / name).write_bytes((authority / name).read_bytes())
        (directory / "configuration").write_text(CONFIGURATION, encoding="ascii")
        (directory / "extensions").write_text("\n".join(self.extensions) + "\n", encoding="ascii")
        (directory / "index.txt").touch()
        run("req", *self.key_kind, "-nodes", "-subj", "/CN=localhost", "-keyout", "key.pem", "-out", "request.pem",
            directory=directory)  # fmt: skip
        run("ca", "-batch", "-config", "configuration", "-notext", "-md", self.digest, "-in", "request.pem",
            "-out", "certificate.pem", "-startdate", self.not_before, "-enddate", self.not_after, "-extfile", "extensions",
            directory=directory)  # fmt: skip
        return directory / "certificate.pem", directory / "key.pem"


@fault("the certificate has expired", "rfc5280.certificate.expired")
class Expired(OwnCertificate):
    """Of yesterday."""

    not_after = "20210101000000Z"


@fault("the certificate is not valid yet", "rfc5280.certificate.begun")
class NotBegun(OwnCertificate):
    """Of tomorrow."""

    not_before = "20480101000000Z"


@fault("the certificate names another host", "rfc4217.certificate.name")
class OtherName(OwnCertificate):
    """Somebody else's."""

    extensions = ("subjectAltName=DNS:elsewhere.example", "basicConstraints=critical,CA:FALSE")


@fault("the certificate has its name in the subject only", "rfc9525.certificate.alternative-names")
class NameInSubject(OwnCertificate):
    """As in the old days."""

    extensions = ("basicConstraints=critical,CA:FALSE",)


class Weak(OwnCertificate):
    """What OpenSSL would not load."""

    def make_context(self):
        """It does at level 0."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.load_cert_chain(*self.certificate())
        context.options |= ssl.OP_NO_RENEGOTIATION
        context.set_alpn_protocols([self.alpn])
        context.minimum_version = self.tls_minimum
        return context


@fault("the certificate's key is too small", "rfc9325.certificate.key-size")
class SmallKey(Weak):
    """1024 bits."""

    key_kind = ("-newkey", "rsa:1024")


@fault("the certificate is signed with SHA-1", "rfc9325.certificate.signature")
class OldSignature(Weak):
    """Of 2010."""

    digest = "sha1"


@fault("the certificate is not for servers", "rfc5280.certificate.usage")
class ClientCertificate(OwnCertificate):
    """A client's."""

    extensions = (*OwnCertificate.extensions, "extendedKeyUsage=clientAuth")


@fault("the certificate is an authority's", "practice.certificate.no-authority")
class AuthorityCertificate(OwnCertificate):
    """CA:TRUE."""

    extensions = (OwnCertificate.extensions[0], "basicConstraints=critical,CA:TRUE")


@fault("the authority's certificate comes after a stranger's", "rfc5246.certificate.order")
class Disorder(OwnCertificate):
    """Not in order."""

    def make_certificate(self, authority):
        """The end of the chain is not its issuer's."""
        certificate, key = super().make_certificate(authority)
        run("req", "-x509", *self.key_kind, "-nodes", "-subj", "/CN=stranger", "-keyout", "other.key", "-out", "other.pem",
            directory=certificate.parent)  # fmt: skip
        with open(certificate, "ab") as file:
            file.write((certificate.parent / "other.pem").read_bytes())
        return certificate, key


@fault("nobody vouches for the certificate", "practice.certificate.chain")
class SelfSigned(OwnCertificate):
    """Signs itself."""

    def make_certificate(self, authority):
        """Not the authority's."""
        certificate, key = super().make_certificate(authority)
        run("req", "-x509", "-key", "key.pem", "-subj", "/CN=localhost", "-addext", self.extensions[0],
            "-addext", self.extensions[1], "-out", "certificate.pem", directory=certificate.parent)  # fmt: skip
        return certificate, key


@fault("ciphers without forward secrecy are preferred", "rfc9325.cipher.forward-secrecy", "rfc9325.cipher.static-rsa")
class NoForwardSecrecy(OwnCertificate):
    """Saves time."""

    key_kind = ("-newkey", "rsa:2048")
    ciphers = "AES128-GCM-SHA256"


@fault("data connections have another certificate", "rfc4217.certificate.data")
class OtherDataCertificate(OwnCertificate):
    """One for each."""

    def start_tls(self):
        """The right one here."""
        super().start_tls()
        self.context.load_cert_chain(*self.certificate())

    def make_context(self):
        """With the server's."""
        self.certificate = lambda: (self.server.certificate, self.server.key)
        try:
            return super().make_context()
        finally:
            del self.certificate
