"""Journals for an accounting program that Daybook does not reach, from the command line."""

import json
from pathlib import Path

import pytest
import yaml

from mappings.journal.config import MappingConfig
from mappings.taxonomy import chart
from tests.console.user import User


@pytest.fixture
def accountant(synced: User, tmp_path: Path) -> User:
    """Of a house with files for a program, `acme`, that the entries of `mugs` go to."""
    credentials = tmp_path / "acme.json"
    credentials.write_text(json.dumps({"books": "Acme Ltd", "form": "generic", "currency": "USD"}))
    for words in (
        ("connections", "add", "files", "--name", "Acme", "--credentials", credentials),
        ("connections", "target", "mugs", "acme"),
        ("connections", "posting", "acme", "--from", "2026-03-04"),
        ("publish", "approve", "mugs", "--automatic-from", "2026-03-04"),
    ):
        result = synced(*words)
        assert result.code == 0, result
    return synced


def named(tmp_path: Path, *without: str) -> Path:
    """A mapping of the organisation that names every account but some."""
    numbers = {role: str(1000 + n) for n, role in enumerate(chart("books")) if role not in without}
    path = tmp_path / "acme.yaml"
    path.write_text(yaml.safe_dump({"chart": "organisation", "accounts": numbers}))
    return path


def test_entries_are_held_until_every_account_is_named_and_then_written(
    accountant: User, tmp_path: Path
) -> None:
    saved = accountant("mappings", "set", named(tmp_path, "clearing"), "--target", "acme")
    assert saved.code == 0, saved
    assert accountant("sync", "mugs").code == 0
    due = accountant("publish", "--target", "acme", "--dry-run")
    assert due.code == 1
    assert due.lines[0] == "0 entries would be posted to acme, of 2026-03-04 and later"
    held = "held: je:mugs:2026-03-04:USD: no account for clearing: name one"
    assert due.lines[1].startswith(held)
    exports = accountant.home / "exports" / "acme"
    assert list(exports.rglob("*.csv")) == []

    assert accountant("mappings", "set", named(tmp_path), "--target", "acme").code == 0
    assert accountant("sync", "mugs").code == 0
    written = sorted(path.name for path in exports.rglob("*.csv"))
    assert written[0] == "2026-03-04-USD-r1.csv"
    # Nothing of the day before posting began, and nothing of other stores.
    assert {path.parent.name for path in exports.rglob("*.csv")} == {"mugs"}
    again = accountant("publish", "--target", "acme", "--json")
    assert (again.code, again.json["ok"], again.json["entries"]) == (0, True, [])
    rates = accountant("rates", "pull", "acme")
    assert rates.code == 2
    assert rates.complaint.startswith("acme tells no rates of exchange: import those of the")


def test_a_folder_that_cannot_be_written_fails_the_days_and_not_the_books(
    accountant: User, tmp_path: Path
) -> None:
    assert accountant("mappings", "set", named(tmp_path), "--target", "acme").code == 0
    (accountant.home / "exports").write_text("in the way")
    result = accountant("sync", "mugs")
    assert result.code == 1
    assert "acme: " in result.out + result.err
    (accountant.home / "exports").unlink()
    assert accountant("publish", "--target", "acme").code == 0
    assert list((accountant.home / "exports").rglob("*.csv"))


def test_the_accounts_of_a_program_are_its_own(accountant: User, tmp_path: Path) -> None:
    result = accountant("mappings", "accounts", "--target", "acme")
    assert result.code == 2
    assert "knows its own accounts" in result.complaint
    result = accountant("mappings", "tracking", "--target", "acme")
    assert (result.code, "knows its own dimensions" in result.complaint) == (2, True)
    result = accountant("mappings", "tracking", "--target", "books")
    assert (result.code, "the books keep no dimensions" in result.complaint) == (2, True)
    assert accountant("mappings", "validate", named(tmp_path), "--target", "acme").code == 0
    result = accountant("mappings", "suggest", "mugs", "--target", "acme")
    assert (result.code, result.err) == (
        2,
        "error: acme is files: the program that imports them knows its own accounts, so name "
        "them in a mapping file, then `daybook mappings set`\n",
    )
    result = accountant("mappings", "accounts", "--target", "books")
    assert "the books take any account" in result.complaint


def test_a_store_goes_on_without_an_organisation_that_was_removed(
    accountant: User, tmp_path: Path
) -> None:
    assert accountant("mappings", "set", named(tmp_path), "--target", "acme").code == 0
    assert accountant("sync", "mugs").code == 0
    for verb in ("disconnect", "remove"):
        result = accountant("connections", verb, "acme", "--yes")
        assert result.code == 0, result
        assert accountant("sync", "mugs").code == 0
    assert accountant("sync", "mugs", "--from", "2026-03-01", "--to", "2026-03-31").code == 0
    assert accountant("publish", "mugs").code == 0
    # Another organisation of its name would count as one that holds these entries already.
    credentials = tmp_path / "acme.json"
    again = ("connections", "add", "files", "--name", "Acme", "--credentials", credentials)
    refused = accountant(*again)
    assert refused.code == 2
    assert "was the slug of an organisation that entries were posted to" in refused.complaint
    assert accountant(*again, "--slug", "acme-2").code == 0
    # What was written stays: it may be imported already.
    assert list((accountant.home / "exports" / "acme" / "mugs").glob("*.csv"))


def test_a_store_that_goes_elsewhere_leaves_nothing_due_behind(
    accountant: User, tmp_path: Path
) -> None:
    assert accountant("mappings", "set", named(tmp_path, "clearing"), "--target", "acme").code == 0
    assert accountant("sync", "mugs").code == 0
    assert accountant("publish", "--target", "acme", "--json").json["held"]
    assert accountant("connections", "target", "mugs", "books").code == 0
    with accountant.opened() as opened:
        assert opened.registry.publications.list("acme") == []


def test_entries_are_checked_rolled_back_released_and_closed(
    accountant: User, tmp_path: Path
) -> None:
    assert accountant("mappings", "set", named(tmp_path), "--target", "acme").code == 0
    assert accountant("sync", "mugs").code == 0
    proof = accountant("reconcile", "mugs", "--target", "acme", "--json")
    assert (proof.code, proof.json["ok"]) == (0, True), proof
    first = proof.json["settlements"][0]
    assert (first["target"], first["state"], first["difference"]) == ("acme", "tied", "0.00")
    assert "settlements tie to the cent in acme" in accountant("reconcile", "--target", "acme").out

    entry, folder = "je:mugs:2026-03-04:USD", accountant.home / "exports" / "acme" / "mugs"
    (written,) = folder.glob("2026-03-04*")
    content = written.read_bytes()
    written.write_bytes(content + b"mine")
    checked = accountant("publish", "check", "--json")
    assert (checked.code, [e["entry_id"] for e in checked.json["entries"]]) == (1, [entry])
    card = accountant("connections", "show", "mugs", "--json").json
    assert any("was edited in acme" in finding for finding in card["findings"]), card
    written.write_bytes(content)
    assert accountant("publish", "check").lines == ["0 entries changed in the accounts"]

    rollback = ("publish", "rollback", "mugs", "--reason", "wrong accounts")
    assert "say what to roll back" in accountant(*rollback).complaint
    unsure = accountant(*rollback, "--entry", entry)
    assert unsure.complaint == "this takes 1 entry of mugs out of acme: add --yes"
    assert list(folder.glob("*-voided*")) == []
    sure = accountant(*rollback, "--entry", entry, "--yes")
    assert (sure.code, sure.lines) == (0, ["1 entry of mugs out of acme"])
    assert len(list(folder.glob("2026-03-04*-voided.csv"))) == 1
    assert accountant("sync", "mugs").code == 0
    assert accountant("publish", "--target", "acme").code == 0
    assert len(list(folder.glob("2026-03-04*"))) == 2
    released = accountant("publish", "release", "mugs", "--entry", entry)
    assert released.lines == ["1 entry of mugs released; `daybook publish` posts them"]
    assert accountant("publish", "--target", "acme").code == 0
    assert len(list(folder.glob("2026-03-04*"))) == 3

    # The books can be rolled back alone as well, and keep everything else.
    books = (*rollback, "--from", "2026-03-08", "--to", "2026-03-08", "--target", "books", "--yes")
    assert accountant(*books).lines == ["1 entry of mugs out of books"]
    assert accountant("publish", "mugs").code == 0
    assert accountant("reconcile", "mugs").code == 1
    everything = ("publish", "release", "mugs", "--from", "2026-03-01", "--target", "books")
    assert accountant(*everything).code == 0
    assert accountant("publish", "mugs").code == 0

    closing = accountant("close", "2026-03", "mugs", "--despite-open", "--json")
    assert (closing.code, closing.json["closed_through"]) == (0, "2026-03-31"), closing
    assert Path(closing.json["archive"]).is_file()
    late = accountant(*rollback, "--entry", entry, "--yes")
    assert "lies in a period that is closed through 2026-03-31" in late.complaint
    reopened = accountant("close", "2026-03", "mugs", "--reopen", "--reason", "a late claim")
    assert reopened.lines == ["1 store open from 2026-03-01 on"]
    assert "is no month" in accountant("close", "soon").complaint


def test_days_that_somebody_names_again_wait_for_approval(accountant: User, tmp_path: Path) -> None:
    assert accountant("mappings", "set", named(tmp_path), "--target", "acme").code == 0
    assert accountant("sync", "mugs").code == 0
    exports = accountant.home / "exports" / "acme" / "mugs"
    before = {path.name for path in exports.glob("*.csv")}
    # Nothing asks for the days but a user by their dates: what changes on the way is a draft.
    with accountant.opened() as opened:
        numbers = {role: str(5000 + n) for n, role in enumerate(chart("books"))}
        config = MappingConfig(chart="organisation", accounts=numbers)
        opened.registry.mappings.save(
            config.model_dump(mode="json"), config.digest, actor="test", target="acme"
        )
    days = ("--from", "2026-03-04", "--to", "2026-03-08")
    assert accountant("sync", "mugs", *days).code == 0
    assert {path.name for path in exports.glob("*.csv")} == before
    drafts = accountant("publish", "approve", "mugs", "--json").json["drafts"]
    assert [draft["day"] for draft in drafts] == ["2026-03-04", "2026-03-08"]
    assert "was requested again" in drafts[0]["message"]
    # A changed mapping that is saved asks for every day, and needs nobody.
    assert accountant("mappings", "set", named(tmp_path), "--target", "acme").code == 0
    assert accountant("publish", "approve", "mugs", *days).code in {0, 2}
    assert accountant("sync", "mugs").code == 0
    assert accountant("publish", "--target", "acme").code == 0
