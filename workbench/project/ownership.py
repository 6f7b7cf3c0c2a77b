"""One writer for a project on a network drive, where SQLite's own locks cannot be relied on."""

import os
import threading
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import ClassVar

import psutil

from workbench.project.owner import Owner

LOCK = "project.lock"

_NETWORK = frozenset(
    ("nfs", "nfs3", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afpfs", "webdav", "9p", "afs", "ncpfs")
)


def on_network_drive(folder: Path) -> bool:
    """Tell whether the folder lies on a drive of another machine, as far as the system says."""
    mounts = [part for part in psutil.disk_partitions(all=True) if PurePath(folder).is_relative_to(part.mountpoint)]
    if not mounts:
        return False
    mount = max(mounts, key=lambda part: len(part.mountpoint))
    kind = mount.fstype.lower()
    return (
        kind in _NETWORK
        or kind.startswith(("fuse.sshfs", "fuse.rclone", "fuse.s3"))
        or "remote" in mount.opts.split(",")
    )


@dataclass
class Ownership:
    """The right to write to a project. The processes that the owner started, and its threads, share it."""

    path: Path
    _held: ClassVar[dict[Path, int]] = {}
    """How many open projects of this process rely on a lock file that it wrote."""
    _guard: ClassVar[threading.Lock] = threading.Lock()

    @classmethod
    def take(cls, folder: Path) -> "Ownership | Owner":
        """Return the right to write to the project in this folder, or the owner who has it."""
        path = folder / LOCK
        with cls._guard:
            if cls._held.get(path):
                cls._held[path] += 1
                return cls(path)
            while True:
                try:
                    with path.open("x", encoding="utf-8") as file:
                        file.write(Owner.here().dumps())
                except FileExistsError:
                    owner = Owner.read(path)
                    if owner is not None and (not owner.on_this_machine or owner.alive()):
                        if owner.on_this_machine and owner.pid in _family():
                            return cls(path)
                        return owner
                    path.unlink(missing_ok=True)  # its process has ended without closing the project
                else:
                    cls._held[path] = 1
                    return cls(path)

    def release(self) -> None:
        """Give the right back. The last project of the process that took it removes the lock file."""
        with self._guard:
            count = self._held.get(self.path, 0)
            if count > 1:
                self._held[self.path] = count - 1
            elif count == 1:
                del self._held[self.path]
                self.path.unlink(missing_ok=True)


def _family() -> set[int]:
    """Return this process and those that started it."""
    return {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
