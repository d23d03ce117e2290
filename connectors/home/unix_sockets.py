"""Unix sockets of a home: HTTP over them, and paths within the system's limit.

Only the owner can reach a socket in a folder of mode 0700: no web page, and no other account of the
machine.
"""

import hashlib
import os
import socket
import stat
import tempfile
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

from connectors.errors import ConfigError

# sun_path holds 104 bytes on macOS and 108 on Linux, with the closing zero.
LONGEST_PATH: Final = 103
# Prefix of a socket's address, where an address may also be that of a port.
UNIX: Final = "unix:"


class UnixConnection(HTTPConnection):
    """An HTTP connection to what listens on a Unix socket."""

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket instead of a port."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def socket_path(folder: Path, name: str) -> Path:
    """Return where `name` in a private folder listens, however deep the folder lies."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    # Homes can lie deep; past the limit a short link into the same folder is bound instead.
    path = folder / name
    return path if fits(path) else short_link(folder) / name


def listens_on(path: Path) -> bool:
    """Return whether a process accepts connections on a Unix socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def fits(path: Path) -> bool:
    """Return whether a socket can have this path."""
    return len(os.fsencode(path)) <= LONGEST_PATH


def short_link(target: Path) -> Path:
    """Return a short way to a folder: a link in a private folder of ours."""
    folder = Path(tempfile.gettempdir()) / f"daybook-{os.geteuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    # /tmp is shared: another account may have made this folder first, to receive our sockets.
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o077:
        raise ConfigError(f"{folder} must be a folder of yours with mode 0700: remove it")
    link = folder / hashlib.sha256(os.fsencode(target)).hexdigest()[:12]
    if not link.is_symlink() or link.readlink() != target:
        fresh = folder / f"{link.name}.{os.getpid()}"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(target)
        # Renamed into place, so that two processes starting at once both find a link.
        fresh.replace(link)
    return link
