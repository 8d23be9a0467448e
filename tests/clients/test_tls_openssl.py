"""openssl s_client, for what no FTP client does: reconnecting, tickets kept in a file, SNI, ALPN."""

from harness import TlsClientTest, main


class OpensslSClient(TlsClientTest):
    def s_client(self, *arguments, text="QUIT\n", implicit=False, **expected):
        """s_client with a terminal's patience: its input ends with the server's goodbye."""
        port = self.implicit_port if implicit else self.port
        return self.run_client(
            *("openssl", "s_client", "-connect", f"127.0.0.1:{port}", *(() if implicit else ("-starttls", "ftp"))),
            *("-CAfile", self.authority, "-verify_return_error", "-verify_ip", "127.0.0.1", "-crlf", *arguments),
            text=text,
            **expected,
        )

    def test_a_session(self):
        for version in ("-tls1_2", "-tls1_3"):
            for implicit in (False, True):
                with self.subTest(version=version, implicit=implicit):
                    output = self.s_client(
                        *(version, "-ign_eof"), text=f"USER alice\nPASS {self.password}\nPWD\nQUIT\n", implicit=implicit
                    )
                    self.assertIn('257 "/"', output)
                    self.assertRegex(output, r"(?m)^221 ")
                    self.assertIn("Verify return code: 0 (ok)", output)

    def test_reconnect(self):
        # Each is a login of its own, so that none resumes what another one had; all of them are served.
        output = self.s_client("-tls1_2", "-reconnect")
        self.assertEqual(output.count("New, TLSv1.2"), 6, output)
        self.assertNotIn("Reused", output)

    def test_a_ticket_of_another_login(self):
        """It opens no control connection; and under TLS 1.3 there is none before the login."""
        for version in ("-tls1_2", "-tls1_3"):
            with self.subTest(version=version):
                kept = self.local / f"session{version}"
                self.s_client(version, "-ign_eof", "-sess_out", kept, text="NOOP\nQUIT\n")
                self.assertEqual(kept.exists(), version == "-tls1_2")
                text = f"USER alice\nPASS {self.password}\nQUIT\n"
                self.s_client(version, "-ign_eof", "-sess_out", kept, text=text)
                output = self.s_client(version, "-ign_eof", "-sess_in", kept, text="NOOP\nQUIT\n")
                self.assertRegex(output, "(?m)^New, TLS")
                self.assertNotIn("Reused", output)
                self.assertRegex(output, r"(?m)^221 ")

    def test_the_name_and_the_protocol(self):
        output = self.s_client("-servername", "ftp.example", "-alpn", "ftp", "-ign_eof")
        self.assertIn("ALPN protocol: ftp", output)
        output = self.s_client("-alpn", "http/1.1", status=1)
        self.assertIn("alert no application protocol", output)


if __name__ == "__main__":
    main()
