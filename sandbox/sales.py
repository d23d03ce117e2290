"""The orders, listings and buyers of an emulated shop, in nobody's wire format.

Orders are those behind the money of an account: whoever looks for the order of a transaction has
it. Beside them stand what no money tells of: an order that is not paid yet, with two lines of one
SKU, and one that a guest cancelled. Each platform's own module writes them as that platform does.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal, Protocol, TypeVar

Progress = Literal[
    "pending", "paid", "shipped", "completed", "cancelled", "refunded", "partially_refunded"
]
T = TypeVar("T")
SKUS = ("MUG-BLUE", "MUG-RED", "PRINT")
# Sold now and then, and listed nowhere.
UNLISTED = "OLD-CUP"
_SHIPPING, _ARRIVING = timedelta(days=1), timedelta(days=5)
_BEFORE = timedelta(days=12)


class EarningAccount(Protocol):
    """As much of an account's money as orders go by: its days, and that something happened."""

    first: date
    today: date

    def transactions(self) -> int:
        """Return how many transactions there are."""


@dataclass(frozen=True)
class Earned:
    """Money of one order in an account's books: what was charged, or below zero given back."""

    number: str
    at: datetime
    amount: Decimal
    currency: str
    sku: str | None = None


@dataclass(frozen=True)
class SoldItem:
    """A line of an order; `price` is that of one, before tax."""

    sku: str | None
    quantity: int
    price: Decimal

    @property
    def total(self) -> Decimal:
        """Return the price of them all."""
        return self.quantity * self.price


@dataclass(frozen=True)
class Sale:
    """An order; `buyer` is the number of a buyer, None for a guest."""

    number: str
    made_at: datetime
    changed_at: datetime
    progress: Progress
    currency: str
    items: tuple[SoldItem, ...]
    buyer: str | None = None
    refunded: Decimal = Decimal(0)

    @property
    def total(self) -> Decimal:
        """Return what its items come to."""
        return sum((item.total for item in self.items), Decimal(0))

    @property
    def is_paid(self) -> bool:
        """Return whether its money has come in, whatever became of it later."""
        return self.progress not in {"pending", "cancelled"}


@dataclass(frozen=True)
class Listing:
    """An offer of the shop; `cost` is what its owner wrote as the cost of one."""

    number: int
    sku: str | None
    title: str
    price: Decimal
    changed_at: datetime
    cost: Decimal | None = None
    by_platform: bool = False
    active: bool = True


@dataclass(frozen=True)
class Buyer:
    """Somebody with an account at the shop."""

    number: str
    first_name: str
    last_name: str
    changed_at: datetime

    @property
    def email(self) -> str:
        """Return an address of nobody's."""
        return f"{self.first_name}.{self.last_name}@example.test".lower()


class Sales:
    """One account's orders, listings and buyers.

    `money` returns the account's money as it is now, `earned` what orders are in it, and `number`
    the platform's number of the nth order that is placed here. No page of orders holds more than
    `largest`.
    """

    largest = 15

    def __init__(
        self,
        money: Callable[[], EarningAccount],
        earned: Callable[[], Iterable[Earned]],
        number: Callable[[int], str],
        currency: str,
        skus: tuple[str, ...] = SKUS,
    ) -> None:
        """Begin with the listings of `skus`, three buyers, and the orders of the money."""
        self._money, self._earned, self._number = money, earned, number
        self.currency, self.skus = currency, skus
        self._placed: dict[str, Sale] = {}
        self._changed: dict[str, Sale] = {}
        self._ticks = 0
        self._cached: dict[str, tuple[object, list[Any]]] = {}
        born = _noon(money().first)
        names = ("Ada", "Winter"), ("Bo", "Lindt"), ("Cleo", "Marsh")
        self.buyers = [Buyer(f"{71 + n}", *name, born) for n, name in enumerate(names)]
        costs = {skus[0]: Decimal("4.10"), skus[1 % len(skus)]: Decimal("4.25")}
        # Every catalogue has one without SKU, and one that repeats another's.
        listed = (*skus, None, skus[-1])
        self.listings = [
            Listing(n, sku, f"Item {n}", Decimal(10 + n), born, costs.get(sku or ""), n % 2 == 0)
            for n, sku in enumerate(listed, 1)
        ]

    @property
    def now(self) -> datetime:
        """Return the platform's present: the machine's where its day is today, else noon."""
        now, today = datetime.now(UTC), self._money().today
        return now if now.date() == today else _noon(today)

    def sales(self) -> list[Sale]:
        """Return every order, oldest first."""
        return self.cached("sales", None, self._all)

    def cached(self, kind: str, query: object, make: Callable[[], list[T]]) -> list[T]:
        """Return what `make` returned for a kind of list, until another query or any event."""
        money = self._money()
        counts = (money.transactions(), len(self.listings), len(self.buyers), self._ticks)
        # Orders are shipped as time passes, and nobody looks more often than this.
        state = (id(money), money.today, counts, self.now.timestamp() // 600, query)
        if self._cached.get(kind, (None, []))[0] != state:
            self._cached[kind] = state, make()
        return self._cached[kind][1]

    def _all(self) -> list[Sale]:
        sales = {sale.number: sale for sale in self._of_money()}
        # A shop in which nothing happens has no orders at all.
        sales |= {sale.number: sale for sale in self._examples() if sales}
        every = {**sales, **self._placed, **self._changed}.values()
        return sorted(every, key=lambda sale: (sale.made_at, sale.number))

    def place(
        self, *items: SoldItem, buyer: str | None = None, progress: Progress = "paid"
    ) -> Sale:
        """Place an order now; of one `MUG` where no item is named."""
        at = self._tick()
        lines = items or (SoldItem(self.skus[0], 1, Decimal("12.50")),)
        number = self._number(900 + len(self._placed))
        sale = Sale(number, at, at, progress, self.currency, lines, buyer)
        self._placed[number] = sale
        return sale

    def change(self, number: str, progress: Progress) -> Sale:
        """Let something become of an order now; a refund gives all of it back, or a half."""
        sale = next(sale for sale in self.sales() if sale.number == number)
        parts = {"refunded": sale.total, "partially_refunded": (sale.total / 2).quantize(_CENT)}
        changed = replace(
            sale,
            progress=progress,
            changed_at=self._tick(),
            refunded=parts.get(progress, sale.refunded),
        )
        self._changed[number] = changed
        return changed

    def reprice(self, number: int, price: Decimal) -> Listing:
        """Change the price of a listing now."""
        place = next(n for n, listing in enumerate(self.listings) if listing.number == number)
        self.listings[place] = replace(self.listings[place], price=price, changed_at=self._tick())
        return self.listings[place]

    def register(self, first_name: str, last_name: str) -> Buyer:
        """Give somebody an account now."""
        number = f"{71 + len(self.buyers)}"
        self.buyers.append(Buyer(number, first_name, last_name, self._tick()))
        return self.buyers[-1]

    def _tick(self) -> datetime:
        """Return an instant after all before: no two things happen at once."""
        self._ticks += 1
        return self.now.replace(microsecond=0) + timedelta(seconds=self._ticks)

    def _of_money(self) -> Iterator[Sale]:
        charged: dict[str, Earned] = {}
        returned: dict[str, list[Earned]] = {}
        for entry in self._earned():
            if entry.amount < 0:
                returned.setdefault(entry.number, []).append(entry)
            else:
                before = charged.get(entry.number)
                amount = entry.amount + (before.amount if before else 0)
                charged[entry.number] = replace(before or entry, amount=amount)
        for place, entry in enumerate(charged.values()):
            yield self._sold(place, entry, returned.pop(entry.number, []))
        for place, entries in enumerate(returned.values()):
            back = entries[0]
            # Sold before the history: all of it comes back, or a half.
            whole = -sum((e.amount for e in entries), Decimal(0)) * (1 + place % 2)
            before = replace(back, at=back.at - _BEFORE, amount=whole)
            yield self._sold(place, before, entries)

    def _sold(self, place: int, entry: Earned, returned: list[Earned]) -> Sale:
        sku = entry.sku or (UNLISTED if place % 11 == 10 else self.skus[place % len(self.skus)])
        items = (SoldItem(sku, 1, entry.amount),)
        # Every fourth is a guest's.
        buyer = None if place % 4 == 3 else self.buyers[place % 4].number
        sale = Sale(entry.number, entry.at, entry.at, "paid", entry.currency, items, buyer)
        if returned:
            back = -sum((e.amount for e in returned), Decimal(0))
            progress: Progress = "refunded" if back >= sale.total else "partially_refunded"
            last = max(e.at for e in returned)
            return replace(sale, progress=progress, refunded=back, changed_at=last)
        age = self.now - entry.at
        if age >= _ARRIVING:
            return replace(sale, progress="completed", changed_at=entry.at + _ARRIVING)
        if age >= _SHIPPING:
            return replace(sale, progress="shipped", changed_at=entry.at + _SHIPPING)
        return sale

    def _examples(self) -> Iterator[Sale]:
        """Yield the two orders that every shop has and no money tells of."""
        at, sku = _noon(self._money().first), self.skus[0]
        twice = (SoldItem(sku, 1, Decimal("10.00")), SoldItem(sku, 2, Decimal("9.00")))
        pending = Sale(self._number(801), at, at, "pending", self.currency, twice)
        yield replace(pending, buyer=self.buyers[0].number)
        later, one = at + _SHIPPING, (SoldItem(sku, 1, Decimal("10.00")),)
        yield Sale(self._number(802), at, later, "cancelled", self.currency, one)


_CENT = Decimal("0.01")


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)
