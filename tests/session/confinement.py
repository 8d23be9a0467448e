"""What the tests of confinement have in common: something outside of the folder, and every command with a path."""

import os

from harness import PASSWORD, ServerTest

# Every verb that takes a path, with what stands before it.
READS = (
    "SIZE",
    "MDTM",
    "MLST",
    "STAT",
    "HASH",
    "XCRC",
    "XMD5",
    "XSHA",
    "XSHA1",
    "XSHA256",
    "XSHA512",
    "RETR",
    "LIST",
    "LIST -a",
    "NLST",
    "MLSD",
    "CWD",
    "XCWD",
    "AVBL",
    "RNFR",
)
WRITES = (
    "DELE",
    "RMD",
    "XRMD",
    "MKD",
    "XMKD",
    "STOR",
    "APPE",
    "STOU",
    "RNTO",
    "MFMT 20010909014640",
    "MDTM 20010909014640",
    "MFF modify=20010909014640;",
    "MFF unix.mode=0777;",
    "SITE CHMOD 777",
    "SITE UTIME 20010909014640",
)
TRANSFERS = ("RETR", "LIST", "NLST", "MLSD", "STOR", "APPE", "STOU")


class Confinement(ServerTest):
    users = {"alice": PASSWORD, "bob": PASSWORD}

    def setUp(self):
        super().setUp()
        self.outside = self.server.directory / "outside"
        self.outside.mkdir(mode=0o777)
        self.outside.chmod(0o777)
        (self.outside / "secret").write_bytes(b"outside")
        (self.outside / "secret").chmod(0o666)
        (self.outside / "folder").mkdir()
        (self.outside / "folder").chmod(0o777)
        self.server.write("old", b"x")
        self.server.write("a/b/file", b"inside")

    def picture(self):
        """All that is outside of the folder and may not change: names, kinds, times, modes."""
        found = {}
        for top in (self.outside, self.server.home("bob")):
            for folder, folders, files in os.walk(top):
                for path in [folder, *(os.path.join(folder, name) for name in folders + files)]:
                    status = os.lstat(path)
                    found[path] = (status.st_mode, status.st_mtime_ns, status.st_size, status.st_uid, status.st_nlink)
        return found

    def tell(self, client, verb, path):
        """One command with a path: its reply; what it needs before it, and what may come after it, is done."""
        data = client.passive() if verb.split()[0] in TRANSFERS else None
        if verb == "RNTO":
            client.expect(350, "RNFR old")
        reply = client.command(f"{verb} {path}")
        if reply.code == 150:
            if verb in ("STOR", "APPE", "STOU"):
                data.send(b"evil")
            else:
                self.assertNotIn(b"outside", data.receive_all())
            data.close()
            client.read(226)
        client.expect(200, "NOOP")
        return reply
