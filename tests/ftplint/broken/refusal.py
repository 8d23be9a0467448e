"""Why a command is refused: a code and a text."""

import errno

REASONS = {
    errno.ENOENT: (550, "No such file or directory."),
    errno.ENOTDIR: (550, "Not a directory."),
    errno.EISDIR: (550, "Is a directory."),
    errno.EEXIST: (550, "That name exists already."),
    errno.ENOTEMPTY: (550, "The directory is not empty."),
    errno.ENAMETOOLONG: (550, "File name too long."),
    errno.EACCES: (550, "Permission denied."),
    errno.EPERM: (550, "Permission denied."),
    errno.ELOOP: (550, "No such file or directory."),
    errno.ENOSPC: (452, "The disk is full."),
    errno.EDQUOT: (552, "The quota is used up."),
}


class Refusal(Exception):
    """Ends a command with this reply."""

    def __init__(self, code, text):
        super().__init__(code, text)
        self.code, self.text = code, text


def refusal_of(error):
    """What the client is told of an OSError."""
    return Refusal(*REASONS.get(error.errno, (550, "Not possible with this file.")))
