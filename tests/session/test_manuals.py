"""All manuals: no warning of mandoc or man, and no reference to a page of ours that there is not."""

import re
import subprocess
import unittest

from harness import in_clear, main
from harness.server import ROOT, build

PAGES = sorted([*(ROOT / "man").glob("*.[1-8]"), *(build() / "man").glob("*.[1-8]")])


@in_clear("no client connects")
class Manuals(unittest.TestCase):
    def test_mandoc_has_no_warning(self):
        for page in PAGES:
            with self.subTest(page=page.name):
                done = subprocess.run(
                    ["mandoc", "-T", "lint", "-W", "warning", page], capture_output=True, text=True, check=False
                )
                self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_man_has_no_warning(self):
        for page in PAGES:
            with self.subTest(page=page.name):
                done = subprocess.run(
                    ["man", "--warnings=all", "--encoding=UTF-8", "--local-file", page],
                    capture_output=True,
                    text=True,
                    check=False,
                )
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertGreater(len(done.stdout.splitlines()), 50)

    def test_references(self):
        ours = {page.name for page in PAGES}
        self.assertGreater(len(ours), 3)
        self.assertIn("ftplint.1", ours)
        for page in PAGES:
            for name, number in re.findall(r"^\.Xr (cellftp\S*|ftplint) (\d)", page.read_text(), re.MULTILINE):
                self.assertIn(f"{name}.{number}", ours, page.name)


if __name__ == "__main__":
    main()
