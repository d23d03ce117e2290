"""The master keys: the one that credentials are sealed under, and older ones not yet retired.

They are kept outside the database, so that a copy of it opens nothing: in `DAYBOOK_MASTER_KEY`
(several separated by commas) or in a file with mode 0600, a key a line. The first one is current.
"""

import base64
import binascii
import secrets
from dataclasses import dataclass

from connectors.accounts.seals import key_id
from connectors.errors import ConfigError
from connectors.home import redaction
from connectors.home.settings import Settings
from connectors.lake.atomic import create_atomically, write_atomically

KEY_BYTES = 32
_MODE = 0o600


@dataclass(frozen=True, slots=True)
class Keyring:
    """Master keys, the current one first."""

    keys: tuple[bytes, ...]

    @property
    def current(self) -> bytes:
        """Return the key that new data keys are sealed under."""
        return self.keys[0]

    def find(self, identifier: bytes) -> bytes | None:
        """Return the key of that id, if it is still here."""
        return next((key for key in self.keys if key_id(key) == identifier), None)


def new_key() -> bytes:
    """Return a fresh random key."""
    return secrets.token_bytes(KEY_BYTES)


def read_keys(settings: Settings) -> Keyring:
    """Return the keys of this home; `ConfigError` when there is none or it is not one."""
    if settings.master_key is not None:
        return _parsed(settings.master_key.get_secret_value().split(","), "DAYBOOK_MASTER_KEY")
    path = settings.key_file
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except FileNotFoundError as error:
        raise ConfigError(f"the master key {path} is missing: restore it from your copy") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the master key {path} cannot be read: restore your copy") from error
    return _parsed(lines, str(path))


def _parsed(lines: list[str], where: str) -> Keyring:
    # Before they are parsed: a key that is refused must not reach a message or the log either.
    redaction.remember(line.strip() for line in lines)
    try:
        keys = tuple(
            base64.b64decode(line.strip(), validate=True) for line in lines if line.strip()
        )
    except (binascii.Error, ValueError) as error:
        raise _not_a_key(where) from error
    if not keys or any(len(key) != KEY_BYTES for key in keys):
        raise _not_a_key(where)
    return Keyring(keys)


def _not_a_key(where: str) -> ConfigError:
    return ConfigError(
        f"{where} does not hold a key of {KEY_BYTES} bytes in base64: restore it from your copy"
    )


def create_key(settings: Settings) -> bool:
    """Write the first key file; return False where another process was first."""
    # Two processes may initialise one home; a second key would leave the first one's seals shut.
    return create_atomically(settings.key_file, _encoded(Keyring((new_key(),))), _MODE)


def write_keys(settings: Settings, keyring: Keyring) -> None:
    """Replace the key file as a whole; it is never readable by others, nor half-written."""
    write_atomically(settings.key_file, _encoded(keyring), _MODE)


def _encoded(keyring: Keyring) -> bytes:
    return b"".join(base64.b64encode(key) + b"\n" for key in keyring.keys)
