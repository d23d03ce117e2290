"""Choices of owners about posting: what is approved, rolled back, left out, or automatic."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from connectors.database.registry.models import PublicationRow
from connectors.database.registry.posting_models import AutomaticPostingRow, EntryChoiceRow
from connectors.database.registry.publications import DRAFTS, LIVE
from connectors.database.registry.records import Choice, EntryChoice, PublicationState
from connectors.database.registry.repository import Repository, columns, serialise, write_audit

# The drafts that each choice lets go; a choice of the owner never answers what a mapping lacks.
_FREED: dict[Choice, tuple[PublicationState, ...]] = {
    "approved": ("draft", "left_out"),
    "first_open_day": ("draft", "left_out", "held", "failed"),
}


class EntryChoices(Repository):
    """One choice an entry and target; the newest one counts."""

    def choose(
        self,
        target: str,
        connection: str,
        entries: Collection[str],
        choice: Choice,
        *,
        actor: str,
        reason: str | None = None,
    ) -> int:
        """Record a choice about entries and apply it to their publications, in one transaction.

        What is rolled back is to be taken out of the target from now on. Returns how many entries
        it is about.
        """
        if not entries:
            return 0
        chosen = sorted(set(entries))
        with self._transaction() as session:
            serialise(session, f"daybook publications {target}")
            self._apply(session, target, connection, chosen, choice, f"by {actor}: {reason or ''}")
            _upsert(session, target, connection, chosen, choice, reason, actor)
            days = _days(session, target, chosen)
            detail: dict[str, Any] = {
                "target": target,
                "entries": len(chosen),
                "first_day": str(days[0]),
                "last_day": str(days[1]),
                "reason": reason,
            }
            write_audit(session, actor, f"entries.{choice}", connection, detail)
        return len(chosen)

    @staticmethod
    def _apply(
        session: Session,
        target: str,
        connection: str,
        entries: Collection[str],
        choice: Choice,
        why: str,
    ) -> None:
        rows = session.query(PublicationRow).where(
            PublicationRow.target == target,
            PublicationRow.connection == connection,
            PublicationRow.entry_id.in_(entries),
        )
        drafts = rows.where(PublicationRow.state.in_(DRAFTS))
        live = rows.where(PublicationRow.state.in_(LIVE))
        now: dict[Any, Any] = {"updated_at": func.now()}
        match choice:
            case "rolled_back":
                released: dict[Any, Any] = {"state": "draft", "waits_for": "release", **now}
                drafts.update({**released, "message": f"rolled back {why}"}, False)
                live.where(PublicationRow.withdrawn_at.is_(None)).update(
                    {"withdrawn_at": func.now(), **now}, False
                )
            case "left_out":
                left: dict[Any, Any] = {
                    "state": "left_out",
                    "waits_for": None,
                    "message": f"left out {why}",
                }
                drafts.update({**left, **now}, False)
            case _:
                freed: dict[Any, Any] = {
                    "state": "planned",
                    "message": None,
                    "waits_for": None,
                    **now,
                }
                chosen = rows.where(PublicationRow.state.in_(_FREED.get(choice, ())))
                # Held for its mapping, an entry has nothing that could be sent.
                chosen.where(
                    (PublicationRow.state != "held") | (PublicationRow.waits_for == "open_period")
                ).update(freed, False)

    def restore(self, target: str, connection: str, entries: Collection[str]) -> None:
        """Leave entries in the target whose roll back had not reached them when it was released."""
        with self._transaction() as session:
            serialise(session, f"daybook publications {target}")
            session.query(PublicationRow).where(
                PublicationRow.target == target,
                PublicationRow.connection == connection,
                PublicationRow.entry_id.in_(entries),
                PublicationRow.state.in_(LIVE),
            ).update({"withdrawn_at": None, "updated_at": func.now()}, False)

    def forget(self, connection: str) -> None:
        """Drop the choices about a store that is gone with its entries: its slug is free again."""
        chosen = delete(EntryChoiceRow).where(EntryChoiceRow.connection == connection)
        with self._transaction() as session:
            session.execute(chosen)

    def list(
        self, target: str, connection: str, choices: Collection[Choice] | None = None
    ) -> Sequence[EntryChoice]:
        """Return the choices about a store's entries at a target, by entry."""
        query = (
            select(*columns(EntryChoiceRow, EntryChoice))
            .where(EntryChoiceRow.target == target, EntryChoiceRow.connection == connection)
            .order_by(EntryChoiceRow.entry_id)
        )
        if choices is not None:
            query = query.where(EntryChoiceRow.choice.in_(choices))
        with self._transaction() as session:
            return [EntryChoice(*row) for row in session.execute(query)]

    def automatic_since(self, target: str) -> dict[str, date]:
        """Return the first day whose entries need no approval, of each store that has one."""
        query = select(AutomaticPostingRow.connection, AutomaticPostingRow.since).where(
            AutomaticPostingRow.target == target
        )
        with self._transaction() as session:
            return {connection: since for connection, since in session.execute(query)}

    def set_automatic(self, target: str, connection: str, since: date | None, actor: str) -> None:
        """Post entries of this business day and later unasked, or none; drafts of them are due.

        Those of a backfill stay drafts.
        """
        with self._transaction() as session:
            serialise(session, f"daybook publications {target}")
            row = session.get(AutomaticPostingRow, (target, connection))
            before = row.since if row is not None else None
            if row is not None:
                session.delete(row)
                session.flush()
            if since is not None:
                added = AutomaticPostingRow(target=target, connection=connection, since=since)
                session.add(added)
                _free_drafts(session, target, connection, since)
            detail = {"target": target, "from": str(before or "off"), "to": str(since or "off")}
            write_audit(session, actor, "entries.automatic", connection, detail)


def _free_drafts(session: Session, target: str, connection: str, since: date) -> None:
    backfilled = select(EntryChoiceRow.entry_id).where(
        EntryChoiceRow.target == target,
        EntryChoiceRow.connection == connection,
        EntryChoiceRow.choice == "backfilled",
    )
    freed: dict[Any, Any] = {
        "state": "planned",
        "message": None,
        "waits_for": None,
        "updated_at": func.now(),
    }
    session.query(PublicationRow).where(
        PublicationRow.target == target,
        PublicationRow.connection == connection,
        PublicationRow.business_date >= since,
        PublicationRow.state == "draft",
        PublicationRow.waits_for == "approval",
        PublicationRow.entry_id.not_in(backfilled),
    ).update(freed, False)


def _days(session: Session, target: str, entries: Collection[str]) -> tuple[date, date]:
    """Return the first and the last business day of entries."""
    query = select(func.min(PublicationRow.business_date), func.max(PublicationRow.business_date))
    first, last = session.execute(
        query.where(PublicationRow.target == target, PublicationRow.entry_id.in_(entries))
    ).one()
    return first, last


def _upsert(
    session: Session,
    target: str,
    connection: str,
    entries: Collection[str],
    choice: Choice,
    reason: str | None,
    actor: str,
) -> None:
    values = {"choice": choice, "reason": reason, "chosen_by": actor}
    rows = [
        {"target": target, "entry_id": entry_id, "connection": connection, **values}
        for entry_id in entries
    ]
    session.execute(
        insert(EntryChoiceRow)
        .values(rows)
        .on_conflict_do_update(
            index_elements=["target", "entry_id"],
            set_={**values, "chosen_at": func.now()},
        )
    )
