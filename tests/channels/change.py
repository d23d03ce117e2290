"""A store whose documents change in any order, and what must hold whenever it is at rest."""

import itertools
from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from connectors.accounting.beancount import Books
from connectors.database.registry import Registry
from connectors.lake.windows import ONE_DAY, Window
from mappings.model import CLEARING
from pipelines.stages.publisher import due
from tests.channels.house import House
from tests.channels.restatements import Sale, Slice, written

ALWAYS = Window(date.min, date.max)
MARCH, APRIL = date(2026, 3, 26), date(2026, 4, 1)
DAYS = (1, 2, 3)
LENGTH = timedelta(days=5)
Sums = dict[tuple[date, str], Decimal]


class Change(RuleBasedStateMachine):
    """Documents arrive and are restated; work and posting happen now and then.

    `open_store` makes a store of a home that is shared: a home of its own takes seconds.
    """

    channel: str
    open_store: Callable[[], House]

    def __init__(self) -> None:
        super().__init__()
        self.house = type(self).open_store()
        other = "GBP" if self.channel == "square" else "CAD"
        self.slices = [
            Slice(1, "USD", MARCH, MARCH + LENGTH),
            # Two deposits of one day would have one name at Etsy.
            Slice(2, other, MARCH, MARCH + LENGTH - ONE_DAY),
            Slice(3, "USD", APRIL, APRIL + LENGTH),
        ]
        self.sales: dict[int, list[Sale]] = {}
        self.is_restless = False
        # What the document in force of each slice says.
        self.told: dict[int, list[Sale]] = {}
        self.numbers = itertools.count(1)

    @initialize(cents=st.integers(1, 99_999))
    def arrive(self, cents: int) -> None:
        """Two currencies have a line on each day, and all of them are posted."""
        for part in self.slices[:2]:
            self.sales[part.number] = [self._sale(part, offset, cents) for offset in DAYS]
            self._tell(part)
        self._settle()

    @rule(which=st.integers(0, 2), offset=st.sampled_from(DAYS), cents=st.integers(1, 99_999))
    def gain_a_line(self, which: int, offset: int, cents: int) -> None:
        part = self.slices[which]
        self.sales.setdefault(part.number, []).append(self._sale(part, offset, cents))
        self._tell(part)

    @rule(which=st.integers(0, 2), position=st.integers(0, 9))
    def lose_a_line(self, which: int, position: int) -> None:
        listed = self.sales.get(self.slices[which].number)
        if listed:
            del listed[position % len(listed)]
            self._tell(self.slices[which])

    @rule(which=st.integers(0, 2), offset=st.sampled_from(DAYS))
    def lose_a_day(self, which: int, offset: int) -> None:
        """Where another currency has lines of the day, it is a currency that is gone."""
        part = self.slices[which]
        day = part.first + timedelta(days=offset)
        if part.number in self.sales:
            self.sales[part.number] = [s for s in self.sales[part.number] if s.day != day]
            self._tell(part)

    @rule(which=st.integers(0, 2), position=st.integers(0, 9), offset=st.sampled_from(DAYS))
    def move_a_line(self, which: int, position: int, offset: int) -> None:
        part = self.slices[which]
        listed = self.sales.get(part.number)
        if listed:
            sale = listed.pop(position % len(listed))
            listed.append(Sale(part.first + timedelta(days=offset), sale.number, sale.amount))
            self._tell(part)

    @rule(offset=st.sampled_from(DAYS))
    def work_on_some_days(self, offset: int) -> None:
        window = Window(MARCH, MARCH + timedelta(days=offset))
        self.house.normalise(window)
        self.house.journal(window)

    @rule(offset=st.sampled_from(DAYS))
    def publish_some_days(self, offset: int) -> None:
        self.house.publish(Window(MARCH, MARCH + timedelta(days=offset)))

    @precondition(lambda self: self.is_restless)
    @rule()
    def rest(self) -> None:
        self._rest()

    def teardown(self) -> None:
        """At the end a currency goes from a day, whatever was before."""
        if self.sales:
            self._settle()
            self.lose_a_day(0, DAYS[0])
            self._rest()

    def _sale(self, part: Slice, offset: int, cents: int) -> Sale:
        day = part.first + timedelta(days=offset)
        return Sale(day, next(self.numbers) + 1000 * part.number, Decimal(cents) / 100)

    def _tell(self, part: Slice) -> None:
        """Import what the slice says now; its first and last line differ each time."""
        ends = [
            Sale(day, number + 1000 * part.number, Decimal(50_000 + next(self.numbers)) / 100)
            for number, day in ((901, part.first), (902, part.last))
        ]
        self.told[part.number] = [*self.sales[part.number], *ends]
        name, text = written(self.channel, part, self.told[part.number])
        assert self.house.take(text, name).new
        self.is_restless = True

    def _rest(self) -> None:
        """Settle, and compare everything with everything."""
        self._settle()
        self.is_restless = False
        check_rest(self.house, self._expected())

    def _settle(self) -> None:
        """Do what is outstanding, and post it."""
        days = self.house.window
        window = Window(days.start, days.end + ONE_DAY)
        assert not self.house.normalise(window).failed
        self.house.journal(window)
        # As `sync` does: only what is due is posted, and only over its days.
        outstanding = due(self.house.workspace, self.house.connection, ALWAYS).days
        if outstanding:
            self.house.publish(Window(min(outstanding), max(outstanding) + ONE_DAY))

    def _expected(self) -> Sums:
        sums: Sums = defaultdict(Decimal)
        currencies = {part.number: part.currency for part in self.slices}
        for number, sales in self.told.items():
            for sale in sales:
                sums[sale.day, currencies[number]] += sale.amount
        return dict(sums)


def of_channel(name: str, registry: Registry, home: Path) -> type[Change]:
    """The machine of a channel; every example is a store of its own in one home."""
    numbers = itertools.count(1)

    def open_store() -> House:
        return House.build(registry, home, channel=name, slug=f"{name}-{next(numbers)}")

    # What is tried follows from the name: every channel tries something else.
    own = {"channel": name, "open_store": staticmethod(open_store)}
    return type(f"{name.title()}Change", (Change,), own)


def check_rest(house: House, expected: Sums) -> None:
    """Books = journals = transactions = documents in force, to the cent and entry by entry."""
    documents = house.workspace.lake.effective_documents(house.slug)
    lines = [row for row in house.rows() if row["payout_id"] is None]
    assert sum(m.lines for m in documents) == len(lines)
    assert sum((m.total for m in documents), Decimal(0)) == sum(r["amount"] for r in lines)
    # What goes on to a gateway takes away what an order brings.
    earned = [row for row in lines if not row["category"].startswith("gateway")]
    assert _sums(earned, "amount") == expected
    journal = house.rows("journal_lines")
    assert {(r["business_date"], r["currency"]) for r in house.rows()} == {
        (r["business_date"], r["currency"]) for r in journal
    }
    cleared = [r for r in journal if r["category"] == CLEARING and r["part"] == "activity"]
    assert _sums(cleared, "amount") == _sums(lines, "amount")
    assert not house.held()
    posted = Books(house.settings.books_folder).posted([house.slug])
    assert {(line.entry_id, line.content_hash) for line in posted} == {
        (r["entry_id"], r["content_hash"]) for r in journal
    }
    assert sorted((p.entry_id, p.account, p.amount) for p in posted) == sorted(
        (r["entry_id"], r["account"], r["amount"]) for r in journal
    )
    outstanding = due(house.workspace, house.connection, ALWAYS)
    assert not outstanding.days
    unsupported = house.workspace.registry.publications.unsupported("books")
    assert [p for p in unsupported if p.connection == house.slug] == []
    assert {(p.settlement_id, p.state) for p in house.prove() if not p.ok} == set()


def _sums(rows: list[dict[str, Any]], amount: str) -> Sums:
    sums: Sums = defaultdict(Decimal)
    for row in rows:
        sums[row["business_date"], row["currency"]] += row[amount]
    return dict(sums)
