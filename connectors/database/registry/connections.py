"""Connections: what is connected, and to which account."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any, get_args
from zoneinfo import available_timezones

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from connectors.database.registry.access_models import ConsentRow
from connectors.database.registry.event_models import EventRow, LabelRow, TaskRow
from connectors.database.registry.hint_models import HintRow
from connectors.database.registry.models import (
    SLUG_PATTERN,
    ActivityRow,
    ConnectionRow,
    DayStateRow,
    InboxRow,
    MappingVersionRow,
    PublicationRow,
    ScheduledSyncRow,
)
from connectors.database.registry.posting_models import (
    AutomaticPostingRow,
    ClosedBooksRow,
    StockMovementRow,
    UnitCostRow,
)
from connectors.database.registry.publications import DRAFTS, LIVE
from connectors.database.registry.record_models import PersonRow, RecordDayRow, RecordImportRow
from connectors.database.registry.records import (
    Connection,
    ConnectionKind,
    ConnectionState,
)
from connectors.database.registry.repository import Repository, columns, serialise, write_audit
from connectors.errors import BadInput

# Parts of a set-up that have a method of their own here.
_OWN_SWITCHES = frozenset({"posting", "tax"})

# Slugs that an error names.
_LISTED = 20


class Connections(Repository):
    """Every connection."""

    def list(self) -> Sequence[Connection]:
        """Return every connection, by slug."""
        query = select(*columns(ConnectionRow, Connection)).order_by(ConnectionRow.slug)
        with self._transaction() as session:
            return [Connection(*row) for row in session.execute(query)]

    def get(self, slug: str) -> Connection:
        """Return one connection; BadInput names the known ones when it is not there."""
        with self._transaction() as session:
            connection = _find(session, slug)
            if connection is None:
                raise unknown_connection(session, slug)
            return connection

    def find(self, slug: str) -> Connection | None:
        """Return one connection, or None where there is none of that slug."""
        with self._transaction() as session:
            return _find(session, slug)

    def add(
        self,
        slug: str,
        *,
        channel: str,
        name: str,
        timezone: str,
        kind: ConnectionKind = "file",
        actor: str,
    ) -> Connection:
        """Add a connection; one for files is active at once, others begin `pending`."""
        self.check(slug, timezone)
        if kind not in get_args(ConnectionKind):
            raise BadInput(f"{kind!r} is not a kind of connection: file or api")
        row = {"slug": slug, "channel": channel, "name": name, "timezone": timezone, "kind": kind}
        row["state"] = "active" if kind == "file" else "pending"
        # Not select-then-insert: two imports may create the same connection at once.
        added = insert(ConnectionRow).values(row).on_conflict_do_nothing()
        with self._transaction() as session:
            # A reused slug would inherit the entries of the removed store: ids in the books contain
            # it.
            live = select(PublicationRow.id).where(
                PublicationRow.connection == slug, PublicationRow.state.in_(LIVE)
            )
            if session.scalars(live.limit(1)).first() is not None:
                raise BadInput(
                    f"{slug} was the slug of a connection with entries in the books: choose "
                    f"another slug, or `daybook connections remove {slug} --withdraw-entries --yes`"
                )
            # What a removed organisation holds would count as posted to the next of its name.
            held = select(PublicationRow.id).where(
                PublicationRow.target == slug, PublicationRow.state.in_(LIVE)
            )
            if session.scalars(held.limit(1)).first() is not None:
                raise BadInput(
                    f"{slug} was the slug of an organisation that entries were posted to: choose "
                    "another slug"
                )
            inserted = session.execute(added.returning(*columns(ConnectionRow, Connection))).first()
            if inserted is None:
                raise BadInput(f"the connection {slug} exists already: choose another slug")
            write_audit(session, actor, "connection.added", slug, row)
            return Connection(*inserted)

    @staticmethod
    def check(slug: str, timezone: str) -> None:
        """Refuse a slug or a time zone that no connection can have."""
        if not re.fullmatch(SLUG_PATTERN, slug):
            raise BadInput(
                f"{slug!r} cannot name a connection: use up to 40 of a-z, 0-9 and -, "
                "beginning with a letter or digit"
            )
        if timezone not in _zones():
            raise BadInput(f"{timezone!r} is not a time zone: give one like America/Los_Angeles")

    def set_state(
        self, slug: str, state: ConnectionState, actor: str, reason: str | None = None
    ) -> None:
        """Move a connection to another state; nothing is recorded when it is there already."""
        if state not in get_args(ConnectionState):
            raise BadInput(f"{state!r} is not a state of a connection")
        with self._transaction() as session:
            row = _locked(session, slug)
            # Also in the same state: the reason may be another one by now.
            row.reason = reason
            if row.state != state:
                detail = {"from": row.state, "to": state, **({"reason": reason} if reason else {})}
                row.state = state
                write_audit(session, actor, "connection.state", slug, detail)

    def rename(self, slug: str, name: str, actor: str) -> None:
        """Give a connection another display name."""
        with self._transaction() as session:
            row = _locked(session, slug)
            if row.name != name:
                write_audit(
                    session, actor, "connection.renamed", slug, {"from": row.name, "to": name}
                )
                row.name = name

    def pin_account(
        self,
        slug: str,
        account_id: str,
        account: Mapping[str, Any],
        fields: Mapping[str, str],
        timezone: str,
        actor: str,
    ) -> None:
        """Pin a connection to the account that it reaches, and activate it.

        `BadInput` when it is another account's already, or another connection has this account.
        """
        with self._transaction() as session:
            # Row locks don't stop two connections from pinning one account at the same time.
            serialise(session, "accounts")
            row = _locked(session, slug)
            _refuse_another(session, row, account_id, account)
            row.account_id, row.account, row.fields = account_id, dict(account), dict(fields)
            row.kind, row.state, row.reason, row.timezone = "api", "active", None, timezone
            write_audit(
                session, actor, "connection.authorised", slug, {"account": account_id, **account}
            )

    def check_account(self, slug: str, account_id: str, account: Mapping[str, Any]) -> None:
        """Raise `BadInput` where `pin_account` would refuse this account."""
        with self._transaction() as session:
            _refuse_another(session, _locked(session, slug), account_id, account)

    def describe_account(self, slug: str, account: Mapping[str, Any]) -> None:
        """Record how the platform names the account now: a store may change its name."""
        with self._transaction() as session:
            _locked(session, slug).account = dict(account)

    def set_setup(self, slug: str, setup: Mapping[str, Any], actor: str) -> None:
        """Save what a connection imports from now on, and how far its set-up has come.

        Posting and tax stay as they are: a page that was open meanwhile does not switch them back.
        """
        with self._transaction() as session:
            row = _locked(session, slug)
            merged = {**setup, **{n: v for n, v in row.setup.items() if n in _OWN_SWITCHES}}
            if row.setup != merged:
                detail = {"from": row.setup, "to": merged}
                write_audit(session, actor, "connection.setup", slug, detail)
                row.setup = merged

    def set_posting(self, slug: str, since: date | None, actor: str) -> bool:
        """Post entries of this business day and later; None is off. False when it is so already."""
        with self._transaction() as session:
            row = _locked(session, slug)
            before = row.setup.get("posting", {}).get("since")
            after = since and since.isoformat()
            if before == after:
                return False
            detail = {"from": before or "off", "to": after or "off"}
            write_audit(session, actor, "connection.posting", slug, detail)
            row.setup = {**row.setup, "posting": {"since": after}}
            return True

    def set_tax(self, slug: str, profile: Mapping[str, Any] | None, actor: str) -> bool:
        """Save a store's tax profile; None removes it. False when it is so already."""
        with self._transaction() as session:
            row = _locked(session, slug)
            before = row.setup.get("tax")
            if before == profile:
                return False
            after = None if profile is None else dict(profile)
            write_audit(session, actor, "connection.tax", slug, {"from": before, "to": after})
            row.setup = {**row.setup, "tax": after}
            return True

    def set_deadlines(self, slug: str, deadlines: Sequence[Mapping[str, str]]) -> None:
        """Save the deadlines of a connection's account: `expires_at`, `what` and the `remedy`."""
        with self._transaction() as session:
            _locked(session, slug).deadlines = [dict(deadline) for deadline in deadlines]

    def remove(self, slug: str, actor: str) -> None:
        """Delete a connection, its days and drafts; posted entries stay on record."""
        with self._transaction() as session:
            row = _locked(session, slug)
            # What refers to the connection by a foreign key comes first, and the row itself last.
            for table in (
                ActivityRow,
                ScheduledSyncRow,
                ConsentRow,
                DayStateRow,
                HintRow,
                InboxRow,
                MappingVersionRow,
                UnitCostRow,
                StockMovementRow,
                RecordImportRow,
                RecordDayRow,
                PersonRow,
                TaskRow,
                LabelRow,
                EventRow,
            ):
                session.execute(delete(table).where(table.connection == slug))
            session.execute(delete(MappingVersionRow).where(MappingVersionRow.target == slug))
            concerned = or_(PublicationRow.connection == slug, PublicationRow.target == slug)
            session.execute(
                delete(PublicationRow).where(concerned, PublicationRow.state.in_(DRAFTS))
            )
            # A new store of this name begins with drafts, as this one did.
            either = or_(AutomaticPostingRow.connection == slug, AutomaticPostingRow.target == slug)
            session.execute(delete(AutomaticPostingRow).where(either))
            session.execute(delete(ClosedBooksRow).where(ClosedBooksRow.connection == slug))
            write_audit(
                session,
                actor,
                "connection.removed",
                slug,
                {"channel": row.channel, "name": row.name, "account": row.account_id},
            )
            session.delete(row)


def _find(session: Session, slug: str) -> Connection | None:
    query = select(*columns(ConnectionRow, Connection)).where(ConnectionRow.slug == slug)
    row = session.execute(query).one_or_none()
    return None if row is None else Connection(*row)


def _locked(session: Session, slug: str) -> ConnectionRow:
    row = session.get(ConnectionRow, slug, with_for_update=True)
    if row is None:
        raise unknown_connection(session, slug)
    return row


def _refuse_another(
    session: Session, row: ConnectionRow, account_id: str, account: Mapping[str, Any]
) -> None:
    # First: this owner chose the wrong store; who else has it would mislead.
    if row.account_id is not None and row.account_id != account_id:
        raise BadInput(
            f"this is a different store: {account.get('name')} ({account_id}); {row.slug} is "
            f"{row.account.get('name')} ({row.account_id}). Nothing was changed"
        )
    same = (ConnectionRow.channel == row.channel, ConnectionRow.account_id == account_id)
    taken = session.scalars(select(ConnectionRow).where(*same, ConnectionRow.slug != row.slug))
    other = taken.one_or_none()
    if other is not None:
        raise BadInput(
            f"{account.get('name')} ({account_id}) is connected already, as {other.name} "
            f"({other.slug}): reconnect that one"
        )


@cache
def _zones() -> set[str]:
    return available_timezones()


def unknown_connection(session: Session, slug: str) -> BadInput:
    """Return the error for an unknown slug, with the known ones."""
    slugs = session.scalars(select(ConnectionRow.slug).order_by(ConnectionRow.slug)).all()
    # Of a thousand, those that begin alike are the likely ones.
    alike = [s for s in slugs if s[:2] == slug[:2]] if len(slugs) > _LISTED else slugs
    more = ", ..." if len(alike) > _LISTED or len(alike) < len(slugs) else ""
    listed = ", ".join(alike[:_LISTED]) + more if slugs else "none yet; `daybook import` makes one"
    return BadInput(f"there is no connection {slug!r}; known: {listed}")
