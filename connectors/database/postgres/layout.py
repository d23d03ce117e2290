"""Files of the embedded server of one home, and their content.

Reading only: nothing here starts, stops or changes anything.
"""

import os
import socket
from dataclasses import dataclass
from pathlib import Path

from connectors.database.postgres.errors import ForeignLock, WrongVersion
from connectors.database.postgres.programs import MAJOR_VERSION
from connectors.errors import ConfigError
from connectors.home.unix_sockets import fits, short_link

PORT = 5432
# The shortest question of the protocol: no password, and nothing in the server's log.
_ASK_FOR_TLS = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")


@dataclass(frozen=True)
class Postmaster:
    """The content of `postmaster.pid`: lines 1, 3 and 8 of it."""

    pid: int
    started: str
    status: str


@dataclass(frozen=True)
class Layout:
    """The files of the server under `home/postgres`; the socket lies in `data`, mode 0700."""

    folder: Path

    @property
    def data(self) -> Path:
        """Return the database cluster."""
        return self.folder / "data"

    @property
    def password_file(self) -> Path:
        """Return the password of the one role, mode 0600."""
        return self.folder / "password"

    @property
    def log_file(self) -> Path:
        """Return what the server says."""
        return self.folder / "server.log"

    @property
    def start_lock(self) -> Path:
        """Return the lock that a process of ours holds while it starts or stops the server."""
        return self.folder / "start.lock"

    @property
    def serving_lock(self) -> Path:
        """Return the lock that the server's own processes hold while one of them lives."""
        return self.folder / "serving.lock"

    @property
    def pid_file(self) -> Path:
        """Return PostgreSQL's own lock file."""
        return self.data / "postmaster.pid"

    @property
    def socket(self) -> Path:
        """Return where clients come in; its name with `.lock` is PostgreSQL's too."""
        return self.data / f".s.PGSQL.{PORT}"

    def exists(self) -> bool:
        """Return whether the cluster was created."""
        return (self.data / "PG_VERSION").exists()

    def password(self) -> str:
        """Return the password; ConfigError when the file is missing or not ours to read."""
        try:
            return self.password_file.read_text().strip()
        except FileNotFoundError:
            raise ConfigError(
                f"{self.password_file} is missing: run `daybook init`, or restore it from a backup"
            ) from None
        except PermissionError:
            raise ForeignLock(_belongs_to_another(self.password_file)) from None

    def postmaster(self) -> Postmaster | None:
        """Return what the lock file says; None without one, or while it is being written."""
        try:
            return _parse_postmaster(self.pid_file.read_text())
        except (OSError, ValueError):
            return None

    def is_running(self) -> bool:
        """Return whether the server is ready and listens; about a millisecond."""
        postmaster = self.postmaster()
        return postmaster is not None and postmaster.status == "ready" and self._answers()

    def socket_folder(self) -> Path:
        """Return the folder a client names as its host.

        A path that is too long for a socket, or that libpq would split, is reached through a
        link in a private folder of ours; the socket itself stays in the home.
        """
        if fits(self.socket) and not set(str(self.data)) & set(",:"):
            return self.data
        return short_link(self.data)

    def check(self) -> None:
        """Refuse a data folder that this version or this account cannot serve."""
        try:
            version = (self.data / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            return
        except PermissionError:
            raise ForeignLock(_belongs_to_another(self.data)) from None
        if os.geteuid() not in {0, self.data.stat().st_uid}:
            raise ForeignLock(_belongs_to_another(self.data))
        if version != MAJOR_VERSION:
            raise WrongVersion(
                f"{self.data} was written by PostgreSQL {version}, this Daybook runs "
                f"{MAJOR_VERSION}: restore a backup of this version or move the data by pg_dump"
            )

    def serves_here(self) -> bool:
        """Return whether the lock file's process lives and works in this folder (Linux)."""
        postmaster = self.postmaster()
        try:
            return postmaster is not None and self.data.samefile(f"/proc/{postmaster.pid}/cwd")
        except OSError:
            return False

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(5)
            try:
                client.connect(str(self.socket_folder() / self.socket.name))
                # A postmaster that is being killed still has a socket, but says nothing more.
                client.sendall(_ASK_FOR_TLS)
                return client.recv(1) in {b"N", b"S"}
            except OSError:
                return False


def serves_elsewhere(postmaster: Postmaster) -> bool:
    """Return whether `postmaster` is a copied lock file of a server that runs elsewhere.

    A pid that was merely given out again says nothing; the same start time in that server's
    own lock file does. Only Linux can tell.
    """
    try:
        other = Path(f"/proc/{postmaster.pid}/cwd/postmaster.pid").read_text()
        return _parse_postmaster(other).started == postmaster.started
    except (OSError, ValueError):
        return False


def _parse_postmaster(text: str) -> Postmaster:
    lines = text.splitlines()
    if len(lines) < 3:
        raise ValueError("a lock file that is being written")
    status = lines[7].strip() if len(lines) > 7 else ""
    return Postmaster(pid=int(lines[0]), started=lines[2].strip(), status=status)


def _belongs_to_another(path: Path) -> str:
    return f"{path} belongs to another account: run daybook as its owner, or give it to yours"
