"""TikTok Shop's statements: leaves that tie, copies that do not count, days that are not over."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from connectors.channels import CHANNELS
from connectors.documents import ingest
from connectors.documents.api_documents import ApiDocument
from connectors.documents.ingest import FileParser
from connectors.documents.manifest import Manifest
from connectors.documents.source_file import SourceFile
from connectors.errors import ConfigError, TotalsMismatch
from connectors.home.settings import Settings
from mappings.channels import classify
from pipelines.stages.fetch import fetch
from sandbox.tiktok import SHOPS
from sandbox.tiktok_money import TikTokMoney, TiktokStatement, as_listed, totals
from tests.channels.stores import ONE_DAY, Store, check_tied, store

TIKTOK = CHANNELS["tiktok"]
TYPES = (
    "CHARGE_BACK", "CUSTOMER_SERVICE_COMPENSATION", "DEDUCTIONS_INCURRED_BY_SELLER",
    "GMV_PAYMENT_FOR_ADS", "GMV_PAYMENT_FOR_TIKTOK_ADS", "PLATFORM_COMMISSION_ADJUSTMENT",
    "PLATFORM_COMMISSION_COMPENSATION", "PLATFORM_PENALTY", "PROMOTION_ADJUSTMENT", "REBATE",
    "PLATFORM_COMPENSATION", "PLATFORM_REIMBURSEMENT", "COFUNDED_CREATOR_REWARDS", "STAMP_DUTY",
    "FBT_WAREHOUSE_SERVICE_FEE", "WAREHOUSE_SERVICE_FEE", "LOGISTICS_REIMBURSEMENT",
    "SHIPPING_FEE_ADJUSTMENT", "SHIPPING_FEE_COMPENSATION", "SHIPPING_FEE_REBATE",
    "SAMPLE_SHIPPING_FEE", "SELLER_MISSION_REWARD", "OTHER_ADJUSTMENT",
    "Violation fee \uff08settlement fee\uff09", "Violation fee \uff08credit card\uff09",
    "Bill payment \uff08negative balance\uff09", "Sales proceed\uff08negative balance\uff09",
    "Bill deduction for negative balance", "BILL_PAYMENT_(NEGATIVE_BALANCE)",
    "NET_EARNINGS_BALANCE", "ADJUSTMENT_FROM_SETTLEMENT_ACCOUNT", "WITHHOLDING_TAX",
    "MARKETING_BENEFIT_PACKAGE_FEE", "RESERVE / COLLECTED", "RESERVE / RELEASED",
)  # fmt: skip


@pytest.fixture
def table(tmp_path: Path) -> Iterator[FileParser]:
    with ingest.open_parser(Settings(home=tmp_path, database_url=None, threads=1)) as opened:
        yield opened


def document(statement: TiktokStatement, currency: str = "GBP", **changed: Any) -> SourceFile:
    """A statement as a sync keeps it; `changed` is what its first transaction says instead."""
    first, *rest = statement.transactions
    api_document = ApiDocument("tiktok", "settlement", f"statement:{statement.id}", currency)
    api_document.put("getStatements", as_listed(statement, currency))
    page = {**totals(statement, currency), "transactions": [{**first, **changed}, *rest]}
    api_document.put("getStatementTransactions", page)
    return api_document.source_file()


def order(**branches: dict[str, str]) -> dict[str, Any]:
    """An order of these leaves alone; what it settles is left to the test."""
    fees = branches.get("fee", {})
    return {
        "id": "1", "type": "ORDER", "order_id": "2", "order_create_time": 1,
        "revenue_breakdown": branches.get("revenue", {}),
        "shipping_cost_breakdown": branches.get("shipping", {}),
        "fee_tax_breakdown": {"fee": fees, "tax": branches.get("tax", {})},
    }  # fmt: skip


def examined(table: FileParser, source_file: SourceFile) -> Manifest:
    return table.parse(TIKTOK, source_file, connection="store", time_zone="UTC")


def words(table: FileParser, transaction: dict[str, Any]) -> dict[str, Decimal]:
    """What becomes of the only transaction of a statement."""
    statement = TiktokStatement("73", date(2026, 3, 3), [transaction])
    return {w.name: w.amount for w in examined(table, document(statement)).source_types}


@pytest.mark.parametrize(
    ("currency", "kind"), [("GBP", "abroad"), ("USD", "american"), ("JPY", "quiet")]
)
def test_statements_tie_in_every_market(table: FileParser, currency: str, kind: str) -> None:
    more = {kind: True} if kind != "quiet" else {}
    money = TikTokMoney(currency, seed=7, first=date(2026, 10, 10), **more)
    assert len(money.statements) > 15
    for statement in money.statements[::2]:
        manifest = examined(table, document(statement, currency))
        assert manifest.total == statement.payable
        placed = classify("tiktok", (w.name for w in manifest.source_types))
        assert "unclassified" not in {c.category for c in placed}
        sums = {w.name: w.amount for w in manifest.source_types}
        tax = [c.source_type for c in placed if c.category.startswith("tax.facilitator")]
        assert sum(sums[name] for name in tax) == 0
        assert manifest.first_day == manifest.last_day == statement.day


def test_a_transaction_that_does_not_add_up_is_refused_with_both_figures(
    table: FileParser,
) -> None:
    statement = TikTokMoney().statements[0]
    fee = {"fee": {"platform_commission_amount": "-1.00"}, "tax": {}}
    with pytest.raises(
        TotalsMismatch, match=r"transaction 16\d+ sum to .* but it settles"
    ) as refused:
        examined(table, document(statement, fee_tax_breakdown=fee))
    assert refused.value.declared != refused.value.computed
    assert refused.value.declared in str(refused.value)
    assert refused.value.computed in str(refused.value)


def test_a_page_that_is_missing_is_noticed(table: FileParser) -> None:
    statement = TikTokMoney().statements[0]
    whole = document(statement).content.decode()
    count = f'"total_count":{len(statement.transactions)}'
    more = whole.replace(count, f'"total_count":{len(statement.transactions) + 1}')
    with pytest.raises(TotalsMismatch, match="are declared"):
        examined(table, SourceFile("statement.ndjson", more.encode()))


def test_a_copy_counts_where_its_branch_is_short_of_it(table: FileParser) -> None:
    shipping = {
        "shipping_fee_discount_amount": "2.00",
        "tiktok_shop_shipping_incentive_amount": "2.00",
        "supplementary_component": {"platform_shipping_fee_discount_amount": "2.00"},
    }
    copied = order(shipping=shipping) | {"shipping_cost_amount": "2.00", "settlement_amount": "2"}
    assert words(table, copied) == {"ORDER / shipping_fee_discount_amount": Decimal(2)}
    added = order(shipping=shipping) | {"shipping_cost_amount": "4.00", "settlement_amount": "4"}
    assert words(table, added) == {
        "ORDER / shipping_fee_discount_amount": Decimal(2),
        "ORDER / tiktok_shop_shipping_incentive_amount": Decimal(2),
    }


def test_a_branch_without_leaves_is_one_and_nobody_guesses_what_it_is(table: FileParser) -> None:
    bare = order() | {"fee_tax_amount": "-3.00", "settlement_amount": "-3.00"}
    assert words(table, bare) == {"ORDER / fee_tax_amount": Decimal(-3)}
    assert classify("tiktok", ["ORDER / fee_tax_amount"])[0].category == "unclassified"


def test_a_correction_counts_once_wherever_its_value_stands(table: FileParser) -> None:
    both = {"id": "1", "type": "REBATE", "settlement_amount": "5", "adjustment_amount": "5"}
    assert words(table, {**both, "order_create_time": 1}) == {"REBATE": Decimal(5)}
    alone = {"id": "1", "type": "REBATE", "settlement_amount": "5", "adjustment_amount": ""}
    assert words(table, {**alone, "order_create_time": 1}) == {"REBATE": Decimal(5)}


def test_every_type_that_is_known_is_placed() -> None:
    placed = classify("tiktok", TYPES)
    assert [c.source_type for c in placed if c.category == "unclassified"] == []
    assert classify("tiktok", ["SOMETHING_NEW"])[0].category == "unclassified"


def shop(home: Settings, folder: Path, *, quiet: bool = False) -> Any:
    return store("tiktok", home, folder, quiet=quiet)


def test_in_south_east_asia_statements_say_themselves_that_they_are_paid(
    quick_home: Settings, tmp_path: Path
) -> None:
    with shop(quick_home, tmp_path, quiet=True) as at:
        at.desk.emulator.money[at.account] = TikTokMoney("SGD", seed=3, first=date(2026, 10, 16))
        at.sync()
        at.books()
        check_tied(at)
        paths = {exchange.path.rpartition("/")[2] for exchange in at.exchanges}
    assert paths >= {"statements", "statement_transactions"}
    assert "payments" not in paths


def test_a_day_is_over_once_its_statement_had_time_to_appear(
    quick_home: Settings, tmp_path: Path
) -> None:
    with shop(quick_home, tmp_path, quiet=True) as at:
        early, late = (datetime.combine(at.money.today, time(hour), UTC) for hour in (5, 7))
        assert covered(at, early).last_day == at.money.today - 2 * ONE_DAY
        assert covered(at, late).last_day == at.money.today - ONE_DAY


def covered(at: Store, now: datetime) -> Manifest:
    house = at.house
    house.connection = at.desk.registry.connections.get(house.slug)
    (fetched_document,) = fetch(house.workspace, house.connection, at.whole, now).documents
    assert fetched_document.lines == 0
    return fetched_document


def test_calls_name_their_shop_and_ask_for_whole_pages(
    quick_home: Settings, tmp_path: Path
) -> None:
    with shop(quick_home, tmp_path) as at:
        at.desk.emulator.money[at.account] = TikTokMoney(first=date(2026, 10, 26))
        at.sync()
        heard = [e for e in at.exchanges if e.path.startswith("/finance/")]
        since = at.whole.start
    for exchange in heard:
        parameters = {name: value for name, (value,) in parse_qs(exchange.query.decode()).items()}
        assert parameters["shop_cipher"] == SHOPS[0].cipher
        assert parameters["page_size"] == "100"
        assert json.loads(exchange.answer)["code"] == 0
    # Made at midnight, of the day before.
    first = next(e for e in heard if e.path.endswith("/statements"))
    start = int(parse_qs(first.query.decode())["statement_time_ge"][0])
    assert datetime.fromtimestamp(start, UTC) == datetime.combine(since + ONE_DAY, time(), UTC)


def test_a_shop_that_the_token_is_not_for_is_connected_again(
    quick_home: Settings, tmp_path: Path
) -> None:
    with shop(quick_home, tmp_path) as at:
        for tiktok_shop in at.desk.emulator.shops.values():
            tiktok_shop.id = f"9{tiktok_shop.id[1:]}"
        with pytest.raises(ConfigError, match="connect it again"):
            at.sync()


def test_a_statement_is_fetched_again_when_its_payment_changes(
    quick_home: Settings, tmp_path: Path
) -> None:
    with shop(quick_home, tmp_path) as at:
        money = TikTokMoney(first=date(2026, 10, 20))
        at.desk.emulator.money[at.account] = money
        at.sync()
        last = next(p for p in reversed(money.payments) if p["status"] == "PAID")
        taken = {s.id for s in money.statements if s.payment is last}
        money.restate()
        new_documents = at.sync().documents
    assert {m.settlements[0].settlement_id for m in new_documents} == taken
    assert {m.settlements[0].payout for m in new_documents} == {None}
