"""Python's ftplib: upload, download, resume both ways, listings, rename, delete, mkdir; passive and active, IPv6."""

import ftplib
import io
import os

from harness import ClientTest, main, slow


class Ftplib(ClientTest):
    def connected(self, host="127.0.0.1"):
        ftp = ftplib.FTP(timeout=30 * slow())
        self.addCleanup(ftp.close)
        ftp.connect(host, self.port)
        ftp.login("alice", self.password)
        return ftp

    def fetch(self, ftp, name, **arguments):
        parts = io.BytesIO()
        ftp.retrbinary(f"RETR {name}", parts.write, **arguments)
        return parts.getvalue()

    def test_upload_and_download(self):
        content = os.urandom(3000001)
        for host in ("127.0.0.1", "::1"):
            for passive in (True, False):
                with self.subTest(host=host, passive=passive):
                    ftp = self.connected(host)
                    ftp.set_pasv(passive)
                    ftp.storbinary("STOR a b", io.BytesIO(content))
                    self.assert_remote("a b", content)
                    self.assertEqual(self.fetch(ftp, "a b"), content)
                    ftp.quit()

    def test_resume(self):
        content = os.urandom(100000)
        self.server.write("a", content)
        self.server.write("b", content[:33333])
        ftp = self.connected()
        self.assertEqual(self.fetch(ftp, "a", rest=33333), content[33333:])
        ftp.storbinary("STOR b", io.BytesIO(content[33333:]), rest=33333)
        self.assert_remote("b", content)
        ftp.quit()

    def test_lines(self):
        ftp = self.connected()
        ftp.storlines("STOR text", io.BytesIO(b"one\ntwo\n"))
        self.assert_remote("text", b"one\ntwo\n")
        lines = []
        ftp.retrlines("RETR text", lines.append)
        self.assertEqual(lines, ["one", "two"])
        ftp.quit()

    def test_listings(self):
        self.server.write("d/a b", b"12345")
        ftp = self.connected()
        self.assertEqual([os.path.basename(name) for name in ftp.nlst("d")], ["a b"])
        facts = dict(ftp.mlsd("d", ["type", "size"]))
        self.assertEqual(facts["a b"], {"type": "file", "size": "5"})
        lines = []
        ftp.dir("d", lines.append)
        self.assertEqual(len(lines), 1)
        ftp.voidcmd("TYPE I")
        self.assertEqual(ftp.size("d/a b"), 5)
        ftp.quit()

    def test_rename_delete_mkdir(self):
        self.server.write("a", b"x")
        ftp = self.connected()
        ftp.rename("a", "b")
        self.assertEqual(ftp.mkd('q"d'), '/q"d')
        ftp.cwd('q"d')
        self.assertEqual(ftp.pwd(), '/q"d')
        ftp.cwd("..")
        self.assertEqual(ftp.pwd(), "/")
        self.assertEqual(sorted(os.listdir(self.server.home())), ["b", 'q"d'])
        ftp.delete("b")
        ftp.rmd('q"d')
        self.assertEqual(os.listdir(self.server.home()), [])
        ftp.quit()

    def test_abort(self):
        self.server.write("big", b"x" * 20000000)
        ftp = self.connected()
        data = ftp.transfercmd("RETR big")
        data.recv(1000)
        self.assertTrue(ftp.abort().startswith("426"))
        data.close()
        self.assertTrue(ftp.getmultiline().startswith("226"))
        ftp.quit()

    def test_errors(self):
        ftp = self.connected()
        with self.assertRaisesRegex(ftplib.error_perm, "^550"):
            self.fetch(ftp, "nosuch")
        with self.assertRaisesRegex(ftplib.error_perm, "^550"):
            ftp.cwd("nosuch")
        ftp.quit()


if __name__ == "__main__":
    main()
