"""basic-ftp (node's TLS, OpenSSL 3): whole trees up and down and many transfers in one session; the major version
that takes the newest ticket from anywhere, and the one before it, which always offers the control connection's."""

import os
import unittest
from pathlib import Path

from harness import TlsClientTest, main

HERE = Path(__file__).resolve().parent
MODULES = HERE.parents[1] / "build" / "npm" / "node_modules"


@unittest.skipUnless(MODULES.exists(), "basic-ftp is not installed: make test-deps, where the npm registry is reached")
class BasicFtp(TlsClientTest):
    def check(self, package):
        tree = {f"d{number % 3}/f{number}": os.urandom(number * 100) for number in range(1, 30)}
        tree["large"] = os.urandom(300001)
        for name, content in tree.items():
            self.make_local(f"from/{name}", content)
        for version in self.versions:
            for secure in ("explicit", "implicit"):
                with self.subTest(version=version, secure=secure):
                    port = self.implicit_port if secure == "implicit" else self.port
                    output = self.run_client(
                        *("node", HERE / "basic_ftp.js", MODULES / package, str(port), self.authority, "alice"),
                        *(self.password, version, secure),
                    )
                    self.assertIn("size 600002\nnames large to\n", output)
                    self.assert_local("large", tree["large"])
                    for name, content in tree.items():
                        self.assert_local(f"back/{name}", content)
        self.assert_never_unbound()

    def test_basic_ftp_6(self):
        self.check("basic-ftp")

    def test_basic_ftp_5(self):
        self.check("basic-ftp-5")


if __name__ == "__main__":
    main()
