"""Paths: what a client names, and where that lies. Every access of the session goes through real()."""

import errno
import os
import re
import stat

from .refusal import Refusal

MAKING = ("MKD", "XMKD", "STOR", "APPE", "STOU", "RNTO")
CONTROL_BYTES = re.compile(rb"[\x00-\x1f\x7f]")


def system_error(number):
    """An OSError like the system's."""
    return OSError(number, os.strerror(number))


def quoted(path):
    """As RFC 959, appendix II wants it in 257."""
    return '"' + path.decode("utf-8", "surrogateescape").replace('"', '""') + '"'


def real_path(path):
    """As os.path.realpath(), which asks about each component by itself: the kernel knows where it has come to."""
    try:
        handle = os.open(path, os.O_PATH)
    except OSError:
        return os.path.realpath(path)
    try:
        return os.readlink(b"/proc/self/fd/%d" % handle)
    finally:
        os.close(handle)


class Files:
    """A part of Session. Virtual paths are bytes, absolute, without . and .., and "/" is the user's folder."""

    def init_files(self):
        """Nowhere yet."""
        self.cwd = b"/"
        self.rename_from = None

    # paths

    def virtual(self, argument):
        """The virtual path that ARGUMENT means."""
        parts = [] if argument.startswith(b"/") else self.cwd.split(b"/")
        parts = [part for part in parts if part]
        for part in argument.split(b"/"):
            if part == b"..":
                self.must_be_directory(parts)
                parts = self.parent(parts)
            elif part not in (b"", b"."):
                self.check_name(part)
                parts.append(part)
        path = b"/" + b"/".join(parts)
        if len(path) > 4095:
            raise system_error(errno.ENAMETOOLONG)
        if argument.endswith((b"/", b"/.")) and os.path.isfile(self.real(path)):
            raise system_error(errno.ENOTDIR)
        return path

    @staticmethod
    def parent(parts):
        """One up, but not above the root."""
        return parts[:-1]

    def must_be_directory(self, parts):
        """.. leads nowhere from what is none."""
        path = self.real(b"/" + b"/".join(parts))
        if not os.path.isdir(path):
            raise system_error(errno.ENOTDIR if os.path.exists(path) else errno.ENOENT)

    def check_name(self, name):
        """Refuses what a listing could not show, and what no file system takes."""
        making = self.verb in MAKING
        if len(name) > 255 or CONTROL_BYTES.search(name):
            raise Refusal(553, "File name not allowed.") if making else system_error(errno.ENOENT)

    def real(self, path, follow=True):
        """Where the virtual PATH lies; links do not lead out of the user's folder."""
        root = self.user.root
        whole = root + path.rstrip(b"/")
        if whole == root:
            return root
        above = real_path(os.path.dirname(whole))
        self.check_inside(root, above)
        whole = above + b"/" + os.path.basename(whole)
        if follow and os.path.islink(whole):
            whole = os.path.realpath(whole)
            self.check_inside(root, whole)
        return whole

    @staticmethod
    def check_inside(root, path):
        """What lies outside does not exist."""
        if path != root and not path.startswith(root + b"/"):
            raise system_error(errno.ENOENT)

    def open_above(self, real):
        """A descriptor of the directory that REAL is in; nobody swaps a directory for a link on the way."""
        root = self.user.root
        handle = os.open(root, os.O_PATH | os.O_DIRECTORY)
        for part in os.path.dirname(real)[len(root) :].split(b"/"):
            if part:
                above = handle
                try:
                    handle = os.open(part, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=above)
                finally:
                    os.close(above)
        return handle

    def open_file(self, real):
        """The file at REAL, to be read."""
        above = self.open_above(real)
        try:
            flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW
            file = os.fdopen(os.open(os.path.basename(real), flags, dir_fd=above), "rb")
        finally:
            os.close(above)
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            file.close()
            raise Refusal(550, "Not possible with this file.")
        return file

    def existing(self, argument, follow=True):
        """The virtual path, the real one and the status of what ARGUMENT names."""
        path = self.virtual(argument)
        real = self.real(path, follow)
        return path, real, os.lstat(real)

    def regular(self, argument):
        """The same for a file; refuses what is none, and a file that others have too."""
        path, real, status = self.existing(argument)
        if os.path.isdir(real):
            raise system_error(errno.EISDIR)
        if not os.path.isfile(real) or status.st_nlink > 1:
            raise Refusal(550, "Not possible with this file.")
        return path, real, status

    def not_the_top(self, path):
        """The user's folder itself stays."""
        if path == b"/":
            raise Refusal(550, "Not possible with this directory: it is the top of your folder.")

    # directories

    def do_pwd(self, _):
        """Where we are."""
        self.reply(257, f"{quoted(self.cwd)} is the present directory.")

    def do_cwd(self, argument):
        """Go somewhere."""
        path = self.virtual(argument)
        real = self.real(path)
        if not os.path.isdir(real):
            raise system_error(errno.ENOTDIR if os.path.exists(real) else errno.ENOENT)
        self.cwd = path
        self.reply(250, f"{quoted(path)} is the present directory.")

    def do_cdup(self, _):
        """Go up."""
        self.do_cwd(b"..")

    def do_mkd(self, argument):
        """Make a directory."""
        path = self.virtual(argument)
        os.mkdir(self.real(path), 0o750)
        self.reply(257, f"{quoted(path)} was made.")

    def do_rmd(self, argument):
        """Remove one that is empty."""
        path, real, _ = self.existing(argument, follow=False)
        self.not_the_top(path)
        os.rmdir(real)
        self.reply(250, "Directory removed.")

    do_xpwd, do_xcwd, do_xcup, do_xmkd, do_xrmd = do_pwd, do_cwd, do_cdup, do_mkd, do_rmd

    # files

    def do_dele(self, argument):
        """Delete a file."""
        path, real, _ = self.existing(argument, follow=False)
        self.not_the_top(path)
        if os.path.isdir(real) and not os.path.islink(real):
            raise system_error(errno.EISDIR)
        self.server.change(self.user, lambda: os.unlink(real), real)
        self.reply(250, "File deleted.")

    def do_rnfr(self, argument):
        """The first half of a renaming."""
        path, real, _ = self.existing(argument, follow=False)
        self.not_the_top(path)
        self.rename_from = real
        self.reply(350, "Send RNTO with the new name.")

    def do_rnto(self, argument):
        """The second."""
        if not self.rename_from:
            raise Refusal(503, "Send RNFR first.")
        self.rename(self.rename_from, self.real(self.virtual(argument), follow=False))
        self.reply(250, "Renamed.")

    def rename(self, old, new):
        """A file may take the place of a file, nothing the place of a directory."""
        if os.path.isdir(new) or (os.path.isdir(old) and os.path.exists(new)):
            raise Refusal(553, "That name exists already.")
        if os.path.abspath(new) != os.path.abspath(old):
            self.server.change(self.user, lambda: os.rename(old, new), new)
