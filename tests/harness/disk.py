"""What the emulated machine boots from: Debian's cloud kernel, its initrd, and a disk with the Debian of image.py and a
little more, made once and never changed; and a disk with the source tree, made for each machine."""

import os
import shutil
import subprocess
import tempfile

from harness.image import PACKAGES, kept, make
from harness.server import ROOT, build

# "make install" and a service need what is in image.py. Besides: the kernel, what loads its modules, and the clients,
# which are in the machine because nothing else is to be reached from it.
MORE = ("curl", "linux-image-cloud-amd64", "openssl", "python3", "udev", "xfsprogs")
LABEL = "ftphost"
SOURCE_LABEL = "source"
FSTAB = f"LABEL={SOURCE_LABEL} /src ext4 ro,x-systemd.device-timeout=1800 0 0\n"
AGENT = """\
[Unit]
Description=Runs the commands of the tests
RequiresMountsFor=/src

[Service]
ExecStart=/usr/bin/python3 /src/tests/harness/agent.py

[Install]
WantedBy=multi-user.target
"""
# Files of the tree that "make install" does not read; of the build only what it installs, and why it is up to date.
LEFT_OUT = (".git", "build", "__pycache__")
LEFT_OUT_BUILT = ("unit", "tidy", "*.a")


def _make_disk(path, label, folder, megabytes):
    """A file system with what is in the folder; owners and modes are kept. What is not used takes no space."""
    command = ["mke2fs", "-q", "-t", "ext4", "-L", label, "-d", folder, path, f"{megabytes}M"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"mke2fs failed with status {done.returncode}:\n{done.stderr}")


def _make_system(target):
    architecture = subprocess.run(
        ["dpkg", "--print-architecture"], check=True, capture_output=True, text=True
    ).stdout.strip()
    if architecture != "amd64":
        raise RuntimeError(f"the emulated machine is a PC, and this machine has no packages for one: {architecture}")
    target.mkdir()
    root = target / "root"
    make(root, (*PACKAGES, *MORE))
    (root / "src").mkdir()
    (root / "etc" / "fstab").write_text(FSTAB, encoding="ascii")
    (root / "etc" / "systemd" / "system" / "agent.service").write_text(AGENT, encoding="ascii")
    subprocess.run(["systemctl", "--quiet", f"--root={root}", "enable", "agent.service"], check=True)
    for name, link in (("vmlinuz", "vmlinuz"), ("initrd", "initrd.img")):
        # The links in the root are Debian's, and relative.
        shutil.copy(root / link, target / name)
    _make_disk(target / "disk", LABEL, root, 2048)
    shutil.rmtree(root)


def system():
    """The folder with vmlinuz, initrd and disk."""
    return kept("vm", _make_system, *PACKAGES, *MORE, FSTAB, AGENT)


def make_source(path):
    """A disk of the source tree with the present build of it, as the file PATH."""
    with tempfile.TemporaryDirectory() as folder:
        tree = f"{folder}/tree"
        # Times are kept, or make would want to compile.
        shutil.copytree(ROOT, tree, symlinks=True, ignore=shutil.ignore_patterns(*LEFT_OUT))
        built = build().relative_to(ROOT)
        shutil.copytree(ROOT / built, f"{tree}/{built}", symlinks=True, ignore=shutil.ignore_patterns(*LEFT_OUT_BUILT))
        for parent, folders, files in os.walk(tree):
            for name in (*folders, *files):
                os.chown(f"{parent}/{name}", 0, 0, follow_symlinks=False)
        _make_disk(path, SOURCE_LABEL, tree, 512)

