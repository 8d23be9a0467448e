"""Sessions and an administrator that do a bit of everything, so that the logs have most kinds of events.
The server's configuration must have CONFIG."""

ENDS = (
    (213, "MFMT 20260101000000 a"),
    (200, "SITE CHMOD 600 a"),
    (200, "SITE UTIME 202601010000 a"),
    (257, "MKD d"),
    (250, "RMD d"),
    (350, "RNFR a"),
    (250, "RNTO b"),
    (250, "DELE b"),
    (550, "DELE b"),
)


def administrate(server):
    server.ctl("user", "add", "bob", "--password-stdin", text="bob's own 1\n")
    server.ctl("user", "passwd", "bob", "--password-stdin", text="bob's own 2\n")
    for command in (
        ("user", "mod", "bob", "--read-only"),
        ("user", "lock", "bob"),
        ("user", "unlock", "bob"),
        ("user", "expire", "bob", "2030-01-01"),
        ("user", "del", "bob", "--purge", "--yes"),
        ("drain", "--now"),
        ("drain", "--end"),
    ):
        server.ctl(*command)


def kick(test):
    client = test.login(source="127.0.0.4")
    test.server.ctl("kick", "--address", "127.0.0.4")
    client.read(421)
    client.wait()


CONFIG = {"limits": {"per_address": 3}, "login": {"attempts": 3, "failures_per_address": 3}}


def guess(test):
    """Until the address is banned, and then once more."""
    client = test.connect(source="127.0.0.5")
    for code in (530, 530, 421):
        client.expect(331, "USER alice")
        client.expect(code, "PASS wrong")
    client.wait()
    test.connect(source="127.0.0.5", greeting=421).wait()


def misconfigure(test):
    """Somebody connects while the configuration has a mistake."""
    server = test.server
    server.allow_stderr = True
    good = server.config_file.read_text()
    server.config_file.write_text(good + "nosuch: { };\n")
    test.connect().quit()
    server.config_file.write_text(good)


def intrude(test):
    """Strangers who talk nonsense, and are too many."""
    stranger = test.connect(source="127.0.0.2")
    stranger.expect(331, 'USER no"such\\')
    stranger.expect(530, "PASS wrong")
    stranger.expect(500, "NONSENSE")
    stranger.expect(501, b"USER a\0b")
    crowd = [test.connect(source="127.0.0.3") for _ in range(3)]
    test.connect(source="127.0.0.3", greeting=421).wait()
    return [stranger, *crowd]


def break_off(client, command):
    data = client.begin(command)
    data.send(b"123") if command.startswith("STOR") else None
    client.expect(426, "ABOR")
    client.read(226)
    data.close()


def work(test):
    client = test.login()
    client.expect(501, "PORT 192,0,2,1,100,1")
    client.stor("a", b"12345")
    client.stor("a", b"345", rest=2)
    client.retr("a")
    client.list()
    client.expect(213, "HASH a")
    for code, command in ENDS:
        client.expect(code, command)
    test.server.write("big", b"x" * 50_000_000)
    break_off(client, "RETR big")
    break_off(client, "STOR c")
    return client


def do_everything(test):
    """All of that; when it returns, everything is in the logs."""
    administrate(test.server)
    kick(test)
    guess(test)
    misconfigure(test)
    for client in (*intrude(test), work(test)):
        client.quit()
        client.wait()
