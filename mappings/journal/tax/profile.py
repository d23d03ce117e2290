"""The seller's tax profile: what rules of tax must know of a store that its channel does not say.

A profile is a small document kept with the connection. Without one, no line is taxed: entries are
what the channel states, tax included.
"""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    model_validator,
)

from mappings.journal.overrides import Country
from mappings.journal.tax.rules import regions

Scheme = Literal[
    "vat",
    "oss",
    "ioss",
    "eu_threshold",
    "gst",
    "hst",
    "pst",
    "sales_tax",
    "consumption_tax",
    "voec",
]
ItemClass = Literal["standard", "reduced", "zero", "exempt"]
FeeTax = Literal["stated", "included", "reverse_charge", "none"]
Region = Annotated[str, StringConstraints(pattern="^[A-Z0-9]{1,3}$")]
Percent = Annotated[Decimal, Field(ge=0, lt=100, max_digits=6, decimal_places=4)]
# One line without control characters: PostgreSQL keeps no NUL.
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f]{1,200}$")
]


def _day(value: Any) -> Any:
    # A number would pass for seconds since 1970.
    if value is None or isinstance(value, date):
        return value
    if isinstance(value, str) and re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return date.fromisoformat(value)
    raise ValueError("write a day like 2026-03-31")


def _check_region(country: str, region: str | None) -> None:
    """Raise `ValueError` for a state or province that the tables do not name."""
    listed = [each.code for each in regions() if each.country == country]
    if region is not None and region not in listed:
        where = ", ".join(sorted(listed)) or "none: tax is of the whole country there"
        raise ValueError(f"{region!r} is no state or province of {country}; choose {where}")


Day = Annotated[date, BeforeValidator(_day)]
# By alias, as a profile is a part of a larger document that is written as a whole.
_CONFIG: Final = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True)


class Registration(BaseModel):
    """A tax number: its country and scheme, and the business days between which it holds.

    `region` is the state or province that it is of (ISO 3166-2, without the country), None where it
    holds in the whole country.
    `eu_threshold` is the choice to charge the tax of the country that goods leave from, for sales
    to other countries of the EU below 10,000 EUR a year.
    """

    model_config = _CONFIG

    country: Country
    region: Region | None = None
    scheme: Scheme
    first: Day | None = Field(default=None, alias="from")
    last: Day | None = Field(default=None, alias="to")

    @model_validator(mode="after")
    def _days_in_order(self) -> Self:
        if self.first and self.last and self.last < self.first:
            raise ValueError(f"the registration ends on {self.last}, before it begins")
        _check_region(self.country, self.region)
        return self


class Stock(BaseModel):
    """A country where stock lies; `fulfilment` is the channel's word for what ships from there."""

    model_config = _CONFIG

    country: Country
    fulfilment: Text | None = None


class Item(BaseModel):
    """The tax class of SKUs; `sku` may end in `*`. The first that fits decides."""

    model_config = _CONFIG

    sku: Text
    item_class: ItemClass = Field(alias="class")


class OwnRate(BaseModel):
    """A rate in percent, from a day on, that comes before the shipped one."""

    model_config = _CONFIG

    country: Country
    region: Region | None = None
    item_class: ItemClass = Field(alias="class")
    first: Day = Field(alias="from")
    rate: Percent

    @model_validator(mode="after")
    def _region_exists(self) -> Self:
        _check_region(self.country, self.region)
        return self


class TaxProfile(BaseModel):
    """A seller's answers about tax, given once.

    `country`: where the seller is established. `market`: the country that the store sells to, where
    the channel's site does not tell; that of the seller without it.
    `registrations`: tax numbers, with their days. `stock`: where goods are shipped from.
    `items`: tax classes by SKU; the others are `standard`. `rates`: rates of the seller's own.
    `prices_include_tax`: tax that the channel does not state apart is contained in prices.
    `assume_domestic`: goods whose destination the channel does not state went to the market.
    `fees`: how the channel's invoices for fees show tax; None lets the rules decide. `advertising`
    is the same of advertising, None where it is as of other fees.
    """

    model_config = ConfigDict(**_CONFIG, title="Daybook tax profile")

    version: Literal[1] = 1
    country: Country
    market: Country | None = None
    registrations: tuple[Registration, ...] = ()
    stock: tuple[Stock, ...] = ()
    items: tuple[Item, ...] = ()
    rates: tuple[OwnRate, ...] = ()
    prices_include_tax: StrictBool = True
    assume_domestic: StrictBool = False
    fees: FeeTax | None = None
    advertising: FeeTax | None = None

    @model_validator(mode="after")
    def _no_two_of_one_kind(self) -> Self:
        # Two countries for one way of shipping would leave every one of its lines undecided.
        ways = [stock.fulfilment and stock.fulfilment.casefold() for stock in self.stock]
        if twice := next((way for way in ways if way and ways.count(way) > 1), None):
            raise ValueError(f"stock: two countries ship by {twice!r}; name one")
        skus = [item.sku for item in self.items]
        if double := next((sku for sku in skus if skus.count(sku) > 1), None):
            raise ValueError(f"items: {double!r} stands there twice")
        return self

    def document(self) -> dict[str, object]:
        """Return the profile as it is stored and printed."""
        return self.model_dump(mode="json")
