"""From documents of answers to manifests: one settlement each, or what no settlement pays yet.

A channel brings two queries over the answers (line, operation, answer), which see the macros of
`base.macros` and the variables below:

- `answers.sql`: the money lines: row, part, line_id, settlement_id, source_type, marketplace,
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
from pathlib import Path
from typing import Any

import duckdb

from connectors.channels.base import Reading, Upload, macros
from connectors.documents.api_documents import head, relation
from connectors.documents.control_totals import (
    Profile,
    business_day,
    from_microseconds,
    profile,
    with_digests,
)
from connectors.documents.manifest import Dialect, Manifest, Statement
from connectors.errors import BadInput, Unproven
from connectors.lake.windows import midnight
from mappings.channels import sql
from mappings.money import coin

SETTLEMENT, OPEN, PROVISIONAL = "settlement", "open", "provisional"
_DIALECT = Dialect(encoding="utf-8", columns=(), decimal_mark=".", date_format="%Y-%m-%dT%H:%M:%S")


@dataclass(frozen=True, slots=True)
class _Declared:
    """What `settlement.sql` found."""

    total: Decimal | None = None
    transactions: int | None = None
    payout: Decimal | None = None
    deposit_at: datetime | None = None
    marketplace: str | None = None
    opening_balance: Decimal | None = None
    closing_balance: Decimal | None = None
    failed: bool = False


def open_settlement(currency: str) -> str:
    """The settlement that lines are in while no payout has taken them."""
    return f"open-{currency}"


def open_statement(currency: str) -> str:
    """The statement of the document that says what no payout has taken."""
    return f"open:{currency}"


def inspect(con: duckdb.DuckDBPyConnection, upload: Upload, lines: str = "answers") -> Manifest:
    """Read a document of answers whole and prove it by what the channel declares in it.

    `lines` names the query, where a channel has another for some of its documents.
    """
    said = head(upload.header)
    if said is None:
        raise BadInput(f"{upload.name}: is no document of a platform's answers; fetch it again")
    channel, currency = str(said["channel"]), str(said["currency"])
    con.execute(f"CREATE OR REPLACE TEMP TABLE document_rows AS {relation(upload.text)}")
    for macro in macros(_DIALECT):
        con.execute(macro)
    variables = {
        "currency": currency,
        "coin": coin(currency),
        "settlement_id": _settlement_id(said),
        "time_zone": upload.time_zone,
        "period_end": None,
    }
    for name, value in variables.items():
        con.execute(f"SET VARIABLE {name} = $1", [value])
    found = with_digests(con, upload, profile(con, upload, sql(channel, lines)))
    settlement = _settlement(con, upload, channel, said, found)
    first, last = _covers(said, found, upload, settlement)
    period = (midnight(first, upload.time_zone), midnight(last, upload.time_zone, after=1))
    if said["kind"] == OPEN:
        settlement = settlement.model_copy(
            update={"period_start": period[0], "period_end": period[1]}
        )
    manifest = found.with_payouts([settlement]).manifest(
        upload,
        channel=channel,
        format=f"{channel}.{said['kind']}",
        statement=str(said["statement"]),
        currency=currency,
        declared=settlement.declared,
        dialect=_DIALECT,
        period=period,
        settlements=(settlement,),
    )
    return manifest.model_copy(
        update={
            "marketplace": settlement.marketplace or found.marketplace,
            "tag": said.get("tag"),
        }
    )


def _settlement_id(said: Mapping[str, Any]) -> str:
    if said["kind"] == OPEN:
        return open_settlement(str(said["currency"]))
    return str(said["statement"]).partition(":")[2]


def _settlement(
    con: duckdb.DuckDBPyConnection,
    upload: Upload,
    channel: str,
    said: Mapping[str, Any],
    found: Profile,
) -> Statement:
    """The settlement that the document states, its lines proven by what is declared."""
    declared = _declared(con, channel)
    _prove(upload, declared, found, con)
    start, end = _posted(con)
    fallback = declared.deposit_at or datetime(1970, 1, 1, tzinfo=UTC)
    deposit = None if declared.payout is None else declared.deposit_at
    return Statement(
        settlement_id=_settlement_id(said),
        marketplace=declared.marketplace,
        currency=str(said["currency"]),
        period_start=start or fallback,
        period_end=(end or fallback) + timedelta(microseconds=1),
        declared=declared.total,
        lines=found.lines,
        total=found.total,
        deposit_at=deposit,
        deposit_day=None if deposit is None else business_day(deposit, upload.time_zone),
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


def _prove(
    upload: Upload, declared: _Declared, found: Profile, con: duckdb.DuckDBPyConnection
) -> None:
    if declared.total is not None and declared.total != found.total:
        raise Unproven(
            f"{upload.name}: its lines sum to {found.total:f} but {declared.total:f} is declared",
            declared=f"{declared.total:f}",
            found=f"{found.total:f}",
        )
    if declared.transactions is None:
        return
    counted = con.execute(
        "SELECT count(DISTINCT coalesce(line_id, row::VARCHAR)) FROM profiled"
    ).fetchone()
    if counted != (declared.transactions,):
        there = counted[0] if counted else 0
        raise Unproven(
            f"{upload.name}: holds {there} transactions but {declared.transactions} are declared",
            declared=str(declared.transactions),
            found=str(there),
        )


def _posted(con: duckdb.DuckDBPyConnection) -> tuple[datetime | None, datetime | None]:
    """When the first and the last line were posted."""
    row = con.execute(
        "SELECT epoch_us(min(posted_at)), epoch_us(max(posted_at)) FROM profiled"
    ).fetchone()
    if row is None or row[0] is None:
        return None, None
    return from_microseconds(row[0]), from_microseconds(row[1])


def _covers(
    said: Mapping[str, Any], found: Profile, upload: Upload, settlement: Statement
) -> tuple[date, date]:
    """The first and last day of the document: those it says it covers, else those of its lines."""
    if "from" in said:
        return date.fromisoformat(said["from"]), date.fromisoformat(said["to"]) - timedelta(days=1)
    days = list(found.days) or [business_day(settlement.period_start, upload.time_zone)]
    return min(days), max(days)


def rows(_manifest: Manifest, text: Path) -> str:
    """SQL for the answers of a stored document."""
    return relation(text)


def reading(
    manifest: Manifest, shortfall: str = "transfer.payout", lines: str = "answers"
) -> Reading:
    """How a stored document of answers is read; a negative payout is filed under `shortfall`."""
    return Reading(
        lines_sql=sql(manifest.channel, lines),
        variables={
            "coin": coin(manifest.currency),
            # Lines keep their keys from one document of the account to the next.
            "prefix": lasting_prefix(manifest),
            "settlement_id": manifest.settlements[0].settlement_id,
            "period_end": manifest.period_end,
            "shortfall": shortfall,
        },
    )


def lasting_prefix(manifest: Manifest) -> str:
    """What transaction ids of an account start with where lines have numbers of their own."""
    return hashlib.sha256(manifest.connection.encode()).hexdigest()[:12]


def chain(manifests: Sequence[Manifest]) -> list[Statement]:
    """Every settlement of a connection's documents, oldest first; nothing bridges them."""
    return [s for m in manifests for s in m.settlements]
