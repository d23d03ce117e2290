"""WooCommerce stores as they differ: old ones, plain permalinks, WooPayments and its gaps."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.accounts.setup import Imports, Setup
from connectors.documents.control_totals import business_day
from connectors.errors import Transient
from connectors.home.settings import Settings
from connectors.lake.windows import Window
from mappings.journal.config import MappingConfig
from pipelines.stages.entry_lines import write_journals
from sandbox.limits import CLOCK
from sandbox.woocommerce import WooCommerce
from sandbox.woocommerce_money import WooMoney
from tests.channels.house import total
from tests.channels.stores import Store, check_tied, connected
from tests.connectors.accounts.platforms import Desk, desk


@pytest.fixture(autouse=True)
def _no_time_to_lose(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits are over at once, by everybody's clock."""
    monkeypatch.setattr("connectors.http.remote.sleep", CLOCK.pass_by)


@pytest.fixture
def at(quick_home: Settings, tmp_path: Path) -> Iterator[Desk]:
    """In front of a store that is ten days old, at the end of a month."""
    with desk("woocommerce", quick_home, tmp_path) as opened:
        emulator(opened).earns(
            "harbour", WooMoney(first=date(2026, 9, 24), today=date(2026, 10, 4))
        )
        yield opened


def emulator(at: Desk) -> WooCommerce:
    assert isinstance(at.emulator, WooCommerce)
    return at.emulator


def money(at: Desk) -> WooMoney:
    return emulator(at).money[at.emulator.first]


def opened(at: Desk) -> Store:
    return connected(at, at.emulator.first)


def words(store: Store, beginning: str) -> set[str]:
    return {r["source_type"] for r in store.rows() if r["source_type"].startswith(beginning)}


def test_an_old_store_is_asked_for_the_refunds_of_each_order(at: Desk) -> None:
    money(at).old = True
    store = opened(at)
    store.sync()
    store.books()
    check_tied(store)
    given_back = {r["transaction_id"].split(":")[1].split(".")[0] for r in store.rows()}
    assert {f"refund-{r['id']}" for r in money(at).refunds} <= given_back
    assert money(at).refunds


def test_a_store_with_plain_permalinks_is_read(at: Desk) -> None:
    emulator(at).stores["harbour"].plain = True
    store = opened(at)
    store.sync()
    store.books()
    check_tied(store)


def test_orders_of_other_gateways_are_booked_by_day_where_settlements_are(at: Desk) -> None:
    store = opened(at)
    store.sync()
    store.books()
    house, config = store.house, MappingConfig(chart="organisation", mode="settlement")
    days = sorted({row["business_date"] for row in store.rows()})
    by_settlement: list[bool] = []
    with house.workspace.engine() as con:
        for _ in write_journals(con, house.store, "x", days, proposed=config):
            lines = con.execute(
                "SELECT entry_id LIKE '%:settlement-%', transactions FROM journal "
                "WHERE category NOT IN ('clearing', 'carried_forward')"
            ).fetchall()
            by_settlement += [is_one for is_one, count in lines for _ in range(count)]
    # Every line is in an entry of its day or of its settlement, or waits for its payout.
    settled = {s.settlement_id for s in house.store.settlements if s.payout is not None}
    lines_of = Counter(row["settlement_id"] in settled for row in store.rows())
    orders: dict[Any, list[Decimal]] = defaultdict(list)
    for row in store.rows():
        if row["settlement_id"] not in settled:
            key = row["settlement_id"], row["order_id"], row["business_date"]
            orders[key].append(row["amount"])
    elsewhere = sum(len(amounts) for amounts in orders.values() if not sum(amounts))
    # Each settlement has the line of its payout beside them.
    assert by_settlement.count(True) == lines_of[True] + len(settled)
    assert by_settlement.count(False) == elsewhere > 0


def test_pages_are_followed_without_their_count(at: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.channels.woocommerce.api.PAGE", 7)
    money(at).shy = True
    store = opened(at)
    store.sync()
    store.books()
    check_tied(store)
    assert any(b"&page=3" in e.query or b"page=3&" in e.query for e in store.exchanges)


def test_a_list_that_changes_while_it_is_read_is_not_believed(at: Desk) -> None:
    store = opened(at)
    money(at).busy = True
    with pytest.raises(Transient, match="change while they are listed"):
        store.sync()


@pytest.mark.parametrize("code", ["rest_no_route", "wcpay_wpcom_not_connected"])
def test_without_woopayments_its_fees_stand_on_the_orders(at: Desk, code: str) -> None:
    money(at).payments = code
    store = opened(at)
    store.sync()
    store.books()
    noted = total(store.rows(), source_type="fee / woocommerce_payments")
    assert noted < 0
    assert words(store, "payments") == set()

    # Once it answers, its own figures take their place, months that are over included.
    money(at).payments = "working"
    store.sync()
    store.books()
    check_tied(store)
    assert words(store, "fee / woo") == set()
    assert total(store.rows(), source_type="payments / charge / fee") == noted


def test_woopayments_that_fails_for_a_while_fails_the_sync(at: Desk) -> None:
    store = opened(at)
    money(at).payments = "wcpay_server_error"
    with pytest.raises(Transient, match="WooPayments"):
        store.sync()


def test_what_a_deposit_does_not_explain_is_a_line_that_waits(at: Desk) -> None:
    hidden = next(m for m in money(at).moves if m["deposit_status"] == "paid")
    money(at).moves.remove(hidden)
    store = opened(at)
    store.sync()
    store.house.run()
    gap = [r for r in store.rows() if r["source_type"] == "payments / unexplained"]
    assert [(r["amount"], r["category"]) for r in gap] == [
        (Decimal(hidden["net"]) / 100, "unclassified")
    ]
    assert any("payments / unexplained" in why for why in store.house.held().values())
    own = {"woocommerce": {"payments / unexplained": "fee.adjustment"}}
    store.house.mapping = MappingConfig(source_types=own)
    store.books()
    check_tied(store)


def test_a_month_is_made_again_when_one_of_its_orders_is_touched(at: Desk) -> None:
    store = opened(at)
    store.sync()
    order = next(
        o for o in money(at).orders if o["date_paid_gmt"] and o["date_created_gmt"] > "2026-10"
    )
    order |= {"status": "cancelled", "date_modified_gmt": "2026-10-04T11:00:00"}
    calls = len(store.exchanges)
    made = {m.statement for m in store.sync().documents}
    assert made == {f"month:{order['currency']}-2026-10"}
    orders = [e for e in store.exchanges[calls:] if e.path.endswith("/orders")]
    # What was touched, what is in the bin, and the month.
    assert len(orders) == 3

    late = money(at).restate()
    fetched = store.sync()
    assert late <= fetched.days
    assert "month:USD-2026-09" in {m.statement for m in fetched.documents}
    store.books()
    check_tied(store)


def test_a_history_that_reaches_further_back_holds_no_order_twice(at: Desk) -> None:
    store = opened(at)
    begin(store, date(2026, 10, 1))
    store.sync()
    store.books()
    documents = store.house.workspace.lake.effective_documents(store.house.slug)
    assert {m.statement for m in documents} >= {"month:USD-2026-10", "open:USD"}
    begin(store, money(at).first)
    store.sync()
    store.books()
    check_tied(store)
    keys = [r["transaction_id"] for r in store.rows()]
    assert len(set(keys)) == len(keys)


def begin(store: Store, day: date) -> None:
    """Let the history of a connection begin with a day."""
    setup = Setup(step="done", imports=Imports(history_from=day))
    store.desk.registry.connections.set_setup(
        store.house.slug, setup.model_dump(mode="json"), "test"
    )
    store.house.connection = store.desk.registry.connections.get(store.house.slug)


def test_nothing_of_a_buyer_is_kept_but_country_and_state(at: Desk) -> None:
    money(at).payments = "rest_no_route"
    store = opened(at)
    new_documents = store.sync().documents
    lake = store.house.workspace.lake
    content = b"".join(lake.read_document(store.house.slug, m.document) for m in new_documents)
    assert b'{"country":"US","state":"NY"}' in content
    assert b"example.test" not in content
    assert b"first_name" not in content


def made_before_paid_within(at: Desk) -> dict[str, Any]:
    """An order of September whose money came in October."""
    return next(
        o
        for o in money(at).orders
        if o["date_created_gmt"] < "2026-10" <= (o["date_paid_gmt"] or "") and not o["refunds"]
    )


def local_day(store: Store, gmt: str) -> Window:
    day = business_day(
        datetime.fromisoformat(gmt).replace(tzinfo=UTC), store.house.connection.timezone
    )
    return Window(day, day + timedelta(days=1))


def test_a_named_day_finds_an_order_that_was_deleted_for_good(at: Desk) -> None:
    store = opened(at)
    store.sync()
    store.books()
    order = made_before_paid_within(at)
    money(at).orders.remove(order)
    day = local_day(store, order["date_paid_gmt"])
    fetched = store.sync(day, again=True)
    assert f"month:{order['currency']}-2026-09" in {m.statement for m in fetched.documents}
    assert set(day) <= fetched.days
    store.books()
    check_tied(store)
    assert not any(r["order_id"] == order["number"] for r in store.rows())


def test_a_named_day_finds_a_refund_that_was_deleted_for_good(at: Desk) -> None:
    store = opened(at)
    store.sync()
    store.books()
    refund = money(at).refunds[-1]
    order = next(o for o in money(at).orders if o["id"] == refund["parent_id"])
    money(at).refunds.remove(refund)
    order["refunds"] = [r for r in order["refunds"] if r["id"] != refund["id"]]
    day = local_day(store, refund["date_created_gmt"])
    assert set(day) <= store.sync(day, again=True).days
    store.books()
    check_tied(store)
    assert not any(f"refund-{refund['id']}" in r["transaction_id"] for r in store.rows())


def test_a_named_day_finds_an_order_by_its_payment(at: Desk) -> None:
    order = made_before_paid_within(at)
    paid, order["date_paid_gmt"] = order["date_paid_gmt"], None
    order["date_modified_gmt"] = order["date_created_gmt"]
    store = opened(at)
    store.sync()
    store.books()
    # Written straight into the database: nothing says that the order was touched.
    order["date_paid_gmt"] = paid
    day = local_day(store, paid)
    assert set(day) <= store.sync(day, again=True).days
    store.books()
    check_tied(store)
    assert any(r["order_id"] == order["number"] for r in store.rows())
