"""Runs in the machine: one session that uploads files, as USER PASSWORD and then STOR or APPE, NAME and SIZE for each.
Prints the last reply to each as JSON; a client that does not stop at a closed data connection. Not a test."""

import contextlib
import ftplib
import json
import sys


def upload(client, command, size):
    """The reply that decides, whether it comes before the data or after."""
    try:
        data = client.transfercmd(command)
    except ftplib.Error as error:
        return str(error)
    with contextlib.suppress(ConnectionError), data:
        data.sendall(b"x" * size)
    try:
        return client.voidresp()
    except ftplib.Error as error:
        return str(error)


def main():
    user, password, *jobs = sys.argv[1:]
    client = ftplib.FTP()
    client.connect("127.0.0.1", timeout=900)
    client.login(user, password)
    client.voidcmd("TYPE I")
    found = [upload(client, f"{verb} {name}", int(size)) for verb, name, size in zip(*[iter(jobs)] * 3)]
    print(json.dumps(found))
    client.quit()


if __name__ == "__main__":
    main()
