"""Filters of triggers: which events of a kind are meant, as data and as part of a sentence."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StringConstraints

from connectors.triggers.kinds import EventKind

# PostgreSQL keeps no NUL.
_Text = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


def _listed(value: Any) -> Any:
    """Return a single value as a list of one, the way people write it."""
    return [value] if isinstance(value, str) else value


_Texts = Annotated[tuple[_Text, ...], BeforeValidator(_listed), Field(default=(), max_length=1000)]
_Amount = Annotated[Decimal, Field(max_digits=19, decimal_places=4, allow_inf_nan=False)]

# The field of an event that each filter is about; those of the connection are of every event.
FIELD_OF: Final = {
    "marketplace": "marketplace",
    "source": "source",
    "sub_source": "sub_source",
    "status": "status",
    "currency": "currency",
    "country": "country",
    "sku": "skus",
    "first_order": "is_first_order",
    "amount_from": "amount",
    "amount_to": "amount",
}
_WORDS: Final = {
    "marketplace": "at",
    "source": "from",
    "sub_source": "through",
    "status": "with status",
    "country": "to",
    "sku": "with SKU",
}


class Filters(BaseModel):
    """The events that a trigger acts on: all of these must hold; one of each list.

    Amounts are inclusive, and compared within one currency.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    connection: _Texts = ()
    channel: _Texts = ()
    marketplace: _Texts = ()
    source: _Texts = ()
    sub_source: _Texts = ()
    status: _Texts = ()
    currency: _Texts = ()
    amount_from: _Amount | None = None
    amount_to: _Amount | None = None
    sku: _Texts = ()
    country: _Texts = ()
    first_order: StrictBool | None = None

    @property
    def chosen(self) -> dict[str, Any]:
        """Return the filters that are set, by name."""
        return {name: value for name, value in self if value not in ((), None)}

    def problem(self, kind: EventKind) -> str | None:
        """Return why no event of a kind could ever meet the filters, or None."""
        for name in self.chosen:
            field = field_of(name, kind)
            if field is not None and field not in kind.fields:
                return f"filters.{name}: an event {kind.name} has no {field}"
        has_amount = self.amount_from is not None or self.amount_to is not None
        # 100 yen and 100 euros are no sums to compare with one limit.
        if has_amount and len(self.currency) != 1:
            return "filters.currency: name the one currency that the amounts are in"
        lowest, highest = self.amount_from, self.amount_to
        if lowest is not None and highest is not None and lowest > highest:
            return "filters.amount_to: it is less than amount_from, so nothing lies between"
        return None

    def phrases(self) -> Iterator[str]:
        """Yield the filters in words, each as a part of a sentence."""
        if self.first_order is not None:
            yield "that is" + ("" if self.first_order else " not") + " the customer's first"
        if self.connection:
            yield f"in {_any(self.connection)}"
        if self.channel:
            yield f"on {_any(self.channel)}"
        for name, words in _WORDS.items():
            if value := getattr(self, name):
                yield f"{words} {_any(value)}"
        if self.amount_from is not None or self.amount_to is not None:
            yield self._amount_phrase()
        elif self.currency:
            yield f"in {_any(self.currency)}"

    def _amount_phrase(self) -> str:
        lowest, highest = self.amount_from, self.amount_to
        (currency,) = self.currency
        if highest is None:
            return f"of {lowest:f} {currency} or more"
        if lowest is None:
            return f"of {highest:f} {currency} or less"
        return f"of {lowest:f} to {highest:f} {currency}"


def field_of(name: str, kind: EventKind) -> str | None:
    """Return the field that a filter is about in events of a kind; None for the connection's."""
    if name == "sku" and "sku" in kind.fields:
        return "sku"
    return FIELD_OF.get(name)


def _any(values: tuple[str, ...]) -> str:
    if len(values) == 1:
        return values[0]
    return f"{', '.join(values[:-1])} or {values[-1]}"
