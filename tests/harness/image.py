"""The Debian that the system tests boot: made once by mmdebstrap from this machine's apt sources, kept in
build/system, never changed. Run as a program it makes the image and prints where it is. disk.py makes another one of
it, with a kernel."""

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "build" / "system"

# What "make install" needs and a service of the kind is run with; nothing to compile with.
PACKAGES = (
    "dbus",
    "iproute2",
    "libconfig9",
    "libcrypt1",
    "libmd0",
    "libpam-modules",
    "libpam-runtime",
    "libpam-systemd",
    "libssl3",
    "logrotate",
    "make",
    "procps",
    "systemd",
    "systemd-sysv",
    "util-linux",
    "zlib1g",
)
# Of apt's settings those that say how to reach an archive, or how far to trust its dates.
APT_OPTIONS = ("Acquire::http", "Acquire::https", "Acquire::Check-", "Acquire::Retries", "Acquire::Force")


def _output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _release():
    for line in Path("/etc/os-release").read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("VERSION_CODENAME="):
            return line.partition("=")[2].strip('"')
    raise RuntimeError("/etc/os-release has no VERSION_CODENAME: the system tests need Debian")


def _sources(release):
    """This machine's sources of its own release, as one-line entries."""
    archives = {}
    for line in _output(
        "apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages"
    ).splitlines():
        uri, suite, component = line.split()
        if suite.partition("-")[0] == release:
            archives.setdefault((uri, suite), set()).add(component)
    if not archives:
        raise RuntimeError(f'apt has no source for {release}; run "apt-get update", or add one')
    return [f"deb {uri} {suite} {' '.join(sorted(parts))}" for (uri, suite), parts in sorted(archives.items())]


def _options():
    lines = _output("apt-config", "dump").splitlines()
    return [line for line in lines if line.startswith(APT_OPTIONS) and not line.endswith(' "";')]


def make(target, packages):
    """Unpacks and configures a Debian of the packages in the directory TARGET."""
    command = ["mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", f"--include={','.join(packages)}"]
    command += [f"--aptopt={line}" for line in _options()]
    command += [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "info", "locale")]
    release = _release()
    done = subprocess.run(
        [*command, "--format=directory", release, target, *_sources(release)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        shutil.rmtree(target, ignore_errors=True)
        raise RuntimeError(f"mmdebstrap failed with status {done.returncode}:\n{done.stderr[-4000:]}")
    # Nothing of this machine: the image's own is chosen when it boots.
    (target / "etc" / "machine-id").write_text("", encoding="ascii")
    (target / "etc" / "hostname").unlink(missing_ok=True)


def kept(kind, build, *parts):
    """The directory KIND-KEY of the folder, the key made of the parts and of where packages come from. If it is not
    there, build(DIRECTORY) makes it and older ones of the kind go; the first of several askers makes it."""
    release = _release()
    key = hashlib.sha256("\n".join([release, *_sources(release), *parts]).encode()).hexdigest()[:16]
    target = FOLDER / f"{kind}-{key}"
    FOLDER.mkdir(parents=True, exist_ok=True)
    with open(FOLDER / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            fresh = target.with_name(target.name + ".new")
            shutil.rmtree(fresh, ignore_errors=True)
            build(fresh)
            fresh.rename(target)
            for old in FOLDER.glob(f"{kind}-*"):
                if old != target:
                    shutil.rmtree(old)
    return target


def image():
    """The directory of the image."""
    return kept("debian", lambda target: make(target, PACKAGES), *PACKAGES)


if __name__ == "__main__":
    print(image())
