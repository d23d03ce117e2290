"""A sync that stops half-way leaves nothing half-done: what it kept is done all the same."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from connectors.channels import channel
from connectors.channels.base import Channel
from connectors.database.registry import Registry
from connectors.errors import BadInput
from connectors.home.settings import Settings
from connectors.lake.lake import Lake
from pipelines.stages.imports import Target, import_file, open_connection
from tests.channels import ebay_files
from tests.channels.house import House
from tests.channels.stores import Store, check_tied, store


class Killed(BaseException):
    """The end of a process, as near as one can come to it from inside."""


@pytest.fixture
def at(quick_home: Settings, tmp_path: Path) -> Iterator[Store]:
    with store("ebay", quick_home, tmp_path) as connected_store:
        yield connected_store


def kill_at(patch: pytest.MonkeyPatch, number: int) -> None:
    """The process dies when it has stored so many documents."""
    stored, stored_count = Lake.store_document, 0

    def stores(self: Lake, content: bytes, manifest: object) -> None:
        nonlocal stored_count
        if stored_count == number:
            raise Killed
        stored_count += 1
        stored(self, content, manifest)  # type: ignore[arg-type]

    patch.setattr(Lake, "store_document", stores)


def test_days_of_what_was_kept_are_promised_before_it_is(at: Store) -> None:
    at.sync()
    at.books()
    at.money.advance(9)
    held = len(at.house.workspace.lake.manifests(at.house.slug))
    with pytest.MonkeyPatch.context() as patch:
        kill_at(patch, 3)
        with pytest.raises(Killed):
            at.sync()
    stored_before = at.house.workspace.lake.manifests(at.house.slug)[:]
    new = sorted(stored_before, key=lambda m: m.fetched_at)[held:]
    touched = {day for m in new for day in m.days}
    at.house.connection = at.desk.registry.connections.get(at.house.slug)
    made = at.desk.registry.sync_schedule.by_connection()[at.house.slug]
    assert {day for day in touched if day in at.whole} <= set(made.days)
    assert made.reason == "a sync was interrupted"
    at.sync()
    at.books()
    check_tied(at)


def test_a_payout_that_does_not_add_up_stops_the_sync_and_goes_to_quarantine(at: Store) -> None:
    payout = at.money.payouts[3]  # type: ignore[attr-defined]
    true = dict(payout["amount"])
    payout["amount"] = {**true, "value": "1.23"}
    with pytest.raises(BadInput, match=r"its lines sum to .* but 1.2300 is declared \(kept as"):
        at.sync()
    assert len(at.house.workspace.lake.manifests(at.house.slug)) > 4, "what adds up is kept"
    payout["amount"] = true
    at.sync()
    at.books()
    check_tied(at)


def test_a_file_does_not_tell_again_what_another_has_told(
    registry: Registry, tmp_path: Path
) -> None:
    house = House.build(registry, tmp_path / "home", channel="ebay")
    third, fourth = date(2026, 3, 3), date(2026, 3, 4)
    rows = [ebay_files.order(f"05-{day.day}", day, "25.00", "-3.35") for day in (third, fourth)]
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    first.write_text(ebay_files.report(rows))
    second.write_text(ebay_files.report(rows[:1]))
    list(import_file(house.workspace, *opened(house), first))
    with pytest.raises(BadInput, match=r"second.csv: covers 2026-03-03 .*, as first.csv does"):
        list(import_file(house.workspace, *opened(house), second))


def test_a_connected_account_takes_no_file_of_what_it_brings_in_itself(at: Store) -> None:
    day = at.money.first
    path = at.house.settings.home / "report.csv"
    row = ebay_files.order("05-00001-00001", day, "25.00", "-3.35", payout="5000000001")
    path.write_text(ebay_files.report([row]))
    with pytest.raises(BadInput, match="my-shop is synced automatically"):
        list(import_file(at.house.workspace, *opened(at.house), path))


def opened(house: House) -> tuple[Channel, Target]:
    """The channel and the connection, as the command line opens them."""
    source = channel(house.connection.channel)
    target = open_connection(house.workspace, source, house.slug, timezone=None, name=None)
    return source, target
