"""The private key is not in the memory of the PAM process either: it runs modules of others for as long as the session
lasts, and is forked when the monitor has the key."""

import os

from harness import main
from harness.system_users import SystemUserTest, setup
from harness.tls import in_clear, make_certificate
from test_rows_tls_key import search, secrets, windows


def setUpModule():
    setup()


@in_clear("this begins TLS itself")
class KeyAndModules(SystemUserTest):
    def setUp(self):
        # What was freed would be kept as it is, for a better report.
        self.addCleanup(os.environ.__setitem__, "ASAN_OPTIONS", os.environ.get("ASAN_OPTIONS", ""))
        os.environ["ASAN_OPTIONS"] = "max_free_fill_size=1000000000:free_fill_byte=0"
        super().setUp()

    def test_memory_of_the_pam_process(self):
        self.add("walter")
        for kind in ("rsa", "ec", "ed25519"):
            certificate, key = (self.server.directory / f"{kind}.{part}" for part in ("pem", "key"))
            make_certificate(certificate, key, kind=kind)
            self.server.configure({**self.config, "tls": {"certificate": str(certificate), "key": str(key)}})
            wanted = windows(secrets(key))
            with self.subTest(kind=kind):
                client = self.login("walter", secure="1.3")
                found, read = search(self.pam_pid(client), wanted)
                self.assertGreater(read, 1 << 20)
                self.assertEqual(found, set())
                found, _ = search(client.monitor_pid, wanted)
                self.assertNotEqual(found, set())  # so the search is a good one
                client.quit()
                client.wait()


if __name__ == "__main__":
    main()
