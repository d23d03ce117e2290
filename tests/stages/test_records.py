"""Records of a store: upserted, normalised by day, and free of personal data."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors.accounts.keys import create_key
from connectors.accounts.setup import Imports, Setup, StreamChoice
from connectors.accounts.vault import Vault
from connectors.channels.shopify.streams import PRODUCTS as LISTED
from connectors.channels.streams import Stream
from connectors.channels.woocommerce.streams import CONTACTS, ORDERS, PRODUCTS
from connectors.database.registry import Registry
from connectors.database.registry.record_imports import RecordImport
from connectors.errors import BadInput, Permanent, Transient
from mappings.journal.config import MappingConfig
from mappings.order_tables import UNDATED
from pipelines.stages.listings import normalise_listings
from pipelines.stages.order_events import record_listing_events, record_order_events
from pipelines.stages.partitions import scan
from pipelines.stages.privacy import PeopleImport, erase_people, export_person, find_people
from pipelines.stages.record_files import drop_cut_off
from pipelines.stages.record_import import LOOKBACK, changes_since, import_stream
from pipelines.stages.record_store import RecordStore, as_lines
from pipelines.stages.records import normalise_records
from pipelines.stages.results import DayResult
from pipelines.stages.stock import take_listed_costs
from tests.channels.house import House
from tests.secrets_search import exposed

NOW = datetime(2026, 4, 3, 12, tzinfo=UTC)
DAY = date(2026, 4, 1)


def order(number: int, **changes: Any) -> dict[str, Any]:
    """An order as WooCommerce lists it, with everything that must not be stored."""
    return {
        "id": number,
        "number": str(number),
        "status": "processing",
        "currency": "GBP",
        "date_created_gmt": "2026-04-01T10:00:00",
        "date_modified_gmt": "2026-04-01T10:05:00",
        "date_paid_gmt": "2026-04-01T10:05:00",
        "total": "26.40",
        "total_tax": "4.40",
        "shipping_total": "2.00",
        "discount_total": "1.00",
        "payment_method": "stripe",
        "transaction_id": f"ch_{number}",
        "created_via": "checkout",
        "customer_id": 0,
        "customer_note": "please leave it with Marked Neighbour",
        "billing": {"first_name": "Marked", "email": "marked@example.com", "country": "GB"},
        "shipping": {"country": "IE", "address_1": "1 Marked Street"},
        "line_items": [
            {
                "id": 10 * number,
                "product_id": 7,
                "variation_id": 0,
                "name": "Mug",
                "sku": "MUG",
                "quantity": 2,
                "subtotal": "21.00",
                "total": "20.00",
                "total_tax": "4.00",
                "meta_data": [{"key": "engraving", "value": "Marked"}],
            }
        ],
        "refunds": [],
        **changes,
    }


def rows(house: House, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
    lake = house.workspace.lake
    files = lake.partitions(table, "store", lake.days(table, "store"))
    if not files:
        return []
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        return con.execute(f"SELECT {columns} FROM {scan(files)} ORDER BY ALL").fetchall()


def sealed_house(registry: Registry, folder: Path, channel: str) -> House:
    """A home with a master key, which pseudonyms and people are sealed under."""
    house = House.build(registry, folder / "home", channel=channel)
    house.settings.key_file.parent.mkdir(mode=0o700, parents=True)
    create_key(house.settings)
    return house


@pytest.fixture
def shop(registry: Registry, tmp_path: Path) -> House:
    house = sealed_house(registry, tmp_path, "woocommerce")
    everything = StreamChoice(history=True, ongoing=True, since=NOW)
    imports = Imports(
        streams={name: everything for name in ("orders", "payments", "products", "contacts")}
    )
    registry.connections.set_setup(
        "store", Setup(step="done", imports=imports).model_dump(mode="json"), "ann"
    )
    return replace(house, connection=registry.connections.get("store"))


def upsert(house: House, records: Sequence[Any], stream: Stream = ORDERS) -> set[date]:
    store = RecordStore(house.workspace, house.connection, stream, date(2026, 1, 1))
    return store.upsert([as_lines(records)])


def normalise(house: House, *days: date) -> list[DayResult]:
    return list(normalise_records(house.workspace, house.connection, days or [DAY]))


def test_an_order_becomes_rows_without_personal_data(shop: House) -> None:
    refunded = order(2, refunds=[{"id": 9, "reason": "Marked", "total": "-6.40"}])
    assert upsert(shop, [order(1), refunded, order(3, status="on-hold", date_paid_gmt=None)]) == {
        DAY
    }
    results = normalise(shop)
    assert [r.failure for r in results if r.failure] == []
    assert {result.asset: result.metadata for result in results} == {
        "orders": {"dagster/row_count": 3},
        "order_lines": {"dagster/row_count": 3},
        "payments": {"dagster/row_count": 3},
    }
    assert rows(
        shop, "orders", "order_id, status, platform_status, total, refunded, ship_to, lines"
    ) == [
        ("1", "paid", "processing", Decimal("26.4000"), Decimal(0), "IE", 1),
        ("2", "partially_refunded", "processing", Decimal("26.4000"), Decimal("6.4000"), "IE", 1),
        ("3", "pending", "on-hold", Decimal("26.4000"), Decimal(0), "IE", 1),
    ]
    assert rows(shop, "order_lines", "order_id, sku, quantity, amount, discount, tax")[0] == (
        *("1", "MUG", 2, 20, 1, 4),
    )
    assert rows(shop, "payments", "payment_id, kind, amount") == [
        ("ch_1", "payment", Decimal("26.4000")),
        ("ch_2", "payment", Decimal("26.4000")),
        ("refund 9", "refund", Decimal("-6.4000")),
    ]
    # One buyer, by a pseudonym, as a guest.
    (key,) = {key for (key,) in rows(shop, "orders", "customer_key")}
    normalise_listings(shop.workspace, shop.connection)
    assert rows(shop, "contacts", "customer_key, kind") == [(key, "guest")]
    tables = ("raw_orders", "orders", "order_lines", "payments", "contacts")
    assert not any("arked" in str(rows(shop, table)) for table in tables)


def test_what_comes_after_its_choice_is_an_event_once(shop: House) -> None:
    chosen = Setup.model_validate(shop.connection.setup)
    since = chosen.imports.stream("orders").since
    assert since is not None
    late = {f"date_{word}_gmt": "2026-04-03T13:00:00" for word in ("created", "modified", "paid")}
    billing = {"email": "again@example.com", "country": "GB"}
    old = order(1, billing=billing)
    new = [
        order(2, billing=billing, **late),
        order(3, status="pending", **{**late, "date_paid_gmt": None}),
    ]
    day = date(2026, 4, 3)
    upsert(shop, [old, *new])
    normalise(shop, DAY, day)
    recorded = record_order_events(shop.workspace, shop.connection, [DAY, day])
    assert recorded == {"order_submitted": 2, "payment_received": 1}
    events = shop.workspace.registry.events
    submitted = events.list(kinds=["order_submitted"])
    assert [(e.subject, e.fields["is_first_order"], e.fields["skus"]) for e in submitted] == [
        ("2", False, ["MUG"]),
        ("3", True, ["MUG"]),
    ]
    assert record_order_events(shop.workspace, shop.connection, [DAY, day]) == {}
    # A refund, and a further one, are two; the order's history stays silent.
    for place, amounts in enumerate((["-5.00"], ["-5.00", "-1.00"])):
        refunds = [{"id": n, "total": amount} for n, amount in enumerate(amounts)]
        changed = {**late, "date_modified_gmt": f"2026-04-03T1{4 + place}:00:00"}
        upsert(shop, [order(2, billing=billing, refunds=refunds, **changed)])
        normalise(shop, day)
        assert record_order_events(shop.workspace, shop.connection, [day]) == {"refund_issued": 1}
    refunded = events.list(kinds=["refund_issued"])
    assert [e.fields["amount"] for e in refunded] == ["-5.00", "-6.00"]


def test_a_change_replaces_and_what_is_older_or_the_same_touches_nothing(shop: House) -> None:
    assert upsert(shop, [order(1)]) == {DAY}
    assert upsert(shop, [order(1)]) == set()
    older = order(1, status="pending", date_modified_gmt="2026-04-01T10:00:00")
    assert upsert(shop, [older]) == set()
    newer = order(1, status="completed", date_modified_gmt="2026-04-02T10:00:00")
    # Two states in one answer: the later one counts.
    assert upsert(shop, [newer, order(1)]) == {DAY}
    normalise(shop)
    path = shop.workspace.lake.partition("orders", "store", DAY)
    before = path.read_bytes()
    assert rows(shop, "orders", "status, updated_at")[0][0] == "completed"
    normalise(shop)
    assert path.read_bytes() == before
    # What was made before the history begins is left out.
    assert upsert(shop, [order(4, date_created_gmt="2025-12-31T23:00:00")]) == set()


def test_words_that_nobody_knows_are_told_and_listings_are_looked_at(shop: House) -> None:
    upsert(shop, [order(1, status="wc-lay-by")])
    (problem,) = [c.problem for r in normalise(shop) for c in r.checks]
    assert problem == (
        "WooCommerce states orders as wc-lay-by, which Daybook does not know: their status is "
        "empty until it does"
    )
    assert rows(shop, "orders", "status, platform_status") == [(None, "wc-lay-by")]
    listing = {
        "name": "Mug",
        "status": "publish",
        "price": "10",
        "date_modified_gmt": "2026-04-01T10:00:00",
    }
    listed = [{"id": 1, "sku": "MUG"}, {"id": 2, "sku": "MUG"}, {"id": 3, "sku": ""}]
    upsert(shop, [listing | each for each in listed], PRODUCTS)
    people = [
        {
            "id": n,
            "role": role,
            "date_created_gmt": "2026-04-01T10:00:00",
            "billing": {"country": "GB"},
        }
        for n, role in enumerate(("customer", "administrator", "subscriber"))
    ]
    upsert(shop, people, CONTACTS)
    assert normalise_listings(shop.workspace, shop.connection) == {"products": 3, "contacts": 3}
    assert sorted(rows(shop, "contacts", "kind, role")) == [
        *(("customer", "customer"), ("customer", "subscriber")),
        ("guest", None),
    ]
    assert shop.workspace.registry.connections.get("store").findings == [
        "products: 1 have no SKU, so that costs and sales of them cannot be matched",
        "products: 1 SKUs stand on several listings: MUG",
    ]
    assert record_listing_events(shop.workspace, shop.connection, NOW) == 1
    assert record_listing_events(shop.workspace, shop.connection, NOW) == 0


def test_personal_data_is_held_where_chosen_until_its_date_or_an_erasure(shop: House) -> None:
    registry, workspace = shop.workspace.registry, shop.workspace
    setup = Setup.model_validate(shop.connection.setup)
    imports = setup.imports.model_copy(update={"personal_data": True, "personal_days": 30})
    people = [
        {
            "id": n,
            "role": "customer",
            "first_name": "Marked",
            "last_name": f"Person{n}",
            "email": f"marked{n}@example.com",
            "billing": {"country": "GB", "address_1": "1 Marked Street"},
            "date_created_gmt": "2026-04-01T10:00:00",
        }
        for n in (1, 2)
    ]
    silent = PeopleImport(workspace, shop.connection, CONTACTS, NOW)
    silent.store(silent.people_of(people))
    assert registry.people.list("store") == []
    document = setup.model_copy(update={"imports": imports}).model_dump(mode="json")
    registry.connections.set_setup("store", document, "ann")
    connection = registry.connections.get("store")
    chosen = PeopleImport(workspace, connection, CONTACTS, NOW)
    chosen.store(chosen.people_of(people))
    # Bought with an account: the order and the person have one pseudonym.
    upsert(shop, [order(7, customer_id=1)])
    normalise(shop)
    (key,) = find_people(workspace, "store", "MARKED1@example.com")
    exported = export_person(workspace, "store", key)
    assert exported["personal_data"]["name"] == "Marked Person1"
    assert [o["order_id"] for o in exported["orders"]] == ["7"]
    Vault(workspace.settings, registry).rotate("ann")
    assert export_person(workspace, "store", key) == exported
    assert erase_people(workspace, "store", [key], "ann", "asked for") == 1
    # An import after that does not bring them back, and the sealed bytes are gone.
    chosen.store(chosen.people_of(people))
    assert export_person(workspace, "store", key)["personal_data"] == {}
    with pytest.raises(BadInput, match="knows nobody"):
        find_people(workspace, "store", "marked1@example.com")
    assert registry.people.expire(NOW + timedelta(days=29)) == 0
    (count,) = registry.people.count(NOW + timedelta(days=30))
    assert (count.held, count.expired, count.erased) == (1, 1, 1)
    assert registry.people.expire(NOW + timedelta(days=30)) == 1
    url = registry.people._engine.url.render_as_string(hide_password=False)
    assert exposed(["Marked Person", "marked2@example.com"], shop.settings.home, url) == []


def test_what_listings_cost_is_booked_where_a_store_books_costs(
    registry: Registry, tmp_path: Path
) -> None:
    house = sealed_house(registry, tmp_path, "shopify")
    everything = {"products": StreamChoice(history=True, ongoing=True, since=NOW)}
    document = Setup(step="done", imports=Imports(streams=everything)).model_dump(mode="json")
    registry.connections.set_setup("store", document, "ann")
    connection = registry.connections.get("store")
    unit_cost = {"unitCost": {"amount": "4.10", "currencyCode": "GBP"}}
    variants = [
        {"id": "v1", "sku": "MUG", "title": "Default Title", "inventoryItem": unit_cost},
        {"id": "v2", "sku": "POT", "title": "Default Title", "inventoryItem": None},
    ]
    product = {
        "id": "p1",
        "title": "Mug",
        "updatedAt": NOW.isoformat(),
        "variants": {"nodes": variants},
    }
    RecordStore(house.workspace, connection, LISTED, UNDATED).upsert([as_lines([product])])
    normalise_listings(house.workspace, connection)
    assert take_listed_costs(house.workspace, connection, NOW).changed == 0
    config = MappingConfig(cost_of_goods=True)
    registry.mappings.save(config.model_dump(mode="json"), config.digest, actor="ann")
    assert take_listed_costs(house.workspace, connection, NOW).changed == 1
    assert take_listed_costs(house.workspace, connection, NOW).changed == 0
    (cost,) = registry.stock.costs("store")
    assert (cost.sku, cost.cost, cost.currency, cost.since) == (
        "MUG",
        Decimal("4.10"),
        "GBP",
        NOW.date(),
    )


@dataclass(frozen=True)
class Now:
    """As much of a sync's context as a stream without a platform reads."""

    now: datetime


def test_what_was_read_before_a_platform_breaks_off_stays(
    shop: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(context: Any, since: datetime) -> Any:
        if since > NOW - timedelta(days=7):
            yield [order(2)]
            raise Transient("the platform breaks off")
        yield [order(1)]

    monkeypatch.setattr("pipelines.stages.record_import.sync_context", lambda *_: Now(NOW))
    stream = replace(ORDERS, read=read, windowed=True)
    with pytest.raises(Transient):
        import_stream(shop.workspace, shop.connection, stream, NOW - timedelta(days=10), NOW)
    # Read from the second stretch on next time, although some of it is here.
    imports = shop.workspace.registry.record_imports
    assert imports.of_connection("store")["orders"].through == NOW - timedelta(days=3)
    assert imports.waiting_days("store").keys() == {DAY}
    assert rows(shop, "raw_orders", "record_key") == [("1",)]


def test_who_is_killed_before_a_day_is_stored_has_asked_for_it(
    shop: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_args: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("pipelines.stages.record_store.write_days", killed)
        with pytest.raises(KeyboardInterrupt):
            upsert(shop, [order(1)])
    imports = shop.workspace.registry.record_imports
    first = imports.waiting_days("store")
    assert first.keys() == {DAY}
    # A run that has begun before the day is stored does not take its request off.
    upsert(shop, [order(1)])
    imports.finish_days("store", first)
    assert imports.waiting_days("store").keys() == {DAY}


def test_how_far_a_stream_is_read_decides_where_it_goes_on(shop: House) -> None:
    registry, workspace = shop.workspace.registry, shop.workspace

    def since(choice: StreamChoice, **before: datetime) -> datetime | None:
        document = Setup(step="done", imports=Imports(streams={"orders": choice}))
        registry.connections.set_setup("store", document.model_dump(mode="json"), "ann")
        connection = registry.connections.get("store")
        read = RecordImport("store", "orders", **before) if before else None
        return changes_since(workspace, connection, ORDERS, read, NOW)

    week, begin = timedelta(days=7), NOW - timedelta(days=21)
    coming = StreamChoice(ongoing=True, since=NOW)
    assert since(coming) == NOW
    # It was off for a week: what changed meanwhile is no gap in what is said to be read.
    assert since(coming, since=begin, through=NOW - week) == NOW - week - LOOKBACK
    past = StreamChoice(history=True, since=NOW)
    first = since(past)
    assert first is not None
    # A history that was broken off is read on to where it was chosen, and then no further.
    assert since(past, since=first, through=NOW - week) == NOW - week - LOOKBACK
    assert since(past, since=first, through=NOW) is None
    # What was left out before the first day that was read is caught up on.
    assert since(past, since=NOW, through=NOW) == first


def test_what_a_platform_tells_while_it_is_read_is_read_again(shop: House) -> None:
    imports = shop.workspace.registry.record_imports
    for asked_at, left in ((NOW - LOOKBACK, None), (NOW + LOOKBACK, NOW + LOOKBACK)):
        imports.set(RecordImport("store", "orders", since=NOW, through=NOW - LOOKBACK))
        imports.ask({"store"}, asked_at)
        imports.set(RecordImport("store", "orders", since=NOW, through=NOW))
        assert imports.of_connection("store")["orders"].asked_at == left


def test_a_day_whose_records_were_cut_off_fails_alone_and_keeps_what_it_had(shop: House) -> None:
    other = date(2026, 4, 2)
    upsert(shop, [order(1), order(2, date_created_gmt="2026-04-02T10:00:00")])
    normalise(shop, DAY, other)
    lake = shop.workspace.lake
    raw = lake.partition("raw_orders", "store", DAY)
    raw.write_bytes(raw.read_bytes()[:-9])
    before = lake.partition("orders", "store", DAY).read_bytes()
    results = normalise(shop, DAY, other)
    (failure,) = (result.failure for result in results if result.failure)
    assert failure.endswith("`daybook sync store --from 2026-04-01 --to 2026-04-01`")
    assert {result.day for result in results if not result.failure} == {other}
    assert lake.partition("orders", "store", DAY).read_bytes() == before
    # Nothing of the day is stored over what cannot be read.
    with pytest.raises(Permanent, match="was cut off"):
        upsert(shop, [order(3)])
    # Of listings and customers the platform has all: such a file goes, and they are read anew.
    upsert(shop, [{"id": 1, "sku": "MUG", "date_modified_gmt": "2026-04-01T10:00:00"}], PRODUCTS)
    listed = lake.partition("raw_products", "store", UNDATED)
    listed.write_bytes(listed.read_bytes()[:-9])
    assert drop_cut_off(shop.workspace, "store", "products")
    assert not listed.exists()
    assert not drop_cut_off(shop.workspace, "store", "products")
