"""Settlements are judged on what their days hold, and only once all of them are up to date."""

from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from connectors.lake.windows import Window
from pipelines.stages.ties import untied
from sandbox.amazon_files import order, report
from tests.channels.house import House

FIRST_DAY, SOLD, PAID = date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 18)
WHOLE = [*Window(FIRST_DAY, date(2026, 3, 16)), PAID]


def judged(house: House) -> dict[date, str | None]:
    return untied(house.store, WHOLE)


@pytest.fixture
def computed(house: House) -> House:
    assert not house.normalise().failed
    return house


def test_a_day_that_lost_a_line_does_not_tie(computed: House) -> None:
    assert judged(computed)[PAID] is None
    path = computed.workspace.lake.partition("transactions", computed.slug, SOLD)
    rows = pq.ParquetFile(path).read()
    pq.write_table(rows.slice(1), path)
    left = Decimal("42.50") - rows["amount"][0].as_py()
    assert judged(computed)[PAID] == (
        f"settlement 20000000001 declares 42.5000, its normalised lines sum to {left:.4f} USD"
    )


def test_a_day_that_holds_something_else_does_not_tie(computed: House) -> None:
    path = computed.workspace.lake.partition("transactions", computed.slug, SOLD)
    rows = pq.ParquetFile(path).read()
    place = rows.schema.get_field_index("amount")
    more = pc.add(rows["amount"], pa.scalar(Decimal("1.0000"), pa.decimal128(19, 4)))
    pq.write_table(rows.set_column(place, "amount", more.cast(pa.decimal128(19, 4))), path)
    reason = judged(computed)[PAID]
    assert reason is not None
    assert "settlement 20000000001 declares 42.5000" in reason


def test_a_day_made_of_a_document_that_was_replaced_is_waited_for(computed: House) -> None:
    computed.take(
        report(
            order("111-0000001-0000001", at="2026-03-02 08:00:00 UTC", price="50.00"),
            settlement="20000000001",
            start="2026-03-01 12:00:00 UTC",
            end="2026-03-15 12:00:00 UTC",
            deposit="2026-03-18 12:00:00 UTC",
        ),
        "again.txt",
    )
    assert PAID not in judged(computed)
    computed.normalise()
    assert judged(computed)[PAID] is None
