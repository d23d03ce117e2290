"""Walmart: a seller's own keys or a consent, and the headers that every call carries."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from connectors.accounts.account_choice import Undecided
from connectors.accounts.authorisations import begin, receive
from connectors.accounts.platforms import platform_named
from connectors.accounts.tokens import Token
from connectors.errors import BadInput
from connectors.home.settings import Settings
from sandbox.browser import consent
from sandbox.faults import Exchange
from tests.connectors.accounts.platforms import Desk, desk

CORRELATION = "wm_qos.correlation_id"


@pytest.fixture
def at(quick_home: Settings, tmp_path: Path) -> Iterator[Desk]:
    """A desk in front of Walmart."""
    with desk("walmart", quick_home, tmp_path) as opened:
        yield opened


def page(at: Desk, market: str = "us") -> str:
    at.register_application()
    at.registry.connections.add(
        "shop", channel="walmart", name="Shop", timezone="UTC", kind="api", actor="test"
    )
    return begin(at.accounts, "shop", {"market": market}, "browser")


def headers(exchange: Exchange) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in exchange.headers}


def bought(at: Desk) -> list[tuple[str, str | None]]:
    """How each token was bought: the grant, and the seller that was named."""
    return [
        (dict(parse_qsl(e.body.decode()))["grant_type"], headers(e).get("wm_partner.id"))
        for e in at.emulator.application.exchanges
        if e.path == "/v3/token"
    ]


def test_own_keys_buy_tokens_by_themselves(at: Desk) -> None:
    slug = at.add(at.emulator.first)
    at.emulator.expire()
    at.accounts.check(slug, actor="test")
    assert bought(at) == [("client_credentials", None)] * 2
    stored = Token.from_json(at.accounts.vault.read(slug)["token"])
    assert stored.refresh_token is None
    assert at.registry.connections.get(slug).deadlines == []


def test_a_consent_names_its_seller_and_keeps_its_refresh_token(at: Desk) -> None:
    answer = consent(page(at), accounts=[at.emulator.first])
    receive(at.accounts, platform_named("walmart"), answer, "browser", "test")
    first = Token.from_json(at.accounts.vault.read("shop")["token"]).refresh_token
    for _ in range(2):
        at.emulator.expire()
        at.accounts.check("shop", actor="test")
    (ends,) = at.registry.connections.get("shop").deadlines
    assert ends["what"] == "the consent to Walmart"
    seller = at.emulator.first
    refreshed = [("refresh_token", seller)] * 2
    assert bought(at) == [("authorization_code", seller), *refreshed]
    assert Token.from_json(at.accounts.vault.read("shop")["token"]).refresh_token == first


def test_a_consent_that_was_given_before_may_be_typed(at: Desk) -> None:
    seller, provider = at.emulator.first, at.emulator.fields()
    pasted = at.emulator.oauth.granted(seller)  # type: ignore[attr-defined]
    fields = provider | {"market": "us", "seller_id": seller, "refresh_token": pasted}
    slug = at.accounts.add("walmart", "My Shop", fields, actor="test").slug
    at.emulator.expire()
    at.accounts.check(slug, actor="test")
    assert bought(at) == [("refresh_token", seller)] * 2
    assert Token.from_json(at.accounts.vault.read(slug)["token"]).refresh_token == pasted


def test_a_typed_consent_of_another_seller_is_refused(at: Desk) -> None:
    pasted = at.emulator.oauth.granted(at.emulator.second)  # type: ignore[attr-defined]
    fields = at.emulator.fields() | {"seller_id": at.emulator.first, "refresh_token": pasted}
    with pytest.raises(BadInput, match="does not accept these credentials"):
        at.accounts.add("walmart", "My Shop", fields | {"market": "us"}, actor="test")


def test_every_call_has_an_id_of_its_own_and_no_bearer(at: Desk) -> None:
    slug = at.add(at.emulator.first)
    at.emulator.expire()
    at.accounts.check(slug, actor="test")
    calls = at.emulator.application.exchanges
    assert len({headers(call)[CORRELATION] for call in calls}) == len(calls) == 5
    assert all(headers(call)["wm_svc.name"] == "Walmart Marketplace" for call in calls)
    details = [headers(call) for call in calls if call.path == "/v3/token/detail"]
    assert details
    assert all(sent["authorization"].startswith("Basic ") for sent in details)
    assert all(sent["wm_sec.access_token"] for sent in details)


def test_the_market_says_whose_page_it_is(at: Desk) -> None:
    query = dict(parse_qsl(urlsplit(page(at, "ca")).query))
    assert query["clientType"] == "seller-ca"
    answer = consent(begin(at.accounts, "shop", {"market": "ca"}, "browser"))
    receive(at.accounts, platform_named("walmart"), answer, "browser", "test")
    connection = at.registry.connections.get("shop")
    assert (connection.account["country"], connection.account["currency"]) == ("CA", "CAD")
    assert connection.timezone == "America/Los_Angeles"


def test_a_market_whose_clock_is_not_known_asks_for_it(at: Desk) -> None:
    fields = at.fields(at.emulator.first) | {"market": "mx"}
    with pytest.raises(Undecided, match="--timezone"):
        at.accounts.add("walmart", "Tienda", fields, actor="test")
    checked = at.accounts.check("tienda", timezone="America/Mexico_City", actor="test")
    assert (checked.state, checked.timezone) == ("active", "America/Mexico_City")
    assert checked.account["currency"] == "MXN"


@pytest.mark.parametrize(
    ("changed", "message"),
    [({"sellerId": ""}, "whose account"), ({"clientId": "another"}, "another application")],
)
def test_a_callback_for_somebody_else_is_refused(
    at: Desk, changed: dict[str, str], message: str
) -> None:
    answer = consent(page(at), accounts=[at.emulator.first])
    with pytest.raises(BadInput, match=message):
        receive(at.accounts, platform_named("walmart"), {**answer, **changed}, "browser", "test")


def test_a_code_is_not_good_for_another_seller(at: Desk) -> None:
    answer = consent(page(at), accounts=[at.emulator.first])
    stolen = {**answer, "sellerId": at.emulator.second}
    with pytest.raises(BadInput, match="does not accept its own code"):
        receive(at.accounts, platform_named("walmart"), stolen, "browser", "test")


def test_a_sellers_own_keys_are_never_mixed_with_the_registered_application(at: Desk) -> None:
    at.register_application()
    keys = at.emulator.keys(at.emulator.first)
    half = {name: value for name, value in keys.items() if name != "client_secret"}
    with pytest.raises(BadInput, match="also needs client_secret"):
        at.accounts.add("walmart", "My shop", half, actor="test")
    added = at.accounts.add("walmart", "My shop", keys, actor="test")
    with pytest.raises(BadInput, match="also needs client_secret"):
        at.accounts.reconnect(added.slug, half | {"client_id": "another"}, actor="test")
    renewed = at.emulator.keys(at.emulator.first)
    assert at.accounts.reconnect(added.slug, renewed, actor="test").state == "active"
    assert at.accounts.application_id(added.slug) == renewed["client_id"]
