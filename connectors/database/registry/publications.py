"""The outbox: which revision of which entry each target holds, should hold, or may not yet."""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import and_, func, or_, select, text, true
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased

from connectors.database.registry.models import PublicationRow
from connectors.database.registry.publication_statements import (
    ATTACH,
    HOLDS_ANY,
    MARK,
    PLAN,
    POST,
    SEND,
    SUPERSEDE,
)
from connectors.database.registry.records import (
    PlannedEntry,
    PlanOutcome,
    Publication,
    PublicationState,
    Wait,
)
from connectors.database.registry.repository import Repository, columns, serialise
from connectors.errors import Permanent

# States of entries that a target holds, or may hold.
LIVE: tuple[PublicationState, ...] = ("posted", "sending", "unknown")
DRAFTS: tuple[PublicationState, ...] = ("held", "draft", "left_out", "planned", "failed")
DUE: tuple[PublicationState, ...] = ("planned", "failed", "sending", "unknown")
LARGE_SET = 200


class Publications(Repository):
    """Publications in sets: a year of many connections is one call."""

    def held_connections(self) -> dict[str, Sequence[str]]:
        """Return connections with held entries, and their distinct reasons."""
        query = (
            select(PublicationRow.connection, func.coalesce(PublicationRow.message, ""))
            .where(PublicationRow.state == "held")
            .distinct()
            .order_by(text("1, 2"))
        )
        reasons: dict[str, list[str]] = defaultdict(list)
        with self._transaction() as session:
            for connection, message in session.execute(query):
                reasons[connection].append(message)
        return dict(reasons)

    def holds_any(self, target: str, references: Collection[str]) -> bool:
        """Return whether a target holds an entry of ours under one of these ids.

        Those of each of its documents count, and of originals that a correction stands beside.
        """
        statement = {"target": target, "references": sorted(references)}
        with self._transaction() as session:
            return bool(references) and bool(session.scalar(HOLDS_ANY, statement))

    def unsupported(self, target: str | None = None) -> Sequence[Publication]:
        """Return entries that a target may hold without a supporting journal: to be removed."""
        query = (
            select(*columns(PublicationRow, Publication))
            .where(
                PublicationRow.target == target if target is not None else true(),
                PublicationRow.state.in_(LIVE),
                PublicationRow.withdrawn_at.is_not(None),
            )
            .order_by(PublicationRow.connection, PublicationRow.business_date)
        )
        with self._transaction() as session:
            return [Publication(*row) for row in session.execute(query)]

    def due_connections(self, target: str) -> dict[str, int]:
        """Return how many entries of each connection a target lacks, or holds without a journal."""
        due = or_(
            and_(
                PublicationRow.state.in_(DUE),
                or_(PublicationRow.due_at.is_(None), PublicationRow.due_at <= func.now()),
            ),
            and_(PublicationRow.state.in_(LIVE), PublicationRow.withdrawn_at.is_not(None)),
        )
        query = (
            select(PublicationRow.connection, func.count())
            .where(PublicationRow.target == target, due)
            .group_by(PublicationRow.connection)
        )
        with self._transaction() as session:
            return {connection: count for connection, count in session.execute(query)}

    def hasten(self, target: str, connections: Collection[str], start: date, end: date) -> None:
        """Let planned entries of some connections be sent now, whatever their schedule says."""
        waiting = (
            PublicationRow.target == target,
            PublicationRow.connection.in_(connections),
            PublicationRow.business_date >= start,
            PublicationRow.business_date < end,
            PublicationRow.state == "planned",
            PublicationRow.due_at > func.now(),
        )
        with self._transaction() as session:
            serialise(session, f"daybook publications {target}")
            session.query(PublicationRow).where(*waiting).update({"due_at": None}, False)

    def retry(self, target: str, connection: str) -> int:
        """Mark what is due for a target as changed, so that the sensor requests it again."""
        due = (
            PublicationRow.target == target,
            PublicationRow.connection == connection,
            or_(PublicationRow.state.in_(DUE), PublicationRow.withdrawn_at.is_not(None)),
            PublicationRow.state != "voided",
        )
        with self._transaction() as session:
            serialise(session, f"daybook publications {target}")
            session.query(PublicationRow).where(*due, PublicationRow.state == "failed").update(
                {"state": "planned", "message": None, "due_at": None}, False
            )
            return (
                session.query(PublicationRow).where(*due).update({"updated_at": func.now()}, False)
            )

    def changed_at(self) -> datetime | None:
        """Return when any publication last changed; None when there is none."""
        with self._transaction() as session:
            return session.scalar(select(func.max(PublicationRow.updated_at)))

    def plan(
        self, target: str, rows: Sequence[PlannedEntry], *, needs_approval: bool = False
    ) -> PlanOutcome:
        """Plan what a target should hold for the given keys; other keys stay unchanged.

        With `needs_approval` new entries are drafts until somebody approves them.
        """
        entries = Counter(row.entry_id for row in rows)
        twice = [entry_id for entry_id, count in entries.items() if count > 1]
        if twice:
            raise Permanent(f"the entry {twice[0]} is planned twice at once")
        parameters = {
            "target": target,
            "connections": [row[0] for row in rows],
            "connection_set": sorted({row[0] for row in rows}),
            "dates": [row[1] for row in rows],
            "currencies": [row[2] for row in rows],
            "entries": [row[3] for row in rows],
            "hashes": [row[4] for row in rows],
            "held_reasons": [row[5] for row in rows],
            "backfilled": [row.is_backfilled for row in rows],
            "due_ats": [row.due_at for row in rows],
            "needs_approval": needs_approval,
        }
        with self._transaction() as session:
            serialise(session, f"daybook publications {target}")
            _join_by_hash(session, len(rows))
            # One statement for all keys: a year of a hundred connections has 36,500 entries.
            return PlanOutcome(*session.execute(PLAN, parameters).one())

    def withdraw(
        self, target: str, connection: str, entries: Collection[str]
    ) -> Sequence[Publication]:
        """Delete the drafts of entries without lines, by their ids.

        The returned ones are, or may be, in the target: remove them there, then `mark_voided`.
        """
        gone = (
            PublicationRow.target == target,
            PublicationRow.connection == connection,
            PublicationRow.entry_id.in_(entries),
        )
        live = (*gone, PublicationRow.state.in_(LIVE))
        query = select(*columns(PublicationRow, Publication)).where(*live)
        with self._transaction() as session:
            serialise(session, f"daybook publications {target}")
            session.query(PublicationRow).where(*gone, PublicationRow.state.in_(DRAFTS)).delete(
                synchronize_session=False
            )
            session.query(PublicationRow).where(
                *live, PublicationRow.withdrawn_at.is_(None)
            ).update({"withdrawn_at": func.now(), "updated_at": func.now()}, False)
            rows = session.execute(query.order_by(PublicationRow.business_date))
            return [Publication(*row) for row in rows]

    def drop_drafts(self, target: str, connection: str) -> None:
        """Delete what a target was to get of a connection, and will not; what it holds stays."""
        drafts = (
            PublicationRow.target == target,
            PublicationRow.connection == connection,
            PublicationRow.state.in_(DRAFTS),
        )
        with self._transaction() as session:
            serialise(session, f"daybook publications {target}")
            session.query(PublicationRow).where(*drafts).delete(synchronize_session=False)

    def mark_posted(
        self,
        target: str,
        publications: Sequence[Publication],
        reference: str | Mapping[int, str] | None = None,
    ) -> int:
        """Record that the target holds these revisions; older ones are superseded with it.

        A publication that was replanned since it was read stays unchanged. `reference` is one for
        all, or by publication id. Returns how many were marked.
        """
        parameters = self._given(target, publications)
        if isinstance(reference, Mapping):
            parameters["references"] = [reference.get(p.id) for p in publications]
        else:
            parameters["references"] = [reference for _ in publications]
        with self._transaction() as session:
            serialise(session, f"daybook publications {target}")
            _join_by_hash(session, len(publications))
            # First: an index allows one posted revision of an entry.
            session.execute(SUPERSEDE, parameters)
            return len(session.execute(POST, parameters).all())

    def mark(
        self,
        target: str,
        publications: Sequence[Publication],
        state: PublicationState,
        message: str | None = None,
        *,
        waits_for: Wait | None = None,
    ) -> int:
        """Move revisions to another state, if their content is unchanged."""
        parameters = self._given(target, publications)
        parameters |= {"state": state, "message": message, "waits_for": waits_for}
        with self._transaction() as session:
            serialise(session, f"daybook publications {target}")
            _join_by_hash(session, len(publications))
            return len(session.execute(MARK, parameters).all())

    def mark_sending(
        self, target: str, publication: Publication, content: Mapping[str, object]
    ) -> bool:
        """Record what is about to be sent; False where it was planned anew meanwhile."""
        parameters = self._given(target, [publication]) | {"content": json.dumps(content)}
        with self._transaction() as session:
            serialise(session, f"daybook publications {target}")
            return bool(session.execute(SEND, parameters).all())

    def unattached(self, target: str, connection: str) -> Sequence[Publication]:
        """Return the posted revisions whose documents are still to be attached, oldest first."""
        query = (
            select(*columns(PublicationRow, Publication))
            .where(
                PublicationRow.target == target,
                PublicationRow.connection == connection,
                PublicationRow.state == "posted",
                PublicationRow.content["attachments"].astext == "due",
            )
            .order_by(PublicationRow.business_date, PublicationRow.currency)
        )
        with self._transaction() as session:
            return [Publication(*row) for row in session.execute(query)]

    def mark_attached(self, target: str, publication: Publication) -> None:
        """Record that the documents of a revision are attached to it."""
        with self._transaction() as session:
            session.execute(ATTACH, self._given(target, [publication]))

    def mark_voided(self, target: str, publications: Sequence[Publication]) -> int:
        """Record that the target holds these no longer."""
        return self.mark(target, publications, "voided")

    def list(
        self,
        target: str | None = None,
        connections: Collection[str] | None = None,
        start: date | None = None,
        end: date | None = None,
        states: Collection[PublicationState] | None = None,
        *,
        all_revisions: bool = False,
    ) -> Sequence[Publication]:
        """Return the newest revision of every entry in `[start, end)`, by connection and date."""
        key = PublicationRow.target, PublicationRow.entry_id
        query = select(PublicationRow)
        if target is not None:
            query = query.where(PublicationRow.target == target)
        if connections is not None:
            query = query.where(PublicationRow.connection.in_(connections))
        if start is not None:
            query = query.where(PublicationRow.business_date >= start)
        if end is not None:
            query = query.where(PublicationRow.business_date < end)
        if not all_revisions:
            query = query.ext(distinct_on(*key)).order_by(*key, PublicationRow.revision.desc())
        newest = aliased(PublicationRow, query.subquery())
        chosen = select(*[getattr(newest, c.key) for c in columns(PublicationRow, Publication)])
        if states is not None:
            chosen = chosen.where(newest.state.in_(states))
        ordered = chosen.order_by(
            newest.target,
            newest.connection,
            newest.business_date,
            newest.entry_id,
            newest.revision,
        )
        with self._transaction() as session:
            return [Publication(*row) for row in session.execute(ordered)]

    @staticmethod
    def _given(target: str, publications: Sequence[Publication]) -> dict[str, object]:
        return {
            "target": target,
            "ids": [publication.id for publication in publications],
            "hashes": [publication.content_hash for publication in publications],
        }


def _join_by_hash(session: Session, rows: int) -> None:
    """Keep PostgreSQL from comparing every row of a large set with every row of the table.

    It does where its statistics are of a moment ago, when the table was empty: a year of twenty
    stores, planned in half a second, then takes half a minute.
    """
    if rows > LARGE_SET:
        session.execute(text("SET LOCAL enable_nestloop = off"))
