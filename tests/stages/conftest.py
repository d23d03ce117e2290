"""A store with two settlements that meet at noon of one day."""

from pathlib import Path

import pytest

from connectors.accounting.quickbooks.journals import QuickBooksJournals
from connectors.accounting.xero.journals import XeroJournals
from connectors.database.registry import Registry
from sandbox.amazon_files import order, report
from tests.channels.house import House

FIRST = report(
    [
        *order("111-0000001-0000001", at="2026-03-02 08:00:00 UTC"),
        *order("111-0000002-0000002", at="2026-03-15 11:59:59 UTC", price="30.00", fee="-4.50"),
    ],
    settlement="20000000001",
    start="2026-03-01 12:00:00 UTC",
    end="2026-03-15 12:00:00 UTC",
    deposit="2026-03-18 12:00:00 UTC",
)
SECOND = report(
    order("111-0000003-0000003", at="2026-03-15 12:00:00 UTC", price="40.00", fee="-6.00"),
    settlement="20000000002",
    start="2026-03-15 12:00:00 UTC",
    end="2026-03-17 12:00:00 UTC",
    deposit="2026-03-21 12:00:00 UTC",
)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for calls that may arrive late: an emulator carries them out, or does not."""
    monkeypatch.setattr(XeroJournals, "late_seconds", 0.0)
    monkeypatch.setattr(QuickBooksJournals, "late_seconds", 0.0)


@pytest.fixture
def empty(registry: Registry, tmp_path: Path) -> House:
    return House.build(registry, tmp_path / "home")


@pytest.fixture
def house(empty: House) -> House:
    empty.take(FIRST, "first.txt")
    empty.take(SECOND, "second.txt")
    return empty
