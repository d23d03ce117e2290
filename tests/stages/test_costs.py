"""The cost of goods: an entry of its own, from dated unit costs and movements of stock."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.costs import read_costs, read_movements
from connectors.errors import BadInput
from mappings.journal.config import MappingConfig
from mappings.model import BOOKS
from pipelines.stages.approvals import EntrySelection
from pipelines.stages.cost_tables import load_costs
from pipelines.stages.roll_back import choose_entries, roll_back
from pipelines.stages.stock import MissingCost, import_costs, import_movements, missing_costs
from sandbox.amazon_files import Line, line, report
from tests.channels.house import House

FIRST, SECOND = date(2026, 3, 2), date(2026, 3, 3)
COSTS = b"sku,cost,currency,from,location\nMUG,4.125,USD,2026-01-01,\nMUG,5,USD,2026-03-03,\n"
AFN = b"sku;cost;currency;from;location\nMUG;4.5;USD;2026-01-01;AFN\n"
CONFIG = MappingConfig(cost_of_goods=True, locations={"AFN": "Assets:Inventory:FBA"})


def sale(sku: str, units: str, day: date = FIRST, **columns: str) -> Line:
    at = f"{day} 08:00:00 UTC"
    return line(
        *("Order", "ItemPrice", "Principal", "20.00"),
        at=at,
        order_id=f"111-{sku}-{day}",
        marketplace_name="Amazon.com",
        sku=sku,
        quantity_purchased=units,
        **columns,
    )


def sold(house: House, *lines: Line) -> House:
    house.take(report(list(lines)))
    house.mapping = CONFIG
    house.run()
    return house


def costs(house: House, content: bytes = COSTS) -> None:
    import_costs(house.workspace, house.connection, "costs.csv", content, "ann")


def entry(house: House, day: date = FIRST) -> dict[str, Decimal]:
    """The lines of a day's cost, by account."""
    rows = [r for r in house.rows("journal_lines") if r["entry_id"] == f"cogs:store:{day}:USD"]
    return {row["account"]: row["amount"] for row in rows}


def test_units_sold_are_booked_at_the_cost_of_their_day(empty: House) -> None:
    costs(empty)
    costs(empty, AFN)
    afn = {"fulfillment_id": "AFN"}
    sold(empty, sale("MUG", "3"), sale("MUG", "2", **afn), sale("MUG", "3", SECOND))
    # 3 x 4.125 is 12.375, and half a cent goes away from zero.
    assert entry(empty) == {
        "Expenses:COGS": Decimal("21.38"),
        "Assets:Inventory": Decimal("-12.38"),
        "Assets:Inventory:FBA": Decimal("-9.00"),
    }
    assert entry(empty, SECOND) == {"Expenses:COGS": Decimal(15), "Assets:Inventory": Decimal(-15)}
    assert f'"Cost of goods {FIRST}" #costs ^' in empty.books()
    # The sales are what they were, and both entries are in the books.
    assert empty.held() == {}
    posted = empty.workspace.registry.publications.list(BOOKS, states=["posted"])
    assert {p.entry_id.partition(":")[0] for p in posted} == {"je", "cogs"}
    assert [proof.difference for proof in empty.prove()] == [0]


def test_a_sku_without_a_cost_holds_the_cost_and_not_the_sales(empty: House) -> None:
    costs(empty)
    sold(empty, sale("MUG", "1"), sale("CUP", "4"), sale("JAR", "1"))
    assert empty.held() == {
        "cogs:store:2026-03-02:USD": (
            "no unit cost of CUP, JAR: name it in a file for `daybook costs import`"
        )
    }
    assert missing_costs(empty.workspace, empty.connection) == [
        MissingCost("CUP", "", FIRST, 4),
        MissingCost("JAR", "", FIRST, 1),
    ]
    rest = b"sku,cost,currency,from\nCUP,1.00,USD,2026-03-02\nJAR,2.00,USD,2026-03-02\n"
    costs(empty, rest)
    empty.run()
    assert (empty.held(), missing_costs(empty.workspace, empty.connection)) == ({}, [])
    # 4.125 and 4.00 and 2.00
    assert entry(empty)["Expenses:COGS"] == Decimal("10.13")


def test_a_store_without_any_cost_has_an_entry_that_is_held(empty: House) -> None:
    sold(empty, sale("MUG", "1"), sale("MUG", "", SECOND))
    assert set(empty.held()) == {"cogs:store:2026-03-02:USD", "cogs:store:2026-03-03:USD"}
    assert (
        "1 of its lines of sales name no SKU or no units"
        in empty.held()["cogs:store:2026-03-03:USD"]
    )


def test_only_stock_that_came_back_is_put_back(empty: House) -> None:
    costs(empty)
    refund = line(
        *("Refund", "ItemPrice", "Principal", "-20.00"), at="2026-03-02 09:00:00 UTC", sku="MUG"
    )
    moved = (
        b"date,sku,quantity,kind,reference\n2026-03-02,MUG,1,returned,r1\n"
        b"2026-03-02,MUG,2,lost,l1\n2026-03-02,MUG,1,disposed,d1\n2026-03-02,MUG,1,found,f1\n"
    )
    sold(empty, sale("MUG", "3"), refund)
    before = entry(empty)
    assert before == {"Expenses:COGS": Decimal("12.38"), "Assets:Inventory": Decimal("-12.38")}
    for _ in range(2):
        import_movements(empty.workspace, empty.connection, "moved.csv", moved, "ann")
        empty.run()
    # Each kind is rounded once: 12.38 - 4.13, and 8.25 + 4.13 - 4.13.
    assert entry(empty) == {
        "Expenses:COGS": Decimal("8.25"),
        "Expenses:InventoryLosses": Decimal("8.25"),
        "Assets:Inventory": Decimal("-16.50"),
    }


def test_a_movement_waits_for_its_day_to_be_covered_and_is_booked_without_a_sale(
    empty: House,
) -> None:
    costs(empty)
    sold(empty, sale("MUG", "3"))
    moved = (
        b"date,sku,quantity,kind,reference\n2026-03-05,MUG,1,lost,l1\n2026-04-20,MUG,1,lost,l2\n"
    )
    outcome = import_movements(empty.workspace, empty.connection, "moved.csv", moved, "ann")
    assert (outcome.rows, outcome.changed, outcome.waiting) == (2, 2, 1)
    empty.run()
    assert entry(empty, date(2026, 3, 5)) == {
        "Expenses:InventoryLosses": Decimal(5),
        "Assets:Inventory": Decimal(-5),
    }


def test_sellable_units_of_amazons_report_of_returns_come_back() -> None:
    head = "return-date\torder-id\tsku\tquantity\tdetailed-disposition\tlicense-plate-number\n"
    rows = (
        "2026-03-02T08:00:00+00:00\t111\tMUG\t1\tSELLABLE\tLPN1\n"
        "2026-03-02T08:00:00+00:00\t112\tMUG\t1\tCUSTOMER_DAMAGED\tLPN2\n"
    )
    (movement,) = read_movements("returns.txt", (head + rows).encode())
    assert (movement.reference, movement.kind, movement.location) == ("LPN1 111", "returned", "AFN")


def test_the_cost_of_goods_is_rolled_back_alone(empty: House) -> None:
    costs(empty)
    sold(empty, sale("MUG", "1"), sale("MUG", "1", SECOND))
    workspace = empty.workspace
    chosen = choose_entries(workspace, "store", BOOKS, EntrySelection("cogs:*"))
    assert {p.entry_id for p in chosen} == {f"cogs:store:{day}:USD" for day in (FIRST, SECOND)}
    outcome = roll_back(workspace, "store", BOOKS, chosen, "costs were wrong", "ann")
    assert len(outcome.removed) == 2
    empty.run()
    live = workspace.registry.publications.list(BOOKS, states=["posted"])
    assert {p.entry_id.partition(":")[0] for p in live} == {"je"}


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    sales=st.lists(st.tuples(st.sampled_from("AB"), st.integers(1, 50)), min_size=1, max_size=8),
    prices=st.tuples(*[st.decimals(0, 999, places=4) for _ in "AB"]),
)
def test_the_cost_is_exact_and_balanced(
    empty: House, sales: list[tuple[str, int]], prices: tuple[Decimal, Decimal]
) -> None:
    by_sku = dict(zip("AB", prices, strict=True))
    rows = "".join(f"{sku},{price},USD,2026-01-01\n" for sku, price in by_sku.items())
    costs(empty, b"sku,cost,currency,from\n" + rows.encode())
    exact = sum((by_sku[sku] * units for sku, units in sales), Decimal(0))
    with empty.workspace.engine() as con:
        values = ", ".join(
            f"('store', DATE '2026-03-02', 'USD', '{sku}', {units}, 1.0)" for sku, units in sales
        )
        con.execute(
            "CREATE OR REPLACE TEMP TABLE lines AS SELECT *, 'sales.principal' AS category, "
            "NULL::VARCHAR AS fulfilment FROM (VALUES " + values + ") AS v "
            "(connection, business_date, currency, sku, quantity, amount)"
        )
        load_costs(con, empty.store, CONFIG, "FROM lines", [FIRST])
        booked = con.execute("SELECT amount FROM costed").fetchall()
    assert booked == [(exact.quantize(Decimal("0.01"), "ROUND_HALF_UP"),)]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("sku,cost\nA,1\n", "has no column 'currency'"),
        ("sku,cost,currency,from\n", "has no rows"),
        ("sku,cost,currency,from\nA,1,USD\n", "row 2 has 3 columns of 4"),
        ("sku,cost,currency,from\n,1,USD,2026-01-01\n", "row 2: has no sku"),
        ("sku,cost,currency,from\nA,-1,USD,2026-01-01\n", "row 2: -1 is no cost between 0"),
        ("sku,cost,currency,from\nA,NaN,USD,2026-01-01\n", "row 2: NaN is no cost"),
        ("sku,cost,currency,from\nA,1.00001,USD,2026-01-01\n", "more than four decimals"),
        ("sku,cost,currency,from\nA,1,dollars,2026-01-01\n", "'DOLLARS' is no currency"),
        ("sku,cost,currency,from\nA,1,USD,01/02/2026\n", "is no day: write 2026-03-31"),
        (
            "sku,cost,currency,from\nA,1,USD,2026-01-01\nA,2,USD,2026-01-01\n",
            "row 3: states another cost of A",
        ),
    ],
)
def test_a_bad_file_of_costs_is_refused_with_the_row_and_the_cure(
    content: str, problem: str
) -> None:
    with pytest.raises(BadInput, match=problem):
        read_costs("costs.csv", content.encode())


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("2026-03-02,A,1,stolen,r", "'stolen' is no kind: write returned, lost, disposed, found"),
        ("2026-03-02,A,0,lost,r", "'0' is no number of units"),
        ("2026-03-02,A,1,lost,", "has no reference"),
        ("2026-03-02,A,1,lost,r\n2026-03-03,A,1,lost,r", "stands for another movement"),
    ],
)
def test_a_bad_file_of_movements_is_refused(row: str, problem: str) -> None:
    with pytest.raises(BadInput, match=problem):
        read_movements("moved.csv", f"date,sku,quantity,kind,reference\n{row}\n".encode())
