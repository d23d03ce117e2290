"""A month of a shop's ledger from the API, verified by the balance of each entry.

A missing entry breaks the sequence of balances. The parts of the month between its payouts equal
those of a statement; the ledger also states the opening balance.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb

from connectors.channels.api_formats import lasting_prefix
from connectors.channels.base import LineQuery, payout_variables
from connectors.channels.etsy.settlement_links import DEPOSIT, open_settlement_of, settlement_name
from connectors.documents.api_documents import read_head, relation
from connectors.documents.control_totals import from_microseconds, take_control_totals, with_digests
from connectors.documents.macros import define
from connectors.documents.manifest import Coverage, Dialect, Manifest, Statement
from connectors.documents.row_totals import verify_rows
from connectors.documents.source_file import DecodedFile
from connectors.errors import BadInput
from connectors.lake.windows import midnight
from mappings.channels.queries import sql
from mappings.money import coin

_LINES = "lines_ledger"
_DIALECT = Dialect(encoding="utf-8", columns=(), decimal_mark=".", date_format="%Y-%m-%d")


class ApiLedger:
    """A month of the payment account's entries, with the payments that they refer to."""

    name = "api_ledger"
    coverage = Coverage.LEDGER

    def identify(self, head: str) -> bool:
        """Return whether these are the first lines of a month of the ledger."""
        fields = read_head(head.partition("\n")[0]) or {}
        return fields.get("channel") == "etsy" and fields.get("kind") == Coverage.LEDGER

    def inspect(self, con: duckdb.DuckDBPyConnection, file: DecodedFile) -> Manifest:
        """Return the manifest of a complete month."""
        head = read_head(file.header)
        assert head is not None
        currency = str(head["currency"])
        con.execute(f"CREATE OR REPLACE TEMP TABLE document_rows AS {relation(file.text)}")
        start, end = _period(head, file.time_zone)
        define(con, _DIALECT, coin=coin(currency), time_zone=file.time_zone, period_end=end)
        con.execute(f"CREATE OR REPLACE TEMP TABLE entries AS {sql('etsy', 'balance')}")
        _verify(con, file, currency)
        totals = with_digests(con, file, take_control_totals(con, file, sql("etsy", _LINES)))
        settlements = _settlements(con, currency, (start, end))
        manifest = totals.with_payouts(settlements).manifest(
            file,
            channel="etsy",
            format=self,
            statement=str(head["statement"]),
            currency=currency,
            declared=None,
            dialect=_DIALECT,
            period=(start, end),
            settlements=settlements,
        )
        return manifest.model_copy(update={"tag": head.get("tag")})

    def query(self, manifest: Manifest, documents: Sequence[Manifest]) -> LineQuery:
        """Return the query of a stored month; a later one's deposit may take its last lines."""
        return LineQuery(
            rows=relation,
            lines_sql=sql("etsy", _LINES),
            variables={
                "open_settlement": open_settlement_of(manifest, documents),
                "coin": coin(manifest.currency),
                # Entries keep their keys from one document of the month to the next.
                "prefix": lasting_prefix(manifest),
                "period_end": manifest.period_end,
                **payout_variables(key=f"{manifest.statement}:", payout=DEPOSIT, negative=DEPOSIT),
            },
        )


def _period(head: Mapping[str, Any], time_zone: str) -> tuple[datetime, datetime]:
    first, end = (date.fromisoformat(head[name]) for name in ("from", "to"))
    return midnight(first, time_zone), midnight(end, time_zone)


def _verify(con: duckdb.DuckDBPyConnection, file: DecodedFile, currency: str) -> None:
    # Each currency has its own balance, which would break the sequence of this one.
    other = con.execute(
        "SELECT DISTINCT currency FROM entries WHERE currency <> $1 ORDER BY 1", [currency]
    ).fetchone()
    if other is not None:
        raise BadInput(
            f"{file.name}: holds entries in {other[0]}, and the shop's currency is {currency}: "
            "connect the shop again if it changed its currency"
        )
    verify_rows(
        con,
        file,
        "SELECT entry_id, balance AS declared, balance - gap AS computed FROM entries "
        "WHERE gap <> 0 ORDER BY row LIMIT 1",
        "the balance at entry {entry_id} is {declared}, those before it make {computed}: entries "
        "are missing",
    )


def _settlements(
    con: duckdb.DuckDBPyConnection, currency: str, period: tuple[datetime, datetime]
) -> tuple[Statement, ...]:
    """Return the parts between the month's payouts; the last one may still be open."""
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
    settlements: list[Statement] = []
    start, seen = period[0], Counter[date]()
    for row, day, instant, paid, total, opening, closing in parts:
        end = period[1] if instant is None else from_microseconds(instant)
        count, remark = lines.get(row or 0, (0, None))
        settlements.append(
            Statement(
                settlement_id="" if day is None else settlement_name(day, currency, seen),
                currency=currency,
                period_start=start,
                period_end=max(end, start + timedelta(microseconds=1)),
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
    return tuple(settlements)


def _lines(con: duckdb.DuckDBPyConnection) -> dict[int, tuple[int, str | None]]:
    """Return how many lines each payout closes, by its row (0.

    None yet), and what is remarked on them.
    """
    rows = con.execute(
        "SELECT coalesce((SELECT min(e.row) FROM entries AS e WHERE e.is_payout "
        "AND e.row > p.row), 0), count(*)::INTEGER, "
        "list(DISTINCT remark ORDER BY remark) FILTER (remark IS NOT NULL) "
        "FROM counted_lines AS p GROUP BY 1"
    ).fetchall()
    return {row: (count, _remark(remarks or [])) for row, count, remarks in rows}


def _remark(remarks: Sequence[str]) -> str | None:
    """Return what payments say otherwise than the ledger, the first of it in full."""
    if not remarks:
        return None
    more = f", and {len(remarks) - 1} more do" if len(remarks) > 1 else ""
    return f"{remarks[0]}{more}: the ledger is booked"


FORMAT = ApiLedger()
