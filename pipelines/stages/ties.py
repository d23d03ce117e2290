"""Ties of settlements: the sum of their lines against the total that the channel declared.

A settlement is compared when all that it consists of is up to date. A day normalised before a
document that touches it came is not: it waits to be computed again, and proves nothing wrong.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from connectors.documents.manifest import Manifest, Statement
from pipelines.stages.partitions import scan
from pipelines.stages.settlements import closing_day, covered_days
from pipelines.stages.store import Store


@dataclass(frozen=True, slots=True)
class _Brought:
    """The part of one document in one day of one settlement; payouts are none of its lines."""

    day: date
    document: str
    settlement_id: str
    lines: int
    total: Decimal


def untied(
    store: Store, days: Collection[date], failed: Collection[date] = ()
) -> dict[date, str | None]:
    """Check settlements that close or have lines on `days`: closing day -> None, or why it differs.

    A settlement some of whose days are not normalised, not up to date, or have `failed`, is not
    compared.
    """
    statements, zone = store.settlements, store.connection.timezone
    present = store.lake.days("transactions", store.slug) - set(failed)
    # A truncated file says nothing about the settlement: its day fails for another reason.
    present -= store.lake.cut_off("transactions", store.slug)
    filed = store.lake.days("settlements", store.slug)
    spans = {s.settlement_id: covered_days(s, zone) | {closing_day(s, zone)} for s in statements}
    complete = [
        s
        for s in statements
        if not spans[s.settlement_id].isdisjoint(days)
        and spans[s.settlement_id] <= present
        and closing_day(s, zone) in filed.union(days)
    ]
    if not complete:
        return {}
    spanned = set().union(*(spans[s.settlement_id] for s in complete))
    parts = _brought(store, spanned)
    stale = _stale(_Sources.of(store), parts, spanned)
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for part in parts:
        totals[part.settlement_id] += part.total
        # The day may be outside the period: a payout includes lines of earlier days.
        spans.get(part.settlement_id, set()).add(part.day)
    # With a stale day, the sum is wrong until the day's next run.
    comparable = [s for s in complete if stale.isdisjoint(spans[s.settlement_id])]
    ties: dict[date, str | None] = {closing_day(s, zone): None for s in comparable}
    for statement in comparable:
        # Channels without a declared total (Etsy) are compared with the document's own lines.
        declared = statement.total if statement.declared is None else statement.declared
        total = totals[statement.settlement_id]
        if total != declared:
            ties[closing_day(statement, zone)] = (
                f"settlement {statement.settlement_id} declares {declared:f}, "
                f"its normalised lines sum to {total:f} {statement.currency}"
            )
    return ties


def _brought(store: Store, days: Collection[date]) -> list[_Brought]:
    files = store.lake.partitions("transactions", store.slug, days)
    with store.workspace.engine() as con:
        rows = con.execute(
            "SELECT business_date, document, coalesce(settlement_id, ''), "
            "count(*) FILTER (payout_id IS NULL), "
            "coalesce(sum(amount) FILTER (payout_id IS NULL), 0) "
            f"FROM {scan(files)} GROUP BY ALL"
        )
        return [_Brought(*row) for row in rows.fetchall()]


@dataclass(frozen=True, slots=True)
class _Sources:
    """The sources of days as of now: all documents of the connection, those booked, settlements."""

    documents: Mapping[str, Manifest]
    booked: Mapping[str, Manifest]
    settlements: Mapping[str, Statement]
    time_zone: str

    @classmethod
    def of(cls, store: Store) -> "_Sources":
        return cls(
            {m.document: m for m in store.lake.manifests(store.slug)},
            {m.statement: m for m in store.documents},
            {s.settlement_id: s for s in store.settlements},
            store.connection.timezone,
        )

    def supports(self, part: _Brought) -> bool:
        """Return whether the part would be the same, were its day normalised now."""
        return self._says_so(part) and (not part.lines or self._names_it(part))

    def _says_so(self, part: _Brought) -> bool:
        """Return whether the document is effective, or its successor says the same of the day."""
        then = self.documents.get(part.document)
        now = None if then is None else self.booked.get(then.statement)
        if then is None or now is None:
            return False
        if now.document == then.document:
            return True
        # The digest spares the day a run where a restated document left it as it was.
        totals = now.days.get(part.day)
        return (
            totals is not None
            and (totals.digest is not None or not totals.lines)
            and totals == then.days.get(part.day)
            and now.covers(part.day) == then.covers(part.day)
        )

    def _names_it(self, part: _Brought) -> bool:
        """Return whether the settlement exists, and no payout has taken its lines since."""
        settlement = self.settlements.get(part.settlement_id)
        if settlement is None:
            return False
        return settlement.payout is not None or part.day in covered_days(settlement, self.time_zone)


def _stale(sources: _Sources, parts: Sequence[_Brought], days: Collection[date]) -> set[date]:
    """Return the days to normalise again because of documents that came since."""
    there = {(p.day, m.statement) for p in parts if (m := sources.documents.get(p.document))}
    missing = {
        day
        for manifest in sources.booked.values()
        for day, totals in manifest.days.items()
        if day in days
        and (totals.lines or totals.payouts)
        and (day, manifest.statement) not in there
    }
    return missing | {part.day for part in parts if not sources.supports(part)}
