"""HELP (RFC 959 section 4.1.3): the commands, and the syntax of one."""

import re

from harness import ServerTest, main


class Help(ServerTest):
    def test_list(self):
        client = self.connect()
        before = client.expect(214, "HELP").lines
        verbs = set(re.findall(r"\b[A-Z]{3,7}\d*\b", "\n".join(before[1:-1])))
        self.assertLessEqual({"USER", "PASS", "QUIT", "RETR", "STOR", "SITE"}, verbs)
        client.login()
        self.assertEqual(client.expect(214, "HELP").lines, before)

    def test_of_a_verb(self):
        client = self.connect()
        for verb in ("USER", "retr", "SITE", "HELP"):
            with self.subTest(verb=verb):
                self.assertIn(verb.upper(), "\n".join(client.expect(214, f"HELP {verb}").lines))

    def test_unknown_verb(self):  # A24
        client = self.connect()
        for verb in ("NOSUCH", "ACIDBITCHEZ", "%s%n", "x" * 4000):
            with self.subTest(verb=verb[:20]):
                self.assertIn(client.command(f"HELP {verb}").code, (501, 502, 504))


if __name__ == "__main__":
    main()
