"""Runs in the emulated machine, as root, and executes what the tests ask for: a line of JSON from the harness, a line
of JSON back. The first line that it sends says that the machine is up. emulator.py is the other end."""

import json
import os
import signal
import subprocess

PORT = "/dev/virtio-ports/agent"
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "PAGER": "cat", "TERM": "dumb"}


def execute(command, text, timeout):
    """The command's status and output; the status is None if it had to be killed when the time was over."""
    try:
        running = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        return {"status": 127, "out": "", "errors": str(error)}
    try:
        out, errors = running.communicate(text, timeout)
    except subprocess.TimeoutExpired:
        os.killpg(running.pid, signal.SIGKILL)
        out, errors = running.communicate()
        return {"status": None, "out": out, "errors": errors}
    return {"status": running.returncode, "out": out, "errors": errors}


def send(port, message):
    left = json.dumps(message).encode() + b"\n"
    while left:
        left = left[os.write(port, left) :]


def main():
    port = os.open(PORT, os.O_RDWR | os.O_CLOEXEC)
    send(port, {"kernel": os.uname().release})
    pending = b""
    while received := os.read(port, 1 << 16):
        *requests, pending = (pending + received).split(b"\n")
        for request in requests:
            send(port, execute(**json.loads(request)))


if __name__ == "__main__":
    main()
