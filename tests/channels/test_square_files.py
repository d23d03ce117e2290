"""Square's transactions files, as accounts in different countries write them."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.database.registry import Registry
from connectors.errors import BadInput, TotalsMismatch
from tests.channels import square_files
from tests.channels.house import House, total

THIRD = date(2026, 3, 3)


def _house(registry: Registry, folder: Path, timezone: str = "UTC") -> House:
    return House.build(registry, folder / "home", channel="square", timezone=timezone)


@pytest.mark.parametrize(
    ("timezone", "sign", "currency"),
    [
        ("America/New_York", "$", "USD"),
        ("America/Toronto", "$", "CAD"),
        ("Australia/Sydney", "$", "AUD"),
        ("Europe/London", "£", "GBP"),
        ("Europe/Dublin", "€", "EUR"),
        ("Asia/Tokyo", "¥", "JPY"),
    ],
)
def test_a_sign_is_that_of_the_accounts_country(
    registry: Registry, tmp_path: Path, timezone: str, sign: str, currency: str
) -> None:
    text = square_files.export([square_files.row(THIRD, "1025.00", "-25.00")])
    house = _house(registry, tmp_path, timezone)
    manifest = house.take(text.replace("$", sign)).manifest
    assert (manifest.currency, manifest.total) == (currency, Decimal(1000))


@pytest.mark.parametrize(
    ("message", "meant"),
    [("-$0.95", "-0.95"), ("($0.95)", "-0.95"), ("$-0.95 ", "-0.95"), ("\u2212$0.95", "-0.95")],
)
def test_every_way_to_write_a_negative_is_read(
    registry: Registry, tmp_path: Path, message: str, meant: str
) -> None:
    text = square_files.export([square_files.row(THIRD, "22.50", "-0.95")]).replace(
        "-$0.95", message
    )
    house = _house(registry, tmp_path)
    house.take(text)
    house.run()
    assert total(house.rows(), source_type="Payment / Fees") == Decimal(meant)


@pytest.mark.parametrize(
    ("timezone", "written", "meant"),
    [
        ("America/New_York", "03/04/26", date(2026, 3, 4)),
        ("America/New_York", "3/4/2026", date(2026, 3, 4)),
        ("Europe/London", "03/04/2026", date(2026, 4, 3)),
        ("Europe/London", "2026-03-04", date(2026, 3, 4)),
    ],
)
def test_dates_are_those_of_the_accounts_country(
    registry: Registry, tmp_path: Path, timezone: str, written: str, meant: date
) -> None:
    row = {**square_files.row(THIRD, "22.50"), "Date": written}
    house = _house(registry, tmp_path, timezone)
    assert list(house.take(square_files.export([row])).manifest.days) == [meant]


def test_a_deposit_in_the_files_of_two_months_is_one_settlement(
    registry: Registry, tmp_path: Path
) -> None:
    house = _house(registry, tmp_path)
    march = square_files.row(date(2026, 3, 31), "20.00", "-1.00", deposit="3ZM", number="a")
    april = square_files.row(date(2026, 4, 1), "5.00", "-0.50", deposit="3ZM", number="b")
    house.take(square_files.export([march]))
    house.take(square_files.export([april]))
    house.run()
    (proof,) = house.prove()
    assert (proof.settlement_id, proof.raw, proof.state) == ("3ZM", Decimal("23.50"), "open")
    assert (proof.period_start, proof.period_end) == (date(2026, 3, 31), date(2026, 4, 1))


def test_service_charges_count_once_wherever_they_stand(registry: Registry, tmp_path: Path) -> None:
    house = _house(registry, tmp_path)
    beside = square_files.row(THIRD, "20.00", number="a", Service_Charges="2.00")
    within = {**square_files.row(THIRD, "22.00", number="b"), "Service Charges": "$2.00"}
    house.take(square_files.export([beside, within]))
    house.run()
    assert total(house.rows()) == Decimal(44)
    assert total(house.rows(), category="sales.other_charge") == Decimal(2)


def test_what_is_not_complete_holds_its_day(registry: Registry, tmp_path: Path) -> None:
    house = _house(registry, tmp_path)
    row = {**square_files.row(THIRD, "20.00"), "Transaction Status": "Pending"}
    house.take(square_files.export([row]))
    house.run()
    (why,) = house.held().values()
    assert "Payment / Pending / Gross Sales" in why


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("Time Zone", "Somewhere", "'Somewhere' of its rows is not known"),
        ("Time", "noon", "'noon' is not a time"),
        ("Date", "soon", "'soon' is not a date"),
        ("Total Collected", "", "incomplete"),
    ],
)
def test_what_cannot_be_read_is_named(
    registry: Registry, tmp_path: Path, column: str, value: str, message: str
) -> None:
    row = {**square_files.row(THIRD, "20.00"), column: value}
    with pytest.raises(BadInput, match=message):
        _house(registry, tmp_path).take(square_files.export([row]))


def test_a_net_total_that_its_fees_do_not_make_is_refused(
    registry: Registry, tmp_path: Path
) -> None:
    row = {**square_files.row(THIRD, "20.00", "-1.00"), "Net Total": "$18.00"}
    with pytest.raises(TotalsMismatch, match="Net Total is 18"):
        _house(registry, tmp_path).take(square_files.export([row]))


def test_a_symbol_that_names_no_currency_is_refused(registry: Registry, tmp_path: Path) -> None:
    text = square_files.export([square_files.row(THIRD, "20.00")]).replace("$", "฿")
    with pytest.raises(BadInput, match="names no currency"):
        _house(registry, tmp_path).take(text)
