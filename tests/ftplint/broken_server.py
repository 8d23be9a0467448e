#!/usr/bin/env python3
"""An FTP server whose faults can be switched on, one by one, to prove that ftplint finds each of them.

    tests/ftplint/broken_server.py [--fault NAME ...] [--port N] [--tls-port N] [--directory DIR] [--quota BYTES]
    tests/ftplint/broken_server.py --list

Without a fault it is a correct and complete server: ftplint finds nothing. It prints "PORT TLS-PORT DIRECTORY" when it
serves: clear and AUTH TLS, implicit TLS, and where the folders are (homes/alice for --local). Accounts: alice, bob, and
the administrator boss; the passwords are "secret alice" and so on. It ends when a pipe that is its standard input does, or by a signal.

How to add a fault stands in broken/faults.py; what can be replaced are the methods of broken/session.py and its parts:
control.py (lines, replies, what runs during a transfer), login.py, files.py (paths), data.py (data connections),
security.py (TLS), transfer.py, listing.py, settings.py (FEAT, TYPE, sizes, times, checksums), site.py. In all of them a
verb's handler is do_VERB(argument), with bytes; a refusal is raised: Refusal(550, "Text.").
"""

import argparse
import contextlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
from broken import faults  # pylint: disable=wrong-import-position
from broken.server import Server  # pylint: disable=wrong-import-position
from broken.session import Session  # pylint: disable=wrong-import-position


def make_certificate(directory):
    """A certificate and its key for localhost, and the authority that signed it: ca.pem."""
    common = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "365")
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1"
    for arguments in (
        ("-subj", "/CN=ftplint tests", "-keyout", "ca.key", "-out", "ca.pem"),
        (
            *("-CA", "ca.pem", "-CAkey", "ca.key", "-subj", "/CN=localhost", "-addext", names),
            *("-addext", "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=serverAuth"),
            *("-keyout", "key.pem", "-out", "certificate.pem"),
        ),
    ):
        subprocess.run(["openssl", "req", "-x509", *common, *arguments], check=True, cwd=directory, capture_output=True)


@contextlib.contextmanager
def work_directory(given):
    """A new one, removed in the end, unless one is GIVEN."""
    if given:
        os.makedirs(given, exist_ok=True)
        yield given
        return
    directory = tempfile.mkdtemp(prefix="ftplint-broken-")
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def start(directory, names, certificates, ports=(0, 0), quota=64 << 20):
    """A server in DIRECTORY with the faults NAMES and with certificate.pem and key.pem of the folder CERTIFICATES; returns
    its ports: in clear, and for implicit TLS."""
    made = faults.session_class(Session, names)
    server = Server(directory, made, certificates / "certificate.pem", certificates / "key.pem", quota)
    return server.listen(ports[0]), server.listen(ports[1], implicit=True)


def main():
    """Serves."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--fault", action="append", default=[], choices=sorted(faults.load()), metavar="NAME")
    parser.add_argument("--list", action="store_true", help="the faults and what catches them")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tls-port", type=int, default=0)
    parser.add_argument("--directory")
    parser.add_argument("--certificates", help="a directory with certificate.pem and key.pem")
    parser.add_argument("--quota", type=int, default=64 << 20)
    options = parser.parse_args()
    if options.list:
        for each in faults.load().values():
            print(f"{each.name:32} {each.sentence} ({', '.join(each.tests)})")
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with work_directory(options.directory) as directory:
        certificates = Path(options.certificates or directory)
        if not (certificates / "certificate.pem").exists():
            make_certificate(certificates)
        ports = start(directory, options.fault, certificates, (options.port, options.tls_port), options.quota)
        print(*ports, directory, flush=True)
        while not stat.S_ISFIFO(os.fstat(0).st_mode):
            signal.pause()
        while os.read(0, 4096):
            pass


if __name__ == "__main__":
    main()
