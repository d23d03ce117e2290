"""How far documents tell everything of their days."""

from datetime import UTC, date, datetime
from decimal import Decimal

from connectors.documents.coverage import complete_window
from connectors.documents.manifest import Coverage, Dialect, Manifest
from connectors.lake.windows import Window

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def document(coverage: Coverage, first: int, last: int, currency: str = "EUR") -> Manifest:
    return Manifest(
        document="0" * 64,
        connection="store",
        channel="ebay",
        format="any",
        coverage=coverage,
        name="any.ndjson",
        fetched_at=NOON,
        statement=f"{coverage}:{currency}",
        currency=currency,
        marketplace=None,
        period_start=NOON,
        period_end=NOON,
        first_day=date(2026, 3, first),
        last_day=date(2026, 3, last),
        lines=0,
        total=Decimal(0),
        declared=None,
        dialect=Dialect(encoding="utf-8", columns=(), decimal_mark=".", date_format="%Y"),
        source_types=(),
        days={},
        settlements=(),
    )


def test_open_documents_tell_everything_of_the_days_that_all_of_them_cover() -> None:
    euros, dollars = document(Coverage.OPEN, 1, 20), document(Coverage.OPEN, 3, 18, "USD")
    assert complete_window([euros, dollars]) == Window(date(2026, 3, 3), date(2026, 3, 19))


def test_ledgers_tell_everything_from_the_first_to_the_last() -> None:
    earlier, later = document(Coverage.LEDGER, 1, 9), document(Coverage.LEDGER, 10, 18)
    assert complete_window([earlier, later]) == Window(date(2026, 3, 1), date(2026, 3, 19))


def test_settlements_and_files_claim_no_days() -> None:
    claims = Coverage.SETTLEMENT, Coverage.DATE_RANGE, Coverage.PROVISIONAL
    assert complete_window([document(each, 1, 9) for each in claims]) is None
