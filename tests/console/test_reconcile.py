"""`daybook reconcile`: the proof, in the form that others build on, and what breaks it."""

from pathlib import Path

import pytest

from tests.console.conftest import HELD, settlement, take_in
from tests.console.user import User

KEYS = (
    "connection", "settlement_id", "currency", "period_start", "period_end", "declared", "raw",
    "normalised", "journalled", "posted", "brought_forward", "paid", "difference", "state",
    "payout_status", "why", "bank_date",
)  # fmt: skip


def test_the_document_that_others_build_on(prepared: User) -> None:
    result = prepared.run("reconcile", "--json")
    assert (result.code, result.err) == (1, "")
    assert set(result.json) == {"ok", "settlements", "gaps", "books_error"}
    assert result.json["ok"] is False
    proofs = {p["settlement_id"]: p for p in result.json["settlements"]}
    for proof in proofs.values():
        assert tuple(proof) == KEYS
        assert all(value is None or isinstance(value, str) for value in proof.values())
    figure = "2463.00"
    names = ("declared", "raw", "normalised", "journalled", "posted", "paid")
    assert proofs["20000000002"] == {
        "connection": "mugs",
        "settlement_id": "20000000002",
        "currency": "USD",
        "period_start": "2026-04-02",
        "period_end": "2026-04-05",
        **dict.fromkeys(names, figure),
        "brought_forward": "0.00",
        "difference": "0.00",
        "state": "tied",
        "payout_status": "paid",
        "why": None,
        "bank_date": None,
    }
    etsy = proofs["etsy-2026-03-05-USD"]
    assert (etsy["declared"], etsy["raw"], etsy["state"]) == (None, "18.50", "tied")
    (open_,) = [p for p in proofs.values() if p["state"] == "open"]
    assert (open_["connection"], open_["raw"], open_["paid"]) == ("crafts", "10.00", None)


def test_days_between_two_settlements_that_none_covers_are_named(prepared: User) -> None:
    result = prepared("reconcile", "mugs", "--json")
    (gap,) = result.json["gaps"]
    assert (gap["connection"], gap["currency"]) == ("mugs", "USD")
    assert (gap["first_day"], gap["last_day"]) == ("2026-03-06", "2026-04-01")
    assert gap["why"] in " ".join(prepared("reconcile", "mugs").lines)
    assert "import its settlement report" in gap["why"]
    (card,) = [
        c
        for c in prepared("connections", "list", "--json").json["connections"]
        if c["connection"] == "mugs"
    ]
    assert card["findings"] == [gap["why"]]


def test_it_is_good_news_where_all_ties_or_is_open(prepared: User) -> None:
    result = prepared("reconcile", "mugs", "crafts")
    assert (result.code, result.err) == (0, "")
    assert result.lines[-1] == "3 of 4 settlements tie to the cent, 1 still open"
    assert prepared("reconcile", "mugs", "--json").json["ok"] is True


def test_the_table_is_aligned_and_whole_on_a_narrow_screen(prepared: User) -> None:
    result = prepared("reconcile", "mugs", COLUMNS="60")
    assert result.lines[:3] == [
        "connection  settlement   period                     declared       raw  normalised  "
        "journalled    posted  brought forward      paid  difference",
        "mugs        20000000001  02 Mar - 05 Mar 2026  USD  2,463.00  2,463.00    2,463.00  "
        "  2,463.00  2,463.00             0.00  2,463.00        0.00  tied",
        "mugs        20000000002  02 Apr - 05 Apr 2026  USD  2,463.00  2,463.00    2,463.00  "
        "  2,463.00  2,463.00             0.00  2,463.00        0.00  tied",
    ]


def test_a_held_entry_is_bad_news_with_the_reason(prepared: User) -> None:
    result = prepared("reconcile", "attic")
    assert result.code == 1
    assert result.lines[1].endswith("-15.75  held")
    assert result.lines[2] == (f"attic 20000000007: 2026-03-03: {HELD}")


def test_what_is_not_synced_yet_is_waiting(user: User, tmp_path: Path) -> None:
    take_in(user, tmp_path, "mugs", settlement(1))
    result = user("reconcile")
    assert result.code == 1
    assert result.lines[1].endswith("-2,463.00  waiting")
    assert result.lines[2] == "mugs 20000000001: not normalised yet: run `daybook sync`"


@pytest.mark.parametrize("table", ["transactions", "journal_lines"])
def test_a_lost_partition_is_found_and_the_advice_mends_it(synced: User, table: str) -> None:
    (synced.lake / table / "mugs" / "2026-03-04.parquet").unlink()
    result = synced("reconcile", "mugs", "--json")
    assert result.code == 1
    proof, other = result.json["settlements"]
    assert other["state"] == "tied"
    assert (proof["state"], proof["difference"]) == ("differs", "-1231.50")
    assert "run `daybook sync`" in proof["why"]
    assert synced("sync").code == 0
    assert synced("reconcile", "mugs").code == 0


def test_an_edited_amount_in_the_books_is_found_and_the_advice_mends_it(synced: User) -> None:
    year = synced.settings.books_folder / "connections" / "mugs" / "2026.beancount"
    year.write_text(year.read_text().replace("1231.50 USD", "1231.51 USD"))
    result = synced("reconcile")
    assert (result.code, result.out) == (3, "")
    assert "2026.beancount:9: " in result.complaint
    assert "move the file out of the books" in result.complaint
    year.rename(synced.home / "edited.beancount")
    assert synced("reconcile", "mugs").code == 1
    assert synced("publish", "mugs").code == 0
    assert synced("reconcile", "mugs").code == 0


def test_nothing_to_prove_yet(user: User) -> None:
    assert user("reconcile").out == "no settlements yet: `daybook import` takes files in\n"
    assert user("reconcile", "--json").json == {
        "ok": True,
        "settlements": [],
        "gaps": [],
        "books_error": None,
    }
