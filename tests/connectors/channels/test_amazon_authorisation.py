"""Amazon: regions, drafts, and a 403 that is not the seller's doing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.accounts.authorisations import begin, receive
from connectors.accounts.platforms import platform_named
from connectors.errors import BadInput, ConfigError
from connectors.home.settings import Settings
from connectors.http import AccessRefused
from sandbox.amazon import Amazon
from sandbox.browser import consent
from tests.connectors.accounts.platforms import Desk, desk

TOKENS = "/auth/o2/token"


@pytest.fixture
def at(quick_home: Settings, tmp_path: Path) -> Iterator[Desk]:
    """A desk in front of Amazon."""
    with desk("amazon", quick_home, tmp_path) as opened:
        yield opened


def amazon(at: Desk) -> Amazon:
    assert isinstance(at.emulator, Amazon)
    return at.emulator


def page(at: Desk, application: dict[str, str]) -> str:
    at.register_application()
    at.accounts.vault.save("app:amazon", application)
    at.registry.connections.add(
        "shop", channel="amazon", name="Shop", timezone="UTC", kind="api", actor="test"
    )
    return begin(at.accounts, "shop", {"region": "europe"}, "browser")


def test_one_seller_is_an_account_in_each_region(at: Desk) -> None:
    europe = at.registry.connections.get(at.add(at.emulator.first, "Europe"))
    assert europe.account["marketplaces"] == [
        {"name": "Amazon.co.uk", "country": "GB", "currency": "GBP"},
        {"name": "Amazon.de", "country": "DE", "currency": "EUR"},
    ]
    assert (europe.account["country"], europe.account["currency"]) == ("GB", "GBP")
    america = at.registry.connections.get(at.add(amazon(at).overseas, "America"))
    assert europe.fields["seller_id"] == america.fields["seller_id"]
    assert (europe.account_id, america.account_id) == (at.emulator.first, amazon(at).overseas)
    assert america.account["currency"] is None


def test_a_wrong_region_is_found_out(at: Desk) -> None:
    fields = at.fields(amazon(at).overseas) | {"region": "brazil"}
    with pytest.raises(BadInput, match="not in Brazil: choose its region"):
        at.accounts.add("amazon", "My Shop", fields, actor="test")


def test_a_role_that_is_missing_is_no_reason_to_reconnect(at: Desk) -> None:
    slug = at.add(at.emulator.first)
    amazon(at).lacks = {"/marketplaceParticipations"}
    before = [exchange.path for exchange in at.emulator.application.exchanges].count(TOKENS)
    with pytest.raises(ConfigError, match="lacks a role") as refused:
        at.accounts.check(slug, actor="test")
    assert not isinstance(refused.value, AccessRefused)
    assert at.registry.connections.get(slug).state == "active"
    paths = [exchange.path for exchange in at.emulator.application.exchanges]
    assert paths.count(TOKENS) == before


def test_a_business_that_is_not_shown_is_not_needed(at: Desk) -> None:
    amazon(at).lacks = {"/sellers/v1/account"}
    connection = at.registry.connections.get(at.add(at.emulator.second))
    assert (connection.account["country"], connection.timezone) == ("JP", "Asia/Tokyo")


def test_a_draft_is_authorised_as_one(at: Desk) -> None:
    amazon(at).draft = True
    answer = consent(page(at, {"draft": "yes"}), accounts=[at.emulator.first])
    received = receive(at.accounts, platform_named("amazon"), answer, "browser", "test")
    assert at.registry.connections.get(received.slug).account_id == at.emulator.first


def test_a_callback_that_names_no_seller_is_refused(at: Desk) -> None:
    answer = consent(page(at, {}), accounts=[at.emulator.first])
    del answer["selling_partner_id"]
    with pytest.raises(BadInput, match="did not say which seller"):
        receive(at.accounts, platform_named("amazon"), answer, "browser", "test")
