"""The one settings object: every `DAYBOOK_*` variable, and every path of a home.

Nothing else in Daybook reads the environment. A path that code needs is a property here, so
that the layout of a home can be read in one place.
"""

import re
from datetime import date
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


def default_home() -> Path:
    """Return `~/.daybook`, the default home."""
    return Path.home() / ".daybook"


# Names that only a network of one's own knows (RFC 6761, 6762, 8375).
_LOCAL_NAMES = (".localhost", ".local", ".internal", ".lan", ".home.arpa")


class Settings(BaseSettings):
    """Folders and behaviour of Daybook, read from `DAYBOOK_*`.

    `home` holds everything that must be backed up. `database_url` replaces the embedded
    PostgreSQL server. `lake` may move the Parquet files and documents elsewhere. `master_key`
    replaces the key file. `endpoints` is a JSON file of hosts that replace the platforms' own.
    `public_url` is the console's address in a browser: platforms redirect sellers to it.
    `allowed_private_hosts`, separated by commas, are stores on one's own network.
    `webhook_body_days` is how long the bodies of webhooks are held, which name buyers.
    """

    model_config = SettingsConfigDict(env_prefix="DAYBOOK_", extra="ignore", frozen=True)

    home: Path = Field(default_factory=default_home)
    database_url: SecretStr | None = None
    master_key: SecretStr | None = None
    lake: str | None = None
    endpoints: Path | None = None
    public_url: str = "http://localhost:8080"
    allowed_private_hosts: str = ""
    webhook_body_days: int = Field(default=7, ge=1, le=90)
    # Bounds the partitions that Dagster lists, and catches years that were misread.
    first_day: date = date(2015, 1, 1)
    # A payout that no bank statement shows so many days after its day is late.
    late_deposit_days: int = Field(default=7, ge=1, le=90)
    threads: int = Field(default=2, ge=1, le=256)
    # Per run; the instance's limit on concurrent runs multiplies it.
    memory_limit: str = "1200MB"

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().absolute()

    @field_validator("public_url")
    @classmethod
    def _address(cls, url: str) -> str:
        if not re.fullmatch(r"https?://[^/?#\s]+(/[^?#\s]*)?", url):
            raise ValueError(f"must be an address such as https://books.example, not {url!r}")
        return url.rstrip("/")

    @field_validator("lake")
    @classmethod
    def _local_lake(cls, lake: str | None) -> str | None:
        if lake is not None and "://" in lake:
            raise ValueError("must be a folder; object stores are not supported yet")
        return lake

    @field_validator("memory_limit")
    @classmethod
    def _size(cls, limit: str) -> str:
        if not re.fullmatch(r"\d+(\.\d+)?[MG]i?B", limit, re.IGNORECASE):
            raise ValueError(f"must be a size such as 1200MB or 2GiB, not {limit!r}")
        return limit

    @property
    def public_address(self) -> str | None:
        """Return the console's address; None where that is of this machine or network alone."""
        parts = urlsplit(self.public_url)
        host = parts.hostname or ""
        try:
            is_public = ip_address(host).is_global
        except ValueError:
            is_public = "." in host and not host.endswith(_LOCAL_NAMES)
        return self.public_url if is_public and parts.scheme == "https" else None

    @property
    def lake_folder(self) -> Path:
        """Return raw documents and Parquet partitions."""
        return Path(self.lake).expanduser().absolute() if self.lake else self.home / "lake"

    @property
    def private_hosts(self) -> frozenset[str]:
        """Return hosts that stores may have although their addresses are not public."""
        hosts = (host.strip().lower() for host in self.allowed_private_hosts.split(","))
        # The emulators speak plain http on loopback.
        loopback = {"127.0.0.1", "localhost"} if self.is_sandbox else set()
        return frozenset(loopback.union(host for host in hosts if host))

    @property
    def sandbox_folder(self) -> Path:
        """Return the folder with the addresses of the emulators of `up --sandbox`."""
        return self.home / "sandbox"

    @property
    def is_sandbox(self) -> bool:
        """Return whether the accounts of this home are those of emulators."""
        return self.sandbox_folder.is_dir()

    @property
    def endpoints_file(self) -> Path | None:
        """Return hosts that replace the platforms' own: a sandbox never asks a real platform."""
        return self.sandbox_folder / "endpoints.json" if self.is_sandbox else self.endpoints

    @property
    def warehouse_file(self) -> Path:
        """Return the analysts' DuckDB file."""
        return self.home / "warehouse.duckdb"

    @property
    def warehouse_stamp_file(self) -> Path:
        """Return the state of the lake and the outbox that the warehouse was last built from."""
        return self.home / ".warehouse.duckdb.built-from"

    @property
    def books_folder(self) -> Path:
        """Return the Beancount books."""
        return self.home / "books"

    @property
    def exports_folder(self) -> Path:
        """Return the journals that other accounting programs import."""
        return self.home / "exports"

    @property
    def closings_folder(self) -> Path:
        """Return the archives of closed months."""
        return self.home / "closings"

    @property
    def books_verdict_file(self) -> Path:
        """Return the cached result of `bean-check`, with the state of the books it is for."""
        return self.home / ".books.checked"

    @property
    def quarantine_folder(self) -> Path:
        """Return files that were refused because their lines don't sum to their declared total."""
        return self.home / "quarantine"

    @property
    def scratch_folder(self) -> Path:
        """Return files of a running step; anything in it may be deleted while nothing runs."""
        return self.home / "scratch"

    @property
    def sockets_folder(self) -> Path:
        """Return where the programs behind the console listen (mode 0700)."""
        return self.home / "sockets"

    @property
    def postgres_folder(self) -> Path:
        """Return the embedded PostgreSQL server: data, socket, password."""
        return self.home / "postgres"

    @property
    def lock_file(self) -> Path:
        """Return the lock that `daybook up` and its programs hold while one of them lives."""
        return self.home / "up.lock"

    @property
    def tenancy_file(self) -> Path:
        """Return the record of the processes that run this home."""
        return self.home / "up.json"

    @property
    def reload_request_file(self) -> Path:
        """Return the file that asks `daybook up` to reload the code location."""
        return self.home / ".reload"

    @property
    def dagster_home(self) -> Path:
        """Return `DAGSTER_HOME`: the folder of `dagster.yaml` and compute logs."""
        return self.home / "dagster"

    @property
    def key_file(self) -> Path:
        """Return the master key that credentials are encrypted under (mode 0600)."""
        return self.home / "secrets" / "master.key"


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return the settings of this process, read once."""
    return Settings()
