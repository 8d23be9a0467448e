"""LANG (RFC 2640 section 4.1): English, and no other."""

from harness import ServerTest, main


class Lang(ServerTest):
    def test_languages(self):
        """Before the login, where it SHOULD come, and after it."""
        for client in (self.connect(), self.login()):
            self.check_replies(
                client,
                [
                    *(("LANG", 200), ("LANG EN", 200), ("LANG en", 200)),
                    *(("LANG FR", 504), ("LANG xx-yy", 504), ("NOOP", 200)),
                ],
            )


if __name__ == "__main__":
    main()
