"""Days that no settlement covers yet, at a terminal: shown, and booked when somebody wants it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.amazon import Amazon
from sandbox.amazon_money import AmazonMoney
from sandbox.limits import CLOCK
from sandbox.server import bound, serving
from tests.console.user import Told, User
from tests.days import days_ago


class Seller:
    """Somebody at a terminal who sells on Amazon, connected as `ember`."""

    def __init__(self, user: User, amazon: Amazon, folder: Path) -> None:
        self._user, self._folder = user, folder
        credentials = amazon.fields() | amazon.chosen(amazon.first) | amazon.keys(amazon.first)
        (folder / "keys.json").write_text(json.dumps(credentials))
        keys = folder / "keys.json"
        named = ("--name", "Ember", "--credentials", keys, "--account", amazon.first)
        result = self("connections", "add", "amazon", *named, "--from", days_ago(17))
        assert result.code == 0, result

    def __call__(self, *words: object) -> Told:
        return self._user(*words, DAYBOOK_ENDPOINTS=str(self._folder / "endpoints.json"))

    def figures(self, table: str) -> dict[tuple[str, str], str]:
        """What a table's provisional lines come to, by day and currency."""
        result = self(
            "sql", "--json",
            "SELECT business_date, currency, sum(amount) AS amount "
            "FROM provisional_transactions AS p "
            f"SEMI JOIN {table} AS t USING (transaction_id) GROUP BY ALL",
        )  # fmt: skip
        return {(r["business_date"], r["currency"]): r["amount"] for r in result.json["rows"]}

    def reasons(self) -> dict[str, str]:
        """Why days are open, by day."""
        days = self("connections", "show", "ember", "--json").json["days"]
        return {d["day"]: d["reason"] for d in days if d["state"] == "open"}


@pytest.fixture
def seller(user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Seller]:
    monkeypatch.setattr("connectors.http.remote.sleep", CLOCK.pass_by)
    amazon = Amazon()
    # The first settlements have closed, the next are open.
    amazon.money[amazon.first] = AmazonMoney(first=days_ago(17), today=days_ago(0))
    with serving(amazon.application, bound()) as url:
        (tmp_path / "endpoints.json").write_text(json.dumps({"amazon": amazon.endpoints(url)}))
        yield Seller(user, amazon, tmp_path)


def test_provisional_figures_are_shown_and_booked_when_that_is_wanted(seller: Seller) -> None:
    assert seller("sync").code == 0
    result = seller.figures("provisional_transactions")
    assert result
    assert seller.figures("transactions") == {}
    open_days = seller.reasons()
    assert {d for d, why in open_days.items() if "are provisional" in why} <= {d for d, _ in result}
    assert "provisional" in " ".join(open_days.values())

    chosen = seller("connections", "imports", "ember", "--provisional", "on")
    assert chosen.lines[0].endswith(", provisional figures are booked")
    assert seller("sync").code == 0
    assert seller.figures("transactions") == result
    assert {d for d, why in seller.reasons().items() if "booked" in why} == {d for d, _ in result}
    proofs = seller("reconcile", "--json").json["settlements"]
    ahead = {
        (p["settlement_id"][-10:], p["currency"]): p["posted"]
        for p in proofs
        if p["settlement_id"].startswith("provisional-")
    }
    assert {key: float(value) for key, value in ahead.items()} == {
        key: float(value) for key, value in result.items()
    }

    journals = seller("journals", "ember").out
    assert journals.count("provisional") >= len(result)
