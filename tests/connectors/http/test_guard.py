"""An address that somebody typed leads to the public internet, and nowhere behind it."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from connectors.errors import BadInput, Permanent, Transient
from connectors.http import Remote
from connectors.http.guard import Guard, is_public
from connectors.http.remote import tls
from sandbox.faults import Faulty
from sandbox.internet import Internet, certificate
from sandbox.server import bound, serving

PUBLIC = "93.184.215.14"
INSIDE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104 - not bound to, but refused
    "224.0.0.1",
    "255.255.255.255",
    "198.18.0.1",
    "192.0.2.1",
    "240.0.0.1",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::1",
    "2002:a00:1::1",
    "2001:0:53aa:64c:0:fbff:f5fe:1",
    "2001:db8::1",
    "fc00::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "5f00::1",
]


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> Internet:
    """An internet whose names a test chooses."""
    made = Internet()
    monkeypatch.setattr(socket, "getaddrinfo", made.getaddrinfo)
    return made


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Faulty, int]]:
    """A store that has a certificate for shop.test, and its port."""

    async def answer(request: Request) -> Response:
        return JSONResponse({"host": request.headers["host"]})

    async def elsewhere(_request: Request) -> Response:
        return RedirectResponse("https://127.0.0.1/admin", 302)

    routes = [Route("/", answer), Route("/moved", elsewhere)]
    served, listener = Faulty(Starlette(routes=routes)), bound()
    pem = certificate(tmp_path / "shop.pem", "shop.test")
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    tls.cache_clear()
    with serving(served, listener, pem):
        yield served, listener.getsockname()[1]
    tls.cache_clear()


def get(url: str, *private_hosts: str) -> object:
    with Remote("The store", transport=Guard(frozenset(private_hosts))) as remote:
        return remote.get(url)


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_known_for_one(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", PUBLIC, "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]
)
def test_a_public_address_is_known_for_one(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]", "localhost"],
)
def test_no_spelling_of_an_address_inside_is_called(shop: tuple[Faulty, int], host: str) -> None:
    served, port = shop
    with pytest.raises(BadInput, match="not on the public internet"):
        get(f"https://{host}:{port}/")
    assert served.exchanges == []


def test_a_name_with_one_address_inside_is_not_called(
    internet: Internet, shop: tuple[Faulty, int]
) -> None:
    served, port = shop
    internet.says("shop.test", [PUBLIC, "10.0.0.7"])
    with pytest.raises(BadInput, match=r"shop\.test is not on the public internet"):
        get(f"https://shop.test:{port}/")
    assert served.exchanges == []


def test_a_name_that_changes_its_mind_gains_nothing(
    internet: Internet, shop: tuple[Faulty, int]
) -> None:
    served, port = shop
    internet.says("shop.test", [PUBLIC], ["127.0.0.1"])
    internet.deaf.add(PUBLIC)
    with pytest.raises(Transient):
        get(f"https://shop.test:{port}/")
    assert internet.asked == ["shop.test"]
    with pytest.raises(BadInput, match="not on the public internet"):
        get(f"https://shop.test:{port}/")
    assert served.exchanges == []


def test_host_and_certificate_stay_those_of_the_name(
    internet: Internet, shop: tuple[Faulty, int]
) -> None:
    _, port = shop
    internet.says("shop.test", [PUBLIC])
    internet.says("other.test", [PUBLIC])
    assert get(f"https://shop.test:{port}/") == {"host": f"shop.test:{port}"}
    with pytest.raises(Transient, match="ConnectError"):
        get(f"https://other.test:{port}/")


def test_the_next_address_is_taken_where_the_first_is_deaf(
    internet: Internet, shop: tuple[Faulty, int]
) -> None:
    _, port = shop
    internet.says("shop.test", ["8.8.4.4", PUBLIC])
    internet.deaf.add("8.8.4.4")
    assert get(f"https://shop.test:{port}/") == {"host": f"shop.test:{port}"}


def test_a_redirect_is_not_followed(internet: Internet, shop: tuple[Faulty, int]) -> None:
    served, port = shop
    internet.says("shop.test", [PUBLIC])
    with pytest.raises(Permanent, match="302"):
        get(f"https://shop.test:{port}/moved")
    assert [exchange.path for exchange in served.exchanges] == ["/moved"]


def test_http_is_for_hosts_the_operator_vouches_for(internet: Internet) -> None:
    internet.says("shop.test", [PUBLIC])
    internet.says("shop.lan", ["127.0.0.1"])
    with pytest.raises(BadInput, match=r"shop\.test must be reached over https"):
        get("http://shop.test/")
    assert internet.asked == []

    async def answer(_request: Request) -> Response:
        return JSONResponse({"at": "home"})

    with serving(Starlette(routes=[Route("/", answer)]), listener := bound()):
        port = listener.getsockname()[1]
        assert get(f"http://shop.lan:{port}/", "shop.lan") == {"at": "home"}


def test_an_address_with_a_password_in_it_is_refused() -> None:
    with pytest.raises(BadInput, match="no user or password") as error:
        get("https://somebody:hunter2@shop.test/")
    assert "hunter2" not in str(error.value)


def test_a_name_that_does_not_exist_may_exist_later(internet: Internet) -> None:
    internet.says("shop.test", [])
    with pytest.raises(Transient):
        get("https://shop.test/")
