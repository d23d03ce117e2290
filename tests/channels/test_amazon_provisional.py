"""Days that no settlement of Amazon's covers yet: looked at, never booked."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.settings import Settings
from tests.channels.amazon_files import amounts
from tests.channels.house import ONE_DAY
from tests.channels.visitors import Store, check_tied, store
from tests.emulators.amazon_money import AmazonMoney


@pytest.fixture
def at(quick_home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr("connectors.http.remote.sleep", lambda _seconds: None)
    with store("amazon", quick_home, tmp_path) as found:
        yield found


def unsettled(at: Store) -> dict[str, Decimal]:
    """What each currency's lines come to after the last day that a settlement covers."""
    assert isinstance(at.money, AmazonMoney)
    last = max(m.last_day for m in at.house.workspace.lake.current(at.house.slug))
    found: dict[str, Decimal] = {}
    for instant, site, row in at.money.events():
        if last < instant.date() < at.money.today:
            found[site.currency] = found.get(site.currency, Decimal(0)) + sum(amounts(row))
    return found


def provisional(at: Store) -> dict[str, Decimal]:
    return {m.currency: m.total for m in at.house.workspace.lake.provisional(at.house.slug)}


def test_open_days_have_provisional_figures_that_no_book_sees(at: Store) -> None:
    at.visit()
    assert provisional(at) == unsettled(at)
    assert len(provisional(at)) == 2
    documents = at.house.workspace.lake.provisional(at.house.slug)
    days = {day for m in documents for day in m.days}
    assert days
    paid = {
        s.deposit_day for m in at.house.workspace.lake.current(at.house.slug) for s in m.settlements
    }
    assert days - paid <= set(at.house.normalise(at.whole).open)
    at.books()
    check_tied(at)
    assert not {row["document"] for row in at.rows()} & {m.document for m in documents}
    assert at.visit().documents == []


def test_they_give_way_to_the_settlement(at: Store) -> None:
    at.visit()
    before = at.house.workspace.lake.provisional(at.house.slug)
    at.money.advance(9)
    found = at.visit()
    assert {c: total for c, total in provisional(at).items() if total} == unsettled(at)
    after = at.house.workspace.lake.provisional(at.house.slug)
    assert min(m.first_day for m in after) > max(m.last_day for m in before)
    closed = [m for m in found.documents if not m.provisional]
    assert found.days == {day for m in closed for day in m.days} | {
        m.first_day + n * ONE_DAY
        for m in closed
        for n in range((m.last_day - m.first_day).days + 1)
    }


def test_every_word_of_theirs_is_said_and_none_is_added_twice(at: Store) -> None:
    at.visit()
    for manifest in at.house.workspace.lake.provisional(at.house.slug):
        words = {w.name for w in manifest.source_types}
        assert "Shipment / OurPricePrincipal" in words
        assert not any(w.startswith("Shipment / ProductCharges") for w in words)
        assert sum(t.amount for t in manifest.days.values()) == manifest.total
        assert manifest.period_end - manifest.period_start < timedelta(days=14)
