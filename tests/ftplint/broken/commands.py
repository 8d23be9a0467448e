"""The broken server's commands: what they take, when they are allowed, what HELP says."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Command:
    """One verb. `argument` is none, optional or required; `login`: only after it; `offered`: not just refused."""

    verb: str
    argument: str
    login: bool
    help: str
    offered: bool = True


def _table(*rows):
    return {row[0]: Command(*row) for row in rows}


COMMANDS = _table(
    ("ABOR", "none", True, "ABOR: end the transfer that runs"),
    ("ACCT", "optional", False, "ACCT", False),
    ("ALLO", "required", True, "ALLO bytes: announce the size of the next upload"),
    ("APPE", "required", True, "APPE path: upload, behind what is there"),
    ("AUTH", "required", False, "AUTH TLS: begin TLS"),
    ("AVBL", "optional", True, "AVBL: how many bytes can still be stored"),
    ("CCC", "none", False, "CCC: end TLS on the control connection (refused)"),
    ("CDUP", "none", True, "CDUP: go to the directory above"),
    ("CLNT", "required", False, "CLNT name: say which client it is"),
    ("CWD", "required", True, "CWD path: go to a directory"),
    ("DELE", "required", True, "DELE path: delete a file"),
    ("EPRT", "required", True, "EPRT |family|address|port|: where to open the data connection"),
    ("EPSV", "optional", True, "EPSV [1|2|ALL]: wait for the data connection"),
    ("FEAT", "none", False, "FEAT: list the extensions"),
    ("HASH", "required", True, "HASH path: the checksum of a file"),
    ("HELP", "optional", False, "HELP [verb]: list or explain the commands"),
    ("HOST", "required", False, "HOST name: the name under which the server is wanted"),
    ("LANG", "optional", False, "LANG [tag]: the language of the replies"),
    ("LIST", "optional", True, "LIST [path]: list a directory"),
    ("MDTM", "required", True, "MDTM path: the time of the last change"),
    ("MFF", "required", True, "MFF fact=value; path: change facts"),
    ("MFMT", "required", True, "MFMT time path: set the time of the last change"),
    ("MKD", "required", True, "MKD path: make a directory"),
    ("MLSD", "optional", True, "MLSD [path]: list a directory with facts"),
    ("MLST", "optional", True, "MLST [path]: the facts of one name"),
    ("MODE", "required", True, "MODE S"),
    ("NLST", "optional", True, "NLST [path]: list names"),
    ("NOOP", "optional", False, "NOOP: do nothing"),
    ("OPTS", "required", False, "OPTS verb [options]"),
    ("PASS", "optional", False, "PASS password"),
    ("PASV", "none", True, "PASV: wait for the data connection"),
    ("PBSZ", "required", False, "PBSZ 0"),
    ("PORT", "required", True, "PORT h1,h2,h3,h4,p1,p2: where to open the data connection"),
    ("PROT", "required", False, "PROT C|P: data in clear or under TLS"),
    ("PWD", "none", True, "PWD: the present directory"),
    ("QUIT", "none", False, "QUIT: end the session"),
    ("RANG", "required", True, "RANG first last: the part of a file that is meant"),
    ("REIN", "none", False, "REIN", False),
    ("REST", "required", True, "REST offset: where the next transfer begins"),
    ("RETR", "required", True, "RETR path: download a file"),
    ("RMD", "required", True, "RMD path: remove a directory"),
    ("RNFR", "required", True, "RNFR path: what is to be renamed"),
    ("RNTO", "required", True, "RNTO path: the new name"),
    ("SITE", "required", False, "SITE command: see SITE HELP"),
    ("SIZE", "required", True, "SIZE path: the size of a file"),
    ("SMNT", "optional", False, "SMNT", False),
    ("STAT", "optional", True, "STAT [path]: the state, or a listing"),
    ("STOR", "required", True, "STOR path: upload a file"),
    ("STOU", "optional", True, "STOU: upload a file under a name of its own"),
    ("STRU", "required", True, "STRU F"),
    ("SYST", "none", False, "SYST: the kind of system"),
    ("TYPE", "required", True, "TYPE A|A N|I|L 8"),
    ("USER", "required", False, "USER name"),
    ("XCRC", "required", True, "XCRC path: CRC-32 of a file"),
    ("XCUP", "none", True, "XCUP: CDUP"),
    ("XCWD", "required", True, "XCWD path: CWD"),
    ("XMD5", "required", True, "XMD5 path: MD5 of a file"),
    ("XMKD", "required", True, "XMKD path: MKD"),
    ("XPWD", "none", True, "XPWD: PWD"),
    ("XRMD", "required", True, "XRMD path: RMD"),
    ("XSHA1", "required", True, "XSHA1 path: SHA-1 of a file"),
    ("XSHA256", "required", True, "XSHA256 path: SHA-256 of a file"),
)

# Answered at once while a transfer runs; ABOR is too, and ends it.
MID_TRANSFER = (b"NOOP", b"STAT")

HTTP = ("GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "CONNECT", "PATCH", "TRACE")
