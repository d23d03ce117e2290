"""What every channel's API must stand: one suite, a platform's emulator at a time."""

import itertools
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.accounts.broker import NeedsReconnection
from connectors.errors import RateLimited, Transient
from connectors.home.settings import Settings
from connectors.lake.windows import Window
from sandbox.limits import CLOCK
from tests.channels.stores import (
    REPORT_BASED,
    SYNCED,
    Store,
    check_explained,
    check_judged,
    check_tied,
    store,
)

ONE_DAY = timedelta(days=1)
FAULTS = (None, None, "503", None, "429 0", None, "cut", None, None, "lost")

pytestmark = pytest.mark.parametrize("name", SYNCED)


@pytest.fixture(autouse=True)
def _no_time_to_lose(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits are over at once, by everybody's clock."""
    monkeypatch.setattr("connectors.http.remote.sleep", CLOCK.pass_by)


@pytest.fixture
def at(name: str, quick_home: Settings, tmp_path: Path) -> Iterator[Store]:
    with store(name, quick_home, tmp_path) as opened:
        yield opened


def stumble(at: Store) -> None:
    """Every few calls something goes wrong, and once every access ends."""

    def faults() -> Iterator[str | None]:
        for number in itertools.count():
            if number == 7:
                at.desk.emulator.expire()
            yield FAULTS[number % len(FAULTS)]

    at.desk.emulator.application.script = faults()


def test_a_store_ties_from_its_first_day_on(at: Store) -> None:
    """Its platform stumbles at first, and is asked again."""
    stumble(at)
    at.sync()
    at.desk.emulator.application.script = iter(())
    at.books()
    check_tied(at)
    check_judged(at)
    check_explained(at)

    files, held = at.house.files(), at.house.workspace.lake.manifests(at.house.slug)
    calls = len(at.exchanges)
    again = at.sync()
    at.books()
    assert (again.documents, again.days) == ([], set())
    assert at.house.workspace.lake.manifests(at.house.slug) == held
    assert at.house.files() == files
    assert len(at.exchanges) - calls < calls

    at.money.advance(9)
    last = Window(at.whole.end - ONE_DAY, at.whole.end)
    touched = at.sync(last).days
    # A day alone: lines on days that are yet to be done again prove nothing wrong.
    at.books(last)
    assert not any(at.ties(last).values())
    at.books({*touched, *last})
    check_tied(at)
    check_judged(at)

    late = at.money.restate()
    fetched = at.sync()
    assert late <= fetched.days
    assert len(fetched.days) < at.whole.days
    at.books(fetched.days)
    check_tied(at)
    assert at.desk.emulator.limits.taken
    assert not at.desk.emulator.limits.refused
    at.house.check_books()


def test_a_platform_that_stays_down_fails_the_sync_and_nothing_else(at: Store) -> None:
    faults = at.desk.emulator.application
    faults.script = iter([None, "429 3600"])
    with pytest.raises(RateLimited) as error:
        at.sync()
    assert error.value.retry_after >= 3600
    faults.script = itertools.cycle(["503"])
    with pytest.raises((Transient, RateLimited)):
        at.sync()


def test_a_revoked_account_needs_its_owner(at: Store) -> None:
    at.desk.emulator.revoke(at.account)
    with pytest.raises(NeedsReconnection):
        at.sync()
    assert at.desk.registry.connections.get(at.house.slug).state == "needs_reauth"


def test_an_account_without_sales_is_empty_with_proof(
    name: str, quick_home: Settings, tmp_path: Path
) -> None:
    with store(name, quick_home, tmp_path, quiet=True) as at:
        fetched = at.sync()
        normalised = at.house.normalise(at.whole)
        assert bool(fetched.documents) is (name not in REPORT_BASED)
        assert normalised.open == (list(at.whole) if name in REPORT_BASED else [])
        assert at.rows() == []
