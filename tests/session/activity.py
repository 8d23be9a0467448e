"""Sessions and an administrator that do a bit of everything, so that the logs have most kinds of events."""

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
    server.ctl("user", "del", "bob", "--purge", "--yes")


def intrude(test):
    """Strangers who guess, talk nonsense, and are too many (limits.per_address is 3)."""
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
    for client in (*intrude(test), work(test)):
        client.quit()
        client.wait()
