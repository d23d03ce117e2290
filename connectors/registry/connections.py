"""Connections, and the days of each."""

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import get_args
from zoneinfo import available_timezones

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from connectors.errors import BadInput
from connectors.registry.models import SLUG_PATTERN, ConnectionRow, DayStateRow
from connectors.registry.records import (
    Connection,
    ConnectionKind,
    ConnectionState,
    DayState,
    DayStateName,
)
from connectors.registry.store import Store, columns, write_audit


class Connections(Store):
    """What is connected, and how each of its days stands."""

    def connections(self) -> list[Connection]:
        """Every connection, by slug."""
        wanted = select(*columns(ConnectionRow, Connection)).order_by(ConnectionRow.slug)
        with self._transaction() as session:
            return [Connection(*row) for row in session.execute(wanted)]

    def connection(self, slug: str) -> Connection:
        """One connection; BadInput names the known ones when it is not there."""
        wanted = select(*columns(ConnectionRow, Connection)).where(ConnectionRow.slug == slug)
        with self._transaction() as session:
            row = session.execute(wanted).one_or_none()
            if row is None:
                raise unknown_connection(session, slug)
            return Connection(*row)

    def add_connection(
        self,
        slug: str,
        *,
        channel: str,
        name: str,
        timezone: str,
        kind: ConnectionKind = "file",
        actor: str,
    ) -> Connection:
        """Add a connection; one that reads files is active at once, others begin `pending`."""
        self.check_connection(slug, timezone)
        if kind not in get_args(ConnectionKind):
            raise BadInput(f"{kind!r} is not a kind of connection: file or api")
        row = {"slug": slug, "channel": channel, "name": name, "timezone": timezone, "kind": kind}
        row["state"] = "active" if kind == "file" else "pending"
        added = insert(ConnectionRow).values(row).on_conflict_do_nothing()
        with self._transaction() as session:
            found = session.execute(added.returning(*columns(ConnectionRow, Connection))).first()
            if found is None:
                raise BadInput(f"the connection {slug} exists already: choose another slug")
            write_audit(session, actor, "connection.added", slug, row)
            return Connection(*found)

    @staticmethod
    def check_connection(slug: str, timezone: str) -> None:
        """Refuse a slug or a time zone that no connection can have."""
        if not re.fullmatch(SLUG_PATTERN, slug):
            raise BadInput(
                f"{slug!r} cannot name a connection: use up to 40 of a-z, 0-9 and -, "
                "beginning with a letter or digit"
            )
        if timezone not in _zones():
            raise BadInput(f"{timezone!r} is not a time zone: give one like America/Los_Angeles")

    def set_connection_state(self, slug: str, state: ConnectionState, actor: str) -> None:
        """Move a connection to another state; nothing is recorded when it is there already."""
        if state not in get_args(ConnectionState):
            raise BadInput(f"{state!r} is not a state of a connection")
        with self._transaction() as session:
            row = session.get(ConnectionRow, slug, with_for_update=True)
            if row is None:
                raise unknown_connection(session, slug)
            if row.state != state:
                detail = {"from": row.state, "to": state}
                row.state = state
                write_audit(session, actor, "connection.state", slug, detail)

    def set_day_states(
        self, slug: str, states: Mapping[date, tuple[DayStateName, str | None]]
    ) -> None:
        """Record how days stand; days that stand so already keep their instant."""
        given = {
            "slug": slug,
            "days": list(states),
            "states": [state for state, _ in states.values()],
            "reasons": [reason for _, reason in states.values()],
        }
        with self._transaction() as session:
            if session.get(ConnectionRow, slug) is None:
                raise unknown_connection(session, slug)
            session.execute(_SET_DAY_STATES, given)

    def day_states(
        self, slug: str, start: date | None = None, end: date | None = None
    ) -> list[DayState]:
        """How the days of `[start, end)` stand; days that were never looked at are absent."""
        wanted = select(*columns(DayStateRow, DayState)).where(DayStateRow.connection == slug)
        if start is not None:
            wanted = wanted.where(DayStateRow.day >= start)
        if end is not None:
            wanted = wanted.where(DayStateRow.day < end)
        with self._transaction() as session:
            return [DayState(*row) for row in session.execute(wanted.order_by(DayStateRow.day))]


_SET_DAY_STATES = text(
    """
    INSERT INTO registry.day_states AS known (connection, day, state, reason)
    SELECT :slug, given.* FROM unnest(
        CAST(:days AS date[]), CAST(:states AS text[]), CAST(:reasons AS text[])
    ) AS given
    ON CONFLICT (connection, day) DO UPDATE
    SET state = excluded.state, reason = excluded.reason, updated_at = now()
    WHERE (known.state, known.reason) IS DISTINCT FROM (excluded.state, excluded.reason)
    """
)


@cache
def _zones() -> set[str]:
    return available_timezones()


def unknown_connection(session: Session, slug: str) -> BadInput:
    """What to say of a slug that is not there."""
    known = session.scalars(select(ConnectionRow.slug).order_by(ConnectionRow.slug)).all()
    listed = ", ".join(known) if known else "none yet; `daybook import` makes one"
    return BadInput(f"there is no connection {slug!r}; known: {listed}")
