"""Xero: one consent over several organisations, rotating tokens, apps without a secret."""

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import available_timezones

import pytest

from connectors.accounting.xero.authorisation import XERO
from connectors.accounting.xero.zones import zones
from connectors.accounts.accounts import Accounts
from connectors.accounts.authorisations import Received, begin, receive
from connectors.accounts.broker import NeedsReconnection
from connectors.errors import BadInput, ConfigError, Transient
from connectors.home.settings import Settings
from sandbox.browser import consent
from sandbox.xero import MINUTE, Xero
from tests.connectors.accounts.platforms import Desk, desk


@pytest.fixture
def at(quick_home: Settings, tmp_path: Path) -> Iterator[Desk]:
    with desk("xero", quick_home, tmp_path) as opened:
        yield opened


def platform_of(at: Desk) -> Xero:
    assert isinstance(at.emulator, Xero)
    return at.emulator


def consented(at: Desk, slug: str, *organisations: str) -> Received:
    """A consent of one person to these organisations, for a connection."""
    at.register_application()
    if slug not in {connection.slug for connection in at.registry.connections.list()}:
        at.registry.connections.add(
            slug, channel="xero", name=slug, timezone="UTC", kind="api", actor="test"
        )
    answer = consent(begin(at.accounts, slug, {}, "browser"), accounts=organisations)
    return receive(at.accounts, XERO, answer, "browser", "test")


def test_every_zone_is_one(at: Desk) -> None:
    assert set(zones().values()) <= available_timezones()


def test_the_owner_chooses_where_a_consent_covers_several(at: Desk) -> None:
    xero = platform_of(at)
    received = consented(at, "books", xero.first, xero.third)
    assert {each.id for each in received.choices} == {xero.first, xero.third}
    at.accounts.verify("books", xero.third, None, "test")
    connection = at.accounts.check("books", actor="test")
    assert (connection.account_id, connection.timezone) == (xero.third, "Australia/Sydney")
    assert connection.account["currency"] == "AUD"


def test_letting_one_organisation_go_leaves_the_others(at: Desk) -> None:
    xero = platform_of(at)
    consented(at, "uk", xero.first)
    consented(at, "au", xero.first, xero.third)
    at.accounts.verify("au", xero.third, None, "test")
    assert at.accounts.disconnect("uk", "test") is None
    assert (xero.alive(xero.first), xero.alive(xero.third)) == (False, True)
    at.emulator.expire()
    assert at.accounts.check("au", actor="test").account_id == xero.third


def test_an_organisation_that_was_disconnected_in_xero_is_let_go_too(at: Desk) -> None:
    slug = at.add(at.emulator.first)
    at.emulator.revoke(at.emulator.first)
    assert at.accounts.disconnect(slug, "test") is None


def test_reconnecting_keeps_the_organisation_among_all_of_its_owner(at: Desk) -> None:
    xero = platform_of(at)
    consented(at, "books", xero.first)
    assert consented(at, "books", xero.first, xero.third).choices == ()
    assert at.registry.connections.get("books").account_id == xero.first


def test_an_app_without_a_secret_proves_itself(at: Desk) -> None:
    platform_of(at).kind = "pkce"
    consented(at, "books", at.emulator.first)
    at.emulator.expire()
    assert at.accounts.check("books", actor="test").state == "active"


def test_a_custom_connection_needs_no_consent(at: Desk) -> None:
    platform_of(at).kind = "custom"
    slug = at.add(at.emulator.first)
    at.emulator.expire()
    assert at.accounts.check(slug, actor="test").account_id == at.emulator.first
    assert "ends in Xero" in (at.accounts.disconnect(slug, "test") or "")
    paths = {exchange.path for exchange in at.emulator.application.exchanges}
    assert "/connections" not in paths


def test_a_web_app_cannot_pass_for_a_custom_connection(at: Desk) -> None:
    fields = at.emulator.fields()
    with pytest.raises(BadInput, match="needs refresh_token"):
        at.accounts.add("xero", "Books", fields, actor="test")
    with pytest.raises(ConfigError, match="unauthorized_client"):
        at.accounts.add("xero", "Books", fields | {"app_type": "custom"}, actor="test")
    assert at.accounts.vault.owners() == []


@pytest.mark.parametrize(("minutes", "alive"), [(29, True), (31, False)])
def test_an_answer_that_was_lost_can_be_had_again_for_half_an_hour(
    at: Desk, minutes: float, alive: bool
) -> None:
    slug = at.add(at.emulator.first)
    at.emulator.expire()
    faults = at.emulator.application
    faults.script, faults.only = iter(["lost"]), "/connect/token"
    with pytest.raises(Transient):
        at.accounts.check(slug, actor="test")
    platform_of(at).oauth.skew = minutes * MINUTE
    if alive:
        assert at.accounts.check(slug, actor="test").state == "active"
    else:
        with pytest.raises(NeedsReconnection):
            at.accounts.check(slug, actor="test")


def test_xero_sends_nobody_back_to_a_bare_address(at: Desk) -> None:
    settings = at.accounts.settings.model_copy(update={"public_url": "http://127.0.0.1:8080"})
    bare = Accounts(settings, at.registry)
    at.register_application()
    at.registry.connections.add(
        "books", channel="xero", name="Books", timezone="UTC", kind="api", actor="test"
    )
    with pytest.raises(BadInput, match="http://localhost"):
        begin(bare, "books", {}, "browser")
