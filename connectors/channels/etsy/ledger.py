"""A month of a shop's ledger as the API gave it: proven entry by entry by the balance beside each.

An entry that is missing breaks the chain of balances. The parts of the month between its payouts
are the same as those of a statement; what the ledger says beside is the balance it began with.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb

from connectors.channels.base import Upload, macros
from connectors.documents.api_documents import head, relation
from connectors.documents.control_totals import from_microseconds, profile, with_digests
from connectors.documents.manifest import Dialect, Manifest, Statement
from connectors.errors import BadInput, Unproven
from connectors.lake.windows import midnight
from mappings.channels import sql
from mappings.money import coin

FORMAT = "etsy.ledger"
_DIALECT = Dialect(encoding="utf-8", columns=(), decimal_mark=".", date_format="%Y-%m-%d")


def inspect(con: duckdb.DuckDBPyConnection, upload: Upload) -> Manifest:
    """Read a month whole and prove that no entry is missing in it."""
    said = head(upload.header)
    assert said is not None
    currency = str(said["currency"])
    con.execute(f"CREATE OR REPLACE TEMP TABLE document_rows AS {relation(upload.text)}")
    for macro in macros(_DIALECT):
        con.execute(macro)
    start, end = _period(said, upload.time_zone)
    variables = {"coin": coin(currency), "time_zone": upload.time_zone, "period_end": end}
    for name, value in variables.items():
        con.execute(f"SET VARIABLE {name} = $1", [value])
    con.execute(f"CREATE OR REPLACE TEMP TABLE entries AS {sql('etsy', 'balance')}")
    _prove(con, upload, currency)
    found = with_digests(con, upload, profile(con, upload, sql("etsy", "ledger")))
    settlements = _settlements(con, currency, (start, end))
    manifest = found.with_payouts(settlements).manifest(
        upload,
        channel="etsy",
        format=FORMAT,
        statement=str(said["statement"]),
        currency=currency,
        declared=None,
        dialect=_DIALECT,
        period=(start, end),
        settlements=settlements,
    )
    return manifest.model_copy(update={"tag": said.get("tag")})


def _period(said: Mapping[str, Any], time_zone: str) -> tuple[datetime, datetime]:
    first, end = (date.fromisoformat(said[name]) for name in ("from", "to"))
    return midnight(first, time_zone), midnight(end, time_zone)


def _prove(con: duckdb.DuckDBPyConnection, upload: Upload, currency: str) -> None:
    other = con.execute(
        "SELECT DISTINCT currency FROM entries WHERE currency <> $1 ORDER BY 1", [currency]
    ).fetchone()
    if other is not None:
        raise BadInput(
            f"{upload.name}: holds entries in {other[0]}, and the shop's currency is {currency}: "
            "connect the shop again if it changed its currency"
        )
    broken = con.execute(
        "SELECT entry_id, balance, balance - gap FROM entries WHERE gap <> 0 ORDER BY row LIMIT 1"
    ).fetchone()
    if broken is not None:
        entry, balance, expected = broken
        raise Unproven(
            f"{upload.name}: the balance at entry {entry} is {balance:f}, those before it make "
            f"{expected:f}: entries are missing",
            declared=f"{balance:f}",
            found=f"{expected:f}",
        )


def _settlements(
    con: duckdb.DuckDBPyConnection, currency: str, period: tuple[datetime, datetime]
) -> tuple[Statement, ...]:
    """What stands between the month's payouts; the last part may still be open."""
    parts = con.execute(
        "WITH parts AS (SELECT *, coalesce(sum(is_payout::INTEGER) OVER "
        "(ORDER BY row ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS part FROM entries) "
        "SELECT max(row) FILTER (is_payout), max(posted_on) FILTER (is_payout), "
        "epoch_us(max(posted_at) FILTER (is_payout)), -sum(amount) FILTER (is_payout), "
        "coalesce(sum(amount) FILTER (NOT is_payout), 0)::DECIMAL(19,4), "
        "first(balance - amount ORDER BY row), last(balance ORDER BY row) "
        "FROM parts GROUP BY part ORDER BY part"
    ).fetchall()
    lines = _lines(con)
    found: list[Statement] = []
    start, seen = period[0], dict[date, int]()
    for row, day, instant, paid, total, opening, closing in parts:
        end = period[1] if instant is None else from_microseconds(instant)
        count, remark = lines.get(row or 0, (0, None))
        found.append(
            Statement(
                settlement_id="" if day is None else _named(day, currency, seen),
                marketplace=None,
                currency=currency,
                period_start=start,
                period_end=max(end, start + timedelta(microseconds=1)),
                declared=None,
                lines=count,
                total=total,
                deposit_at=None if day is None else end,
                deposit_day=day,
                payout=None if paid is None else Decimal(paid),
                row=row or 0,
                opening_balance=opening,
                closing_balance=closing,
                remark=remark,
            )
        )
        start = end
    return tuple(found)


def _lines(con: duckdb.DuckDBPyConnection) -> dict[int, tuple[int, str | None]]:
    """How many lines each payout closes, by its row (0: none yet), and what is remarked on them."""
    found = con.execute(
        "SELECT coalesce((SELECT min(e.row) FROM entries AS e WHERE e.is_payout "
        "AND e.row > p.row), 0), count(*)::INTEGER, "
        "list(DISTINCT remark ORDER BY remark) FILTER (remark IS NOT NULL) "
        "FROM profiled AS p GROUP BY 1"
    ).fetchall()
    return {row: (count, _remark(remarks or [])) for row, count, remarks in found}


def _remark(remarks: Sequence[str]) -> str | None:
    """What payments say otherwise than the ledger, the first of it in full."""
    if not remarks:
        return None
    more = f", and {len(remarks) - 1} more do" if len(remarks) > 1 else ""
    return f"{remarks[0]}{more}: the ledger is booked"


def _named(day: date, currency: str, seen: dict[date, int]) -> str:
    """A settlement is named after the day and currency of its payout, as in a statement."""
    seen[day] = seen.get(day, 0) + 1
    return f"etsy-{day}-{currency}" + (f"-{seen[day]}" if seen[day] > 1 else "")
