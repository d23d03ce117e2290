"""The payment that a report states, verified by its lines.

Walmart leaves balances that it carries from one payment to the next, and holds, out of the report.
If the lines differ from the payment and the report is complete, the difference becomes a line of
its own and the opening balance. A report is complete if it has as many lines as it states.
UNCONFIRMED what it counts: all lines of the file, or those without the header, or without the line
with the count; all three are accepted.
"""

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import duckdb

from connectors.channels.walmart.layouts import STATED_LINES
from connectors.documents.control_totals import ControlTotals, business_day
from connectors.documents.manifest import Statement
from connectors.documents.row_totals import verify_rows
from connectors.documents.source_file import DecodedFile
from connectors.documents.tables import one_currency
from connectors.errors import BadInput, TotalsMismatch
from connectors.lake.windows import midnight

AGAIN = "download it again, unedited"
# A payment's day in the name that Walmart gives a file: ..._MP_06022026_reconciliationreport.csv.
_PAID_ON = re.compile(r"(?<!\d)(\d{2})(\d{2})(20\d{2})(?!\d)")


def statement_of(paid_on: date) -> str:
    """Return what the report of a payment is a statement of, and its settlement's id."""
    return f"{paid_on:%Y%m%d}"


def stated(con: duckdb.DuckDBPyConnection, file: DecodedFile) -> Statement:
    """Return the settlement as its PaymentSummary states it.

    Its lines are filled in by the caller.
    """
    summaries = con.execute(
        'SELECT min(row), money("Total Payable") AS payable, day("Period Start Date") AS first, '
        'day("Period End Date") AS last, day("Transaction Posted Timestamp") '
        "FROM document_rows WHERE lower(\"Transaction Type\") = 'paymentsummary' "
        "GROUP BY ALL ORDER BY 1"
    ).fetchall()
    if not summaries or None in summaries[0][:4]:
        raise BadInput(
            f"{file.name}: no row states the payment and its period (PaymentSummary): the file "
            "is cut off or no whole report; download it again"
        )
    # The two summaries of one report are equal and grouped; different ones are reports pasted
    # together.
    if len(summaries) > 1:
        ends = ", ".join(f"to {row[3]}" for row in summaries)
        raise BadInput(
            f"{file.name}: holds {len(summaries)} settlements ({ends}); import each report by "
            "itself"
        )
    row, payable, first, last, paid_on = summaries[0]
    if first > last:
        raise BadInput(f"{file.name}: row {row}: the period ends before it starts; {AGAIN}")
    paid_on = paid_on or last
    return _statement(
        file,
        paid_on,
        one_currency(con, file, 'upper("Currency")', AGAIN),
        _period(first, last),
        row,
        payable,
    )


def verified(
    con: duckdb.DuckDBPyConnection, file: DecodedFile, payment: Statement, totals: ControlTotals
) -> Statement:
    """Return the verified settlement, with the balance carried into it."""
    total = first_value(
        con, "SELECT coalesce(sum(amount), 0) FROM counted_lines WHERE part IS NULL"
    )
    assert payment.declared is not None
    carried = payment.declared - total
    # The line count separates a balance carried forward from a file that was cut off.
    if carried and not _whole(con):
        raise TotalsMismatch(
            f"{file.name}: its lines sum to {total:f} but its Total Payable is "
            f"{payment.declared:f}, and it has not as many lines as it states: it is cut off or "
            "was edited; download it again",
            declared=f"{payment.declared:f}",
            computed=f"{total:f}",
        )
    balances = {"opening_balance": carried, "closing_balance": Decimal(0)} if carried else {}
    return payment.model_copy(update={"lines": totals.lines, "total": totals.total, **balances})


def legacy_stated(con: duckdb.DuckDBPyConnection, file: DecodedFile) -> Statement:
    """Return the payment of a report that states none.

    The file's name has the day, its rows have the period.
    """
    named = _PAID_ON.search(file.name)
    try:
        paid_on = date(*(int(named[i]) for i in (3, 1, 2))) if named else None
    except ValueError:
        paid_on = None
    if paid_on is None:
        raise BadInput(
            f"{file.name}: a report of this layout states the day of its payment in its name "
            "alone; give the file the name it was downloaded with (…_MP_MMDDYYYY_…)"
        )
    first, last = con.execute(
        'SELECT min(day("Transaction Date Time")), max(day("Transaction Date Time")) '
        "FROM document_rows"
    ).fetchone() or (None, None)
    if first is None or last is None:
        raise BadInput(f"{file.name}: no row has a date; {AGAIN}")
    # The legacy layout names no currency, and only reports in USD are known.
    return _statement(file, paid_on, "USD", (first, last + timedelta(days=1)), 0, None)


def legacy_verified(
    con: duckdb.DuckDBPyConnection, file: DecodedFile, payment: Statement, totals: ControlTotals
) -> Statement:
    """Return the settlement of rows that each add up to what is payable of them."""
    verify_rows(
        con,
        file,
        'SELECT r.row, coalesce(money(r."Payable to Partner from Sale"), 0) AS declared, '
        "coalesce(sum(p.amount), 0) AS computed FROM document_rows AS r "
        f'LEFT JOIN counted_lines AS p USING (row) WHERE r."{STATED_LINES}" IS NULL '
        "GROUP BY ALL HAVING declared <> computed ORDER BY 1 LIMIT 1",
        f"row {{row}}: its amounts sum to {{computed}} but {{declared}} is payable; {AGAIN}",
    )
    return payment.model_copy(
        update={"lines": totals.lines, "total": totals.total, "payout": totals.total}
    )


def _whole(con: duckdb.DuckDBPyConnection) -> bool:
    there, stated_lines = con.execute(
        f'SELECT count(*) FILTER ("{STATED_LINES}" IS NULL), '
        f'max(CAST("{STATED_LINES}" AS BIGINT)) FROM document_rows'
    ).fetchone() or (0, None)
    # The count may include the header and the line with the count, one of them, or neither.
    return stated_lines is not None and 0 <= stated_lines - there <= 2


def _period(first: date, last: date) -> tuple[date, date]:
    """Return the first day of a period and the day after it.

    Cycles are whole weeks that close at midnight: 07/11 to 07/25 has fourteen days, and the next
    one starts on 07/25. UNCONFIRMED; a period of other lengths is taken with its last day.
    """
    whole_weeks = last > first and (last - first).days % 7 == 0
    return first, last if whole_weeks else last + timedelta(days=1)


def _statement(
    file: DecodedFile,
    paid_on: date,
    currency: str,
    period: tuple[date, date],
    row: int,
    payable: Decimal | None,
) -> Statement:
    deposit = midnight(paid_on, file.time_zone)
    return Statement(
        settlement_id=statement_of(paid_on),
        currency=currency,
        period_start=midnight(period[0], file.time_zone),
        period_end=midnight(period[1], file.time_zone),
        declared=payable,
        lines=0,
        total=Decimal(0),
        deposit_at=deposit,
        deposit_day=business_day(deposit, file.time_zone),
        payout=payable,
        row=row,
    )


def first_value(con: duckdb.DuckDBPyConnection, query: str) -> Any:
    """Return the first value that a query finds."""
    row = con.execute(query).fetchone()
    return row[0] if row else None
