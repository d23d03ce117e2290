"""The switch of posting: off until its owner turns it on, from a business day, and recorded."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from connectors.accounts.posting_switch import change_posting, posting
from connectors.accounts.setup import Imports, Setup
from connectors.database.registry import Registry
from connectors.errors import BadInput
from connectors.home.settings import Settings
from tests.connectors.accounts.platforms import desk

BEGIN = date(2015, 1, 1)
DECEMBER = date(2026, 12, 1)


@pytest.fixture
def organised(registry: Registry) -> Registry:
    """With a connected organisation, `our-books`."""
    names = {"channel": "xero", "name": "Our books", "timezone": "UTC", "kind": "api"}
    registry.connections.add("our-books", **names, actor="test")  # type: ignore[arg-type]
    registry.connections.pin_account("our-books", "tenant", {"name": "Harbour"}, {}, "UTC", "test")
    return registry


def switch(registry: Registry, since: date | None, slug: str = "our-books") -> bool:
    return change_posting(registry, slug, since, BEGIN, "ada")


def since(registry: Registry) -> date | None:
    return posting(registry.connections.get("our-books")).since


def test_it_is_off_turned_on_moved_and_turned_off_on_record(organised: Registry) -> None:
    assert since(organised) is None
    january = date(2027, 1, 1)
    for day in (DECEMBER, january, None):
        assert switch(organised, day)
        assert since(organised) == day
        assert not switch(organised, day)
    events = [
        (event.actor, event.subject, event.detail)
        for event in organised.audit.list()
        if event.action == "connection.posting"
    ]
    assert events == [
        ("ada", "our-books", {"from": "2027-01-01", "to": "off"}),
        ("ada", "our-books", {"from": "2026-12-01", "to": "2027-01-01"}),
        ("ada", "our-books", {"from": "off", "to": "2026-12-01"}),
    ]


def test_a_set_up_that_was_open_meanwhile_does_not_switch_it_back(organised: Registry) -> None:
    before = Setup.model_validate(organised.connections.get("our-books").setup)
    switch(organised, DECEMBER)
    late = before.model_copy(update={"imports": Imports(ongoing=False), "step": "done"})
    organised.connections.set_setup("our-books", late.model_dump(mode="json"), "test")
    setup = Setup.model_validate(organised.connections.get("our-books").setup)
    assert (setup.step, setup.imports.ongoing, setup.posting.since) == ("done", False, DECEMBER)


def test_a_day_out_of_reason_is_refused(organised: Registry) -> None:
    with pytest.raises(BadInput, match="2014-12-31 is before 2015-01-01, the first day"):
        switch(organised, date(2014, 12, 31))
    with pytest.raises(BadInput, match="more than two years ahead"):
        switch(organised, datetime.now(UTC).date() + timedelta(days=800))
    assert since(organised) is None


def test_what_is_no_connected_organisation_has_no_switch(registry: Registry) -> None:
    registry.connections.add("mugs", channel="etsy", name="M", timezone="UTC", actor="test")
    with pytest.raises(BadInput, match="mugs is no accounting organisation: nothing is posted to"):
        switch(registry, DECEMBER, "mugs")
    registry.connections.add(
        "new", channel="quickbooks", name="N", timezone="UTC", kind="api", actor="test"
    )
    with pytest.raises(BadInput, match="new is not set up yet"):
        switch(registry, DECEMBER, "new")


def test_it_is_off_once_the_organisation_is_let_go(quick_home: Settings, tmp_path: Path) -> None:
    with desk("xero", quick_home, tmp_path) as at:
        slug = at.add(at.emulator.first)
        switch(at.registry, DECEMBER, slug)
        at.accounts.disconnect(slug, "test")
        with pytest.raises(BadInput, match="is disconnected: connect it again first"):
            switch(at.registry, DECEMBER, slug)
        at.accounts.reconnect(slug, at.fields(at.emulator.first), actor="test")
        assert posting(at.registry.connections.get(slug)).since is None
