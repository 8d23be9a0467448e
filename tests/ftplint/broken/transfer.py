"""Transfers of files: RETR, STOR, APPE, STOU, and what comes before them."""

import os
import re
import secrets

from .control import Ended
from .data import Aborted
from .files import system_error
from .refusal import Refusal

CHUNK = 65536
NUMBER = re.compile(rb"[0-9]{1,19}")


def number(text, verb):
    """A number of bytes, up to 2^63 - 1."""
    if not NUMBER.fullmatch(text) or int(text) >= 1 << 63:
        raise Refusal(501, f"{verb} needs a number of bytes.")
    return int(text)


class Transfers:
    """A part of Session."""

    def init_transfers(self):
        """Nothing was asked for."""
        self.restart = None
        self.range_end = None
        self.half = b""  # a CR of text whose LF is still to come

    # before

    def do_rest(self, argument):
        """RFC 3659, section 5."""
        self.restart, self.range_end = number(argument, "REST"), None
        self.reply(350, f"The next transfer begins at byte {self.restart}.")

    def do_rang(self, argument):
        """A part of a file."""
        words = argument.split(b" ")
        if len(words) != 2:
            raise Refusal(501, "RANG needs two numbers.")
        first, last = number(words[0], "RANG"), number(words[1], "RANG")
        if (first, last) == (1, 0):
            self.restart = self.range_end = None
            return self.reply(350, "The next command means the whole file.")
        if first > last:
            raise Refusal(501, "The first byte cannot come after the last.")
        self.restart, self.range_end = first, last
        return self.reply(350, f"The next command means bytes {first} to {last}.")

    def do_allo(self, argument):
        """Room for the next upload."""
        words = argument.split(b" ")
        size = number(words[0], "ALLO")
        if len(words) not in (1, 3) or (len(words) == 3 and words[1].upper() != b"R"):
            raise Refusal(501, "ALLO needs a number of bytes.")
        if size > self.server.free(self.user):
            raise Refusal(552, f"There is no room for that: {self.server.free(self.user)} bytes can still be stored.")
        self.reply(200, f"The next upload may have {size} bytes.")

    def restart_within(self, size):
        """The first byte of the transfer, which is not beyond the file's end."""
        offset = self.restart or 0
        if (offset or self.range_end is not None) and self.type != "I":
            raise Refusal(501, "REST and RANG need TYPE I.")
        if offset > size:
            raise Refusal(554, f"The file has {size} bytes only.")
        return offset

    # the frame of all transfers

    def transfer(self, text, work):
        """Opens the data connection, lets WORK use it and return the last words, and answers."""
        try:
            self.open_data(text)
            words = work()
            self.end_data()
            self.reply(226, words)
        except Aborted:
            self.abort_data()
        except Refusal:
            self.close_data()
            raise
        finally:
            self.forget_data()
            self.close_data()

    def end_data(self):
        """The data is whole: close it, then say so."""
        self.close_data()

    def abort_data(self):
        """After ABOR: one reply for the transfer, one for ABOR."""
        self.close_data()
        self.reply(426, "Transfer aborted.")
        self.reply(226, "Aborted.")

    def do_abor(self, _):
        """Without a transfer."""
        self.forget_data()
        self.reply(226, "No transfer is running.")

    # downloads

    def do_retr(self, argument):
        """A file to the client."""
        self.need_data()
        try:
            _, real, status = self.regular(argument)
            offset = self.restart_within(status.st_size)
            file = self.open_file(real)
        except (OSError, Refusal):
            self.forget_data()
            raise
        with file:
            file.seek(offset)
            end = status.st_size if self.range_end is None else min(self.range_end + 1, status.st_size)
            self.transfer(f"Sending {status.st_size} bytes.", lambda: self.download(file, end))

    def download(self, file, end):
        """Sends the file up to END."""
        while (left := end - file.tell()) > 0 and (chunk := file.read(min(CHUNK, left))):
            self.send_data(self.to_network(chunk))
        return "File sent."

    def to_network(self, chunk):
        """In TYPE A lines end in CR LF."""
        return chunk.replace(b"\n", b"\r\n") if self.type == "A" else chunk

    # uploads

    def do_stor(self, argument):
        """A file from the client."""
        self.upload(argument, append=False)

    def do_appe(self, argument):
        """The same, behind what is there."""
        self.upload(argument, append=True)

    def do_stou(self, _):
        """The same under a name of ours."""
        name = b"upload-" + secrets.token_hex(8).encode()
        self.upload(name, append=False, text=f"FILE: {name.decode()}")

    def upload(self, argument, append, text="Receiving."):
        """All of them."""
        self.need_data()
        try:
            real, old = self.upload_target(argument)
            if append and self.restart:
                raise Refusal(501, "REST and APPE do not go together.")
            keep = None if append else self.restart_within(old)
        except (OSError, Refusal):
            self.forget_data()
            raise
        self.half = b""
        temporary = self.server.temporary()
        try:
            self.transfer(text, lambda: self.receive_file(temporary, real, keep, old))
        finally:
            if os.path.exists(temporary):
                os.unlink(temporary)

    def upload_target(self, argument):
        """The real path, and how much is there already."""
        path = self.virtual(argument)
        real = self.real(path)
        above = os.path.dirname(real)
        if argument.endswith(b"/") or os.path.isdir(real):
            raise Refusal(550, "Is a directory.")
        if not os.path.isdir(above):
            raise system_error(20 if os.path.exists(above) else 2)
        if os.path.lexists(real) and not os.path.isfile(real):
            raise Refusal(550, "Not possible with this file.")
        return real, os.path.getsize(real) if os.path.exists(real) else 0

    def receive_file(self, temporary, real, keep, old):
        """Into TEMPORARY, of which nobody knows; in the end it takes the place of REAL, of whose OLD bytes it keeps the
        first KEEP; None: whatever there is then."""
        append = keep is None
        limit = None if append or self.range_end is None else self.range_end + 1 - keep
        with open(temporary, "wb") as file:
            os.fchmod(file.fileno(), 0o640 & ~self.umask)
            if keep:
                with self.open_file(real) as before:
                    file.write(before.read(keep))
            try:
                while data := self.receive_data():
                    self.take_data(file, data, 0 if append else old, limit)
                self.check_end()
                file.write(self.half)
                file.flush()
                with self.server.lock:
                    if append:
                        self.put_before(real, temporary)
                    self.server.change(self.user, lambda: os.rename(temporary, real), real, temporary)
            finally:
                self.server.release(self.user, file)
        return "File received."

    def put_before(self, real, temporary):
        """What is at REAL now comes before what is in TEMPORARY: two may append at once."""
        if os.path.exists(real):
            with self.open_file(real) as before, open(temporary, "rb+") as file:
                added = file.read()
                file.seek(0)
                file.write(before.read() + added)

    def take_data(self, file, data, old, limit):
        """Writes what came, if the quota allows it."""
        data = self.from_network(data)
        if limit is not None:
            data = data[: max(0, limit)]
        self.server.reserve(self.user, file, file.tell() + len(data) - old)
        file.write(data)

    def check_end(self):
        """A file is whole only if the client has ended the connection as it should."""
        if self.data.ended != "closed":
            raise Refusal(426, "The data connection was lost; the file was not stored.")

    def from_network(self, data):
        """In TYPE A, CR LF becomes LF."""
        if self.type != "A":
            return data
        data, self.half = self.half + data, b""
        if data.endswith(b"\r"):
            data, self.half = data[:-1], b"\r"
        return data.replace(b"\r\n", b"\n")
