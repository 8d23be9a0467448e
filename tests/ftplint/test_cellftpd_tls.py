"""cellftpd before ftplint under explicit TLS: the whole catalogue."""

from examined import OVER_IPV4, UNDER_TLS, Examined
from harness import main


class Cellftpd(Examined):
    def test_explicit_tls(self):
        self.check(760, OVER_IPV4 | UNDER_TLS, "--destructive", tls="explicit", host="localhost")


if __name__ == "__main__":
    main()
