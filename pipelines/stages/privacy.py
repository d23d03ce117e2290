"""Personal data of buyers: imported where it was chosen, exported, erased, and gone on its day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import duckdb
import orjson

from connectors.accounts.hint_bodies import HintBodies, open_body
from connectors.accounts.personal_data import PersonalData
from connectors.accounts.setup import Setup
from connectors.accounts.vault import Vault
from connectors.channels import channel
from connectors.channels.streams import Person, Record, Stream
from connectors.database.registry import Connection
from connectors.database.registry.findings import PRIVACY
from connectors.errors import BadInput
from mappings.order_tables import ORDERS
from pipelines.stages.partitions import scan
from pipelines.stages.workspace import Workspace

# Where neither the platform nor the owner says how long.
USUAL_DAYS: Final = 365
ERASES: Final = ("customers/redact", "MARKETPLACE_ACCOUNT_DELETION")
ERASES_ALL: Final = ("shop/redact",)


def personal_days(connection: Connection) -> int:
    """Return for how many days a connection's personal data is held."""
    chosen = Setup.model_validate(connection.setup).imports.personal_days
    most = channel(connection.channel).most_personal_days
    return min(chosen or most or USUAL_DAYS, most or chosen or USUAL_DAYS)


class PeopleImport:
    """Storage of the people of one stream, where the connection's owner chose to have them."""

    def __init__(
        self, workspace: Workspace, connection: Connection, stream: Stream, now: datetime
    ) -> None:
        imports = Setup.model_validate(connection.setup).imports
        # Contacts are what names belong to: without them a buyer stays a pseudonym.
        is_chosen = imports.personal_data and imports.stream("contacts").is_on
        self.is_chosen = is_chosen
        self._person = stream.person if is_chosen else None
        self._data = PersonalData(workspace.settings, workspace.registry)
        self._slug, self._days, self._now = connection.slug, personal_days(connection), now

    def store(self, records: Sequence[Record]) -> None:
        """Seal and store the people of some records."""
        if self._person is None:
            return
        people = [person for record in records if (person := self._person(record)) is not None]
        self.seal(people)

    def seal(self, people: Sequence[Person]) -> int:
        """Seal and store people, where they were chosen; return how many."""
        if not self.is_chosen:
            return 0
        return self._data.store(self._slug, people, self._now, self._days)


def find_people(workspace: Workspace, slug: str, who: str) -> list[str]:
    """Return the pseudonyms of a buyer, given by pseudonym, platform id or mail address.

    `BadInput` where nobody is known by it.
    """
    data = PersonalData(workspace.settings, workspace.registry)
    workspace.registry.connections.get(slug)
    keys = {who, data.key_of(slug, who)}
    matches = {
        person.customer_key
        for person in data.read(slug)
        if person.customer_key in keys or person.fields.get("email", "").lower() == who.lower()
    }
    matches |= {key for key in keys if _orders(workspace, slug, key)}
    if not matches:
        raise BadInput(f"{slug} knows nobody by {who}: give a mail address, an id or a pseudonym")
    return sorted(matches)


def export_person(workspace: Workspace, slug: str, customer_key: str) -> dict[str, Any]:
    """Return everything that is stored of a buyer: personal data, and their orders."""
    data = PersonalData(workspace.settings, workspace.registry)
    person = next(iter(data.read(slug, customer_key)), None)
    return {
        "connection": slug,
        "customer_key": customer_key,
        "personal_data": dict(person.fields) if person else {},
        "expires_at": person and person.expires_at,
        "erased_at": person and person.erased_at,
        "orders": _orders(workspace, slug, customer_key),
    }


def erase_people(
    workspace: Workspace, slug: str, customer_keys: Sequence[str] | None, actor: str, reason: str
) -> int:
    """Erase some people of a connection, or all, with the bodies of webhooks; return how many.

    Their orders stay, with a pseudonym that leads to nobody any more.
    """
    workspace.registry.hints.drop_bodies(slug)
    return workspace.registry.people.erase(slug, customer_keys, actor, reason)


@dataclass(frozen=True, slots=True)
class PrivacyRequests:
    """The requests of platforms that were answered: people erased, and data asked for."""

    erased: int = 0
    asked_for: int = 0


def answer_requests(workspace: Workspace) -> PrivacyRequests:
    """Do what platforms ask for about personal data; the audit log is the evidence."""
    hints = workspace.registry.hints
    pending = hints.pending(limit=1000, purpose="privacy")
    if not pending:
        return PrivacyRequests()
    bodies = hints.bodies([hint.id for hint in pending])
    key = HintBodies(Vault(workspace.settings, workspace.registry)).key()
    data = PersonalData(workspace.settings, workspace.registry)
    erased = asked_for = 0
    for hint in pending:
        slug, sealed = hint.connection, bodies.get(hint.id)
        body: Mapping[str, Any] = (
            orjson.loads(open_body(key, hint.platform, hint.event_id, sealed)) if sealed else {}
        )
        named = channel(hint.platform).named_customers
        keys = [data.key_of(slug, customer) for customer in (named(body) if named else ())]
        if hint.topic in ERASES_ALL:
            erased += erase_people(workspace, slug, None, hint.platform, hint.topic)
            outcome = "everybody is erased"
        elif hint.topic in ERASES:
            if keys:
                erased += erase_people(workspace, slug, keys, hint.platform, hint.topic)
            outcome = "erased"
        else:
            asked_for += 1
            outcome = "asked for: answer with `daybook privacy export`"
            finding = (
                f"{hint.topic} of {hint.received_at:%Y-%m-%d}: answer it with "
                f"`daybook privacy export {slug} {' '.join(keys)}`"
            )
            workspace.registry.findings.set(slug, PRIVACY, [finding])
        # Its body is gone with an erasure; what was done stays.
        hints.finish([hint.id], outcome)
    return PrivacyRequests(erased, asked_for)


def _orders(workspace: Workspace, slug: str, customer_key: str) -> list[dict[str, Any]]:
    lake = workspace.lake
    files = lake.partitions(ORDERS.name, slug, lake.days(ORDERS.name, slug))
    if not files:
        return []
    with workspace.engine() as con:
        result: duckdb.DuckDBPyConnection = con.execute(
            "SELECT order_id, order_number, placed_at, status, currency, total, refunded "
            f"FROM {scan(files, by_name=True)} WHERE customer_key = ? ORDER BY placed_at",
            [customer_key],
        )
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
