"""Keys of people: each seals one buyer's personal data, itself sealed under the master key."""

from connectors.accounts.keys import Keyring
from connectors.accounts.seals import DoesNotOpen, seal, sealed_under, unseal
from connectors.database.registry.people import SealedPerson

_KEY = "person key"


def place_of(row: SealedPerson) -> str:
    """Return whose the sealed values are, which a copy under another name does not open."""
    return f"{row.connection} {row.customer_key}"


def seal_key(master: Keyring, row: SealedPerson, key: bytes) -> bytes:
    """Return a person's key, sealed under the current master key."""
    return seal(master.current, key, (place_of(row), _KEY))


def data_key(master: Keyring, row: SealedPerson) -> bytes:
    """Return a person's key; `DoesNotOpen` without the master key that it is sealed under."""
    sealed = row.data_key or b""
    key = master.find(sealed_under(sealed))
    if key is None:
        raise DoesNotOpen("it is sealed under another master key")
    return unseal(key, sealed, (place_of(row), _KEY))
