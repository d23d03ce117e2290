"""Contacts of a Xero organisation: the marketplaces that owe its owner.

Facts: Xero's OpenAPI document (accounting). Names of active contacts are unique.
"""

import hashlib
from collections.abc import Mapping

from connectors.accounting.xero.client import XeroClient
from connectors.errors import Permanent


class XeroContacts:
    """The marketplaces as contacts, by store; each is looked for by its name, and made once."""

    def __init__(self, client: XeroClient, names: Mapping[str, str]) -> None:
        """Read nothing yet."""
        self._client, self._names = client, names
        self._ids: dict[str, str] = {}

    def id_of(self, store: str) -> str:
        """Return the id of a store's contact; `Permanent` where Xero refuses to make it."""
        name = self._names.get(store, store)
        if name not in self._ids:
            self._ids[name] = self._contact(name) or self._new_contact(name)
        return self._ids[name]

    def _contact(self, name: str) -> str | None:
        where = f'Name=="{name}"'
        contacts = self._client.call("GET", "/Contacts", params={"where": where})["Contacts"]
        return str(contacts[0]["ContactID"]) if contacts else None

    def _new_contact(self, name: str) -> str:
        key = hashlib.sha256(f"contact {name}".encode()).hexdigest()
        try:
            made = self._client.write("PUT", "Contacts", "", {"Name": name}, key)
        except Permanent:
            # Another store of this marketplace made it in this moment: names are unique.
            if (number := self._contact(name)) is not None:
                return number
            raise
        return str(made["ContactID"])
