"""Records of a store: upserted, normalised by day, and free of personal data."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.accounts.setup import Imports, Setup, StreamChoice
from connectors.accounts.vault import Vault
from connectors.channels.shopify.streams import PRODUCTS as LISTED
from connectors.channels.woocommerce.streams import CONTACTS, PRODUCTS
from connectors.database.registry import Registry
from connectors.errors import BadInput
from mappings.journal.config import MappingConfig
from mappings.order_tables import UNDATED
from pipelines.stages.listings import normalise_listings
from pipelines.stages.order_events import record_listing_events, record_order_events
from pipelines.stages.privacy import PeopleImport, erase_people, export_person, find_people
from pipelines.stages.record_store import RecordStore, as_lines
from pipelines.stages.stock import take_listed_costs
from tests.channels.house import House
from tests.secrets_search import exposed
from tests.stages.record_shop import DAY, NOW, normalise, order, rows, sealed_house, shop, upsert

__all__ = ["shop"]


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
