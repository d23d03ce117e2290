"""Credentials at rest: sealed on writing, and re-sealed when the master key is rotated.

Writers hold the owner's row and a shared lock on the keys; a rotation holds that lock exclusively.
So nothing is sealed under a key that is being retired.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from connectors.accounts.keys import Keyring, new_key, read_keys, write_keys
from connectors.accounts.person_keys import data_key, seal_key
from connectors.accounts.seals import DoesNotOpen, seal, sealed_under, unseal
from connectors.database.registry import Registry, SealedOwner, SealedRows
from connectors.errors import BadInput, ConfigError
from connectors.home import redaction
from connectors.home.settings import Settings

# A refresh holds the row during a call to the platform, which may take its whole time-out.
WAIT_SECONDS = 60.0
# A known value sealed under the master key: opening it proves the key before anything depends on
# it.
_CANARY = "canary"
_DATA_KEY = "data key"
# Fields with this prefix are sealed only because they are stored with secrets; they may be shown.
OPEN = "open:"
# A connection's notification queue belongs to AWS, not the platform, and has its own credentials.
QUEUE = "queue:"
# What signs a connection's webhooks is of its own too; an application's are under `app:` besides.
WEBHOOKS = "webhooks:"


@dataclass(slots=True)
class LockedCredentials:
    """One owner's credentials under its row lock."""

    owner: str
    fields: dict[str, str]
    _rows: SealedOwner
    _key: bytes

    def save(self, fields: Mapping[str, str | None]) -> None:
        """Write these fields when the block ends; a field that is None is dropped."""
        _remember(fields)
        for name, value in fields.items():
            if value is None:
                self.fields.pop(name, None)
                self._rows.drop(name)
            else:
                self.fields[name] = value
                self._rows.put(name, seal(self._key, value.encode(), (self.owner, name)))


@dataclass(frozen=True, slots=True)
class Vault:
    """The sealed credentials of one home."""

    settings: Settings
    registry: Registry

    def read(self, owner: str) -> dict[str, str]:
        """Return every credential of an owner, by field; empty when it has none.

        `ConfigError` when no key of this home opens them.
        """
        try:
            return self._read(owner)
        except _UnknownKey:
            # A rotation may have ended between reading the row and reading the keys.
            return self._read(owner)

    def _read(self, owner: str) -> dict[str, str]:
        rows = self.registry.credentials.get(owner)
        if rows is None:
            return {}
        return _opened(owner, rows, _data_key(owner, rows.data_key, read_keys(self.settings)))

    @contextmanager
    def hold(self, owner: str, wait_seconds: float = WAIT_SECONDS) -> Iterator[LockedCredentials]:
        """Yield an owner's credentials under its row lock; what is saved is written at the end.

        `Transient` when another process holds them for longer than `wait_seconds`.
        """

        def fresh() -> bytes:
            return seal(read_keys(self.settings).current, new_key(), (owner, _DATA_KEY))

        with self.registry.credentials.hold(owner, fresh, wait_seconds) as rows:
            key = _data_key(owner, rows.data_key, read_keys(self.settings))
            yield LockedCredentials(owner, _opened(owner, rows, key), rows, key)

    def save(self, owner: str, fields: Mapping[str, str | None]) -> None:
        """Write some fields of an owner; the others stay."""
        with self.hold(owner) as locked:
            locked.save(fields)

    def forget(self, owner: str) -> None:
        """Delete an owner's credentials."""
        self.registry.credentials.forget(owner)

    def forget_all(self, actor: str) -> None:
        """Delete every credential; connections that had one become `needs_reauth`."""
        owners = self.owners()
        connected = {connection.slug for connection in self.registry.connections.list()}
        for owner in [*owners, _CANARY]:
            self.forget(owner)
        self.registry.people.drop(actor)
        for slug in sorted(connected & set(owners)):
            self.registry.connections.set_state(slug, "needs_reauth", actor)
        self.registry.audit.record(actor, "credentials.forgotten", "master key", {"owners": owners})

    def owners(self) -> list[str]:
        """Return the owners with stored credentials."""
        return [owner for owner in self.registry.credentials.owners() if owner != _CANARY]

    def verify(self) -> list[str]:
        """Return the owners with stored credentials; raise `ConfigError` if the key is wrong."""
        owners = self.owners()
        if owners and self.read(_CANARY) != {_CANARY: _CANARY}:
            raise ConfigError("the canary of the credentials is gone: restore a backup")
        return owners

    def prepare(self) -> None:
        """Store the canary that `verify` reads.

        One of an earlier key is replaced only if nothing else was sealed under that key.
        """
        if self.verify():
            return
        try:
            proof = self.read(_CANARY)
        except ConfigError:
            self.forget(_CANARY)
            proof = {}
        if not proof:
            self.save(_CANARY, {_CANARY: _CANARY})

    def rotate(self, actor: str) -> list[str]:
        """Re-seal everything under a new master key; return the owners.

        The old key stays in the file, second, until the end, so that the next rotation resumes a
        killed one.
        """
        # Two rotations at once would each make a key, and one of them would be lost.
        with self.registry.lock("keys rotate", WAIT_SECONDS):
            keyring = self._with_new_key()
            with self.registry.credentials.reseal(WAIT_SECONDS) as owners:
                for rows in owners:
                    _reseal(rows, keyring)
                self.registry.people.reseal(
                    lambda person: seal_key(keyring, person, data_key(keyring, person))
                )
            if self.settings.master_key is None:
                write_keys(self.settings, Keyring((keyring.current,)))
            resealed = [rows.owner for rows in owners if rows.owner != _CANARY]
            self.registry.audit.record(actor, "keys.rotated", "master key", {"owners": resealed})
            return resealed

    def _with_new_key(self) -> Keyring:
        keyring = read_keys(self.settings)
        if len(keyring.keys) > 1:
            return keyring
        if self.settings.master_key is not None:
            raise BadInput(
                "DAYBOOK_MASTER_KEY holds one key: put the new one before it, separated by a "
                "comma, run this again, then take the old one out"
            )
        # The new key is on disk, first and beside the old one, before anything is sealed under it.
        keyring = Keyring((new_key(), *keyring.keys))
        write_keys(self.settings, keyring)
        return keyring


class _UnknownKey(ConfigError):
    """Sealed under a key that is not in the keyring."""


def _data_key(owner: str, sealed: bytes, keyring: Keyring) -> bytes:
    key = keyring.find(sealed_under(sealed))
    if key is None:
        raise _UnknownKey(
            "the credentials are sealed under another master key: restore the key from your copy"
        )
    return _unsealed(key, sealed, (owner, _DATA_KEY))


def _opened(owner: str, rows: SealedRows, key: bytes) -> dict[str, str]:
    fields = {n: _unsealed(key, value, (owner, n)).decode() for n, value in rows.fields.items()}
    _remember(fields)
    return fields


def _remember(fields: Mapping[str, str | None]) -> None:
    """Mask these values in all output; of a token, which is JSON, the tokens in it."""
    for name, value in fields.items():
        if value is None or name == _CANARY or name.startswith(OPEN):
            continue
        # A token is stored as JSON; the document as a whole never occurs in a message.
        if value.startswith("{"):
            inner = json.loads(value)
            redaction.remember(inner[n] for n in inner if n.endswith("_token") and inner[n])
        else:
            redaction.remember([value])


def _unsealed(key: bytes, sealed: bytes, place: tuple[str, str]) -> bytes:
    try:
        return unseal(key, sealed, place)
    except DoesNotOpen as error:
        owner, field = place
        raise ConfigError(
            f"the credential {field!r} of {owner} does not open ({error}): restore the registry "
            "from a backup, or connect again"
        ) from error


def _reseal(rows: SealedOwner, keyring: Keyring) -> None:
    owner = rows.owner
    values = _opened(owner, rows, _data_key(owner, rows.data_key, keyring))
    key = new_key()
    # A new data key too: the old one may have been readable to whoever had the old master key.
    rows.replace_data_key(seal(keyring.current, key, (owner, _DATA_KEY)))
    for name, value in values.items():
        rows.put(name, seal(key, value.encode(), (owner, name)))
