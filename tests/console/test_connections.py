"""`daybook connections` and `applications`: a seller's accounts, connected from a terminal."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from connectors.accounts.vault import Vault
from sandbox.server import bound, serving
from sandbox.square import SquareEmulator
from tests.console.user import Told, User
from tests.secrets_search import exposed


@dataclass(frozen=True)
class Seller:
    """Somebody at a terminal, with a Square account to connect."""

    user: User
    square: SquareEmulator
    folder: Path

    def __call__(self, *words: object) -> Told:
        return self.user(*words, DAYBOOK_ENDPOINTS=str(self.folder / "endpoints.json"))

    def credentials(self, account: str | None = None, **further: str) -> Path:
        """A file as the seller would write it."""
        typed = self.square.fields() | self.square.keys(account or self.square.first) | further
        path = self.folder / "square.json"
        path.write_text(json.dumps(typed))
        return path

    def add(self, *words: object) -> Told:
        return self("connections", "add", "square", "--credentials", self.credentials(), *words)

    def card(self, slug: str = "harbour") -> Any:
        result = self("connections", "list", "--json")
        assert result.code == 0, result
        (card,) = [card for card in result.json["connections"] if card["connection"] == slug]
        return card


@pytest.fixture
def seller(user: User, tmp_path: Path) -> Iterator[Seller]:
    """A seller whose platform is on loopback."""
    square = SquareEmulator()
    with serving(square.application, bound()) as url:
        (tmp_path / "endpoints.json").write_text(json.dumps({"square": square.endpoints(url)}))
        yield Seller(user, square, tmp_path)


def test_an_account_is_connected_by_its_name(seller: Seller) -> None:
    result = seller.add("--name", "Harbour")
    assert result.code == 0, result
    assert result.lines == ["harbour: Square connected: Harbour Coffee (MLQW8DG0T5T7V), US, USD"]
    assert result.err == "business days are those of America/New_York\n"
    card = seller.card()
    assert (card["state"], card["kind"], card["channel"]) == ("active", "api", "square")
    assert card["account"] == {
        "id": "MLQW8DG0T5T7V",
        "name": "Harbour Coffee",
        "country": "US",
        "currency": "USD",
        "timezone": "America/New_York",
        "locations": ["Harbour", "Market Hall"],
    }
    assert (card["last"], card["running"]) == (None, None)


def test_credentials_come_on_standard_input(seller: Seller) -> None:
    result = seller.user.run(
        *("connections", "add", "square", "--name", "Harbour", "--credentials", "-", "--json"),
        typed=seller.credentials().read_text(),
        DAYBOOK_ENDPOINTS=str(seller.folder / "endpoints.json"),
    )
    assert result.code == 0, result
    assert result.json["account_id"] == seller.square.first


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{", "is not JSON"),
        ("[]", "must be one JSON object"),
        ('{"client_id": 5}', "client_id must be text in quotes"),
        ('{"colour": "red"}', "Square has no field colour; it has client_id, client_secret"),
        ("{}", "Square also needs client_id (Developer Console"),
        ('{"client_id": "a", "client_secret": "b"}', "Square needs refresh_token or access_token"),
        ('{"access_token": "made up by hand"}', "Square does not accept these credentials"),
    ],
)
def test_bad_credentials_get_a_line_and_leave_nothing(
    seller: Seller, content: str, complaint: str
) -> None:
    path = seller.folder / "bad.json"
    path.write_text(content)
    result = seller("connections", "add", "square", "--name", "Harbour", "--credentials", path)
    assert result.code == 2
    assert complaint in result.complaint
    assert seller.user.connections() == []


def test_the_check_calls_the_platform(seller: Seller) -> None:
    seller.add("--name", "Harbour")
    result = seller("connections", "check", "harbour")
    assert result.lines == ["harbour: Square answers: Harbour Coffee (MLQW8DG0T5T7V), US, USD"]
    seller.square.revoke(seller.square.first)
    result = seller("connections", "check", "harbour")
    assert result.code == 1
    assert result.complaint == (
        "harbour: the platform rejected the stored authorisation: connect it again"
    )
    assert seller.card()["state"] == "needs_reauth"
    result = seller("connections", "reconnect", "harbour", "--credentials", seller.credentials())
    assert result.code == 0
    assert seller.card()["state"] == "active"
    other = seller.credentials(seller.square.second)
    result = seller("connections", "reconnect", "harbour", "--credentials", other)
    assert result.code == 2
    assert "this is a different store" in result.complaint
    assert seller.card()["state"] == "active"


def test_the_rest_of_its_life(seller: Seller) -> None:
    seller.add("--name", "Harbour")
    assert seller("connections", "rename", "harbour", "Old Harbour").code == 0
    assert seller.card()["name"] == "Old Harbour"
    assert seller("connections", "pause", "harbour").lines == ["harbour is paused"]
    assert seller.card()["state"] == "paused"
    assert seller("connections", "resume", "harbour").lines == ["harbour is active"]
    result = seller("connections", "disconnect", "harbour")
    assert result.code == 2
    assert "add --yes" in result.complaint
    assert seller("connections", "remove", "harbour", "--yes").code == 2
    assert seller("connections", "disconnect", "harbour", "--yes").code == 0
    assert not seller.square.alive(seller.square.first)
    assert seller.card()["state"] == "disconnected"
    assert seller("connections", "remove", "harbour", "--yes").lines == ["removed harbour"]
    assert seller.user.connections() == []


def test_a_wrong_endpoints_file_is_named(seller: Seller) -> None:
    for content, complaint in (
        ("{", "is not JSON"),
        ('{"sqare": {}}', "names 'sqare'"),
        (
            '{"square": {"token": "https://x.example"}}',
            "has no endpoint 'token'; it has api",
        ),
        ('{"square": {"api": "ftp://x.example"}}', "square.api must be an https:// or http://"),
    ):
        (seller.folder / "endpoints.json").write_text(content)
        result = seller.add("--name", "Harbour")
        assert result.code == 2
        assert complaint in result.complaint
        assert seller.user.connections() == []


def test_the_application_of_a_platform_is_kept_once(seller: Seller) -> None:
    path = seller.folder / "app.json"
    path.write_text(json.dumps(seller.square.fields()))
    assert seller("applications", "set", "square", "--credentials", path).code == 0
    (listed,) = [
        row
        for row in seller("applications", "list", "--json").json["applications"]
        if row["channel"] == "square"
    ]
    assert listed == {"channel": "square", "registered": True, "fields": {"client_id": "client-id"}}
    path.write_text(json.dumps(seller.square.keys(seller.square.first)))
    result = seller("connections", "add", "square", "--name", "Harbour", "--credentials", path)
    assert result.code == 0, result


def test_channels_names_every_endpoint_and_field(user: User) -> None:
    (square,) = [c for c in user("channels", "--json").json["channels"] if c["name"] == "square"]
    assert square["endpoints"] == {"api": "https://connect.squareup.com"}
    assert square["sandbox"] == {"api": "https://connect.squareupsandbox.com"}
    assert square["connects_by"] == ["consent", "credentials"]
    assert {f["name"] for f in square["fields"] if f["secret"]} == {
        *("client_secret", "refresh_token", "access_token"),
    }


def test_marked_secrets_are_nowhere_in_the_home(seller: Seller) -> None:
    """Every way to fail, and then every file of the home, the database too."""
    seller.add("--name", "Harbour")
    with seller.user.opened() as opened:
        vault = Vault(opened.settings, opened.registry)
        credentials = vault.read("harbour")
    token = json.loads(credentials["token"])
    marked = [credentials["client_secret"], token["access_token"], token["refresh_token"]]
    assert all(len(secret) > 8 for secret in marked)
    result = []
    for script in (["503"] * 9, ["429"] * 9, ["cut"] * 9, ["lost"] * 9):
        seller.square.application.script = iter(script)
        result.append(seller("connections", "check", "harbour"))
    seller.square.application.script = iter(())
    seller.square.revoke(seller.square.first)
    result.append(seller("connections", "check", "harbour"))
    result.append(seller("connections", "list", "--json"))
    result.append(seller("doctor"))
    output = "".join(t.out + t.err for t in result)
    assert [secret for secret in marked if secret in output] == []
    assert seller.user.database is not None
    assert exposed(marked, seller.user.home, seller.user.database) == []
