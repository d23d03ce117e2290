"""Formats of documents of a platform's responses: one settlement each, or what none has taken yet.

A channel brings two queries over the responses (line, operation, answer), which see the macros of
`connectors.documents.macros` and the variables below:

- `lines_api.sql`: the money lines: row, part, line_id, settlement_id, source_type, marketplace,
  order_id, order_item_id, sku, quantity, posted_at, amount, description, fulfilment, ship_from,
  ship_to (`mappings/channels/transactions.sql` says what becomes of them). Variables: currency,
  settlement_id, coin (what 1 is worth where amounts are minor units).
- `settlement.sql`: what the channel declares, one row: declared (total of the lines), transactions
  (how many it says there are, null where it does not), payout (what left for the bank, null while
  nothing has), deposit_at, marketplace, opening_balance, closing_balance, failed (the payout was
  refused or called off).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb

from connectors.channels.base import LineQuery, payout_variables
from connectors.documents.api_documents import read_head, relation
from connectors.documents.control_totals import (
    ControlTotals,
    business_day,
    from_microseconds,
    take_control_totals,
    with_digests,
)
from connectors.documents.macros import define
from connectors.documents.manifest import Coverage, Dialect, Manifest, Statement
from connectors.documents.source_file import DecodedFile
from connectors.errors import BadInput, TotalsMismatch
from connectors.lake.windows import midnight
from mappings.channels.queries import sql
from mappings.money import coin

_DIALECT = Dialect(encoding="utf-8", columns=(), decimal_mark=".", date_format="%Y-%m-%dT%H:%M:%S")


@dataclass(frozen=True)
class ApiFormat:
    """The format of a channel's API documents of one kind.

    `kind` is what their first line says they are, by default the coverage's own; `prefix` is how
    their statements begin, where it tells two formats of a kind apart. `lines` names the query of
    their lines, `shortfall` is the category of a negative payout.
    """

    channel: str
    name: str
    coverage: Coverage
    kind: str = ""
    prefix: str = ""
    lines: str = "lines_api"
    shortfall: str = "transfer.payout"

    def identify(self, head: str) -> bool:
        """Return whether these are the first lines of such a document."""
        fields = read_head(head.partition("\n")[0]) or {}
        return (
            fields.get("channel") == self.channel
            and fields.get("kind") == (self.kind or self.coverage)
            and str(fields.get("statement")).startswith(self.prefix)
        )

    def inspect(self, con: duckdb.DuckDBPyConnection, file: DecodedFile) -> Manifest:
        """Return the manifest of a document that was read whole and verified by what is declared.

        Raises `BadInput` for a damaged document, `TotalsMismatch` for one that does not add up.
        """
        head = read_head(file.header)
        if head is None:
            raise BadInput(f"{file.name}: is no document of a platform's answers; fetch it again")
        _load(con, file, head)
        lines = sql(self.channel, self.lines)
        totals = with_digests(con, file, take_control_totals(con, file, lines))
        settlement = _settlement(con, file, head, totals)
        first, last = _covered_days(head, totals, file, settlement)
        period = (midnight(first, file.time_zone), midnight(last, file.time_zone, after=1))
        # Days without a line are covered too: nothing of them is open.
        if self.coverage is Coverage.OPEN:
            settlement = settlement.model_copy(
                update={"period_start": period[0], "period_end": period[1]}
            )
        manifest = totals.with_payouts([settlement]).manifest(
            file,
            channel=self.channel,
            format=self,
            statement=str(head["statement"]),
            currency=str(head["currency"]),
            declared=settlement.declared,
            dialect=_DIALECT,
            period=period,
            settlements=(settlement,),
        )
        return manifest.model_copy(
            update={
                "marketplace": settlement.marketplace or totals.marketplace,
                "tag": head.get("tag"),
            }
        )

    def query(self, manifest: Manifest, _documents: Sequence[Manifest]) -> LineQuery:
        """Return the query of a stored document; no other bears on it."""
        return LineQuery(
            rows=relation,
            lines_sql=sql(self.channel, self.lines),
            variables={
                "coin": coin(manifest.currency),
                # Lines keep their keys from one document of the account to the next.
                "prefix": lasting_prefix(manifest),
                "settlement_id": manifest.settlements[0].settlement_id,
                "period_end": manifest.period_end,
                **payout_variables(self.shortfall),
            },
        )


@dataclass(frozen=True, slots=True)
class _Declared:
    """The row of `settlement.sql`."""

    total: Decimal | None = None
    transactions: int | None = None
    payout: Decimal | None = None
    deposit_at: datetime | None = None
    marketplace: str | None = None
    opening_balance: Decimal | None = None
    closing_balance: Decimal | None = None
    failed: bool = False


def open_settlement(currency: str) -> str:
    """Return the settlement that lines are in while no payout has taken them."""
    return f"open-{currency}"


def open_statement(currency: str) -> str:
    """Return the statement of the document that says what no payout has taken."""
    return f"open:{currency}"


def lasting_prefix(manifest: Manifest) -> str:
    """Return the prefix of an account's transaction ids where lines have numbers of their own."""
    return hashlib.sha256(manifest.connection.encode()).hexdigest()[:12]


def _load(con: duckdb.DuckDBPyConnection, file: DecodedFile, head: Mapping[str, Any]) -> None:
    con.execute(f"CREATE OR REPLACE TEMP TABLE document_rows AS {relation(file.text)}")
    currency = str(head["currency"])
    define(
        con,
        _DIALECT,
        currency=currency,
        coin=coin(currency),
        settlement_id=_settlement_id(head),
        time_zone=file.time_zone,
        period_end=None,
    )


def _settlement_id(head: Mapping[str, Any]) -> str:
    if head["kind"] == Coverage.OPEN:
        return open_settlement(str(head["currency"]))
    return str(head["statement"]).partition(":")[2]


def _settlement(
    con: duckdb.DuckDBPyConnection,
    file: DecodedFile,
    head: Mapping[str, Any],
    totals: ControlTotals,
) -> Statement:
    """Return the settlement that the document states, its lines verified by what is declared."""
    declared = _declared(con, str(head["channel"]))
    _verify(con, file, declared, totals)
    start, end = _posted(con)
    fallback = declared.deposit_at or datetime(1970, 1, 1, tzinfo=UTC)
    # Until it has left for the bank, a payout's date is a plan.
    deposit = None if declared.payout is None else declared.deposit_at
    return Statement(
        settlement_id=_settlement_id(head),
        marketplace=declared.marketplace,
        currency=str(head["currency"]),
        period_start=start or fallback,
        period_end=(end or fallback) + timedelta(microseconds=1),
        declared=declared.total,
        lines=totals.lines,
        total=totals.total,
        deposit_at=deposit,
        deposit_day=None if deposit is None else business_day(deposit, file.time_zone),
        payout=declared.payout,
        row=0,
        opening_balance=declared.opening_balance,
        closing_balance=declared.closing_balance,
        failed=declared.failed,
    )


def _declared(con: duckdb.DuckDBPyConnection, channel: str) -> _Declared:
    row = con.execute(
        "SELECT declared, transactions, payout, epoch_us(deposit_at), marketplace, "
        f"opening_balance, closing_balance, failed FROM ({sql(channel, 'settlement')})"
    ).fetchone()
    if row is None:
        return _Declared()
    instant = None if row[3] is None else from_microseconds(row[3])
    return _Declared(row[0], row[1], row[2], instant, *row[4:])


def _verify(
    con: duckdb.DuckDBPyConnection, file: DecodedFile, declared: _Declared, totals: ControlTotals
) -> None:
    if declared.total is not None and declared.total != totals.total:
        raise TotalsMismatch(
            f"{file.name}: its lines sum to {totals.total:f} but {declared.total:f} is declared",
            declared=f"{declared.total:f}",
            computed=f"{totals.total:f}",
        )
    if declared.transactions is None:
        return
    row = con.execute(
        "SELECT count(DISTINCT coalesce(line_id, row::VARCHAR)) FROM counted_lines"
    ).fetchone()
    # One transaction may be several lines: what it paid, and each of its fees.
    counted = row[0] if row else 0
    if counted != declared.transactions:
        raise TotalsMismatch(
            f"{file.name}: holds {counted} transactions but {declared.transactions} are declared",
            declared=str(declared.transactions),
            computed=str(counted),
        )


def _posted(con: duckdb.DuckDBPyConnection) -> tuple[datetime | None, datetime | None]:
    """Return when the first and the last line were posted."""
    row = con.execute(
        "SELECT epoch_us(min(posted_at)), epoch_us(max(posted_at)) FROM counted_lines"
    ).fetchone()
    if row is None or row[0] is None:
        return None, None
    return from_microseconds(row[0]), from_microseconds(row[1])


def _covered_days(
    head: Mapping[str, Any], totals: ControlTotals, file: DecodedFile, settlement: Statement
) -> tuple[date, date]:
    """Return the first and last day that the document says it covers, else those of its lines."""
    # Stated where days without a line are covered as well; lines alone would not show them.
    if "from" in head:
        return date.fromisoformat(head["from"]), date.fromisoformat(head["to"]) - timedelta(days=1)
    days = list(totals.days) or [business_day(settlement.period_start, file.time_zone)]
    return min(days), max(days)
