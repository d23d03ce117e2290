"""WooCommerce: where a store is, how calls are signed, and keys that the store hands over."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from connectors.accounts.account_choice import Undecided
from connectors.accounts.accounts import Accounts
from connectors.accounts.authorisations import begin, receive
from connectors.accounts.platforms import platform_named
from connectors.channels.woocommerce.addresses import read_store_url
from connectors.errors import BadInput
from connectors.home.settings import Settings
from connectors.http.remote import tls
from sandbox.browser import NO_TLS, consent
from sandbox.internet import Internet, certificate
from sandbox.server import bound, serving
from sandbox.woocommerce import WooCommerce
from tests.connectors.accounts.platforms import Desk, desk

KEYS = {"consumer_key": "ck_1", "consumer_secret": "cs_1"}


@pytest.fixture
def at(quick_home: Settings, tmp_path: Path) -> Iterator[Desk]:
    """A desk in front of two stores on one's own network."""
    with desk("woocommerce", quick_home, tmp_path) as opened:
        yield opened


def woo(at: Desk) -> WooCommerce:
    assert isinstance(at.emulator, WooCommerce)
    return at.emulator


def elsewhere(at: Desk, **changed: object) -> Accounts:
    """The same home with other settings."""
    return replace(at.accounts, settings=at.accounts.settings.model_copy(update=changed))


def pending(at: Desk) -> None:
    at.registry.connections.add(
        "shop", channel="woocommerce", name="Shop", timezone="UTC", kind="api", actor="test"
    )


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("shop.example", "https://shop.example"),
        (" https://Shop.Example/ ", "https://shop.example"),
        ("https://shop.example:443/store/", "https://shop.example/store"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("http://shop.lan:8080", "http://shop.lan:8080"),
    ],
)
def test_an_address_is_kept_in_one_form(typed: str, stored: str) -> None:
    assert read_store_url(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "https://",
        "https://my shop.example",
        "ftp://shop.example",
        "file:///etc/passwd",
        "https://me:secret@shop.example",
        "https://shop.example/?rest_route=/",
        "https://shop.example/#top",
    ],
)
def test_what_is_no_address_of_a_store_is_refused(typed: str) -> None:
    with pytest.raises(BadInput, match="store_url") as refused:
        read_store_url(typed)
    assert "secret" not in str(refused.value)


def test_over_https_keys_go_as_basic(
    quick_home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    internet, store, listener = Internet(), WooCommerce(), bound()
    internet.says("shop.test", ["93.184.215.14"])
    monkeypatch.setattr(socket, "getaddrinfo", internet.getaddrinfo)
    pem = certificate(tmp_path / "shop.pem", "shop.test")
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    tls.cache_clear()
    with (
        desk("woocommerce", quick_home, tmp_path) as at,
        serving(store.application, listener, pem),
    ):
        store.endpoints(f"https://shop.test:{listener.getsockname()[1]}")
        accounts = elsewhere(at, allowed_private_hosts="")
        fields = store.chosen("harbour") | store.keys("harbour")
        added = accounts.add("woocommerce", "My Shop", fields, actor="test")
        assert (added.account_id, added.account["name"]) == (store.first, "Harbour & Sons")
        wrong = fields | {"consumer_secret": "cs_wrong"}
        with pytest.raises(BadInput, match="does not accept these"):
            accounts.reconnect(added.slug, wrong, actor="test")
        assert accounts.check(added.slug, actor="test").state == "active"
    tls.cache_clear()
    signed = [dict(e.headers).get(b"authorization", b"") for e in store.application.exchanges]
    assert [header[:6] for header in signed] == [b"", b"Basic "] * 3


def test_a_server_that_keeps_the_authorization_is_sent_the_keys_in_the_query(
    quick_home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    internet, store, listener = Internet(), WooCommerce(), bound()
    internet.says("shop.test", ["93.184.215.14"])
    monkeypatch.setattr(socket, "getaddrinfo", internet.getaddrinfo)
    pem = certificate(tmp_path / "shop.pem", "shop.test")
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    tls.cache_clear()
    store.stores["harbour"].deaf = True
    with (
        desk("woocommerce", quick_home, tmp_path) as at,
        serving(store.application, listener, pem),
    ):
        store.endpoints(f"https://shop.test:{listener.getsockname()[1]}")
        accounts = elsewhere(at, allowed_private_hosts="")
        fields = store.chosen("harbour") | store.keys("harbour")
        added = accounts.add("woocommerce", "My Shop", fields, actor="test")
        assert accounts.check(added.slug, actor="test").state == "active"
        assert added.fields["keys_in"] == "query"
    tls.cache_clear()
    _index, first, second, *_ = store.application.exchanges
    assert b"consumer_secret" not in first.query
    assert fields["consumer_secret"].encode() in second.query


def test_a_store_with_plain_permalinks_is_found(at: Desk) -> None:
    woo(at).stores["harbour"].plain = True
    slug = at.add(at.emulator.first)
    assert at.registry.connections.get(slug).fields["permalinks"] == "plain"
    assert at.accounts.check(slug, actor="test").state == "active"
    paths = [e.path for e in at.emulator.application.exchanges]
    assert paths[:3] == [
        "/harbour/wp-json/",
        "/harbour/index.php/wp-json/",
        "/harbour/index.php/wp-json/wc/v3/settings/general",
    ]


def test_over_http_the_secret_never_travels(at: Desk) -> None:
    fields = at.fields(at.emulator.first)
    at.accounts.add("woocommerce", "My Shop", fields, actor="test")
    index, settings = at.emulator.application.exchanges
    assert b"oauth" not in index.query
    assert b"oauth_signature_method=HMAC-SHA256" in settings.query
    sent = repr((settings.query, settings.headers))
    assert fields["consumer_secret"] not in sent
    assert "authorization" not in sent


def test_a_store_of_ones_own_network_must_be_vouched_for(at: Desk) -> None:
    fields = at.fields(at.emulator.first)
    stranger = elsewhere(at, allowed_private_hosts="")
    with pytest.raises(BadInput, match="must be reached over https"):
        stranger.add("woocommerce", "My Shop", fields, actor="test")
    inside = fields | {"store_url": "https://127.0.0.1/harbour"}
    with pytest.raises(BadInput, match="not on the public internet"):
        stranger.add("woocommerce", "My Shop", inside, actor="test")
    pending(at)
    with pytest.raises(BadInput, match="must be reached over https"):
        begin(stranger, "shop", at.emulator.chosen(at.emulator.first), "browser")
    assert at.emulator.application.exchanges == []


def test_keys_in_each_others_place_are_noticed(at: Desk) -> None:
    fields = at.fields(at.emulator.first)
    swapped = fields | {
        "consumer_key": fields["consumer_secret"],
        "consumer_secret": fields["consumer_key"],
    }
    with pytest.raises(BadInput, match="consumer_key begins with ck_") as refused:
        at.accounts.add("woocommerce", "My Shop", swapped, actor="test")
    assert fields["consumer_secret"] not in str(refused.value)


def test_a_deleted_key_that_another_replaces(at: Desk) -> None:
    slug = at.add(at.emulator.first)
    stored = at.accounts.vault.read(slug)
    at.emulator.revoke(at.emulator.first)
    at.accounts.reconnect(slug, at.emulator.keys(at.emulator.first), actor="test")
    assert at.accounts.vault.read(slug) != stored
    assert at.accounts.check(slug, actor="test").state == "active"


def test_no_key_goes_to_a_store_that_says_it_is_another(at: Desk) -> None:
    async def index(_request: Request) -> Response:
        return JSONResponse({"name": "Copy", "home": "https://shop.example"})

    routes = [Route("/wp-json/{rest:path}", index)]
    paths: list[str] = []
    copy = Starlette(routes=routes)

    async def noting(scope: dict[str, object], receive: object, send: object) -> None:
        paths.append(str(scope["path"]))
        await copy(scope, receive, send)

    with (
        serving(noting, bound()) as url,
        pytest.raises(BadInput, match=r"says that it is shop\.example: give that address"),
    ):
        at.accounts.add("woocommerce", "Copy", {"store_url": url, **KEYS}, actor="test")
    assert paths == ["/wp-json/"]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (HTMLResponse("<h1>Welcome</h1>"), "no WooCommerce at this address"),
        (HTMLResponse("<h1>Not found</h1>", 404), "no WooCommerce at this address"),
        (JSONResponse(["surprise"]), "no WordPress at this address"),
        (JSONResponse({"home": "not an address"}), "no WordPress at this address"),
        (RedirectResponse("http://127.0.0.1/", 301), "with or without www"),
    ],
)
def test_what_is_no_store_is_told_from_one(at: Desk, answer: Response, message: str) -> None:
    with serving(answer, bound()) as url, pytest.raises(BadInput, match=message):
        at.accounts.add("woocommerce", "Page", {"store_url": url, **KEYS}, actor="test")


@pytest.mark.parametrize(
    ("offset", "zone"), [("0", "UTC"), ("2", "Etc/GMT-2"), ("-8", "Etc/GMT+8"), (3, "Etc/GMT-3")]
)
def test_a_clock_that_is_an_offset_has_a_zone_where_one_is_named(
    at: Desk, offset: str, zone: str
) -> None:
    store = woo(at).stores["harbour"]
    store.timezone_string, store.gmt_offset = "", offset
    assert at.registry.connections.get(at.add(at.emulator.first)).timezone == zone


def test_an_offset_of_half_an_hour_asks_for_the_zone(at: Desk) -> None:
    store = woo(at).stores["harbour"]
    store.timezone_string, store.gmt_offset = "", "5.5"
    with pytest.raises(Undecided, match="--timezone"):
        at.add(at.emulator.first)


def test_keys_are_handed_over_to_https_alone(at: Desk) -> None:
    pending(at)
    plain = elsewhere(at, public_url="http://books.example")
    with pytest.raises(BadInput, match="DAYBOOK_PUBLIC_URL"):
        begin(plain, "shop", at.emulator.chosen(at.emulator.first), "browser")


def test_keys_for_a_question_nobody_asked_are_refused(at: Desk) -> None:
    body = {"user_id": "guessed", **KEYS}
    answer = httpx2.post(
        f"{at.accounts.settings.public_url}/connect/woocommerce/keys", json=body, verify=NO_TLS
    )
    assert answer.status_code == 400
    assert at.accounts.vault.owners() == []


def test_a_browser_that_comes_without_keys_connects_nothing(at: Desk) -> None:
    pending(at)
    page = begin(at.accounts, "shop", at.emulator.chosen(at.emulator.first), "browser")
    came = {"success": "1", "user_id": httpx2.URL(page).params["user_id"]}
    with pytest.raises(BadInput, match="did not hand its keys over"):
        receive(at.accounts, platform_named("woocommerce"), came, "browser", "test")
    assert at.registry.connections.get("shop").state == "pending"


def test_a_consent_asks_to_read_and_no_more(at: Desk) -> None:
    pending(at)
    page = begin(at.accounts, "shop", at.emulator.chosen(at.emulator.first), "browser")
    assert httpx2.URL(page).params["scope"] == "read"
    came = consent(page, accounts=[at.emulator.picks(at.emulator.first)])
    receive(at.accounts, platform_named("woocommerce"), came, "browser", "test")
    assert at.registry.connections.get("shop").account["country"] == "US"
