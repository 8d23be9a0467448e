"""Log lines of cellftpd, parsed by the letter of src/lib/event.h: one that does not fit raises."""

import re

FILES = ("connections", "auth", "files", "admin")

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
WORD = re.compile(r"[a-z]+(-[a-z]+)*")
FIELD = re.compile(r' ([a-z_]+)=(?:"((?:[^"\\]|\\["\\]|\\x[0-9a-f]{2})*)"|([^ "]+))')
ESCAPE = re.compile(rb'\\(?:x([0-9a-f]{2})|(["\\]))')


class MalformedLine(AssertionError):
    """A line in a log file that is not one."""


def unquote(text):
    """The original of a quoted value; bytes that are not UTF-8 come back as surrogates (os.fsdecode)."""
    raw = ESCAPE.sub(lambda m: bytes([int(m[1], 16)]) if m[1] else m[2], text.encode())
    return raw.decode(errors="surrogateescape")


def parse(line, kind):
    """One line (without its newline) of KIND.log to a dict: "time", "word" and the fields, all strings."""
    if any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in line):
        raise MalformedLine(f"control character in {kind}.log: {line!r}")
    parts = line.split(" ", 3)
    if len(parts) < 3 or not TIME.fullmatch(parts[0]) or parts[1] != kind or not WORD.fullmatch(parts[2]):
        raise MalformedLine(f"bad beginning in {kind}.log: {line!r}")
    record = {"time": parts[0], "word": parts[2]}
    rest = " " + parts[3] if len(parts) == 4 else ""
    position = 0
    while position < len(rest):
        field = FIELD.match(rest, position)
        if not field:
            raise MalformedLine(f"bad field in {kind}.log at {rest[position:]!r}: {line!r}")
        name = field[1]
        if name in record:
            raise MalformedLine(f"field {name} twice in {kind}.log: {line!r}")
        if name == "remote" and "user" in record:
            raise MalformedLine(f"remote after user in {kind}.log: {line!r}")
        record[name] = field[3] if field[2] is None else unquote(field[2])
        position = field.end()
    return record


def read(directory, kind):
    """All lines of KIND.log as dicts. An unfinished last line raises: a line is one write."""
    try:
        text = (directory / f"{kind}.log").read_bytes().decode()
    except FileNotFoundError:
        return []
    if text and not text.endswith("\n"):
        raise MalformedLine(f"unfinished line in {kind}.log: {text[-200:]!r}")
    return [parse(line, kind) for line in text.split("\n")[:-1]]


def matches(record, word, fields):
    """True if the record is of the kind WORD (None: any) and has the FIELDS; None means: has no such one."""
    return (word is None or record["word"] == word) and all(
        record.get(name) == (None if value is None else str(value)) for name, value in fields.items()
    )
