"""Personal data of buyers: imported where it was chosen, exported, erased, and gone on its day."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import duckdb

from connectors.accounts.personal_data import PersonalData
from connectors.accounts.setup import Setup
from connectors.channels import channel
from connectors.channels.streams import Person, Record, Stream
from connectors.database.registry import Connection
from connectors.database.registry.findings import PRIVACY
from connectors.errors import BadInput
from mappings.order_tables import ORDERS
from pipelines.stages.partitions import scan
from pipelines.stages.privacy_requests import finish_privacy_request, pending_privacy_requests
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

    def people_of(self, records: Sequence[Record]) -> list[Person]:
        """Return the people of some records; none where nobody chose to have them."""
        if self._person is None:
            return []
        return [person for record in records if (person := self._person(record)) is not None]

    def store(self, people: Sequence[Person]) -> int:
        """Seal and store people, where they were chosen; return how many."""
        if not self.is_chosen or not people:
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


def _data_requests(workspace: Workspace, slug: str) -> list[str]:
    """Return the requests for somebody's data that a connection's card tells of."""
    findings = workspace.registry.connections.get(slug).findings
    return [f.removeprefix(PRIVACY) for f in findings if f.startswith(PRIVACY)]


def export_person(workspace: Workspace, slug: str, customer_key: str) -> dict[str, Any]:
    """Return everything that is stored of a buyer: personal data, and their orders.

    Requests of the platform for that buyer's data are answered by it, and leave the card.
    """
    requests = _data_requests(workspace, slug)
    left = [request for request in requests if customer_key not in request]
    if left != requests:
        workspace.registry.findings.set(slug, PRIVACY, left)
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


@dataclass(frozen=True, slots=True)
class PrivacyStatus:
    """A connection's personal data: whether and how long it is held, of how many people.

    `expired` are past their date, `erased` were erased for good.
    """

    connection: str
    held: bool
    days: int
    people: int = 0
    expired: int = 0
    erased: int = 0
    next_expiry: datetime | None = None


def report(workspace: Workspace, now: datetime) -> list[PrivacyStatus]:
    """Return the state of every connection that imports records or holds personal data."""
    counts = {count.connection: count for count in workspace.registry.people.count(now)}
    listed = []
    for connection in workspace.registry.connections.list():
        count = counts.get(connection.slug)
        imports = Setup.model_validate(connection.setup).imports
        if count is None and not imports.streams:
            continue
        status = PrivacyStatus(connection.slug, imports.personal_data, personal_days(connection))
        if count is not None:
            status = replace(
                status,
                people=count.held,
                expired=count.expired,
                erased=count.erased,
                next_expiry=count.next_expiry,
            )
        listed.append(status)
    return listed


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
    data = PersonalData(workspace.settings, workspace.registry)
    erased = asked_for = 0
    for request in pending_privacy_requests(workspace):
        slug, topic = request.connection, request.topic
        named = channel(request.platform).named_customers
        customers = named(request.content) if named else ()
        keys = [data.key_of(slug, customer) for customer in customers]
        if topic in ERASES_ALL or (topic in ERASES and keys):
            chosen = None if topic in ERASES_ALL else keys
            number = erase_people(workspace, slug, chosen, request.platform, topic)
            erased, outcome = erased + number, f"personal data of {number} people erased"
        elif topic in ERASES:
            outcome = "it names nobody that is known here"
        else:
            asked_for, outcome = asked_for + 1, "its owner is told how to answer it"
            finding = (
                f"{topic} of {request.received_at:%Y-%m-%d}: answer it with "
                f"`daybook privacy export {slug} {' '.join(keys)}`"
            )
            waiting = _data_requests(workspace, slug)
            workspace.registry.findings.set(slug, PRIVACY, [*waiting, finding])
        finish_privacy_request(workspace, request, outcome, "daybook")
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
