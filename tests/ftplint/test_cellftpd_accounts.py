"""cellftpd before ftplint: of what a whole run has shown already, the part that another way of connecting, or another
account, may change."""

from examined import (
    ACCOUNTS,
    ADMINISTRATOR,
    GENTLY,
    IMPLICIT,
    NO_QUOTA,
    OVER_IPV4,
    OVER_IPV6,
    READ_ONLY,
    SHORT_NAME,
    UNDER_TLS,
    Examined,
)
from harness import main


class Cellftpd(Examined):
    def test_clear_ipv6(self):
        only = "greeting,login,features,announced,retrieve,abort,passive,active,epsv,bounce,theft,idle,quota"
        self.check(110, OVER_IPV6, "--quick", "--only", only, host="::1", reasons=GENTLY)

    def test_implicit_tls(self):
        only = "greeting,login,pipelining,store,retrieve,abort,mlsd,passive,active,limits,certificate,tls," \
               "tls-clear,tls-versions,tls-protocol,tls-data,tls-sessions"  # fmt: skip
        self.check(160, OVER_IPV4 | UNDER_TLS | IMPLICIT, "--quick", "--only", only, tls="implicit", implicit=True,
                   host="localhost", reasons=GENTLY)  # fmt: skip

    def test_administrator(self):
        # Where the users' folders are, nothing can be made.
        only = "paths,directories,rename,deletion,store,retrieve,resume,list,mlsd,confinement,planted,isolation,quota," \
               "administration"  # fmt: skip
        self.check(160, OVER_IPV4 | ADMINISTRATOR, "--quick", "--only", only, user="boss", home="alice",
                   directory="alice", tls="explicit", host="localhost", reasons=GENTLY)  # fmt: skip

    def test_second_user(self):
        only = "names,store,retrieve,sizes,times,mlst,planted,special,isolation,shared,quota,administration"
        self.check(110, OVER_IPV4 | SHORT_NAME, "--only", only, "--destructive", user="bob", user2="alice")

    def test_user_without_quota(self):
        self.server.add_user("free", ACCOUNTS["free"][1])
        self.check(30, OVER_IPV4 | NO_QUOTA, "--only", "store,resume,announced,quota", user="free", reasons=GENTLY)

    def test_read_only_user(self):
        self.server.add_user("reader", ACCOUNTS["reader"][1], "--read-only")
        self.check(280, OVER_IPV4, "--quick", user="reader", reasons=GENTLY + READ_ONLY)


if __name__ == "__main__":
    main()
