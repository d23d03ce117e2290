"""A connected store at a terminal: what was deleted there goes, and a refusal is bad news."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.limits import CLOCK
from sandbox.server import bound, serving
from sandbox.woocommerce import WooCommerce
from sandbox.woocommerce_money import WooMoney
from tests.console.user import Told, User
from tests.days import days_ago

Command = Callable[..., Told]


@pytest.fixture
def shop() -> WooCommerce:
    emulator = WooCommerce()
    emulator.earns("harbour", WooMoney(first=days_ago(3), today=days_ago(0)))
    return emulator


@pytest.fixture
def owner(
    user: User, shop: WooCommerce, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Command]:
    """The owner of a store that was connected three days ago."""
    monkeypatch.setattr("connectors.http.remote.sleep", CLOCK.pass_by)
    with serving(shop.application, bound()) as url:
        shop.endpoints(url)
        keys = tmp_path / "keys.json"
        keys.write_text(json.dumps(shop.chosen(shop.first) | shop.keys(shop.first)))

        def command(*words: object) -> Told:
            return user(*words, DAYBOOK_ALLOWED_PRIVATE_HOSTS="127.0.0.1,localhost")

        named = ("--name", "Harbour", "--credentials", keys, "--account", shop.first)
        result = command("connections", "add", "woocommerce", *named, "--from", days_ago(3))
        assert result.code == 0, result
        yield command


def test_orders_that_were_deleted_for_good_leave_the_books(
    owner: Command, shop: WooCommerce, user: User
) -> None:
    assert owner("sync").code == 0
    books = user.settings.books_folder / "connections" / "harbour"
    assert any("Income:Sales" in path.read_text() for path in books.glob("*.beancount"))
    money = shop.money[shop.first]
    money.orders.clear()
    money.refunds.clear()
    result = owner("sync", "--from", days_ago(3))
    assert result.code == 0, result
    assert not any("Income:Sales" in path.read_text() for path in books.glob("*.beancount"))
    assert owner("reconcile").code == 0
    assert owner("publish", "--dry-run").lines == ["0 entries would be posted to books"]


def test_credentials_that_are_refused_are_told_though_all_is_up_to_date(
    owner: Command, shop: WooCommerce
) -> None:
    assert owner("sync").code == 0
    shop.revoke(shop.first)
    for _ in range(2):
        result = owner("sync")
        assert result.code == 1
        (failed,) = [line for line in result.lines if line.startswith("failed: ")]
        assert failed.startswith("failed: harbour: ")
        assert failed.endswith("connect harbour again")
    assert owner("sync", "--json").json["ok"] is False
