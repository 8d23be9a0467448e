"""Python's ftplib.FTP_TLS as it is (it never resumes a session), and the usual subclass that does."""

import ftplib
import io
import os
import ssl

from harness import TlsClientTest, main, slow
from harness.tls import VERSIONS


class Resuming(ftplib.FTP_TLS):
    """What is recommended everywhere for servers that want the session resumed."""

    def ntransfercmd(self, cmd, rest=None):
        connection, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        if self._prot_p:
            connection = self.context.wrap_socket(connection, server_hostname=self.host, session=self.sock.session)
        self.resumed = connection.session_reused
        return connection, size


class TlsFtplib(TlsClientTest):
    def connected(self, kind=ftplib.FTP_TLS, version="1.3", host="127.0.0.1"):
        context = ssl.create_default_context(cafile=self.authority)
        context.minimum_version = context.maximum_version = VERSIONS[version]
        ftp = kind(context=context, timeout=30 * slow())
        self.addCleanup(ftp.close)
        ftp.connect(host, self.port)
        ftp.login("alice", self.password)
        ftp.prot_p()
        return ftp

    def fetch(self, ftp, name, **arguments):
        parts = io.BytesIO()
        ftp.retrbinary(f"RETR {name}", parts.write, **arguments)
        return parts.getvalue()

    def test_upload_and_download(self):
        content = os.urandom(3000001)
        for kind in (ftplib.FTP_TLS, Resuming):
            for version in self.versions:
                for host in ("127.0.0.1", "::1"):
                    for passive in (True, False):
                        with self.subTest(kind=kind, version=version, host=host, passive=passive):
                            ftp = self.connected(kind, version, host)
                            ftp.set_pasv(passive)
                            ftp.storbinary("STOR a b", io.BytesIO(content))
                            self.assert_remote("a b", content)
                            self.assertEqual(self.fetch(ftp, "a b"), content)
                            ftp.quit()

    def test_one_that_never_resumes_is_served_with_one_warning(self):
        for version in self.versions:
            ftp = self.connected(version=version)
            for number in range(20):
                ftp.storbinary("STOR a", io.BytesIO(b"x" * number))
                self.assertEqual(self.fetch(ftp, "a"), b"x" * number)
            ftp.quit()
        self.server.expect_log("connections", "data-unbound", count=len(self.versions))

    def test_T08_one_that_resumes(self):
        for version in self.versions:
            ftp = self.connected(Resuming, version)
            for number in range(250 // slow()):
                ftp.storbinary("STOR a", io.BytesIO(b"x" * number))
                self.assertTrue(ftp.resumed)
                self.assertEqual(self.fetch(ftp, "a"), b"x" * number)
                self.assertTrue(ftp.resumed)
            ftp.quit()
        self.assert_never_unbound()

    def test_lines_and_listings(self):
        ftp = self.connected()
        ftp.storlines("STOR text", io.BytesIO(b"one\ntwo\n"))
        self.assert_remote("text", b"one\ntwo\n")
        lines = []
        ftp.retrlines("RETR text", lines.append)
        self.assertEqual(lines, ["one", "two"])
        self.assertEqual(ftp.nlst(), ["text"])
        self.assertEqual(dict(ftp.mlsd(facts=["type"]))["text"], {"type": "file"})
        ftp.quit()

    def test_abort(self):
        self.server.write("big", b"x" * 20000000)
        ftp = self.connected()
        data = ftp.transfercmd("RETR big")
        data.recv(1000)
        ftp.putcmd("ABOR")  # ftp.abort() sends urgent data, which Python's TLS sockets refuse
        self.assertTrue(ftp.getmultiline().startswith("426"))
        data.close()
        self.assertTrue(ftp.getmultiline().startswith("226"))
        ftp.quit()

    def test_errors(self):
        ftp = self.connected()
        with self.assertRaisesRegex(ftplib.error_perm, "^550"):
            self.fetch(ftp, "nosuch")
        with self.assertRaisesRegex(ftplib.error_perm, "^5"):
            ftp.ccc()
        self.assertEqual(ftp.pwd(), "/")
        ftp.quit()


if __name__ == "__main__":
    main()
