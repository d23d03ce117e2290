"""Files of the embedded server of one home, and their content.

Reading only: nothing here starts, stops or changes anything.
"""

import errno
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from connectors.database.postgres.errors import ForeignLock, WrongVersion
from connectors.database.postgres.programs import MAJOR_VERSION
from connectors.errors import ConfigError, summary
from connectors.home.settings import Settings
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


class Layout:
    """The files of the server of a home; the socket lies in `data`, mode 0700."""

    def __init__(self, settings: Settings) -> None:
        self.home = settings.home
        self.folder = settings.postgres_folder
        self.data = self.folder / "data"
        self.password_file = self.folder / "password"
        self.log_file = self.folder / "server.log"
        # Held by a process of ours while it starts or stops the server ...
        self.start_lock = self.folder / "start.lock"
        # ... and by the server's own processes for as long as one of them lives.
        self.serving_lock = self.folder / "serving.lock"
        self.pid_file = self.data / "postmaster.pid"
        self.socket = self.data / f".s.PGSQL.{PORT}"

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
        except PermissionError as error:
            raise ForeignLock(summary(error)) from None

    def postmaster(self) -> Postmaster | None:
        """Return what the lock file says; None without one, or while it is being written."""
        return _postmaster(self.pid_file)

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
        if not self.exists():
            return
        if os.geteuid() not in {0, self.data.stat().st_uid}:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self.data))
        version = (self.data / "PG_VERSION").read_text().strip()
        if version != MAJOR_VERSION:
            raise WrongVersion(
                f"{self.data} was written by PostgreSQL {version}, this Daybook runs "
                f"{MAJOR_VERSION}: restore a backup of this version or move the data by pg_dump"
            )

    def server_folder(self) -> Path | None:
        """Return the folder that the server of the lock file works in; None where it is gone.

        It is another one where a home was copied while its server ran. A pid that was merely
        given out again says nothing; the same start time in that server's own lock file does.
        Only Linux can tell.
        """
        ours = self.postmaster()
        folder = Path(f"/proc/{ours.pid if ours else 0}/cwd")
        theirs = _postmaster(folder / self.pid_file.name)
        return folder if ours and theirs and ours.started == theirs.started else None

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


def _postmaster(pid_file: Path) -> Postmaster | None:
    try:
        lines = [line.strip() for line in pid_file.read_text().splitlines()]
        # PostgreSQL writes the status last; a server that is starting has none yet.
        return Postmaster(int(lines[0]), lines[2], lines[7] if len(lines) > 7 else "")
    except (OSError, ValueError, IndexError):
        return None
