"""Personal data of buyers: sealed by a key of each, so that erasing a key erases the person.

It is kept here and nowhere else: records, tables, journals and logs know a buyer by a pseudonym.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.accounts.keys import Keyring, new_key, read_keys
from connectors.accounts.person_keys import data_key, place_of, seal_key
from connectors.accounts.pseudonyms import pseudonym, pseudonym_secret
from connectors.accounts.seals import DoesNotOpen, seal, unseal
from connectors.channels.streams import Person
from connectors.database.registry import Registry
from connectors.database.registry.people import SealedPerson
from connectors.errors import ConfigError
from connectors.home.settings import Settings

_DATA = "person"


@dataclass(frozen=True, slots=True)
class StoredPerson:
    """A buyer with what is stored of them; no fields where that was erased or has expired."""

    customer_key: str
    fields: Mapping[str, str]
    expires_at: datetime | None
    erased_at: datetime | None


@dataclass(frozen=True, slots=True)
class PersonalData:
    """The personal data of one home."""

    settings: Settings
    registry: Registry

    def store(
        self, connection: str, people: Sequence[Person], now: datetime, days: int | None
    ) -> int:
        """Seal and store people, for so many days or until they are erased; return how many.

        Who was erased is left out.
        """
        secret, master = pseudonym_secret(self.settings, self.registry), read_keys(self.settings)
        expires_at = None if days is None else now + timedelta(days=days)
        # The last one of a page is the newest; one statement takes a person once.
        by_key = {pseudonym(secret, connection, p.customer): p for p in people}
        rows = [
            _sealed(master, SealedPerson(connection, key, None, None, expires_at), person.fields)
            for key, person in by_key.items()
        ]
        if rows:
            self.registry.people.store(rows)
        return len(rows)

    def read(self, connection: str, customer_key: str | None = None) -> Iterator[StoredPerson]:
        """Yield a connection's people, or one, with their data opened."""
        master = read_keys(self.settings)
        for row in self.registry.people.list(connection, customer_key):
            fields = _opened(master, row)
            yield StoredPerson(row.customer_key, fields, row.expires_at, row.erased_at)

    def key_of(self, connection: str, customer: str) -> str:
        """Return the pseudonym of a customer, given by the platform's id or mail address."""
        return pseudonym(pseudonym_secret(self.settings, self.registry), connection, customer)


def _sealed(master: Keyring, row: SealedPerson, fields: Mapping[str, str]) -> SealedPerson:
    key = new_key()
    return SealedPerson(
        row.connection,
        row.customer_key,
        seal_key(master, row, key),
        seal(key, json.dumps(dict(fields)).encode(), (place_of(row), _DATA)),
        row.expires_at,
    )


def _opened(master: Keyring, row: SealedPerson) -> Mapping[str, str]:
    if row.data_key is None or row.sealed is None:
        return {}
    try:
        key = data_key(master, row)
        fields: Mapping[str, str] = json.loads(unseal(key, row.sealed, (place_of(row), _DATA)))
    except DoesNotOpen as error:
        raise ConfigError(
            f"personal data of {row.connection} does not open ({error}): restore the master key "
            "from your copy"
        ) from error
    return fields
