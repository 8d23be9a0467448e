"""FEAT (RFC 2389): what this server can do beyond RFC 959; each line is true."""

from harness import ServerTest, main


class Feat(ServerTest):
    def features(self, client):
        reply = client.expect(211, "FEAT")
        for line in reply.lines[1:-1]:
            self.assertRegex(line, r"^ [^ ]", reply)  # RFC 2389 section 3.2: exactly one space
        self.assertEqual(reply.lines[-1], "End")  # the same section: no full stop
        return [line[1:] for line in reply.lines[1:-1]]

    def test_before_and_after_login(self):
        client = self.connect()
        before = self.features(client)
        client.login()
        self.assertEqual(self.features(client), before)
        client.expect(501, "FEAT x")

    def test_lines(self):
        found = self.features(self.connect())
        for line in ("EPRT", "EPSV", "MDTM", "MFMT", "SIZE", "REST STREAM", "TVFS", "UTF8", "HOST", "CLNT"):
            self.assertIn(line, found)
        mlst = [line for line in found if line.startswith("MLST ")]
        self.assertEqual(len(mlst), 1, found)
        for fact in ("type", "size", "modify", "perm", "unique", "unix.mode"):
            self.assertRegex(mlst[0].lower(), rf"[ ;]{fact}\*?;")
        hashes = [line for line in found if line.startswith("HASH ")]
        self.assertEqual(len(hashes), 1, found)
        self.assertIn("SHA-256*", hashes[0])

    def test_tls(self):
        """RFC 4217 section 6. Under TLS there is nothing to begin any more."""
        for secure, expected in (("clear", ["AUTH TLS;TLS-C;SSL;TLS-P;", "PBSZ", "PROT"]), ("1.3", ["PBSZ", "PROT"])):
            for begin in (self.connect, self.login):
                found = self.features(begin(secure=secure))
                self.assertEqual([line for line in found if line.startswith(("AUTH", "PROT", "PBSZ"))], expected)

    def test_verbs_named_are_known(self):
        client = self.login()
        for line in self.features(client):
            verb = line.split()[0]
            if verb not in ("TVFS", "UTF8", "RANG", "REST"):
                with self.subTest(verb=verb):
                    self.assertNotIn(client.command(f"HELP {verb}").code, (500, 502, 504))


if __name__ == "__main__":
    main()
