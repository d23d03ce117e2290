"""Gaps between settlements: where one ends the next begins, or something is missing.

Asked of channels whose settlements follow one upon another. Where payouts take transactions as they
become available, nothing has to meet; there, what is open proves that nothing is missing.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from connectors.channels import channel
from connectors.database.registry import Connection
from connectors.documents.control_totals import business_day, last_business_day
from connectors.documents.manifest import Statement
from connectors.lake.windows import ONE_DAY

# Less than a day is no settlement: some channels leave a second between two of them.
SHORTEST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Gap:
    """Days `first` to `last` between two settlements in a currency that no settlement covers."""

    connection: str
    currency: str
    first: date
    last: date
    act: str

    def __str__(self) -> str:
        return (
            f"no settlement in {self.currency} covers {self.first} to {self.last}, between two "
            f"that are here: {self.act}"
        )


def gaps(connection: Connection, statements: Sequence[Statement]) -> list[Gap]:
    """Return the gaps between a connection's settlements, oldest first."""
    source = channel(connection.channel)
    if not source.contiguous:
        return []
    by_currency: dict[str, list[Statement]] = defaultdict(list)
    for statement in statements:
        by_currency[statement.currency].append(statement)
    return [
        gap
        for _, listed in sorted(by_currency.items())
        for gap in _gaps(connection, source.file, listed)
    ]


def _gaps(connection: Connection, file: str, listed: Sequence[Statement]) -> list[Gap]:
    listed_gaps: list[Gap] = []
    reached: datetime | None = None
    for statement in sorted(listed, key=lambda s: s.period_start):
        if reached is not None and statement.period_start - reached > SHORTEST:
            first = last_business_day(reached, connection.timezone) + ONE_DAY
            last = business_day(statement.period_start, connection.timezone) - ONE_DAY
            act = f"import its {file}"
            if connection.kind == "api":
                act = f"`daybook sync {connection.slug} --from {first}`, or {act}"
            listed_gaps.append(Gap(connection.slug, statement.currency, first, last, act))
        # Sites of one currency settle side by side: the furthest end counts, not the last one.
        reached = max(reached or statement.period_end, statement.period_end)
    return listed_gaps
