"""Saved mapping configurations."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session

from connectors.database.registry.connections import unknown_connection
from connectors.database.registry.models import ConnectionRow, MappingVersionRow
from connectors.database.registry.records import MappingVersion
from connectors.database.registry.repository import Repository, columns, serialise, write_audit
from connectors.errors import BadInput
from mappings.model import BOOKS


class Mappings(Repository):
    """Every version of every mapping; nothing is overwritten. A target is `books` by default."""

    def get(self, connection: str | None = None, target: str = BOOKS) -> MappingVersion | None:
        """Return the newest mapping of a connection, else the default, else None."""
        with self._transaction() as session:
            own = _latest(session, connection, target) if connection is not None else None
            return own or _latest(session, None, target)

    def latest(self, target: str = BOOKS) -> dict[str | None, MappingVersion]:
        """Return the newest mapping by connection, of those with their own; the default by None."""
        owner = MappingVersionRow.connection
        query = (
            select(*columns(MappingVersionRow, MappingVersion))
            .where(MappingVersionRow.target == target)
            .ext(distinct_on(owner))
            .order_by(owner, MappingVersionRow.version.desc())
        )
        with self._transaction() as session:
            newest = [MappingVersion(*row) for row in session.execute(query)]
        return {saved.connection: saved for saved in newest}

    def history(
        self, connection: str | None = None, target: str = BOOKS
    ) -> Sequence[MappingVersion]:
        """Return every version that can hold for a connection: its own, then the default's.

        The newest comes first among each.
        """
        owner = MappingVersionRow.connection
        query = (
            select(*columns(MappingVersionRow, MappingVersion))
            .where(MappingVersionRow.target == target, or_(owner.is_(None), owner == connection))
            .order_by(owner.is_(None), MappingVersionRow.version.desc())
        )
        with self._transaction() as session:
            return [MappingVersion(*row) for row in session.execute(query)]

    def save(
        self,
        document: Mapping[str, Any],
        digest: str,
        connection: str | None = None,
        *,
        actor: str,
        target: str = BOOKS,
        after: int | None = None,
        effective_from: date | None = None,
        reason: str | None = None,
    ) -> MappingVersion:
        """Save a new version; the newest is given back when it is the same from the same day on.

        `effective_from` is the first business day it holds for, `reason` the actor's own words.
        `after` is the version that was changed, 0 for none: `BadInput` when it is the newest no
        more, so that nobody undoes what another has just decided.
        """
        with self._transaction() as session:
            if connection is not None and session.get(ConnectionRow, connection) is None:
                raise unknown_connection(session, connection)
            # Versions count up from the newest, which two saves at once would both read.
            serialise(session, f"daybook mapping {target} {connection or ''}")
            latest = _latest(session, connection, target)
            if after is not None and after != (latest.version if latest else 0):
                raise BadInput("the mapping was changed meanwhile: reload it, then try again")
            if latest is not None and (latest.digest, latest.effective_from) == (
                digest,
                effective_from,
            ):
                return latest
            version = latest.version + 1 if latest else 1
            added = insert(MappingVersionRow).values(
                target=target,
                connection=connection,
                version=version,
                document=dict(document),
                digest=digest,
                effective_from=effective_from,
                reason=reason,
                created_by=actor,
            )
            returned = columns(MappingVersionRow, MappingVersion)
            saved = MappingVersion(*session.execute(added.returning(*returned)).one())
            detail = {
                "target": target,
                "version": version,
                "digest": digest,
                "effective_from": effective_from and str(effective_from),
                "reason": reason,
            }
            write_audit(session, actor, "mapping.saved", connection or "", detail)
            return saved


def _latest(session: Session, connection: str | None, target: str) -> MappingVersion | None:
    owner = MappingVersionRow.connection
    query = (
        select(*columns(MappingVersionRow, MappingVersion))
        .where(
            MappingVersionRow.target == target,
            owner.is_(None) if connection is None else owner == connection,
        )
        .order_by(MappingVersionRow.version.desc())
        .limit(1)
    )
    row = session.execute(query).first()
    return MappingVersion(*row) if row else None
