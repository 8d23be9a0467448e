"""rclone: copy both ways, check, listing, rename, delete, mkdir, sync."""

import json
import os

from harness import ClientTest, main


class Rclone(ClientTest):
    def setUp(self):
        super().setUp()
        self.hidden = self.run_client("rclone", "obscure", self.password).strip()

    def rclone(self, *arguments, **expected):
        return self.run_client(
            "rclone",
            "--config",
            "/dev/null",
            "--retries",
            "1",
            "--low-level-retries",
            "2",
            "--quiet",
            "--ftp-host",
            "127.0.0.1",
            "--ftp-port",
            str(self.port),
            "--ftp-user",
            "alice",
            "--ftp-pass",
            self.hidden,
            *arguments,
            **expected,
        )

    def test_upload_and_download(self):
        content = os.urandom(3000001)
        self.rclone("copyto", self.make_local("up", content), ":ftp:d/a b")
        self.assert_remote("d/a b", content)
        self.rclone("copyto", ":ftp:d/a b", self.local / "down")
        self.assert_local("down", content)

    def test_trees(self):
        tree = {"top": b"1", "d/a b": b"2", "d/e/ä": os.urandom(70000), "d/e/empty": b""}
        for name, content in tree.items():
            self.make_local(f"from/{name}", content)
        self.rclone("sync", self.local / "from", ":ftp:to")
        self.rclone("check", "--download", self.local / "from", ":ftp:to")
        self.rclone("copy", ":ftp:to", self.local / "back")
        for name, content in tree.items():
            with self.subTest(name=name):
                self.assert_remote(f"to/{name}", content)
                self.assert_local(f"back/{name}", content)
        (self.local / "from/top").unlink()
        self.rclone("sync", self.local / "from", ":ftp:to")
        self.assertEqual(os.listdir(self.server.path("to")), ["d"])

    def test_listing(self):
        self.server.write("d/a b", b"12345", mtime=1000000000)
        self.assertEqual(self.rclone("lsf", "-R", ":ftp:").split("\n"), ["d/", "d/a b", ""])
        entry = json.loads(self.rclone("lsjson", ":ftp:d"))[0]
        self.assertEqual((entry["Name"], entry["Size"], entry["ModTime"][:19]), ("a b", 5, "2001-09-09T01:46:40"))

    def test_rename_delete_mkdir(self):
        self.server.write("a", b"x")
        self.rclone("moveto", ":ftp:a", ":ftp:b")
        self.rclone("mkdir", ":ftp:d/e")
        self.assertEqual(sorted(os.listdir(self.server.home())), ["b", "d"])
        self.rclone("deletefile", ":ftp:b")
        self.rclone("rmdir", ":ftp:d/e")
        self.rclone("purge", ":ftp:d")
        self.assertEqual(os.listdir(self.server.home()), [])

    def test_missing(self):
        self.rclone("copyto", ":ftp:nosuch", self.local / "x", status=3)


if __name__ == "__main__":
    main()
