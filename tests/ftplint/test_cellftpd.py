"""cellftpd before ftplint in clear: the whole catalogue."""

from examined import OVER_IPV4, Examined
from harness import main


class Cellftpd(Examined):
    def test_clear(self):
        self.check(770, OVER_IPV4, "--destructive")


if __name__ == "__main__":
    main()
