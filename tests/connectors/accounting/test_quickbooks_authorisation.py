"""QuickBooks Online: a company named by the callback, refresh tokens that change once a day."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.accounting.quickbooks.authorisation import QUICKBOOKS
from connectors.accounts.authorisations import begin, receive
from connectors.accounts.broker import TOKEN, NeedsReconnection
from connectors.accounts.deadlines import deadlines
from connectors.accounts.endpoints import endpoints
from connectors.accounts.tokens import Token
from connectors.errors import BadInput, ConfigError
from connectors.home.settings import Settings
from sandbox.browser import consent
from sandbox.quickbooks import DAY, HARD_END, QuickBooks
from tests.connectors.accounts.platforms import Desk, desk


@pytest.fixture
def at(quick_home: Settings, tmp_path: Path) -> Iterator[Desk]:
    with desk("quickbooks", quick_home, tmp_path) as opened:
        yield opened


def platform_of(at: Desk) -> QuickBooks:
    assert isinstance(at.emulator, QuickBooks)
    return at.emulator


def refresh_token(at: Desk, slug: str) -> str | None:
    return Token.from_json(at.accounts.vault.read(slug)[TOKEN]).refresh_token


def test_the_refresh_token_that_came_back_is_the_one_kept(at: Desk) -> None:
    slug = at.add(at.emulator.first)
    token = refresh_token(at, slug)
    at.emulator.expire()
    at.accounts.check(slug, actor="test")
    assert refresh_token(at, slug) == token
    platform_of(at).oauth.skew = 1.5 * DAY
    for _ in range(2):
        at.emulator.expire()
        assert at.accounts.check(slug, actor="test").state == "active"
    assert refresh_token(at, slug) != token


def test_the_end_of_the_consent_is_the_one_that_quickbooks_says(at: Desk) -> None:
    token = Token.from_json(at.accounts.vault.read(at.add(at.emulator.first))[TOKEN])
    ends = [d.expires_at for d in deadlines(QUICKBOOKS, {}, token) if "consent" in d.what]
    expected = datetime.now(UTC) + timedelta(seconds=HARD_END)
    assert [abs(end - expected) < timedelta(minutes=1) for end in ends] == [True]


def test_production_keys_are_sent_back_to_https_alone(at: Desk) -> None:
    platform_of(at).environment = "production"
    at.register_application()
    at.registry.connections.add(
        "books", channel="quickbooks", name="Books", timezone="UTC", kind="api", actor="test"
    )
    with pytest.raises(BadInput, match="https:// address, or connect with a refresh token"):
        begin(at.accounts, "books", {}, "browser")


def test_a_grant_that_rested_for_100_days_is_dead(at: Desk) -> None:
    slug = at.add(at.emulator.first)
    platform_of(at).oauth.skew = 101 * DAY
    with pytest.raises(NeedsReconnection):
        at.accounts.check(slug, actor="test")


@pytest.mark.parametrize("realm", ["", "../../9341450000000002"])
def test_a_callback_without_a_company_is_refused(at: Desk, realm: str) -> None:
    at.register_application()
    at.registry.connections.add(
        "books", channel="quickbooks", name="Books", timezone="UTC", kind="api", actor="test"
    )
    answer = consent(begin(at.accounts, "books", {}, "browser"), accounts=[at.emulator.first])
    with pytest.raises(BadInput, match="realm"):
        receive(at.accounts, QUICKBOOKS, answer | {"realmId": realm}, "browser", "test")
    assert at.registry.connections.get("books").state == "pending"


def test_a_company_id_may_be_typed_as_it_is_shown(at: Desk) -> None:
    fields = at.fields(at.emulator.second) | {"realm_id": "9341 4500 0000 0002"}
    connection = at.accounts.add("quickbooks", "Foundry", fields, actor="test")
    assert connection.account_id == at.emulator.second
    # This company names no zone, and its country has one.
    assert (connection.timezone, connection.account["currency"]) == ("Europe/London", "GBP")


def test_tokens_of_another_company_reach_nothing(at: Desk) -> None:
    fields = at.fields(at.emulator.first) | {"realm_id": at.emulator.second}
    with pytest.raises(ConfigError, match="does not allow"):
        at.accounts.add("quickbooks", "Foundry", fields, actor="test")
    assert at.accounts.vault.owners() == []


def test_somebody_who_is_no_administrator_any_more_connects_again(at: Desk) -> None:
    slug = at.add(at.emulator.first)
    platform_of(at).fault = (400, "120")
    with pytest.raises(NeedsReconnection):
        at.accounts.check(slug, actor="test")
    assert at.registry.connections.get(slug).state == "needs_reauth"


@pytest.mark.parametrize("status", [200, 400])
def test_a_subscription_that_ended_is_no_reason_to_reconnect(at: Desk, status: int) -> None:
    slug = at.add(at.emulator.first)
    platform_of(at).fault = (status, "6190")
    with pytest.raises(ConfigError, match="subscription has ended"):
        at.accounts.check(slug, actor="test")
    assert at.registry.connections.get(slug).state == "active"


def test_sandbox_companies_are_on_a_host_of_their_own(quick_home: Settings) -> None:
    urls = endpoints(quick_home, QUICKBOOKS, {"environment": "sandbox"})
    assert urls["api"] == "https://sandbox-quickbooks.api.intuit.com"
    assert urls["identity"] == QUICKBOOKS.endpoints["identity"]
