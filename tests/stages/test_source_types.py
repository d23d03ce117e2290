"""New words: which are listed, what they came to, their days, and the entries they hold."""

from datetime import timedelta
from decimal import Decimal

from pipelines.stages.source_types import a_week_ago, new_source_types, unmapped_source_types
from sandbox.amazon_files import line, order, report
from tests.channels.house import House
from tests.stages.conftest import FIRST

FEE, OLD = "Order / ItemFees / Moon Landing", "Order / ItemFees / Moon Landing Fee, old"
DATES = {"start": "2026-03-02 00:00:00 UTC", "end": "2026-03-09 00:00:00 UTC"}


def fee(usage: str, day: int, amount: str) -> dict[str, str]:
    at = f"2026-03-{day:02d} 12:00:00 UTC"
    return line("Order", "ItemFees", usage.rpartition(" / ")[2], amount, at=at, order_id="1")


def test_words_without_a_place_come_with_their_days_sums_and_entries(empty: House) -> None:
    rows = [fee(FEE, 3, "-1.00"), fee(OLD, 3, "-2.00"), fee(FEE, 5, "-0.50")]
    empty.take(report([*order(), *rows], **DATES))
    before = new_source_types(empty.workspace, [empty.connection], a_week_ago())
    assert {(w.source_type, w.lines, w.first_day) for w in before} == {
        (FEE, 2, None),
        (OLD, 1, None),
    }
    empty.run()
    fees, old = new_source_types(empty.workspace, [empty.connection], a_week_ago())
    assert (fees.source_type, fees.totals) == (FEE, {"USD": Decimal("-1.50")})
    assert [day.day for day in (fees.first_day, fees.last_day) if day] == [3, 5]
    assert [held.business_date.day for held in fees.held] == [3, 5]
    # The other word begins with all of the first one, and is on one day alone.
    assert [held.business_date.day for held in old.held] == [3]
    registry = empty.workspace.registry
    why = registry.publications.held_connections()
    assert unmapped_source_types(registry, [empty.connection], why) == {"store": [FEE, OLD]}


def test_a_known_word_is_new_to_a_store_that_was_there_before(empty: House) -> None:
    lake = empty.workspace.lake
    taken = empty.take(FIRST).manifest
    earlier = taken.model_copy(update={"fetched_at": taken.fetched_at - timedelta(days=30)})
    lake.store_document(FIRST.encode(), earlier)
    mapped = fee("Order / ItemFees / FBAPerUnitFulfillmentFee", 3, "-3.00")
    empty.take(report([*order(), mapped], **DATES))
    (usage,) = new_source_types(empty.workspace, [empty.connection], a_week_ago())
    assert (usage.source_type, usage.is_mapped, usage.held) == (
        "Order / ItemFees / FBAPerUnitFulfillmentFee",
        True,
        [],
    )
    assert usage.category == "fee.fulfilment"
    assert (
        new_source_types(empty.workspace, [empty.connection], a_week_ago() - timedelta(days=60))
        == []
    )
