"""Log files of cellftpd, parsed by the letter of src/lib/event_format.h and src/lib/xferlog.h: a line that does not
fit raises."""

import json
import re

FILES = ("connections", "auth", "files", "admin", "commands")

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
WORD = re.compile(r"[a-z]+(-[a-z]+)*")
FIELD = re.compile(r' ([a-z_]+)=(?:"((?:[^"\\]|\\["\\]|\\x[0-9a-f]{2})*)"|([^ "]+))')
NUMBERS = ("port", "bytes", "offset", "usec", "reply")
XFERLOG = re.compile(
    r"(?P<time>(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat) (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ 1-3][0-9] "
    r"\d\d:\d\d:\d\d \d{4}) (?P<seconds>[1-9][0-9]*) (?P<remote>[0-9a-f.:]+) (?P<bytes>[0-9]+) (?P<path>\S+) "
    r"(?P<type>[ab]) _ (?P<direction>[iod]) r (?P<user>\S+) ftp 0 \* (?P<completion>[ci])"
)
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


def lines(directory, name):
    """All lines of a file. An unfinished last line raises: a line is one write."""
    try:
        text = (directory / name).read_bytes().decode()
    except FileNotFoundError:
        return []
    if text and not text.endswith("\n"):
        raise MalformedLine(f"unfinished line in {name}: {text[-200:]!r}")
    return text.split("\n")[:-1]


def read(directory, kind):
    """All lines of KIND.log as dicts."""
    return [parse(line, kind) for line in lines(directory, f"{kind}.log")]


def parse_json(line, kind):
    """One line of KIND.jsonl to the dict that parse() makes of the same event."""
    if any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in line):
        raise MalformedLine(f"control character in {kind}.jsonl: {line!r}")
    found = json.loads(line)
    record = {"time": found.pop("time"), "word": found.pop("event")}
    if found.pop("log") != kind or not TIME.fullmatch(record["time"]) or not WORD.fullmatch(record["word"]):
        raise MalformedLine(f"bad beginning in {kind}.jsonl: {line!r}")
    for name, value in found.items():
        if isinstance(value, str) == (name in NUMBERS):
            raise MalformedLine(f"{name} of the wrong type in {kind}.jsonl: {line!r}")
        if name.endswith("_hex"):
            record[name[:-4]] = bytes.fromhex(value).decode(errors="surrogateescape")
        elif f"{name}_hex" not in found:
            record[name] = str(value)
    return record


def read_json(directory, kind):
    """All lines of KIND.jsonl as the dicts that read() returns."""
    return [parse_json(line, kind) for line in lines(directory, f"{kind}.jsonl")]


def read_xferlog(directory):
    """All lines of xferlog as dicts."""
    records = []
    for line in lines(directory, "xferlog"):
        found = XFERLOG.fullmatch(line)
        if not found or any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in line):
            raise MalformedLine(f"no line of xferlog: {line!r}")
        records.append(found.groupdict())
    return records


def matches(record, word, fields):
    """True if the record is of the kind WORD (None: any) and has the FIELDS; None means: has no such one."""
    return (word is None or record["word"] == word) and all(
        record.get(name) == (None if value is None else str(value)) for name, value in fields.items()
    )
