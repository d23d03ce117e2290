"""One table of minor units, and every currency that is sold in counts by it, both ways."""

from decimal import Decimal

import duckdb
import pytest

from connectors.accounting.beancount.syntax import number
from connectors.channels.amazon.marketplaces import REGIONS
from connectors.channels.tiktok.markets import CURRENCIES
from connectors.channels.walmart.marketplaces import MARKETS
from connectors.documents.macros import define
from connectors.documents.manifest import Dialect
from connectors.errors import Permanent
from mappings.money import coin, minor_digits

# What ISO 4217 says where a display library says otherwise, and others that are sold in.
ISO_4217 = {
    "RSD": 2, "PKR": 2, "LBP": 2, "IDR": 2, "COP": 2, "HUF": 2, "TWD": 2, "IRR": 2, "MMK": 2,
    "ALL": 2, "AFN": 2, "SOS": 2, "SYP": 2, "YER": 2, "ISK": 0, "JPY": 0, "KRW": 0, "VND": 0,
    "CLP": 0, "XOF": 0, "UGX": 0, "BHD": 3, "KWD": 3, "JOD": 3, "OMR": 3, "TND": 3, "IQD": 3,
    "EUR": 2, "USD": 2, "GBP": 2, "CHF": 2, "CLF": 4,
}  # fmt: skip
DIALECT = Dialect(encoding="utf-8", columns=(), decimal_mark=".", date_format="%Y-%m-%d")
SOLD_IN = sorted(
    {m.currency for region in REGIONS.values() for m in region.marketplaces}
    | {market.currency for market in MARKETS.values()}
    | set(CURRENCIES.values())
    | set(ISO_4217)
)


@pytest.mark.parametrize(("currency", "digits"), ISO_4217.items())
def test_minor_units_are_those_of_the_standard(currency: str, digits: int) -> None:
    assert minor_digits(currency) == digits
    assert coin(currency) == Decimal(10) ** -digits


@pytest.mark.parametrize("currency", SOLD_IN)
def test_an_amount_in_minor_units_is_read_and_written_exactly(currency: str) -> None:
    minor = 1234567
    with duckdb.connect() as con:
        define(con, DIALECT, coin=coin(currency))
        ((amount, rounded),) = con.execute(
            f"SELECT minor({minor}), coins(minor({minor}))"
        ).fetchall()
    assert amount == minor * coin(currency) == rounded
    written = number(amount, currency, "entry")
    assert Decimal(written) == amount
    assert len(written.partition(".")[2]) == minor_digits(currency)
    with pytest.raises(Permanent, match="is finer than"):
        number(coin(currency) / 10, currency, "entry")
