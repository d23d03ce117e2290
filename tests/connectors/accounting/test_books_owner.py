"""The owner's own files: what they open, what they break, and in which script they write."""

import json
from pathlib import Path

import pytest

from connectors.accounting.beancount import Books
from connectors.accounting.beancount.syntax import checked_account
from connectors.errors import ConfigError
from mappings.journal.config import MappingConfig
from tests.connectors.accounting.example_entries import seller_year


@pytest.fixture
def books(tmp_path: Path) -> Books:
    books = Books(tmp_path / "books")
    books.initialise()
    books.publish("amazon-uk", "Amazon UK", seller_year())
    return books


def added(books: Books, text: str) -> None:
    with books.main_file.open("a") as file:
        file.write(text)


def opened(books: Books) -> str:
    return (books.main_file.parent / "accounts.beancount").read_text()


def test_what_the_owner_opens_in_an_included_file_is_not_opened_twice(books: Books) -> None:
    folder = books.main_file.parent / "own"
    folder.mkdir()
    (folder / "accounts.beancount").write_text('include "deeper/*.bean"\n')
    (folder / "deeper").mkdir()
    (folder / "deeper" / "bank.bean").write_text("1999/1/31 open\tIncome:Sales\n")
    added(books, '\ninclude "own/*.beancount"\n')
    result = books.check()
    assert result is not None
    assert "Duplicate open directive" in result.errors[0]
    assert " open Income:Sales\n" in opened(books)
    assert books.refresh_accounts()
    assert " open Income:Sales\n" not in opened(books)
    assert not books.refresh_accounts(), "nothing is left to do"
    result = books.check()
    assert result is not None
    assert result.ok, result
    (folder / "deeper" / "bank.bean").unlink()
    assert books.refresh_accounts()
    assert " open Income:Sales\n" in opened(books), "it is opened again where nobody else does"


def test_books_that_did_not_change_are_not_checked_twice(books: Books, tmp_path: Path) -> None:
    record = tmp_path / "checked"
    assert books.known_verdict(record) is None
    first = books.verdict(record)
    assert first is not None
    assert first.ok
    stored = json.loads(record.read_text())
    record.write_text(json.dumps({**stored, "ok": False, "errors": ["as remembered"]}))
    for verdict in (books.verdict(record), books.known_verdict(record)):
        assert verdict is not None
        assert verdict.errors == ("as remembered",)
    added(books, "\n2026-01-01 open Assets:Own\n2026-01-01 open Assets:Own\n")
    assert books.known_verdict(record) is None
    after = books.verdict(record)
    assert after is not None
    assert not after.ok
    assert after.errors[0].startswith(f"{books.main_file}:")
    assert books.known_verdict(record) == after


ACCEPTED = ("Gebühren", "Ü", "Комиссия", "Προμήθειες", "A手数料", "1सेवा", "Éd-2", "A٣", "٣")
REFUSED = ("手数料", "écru", "комиссия", "رسوم", "سेवा", "😀", "A_b", "A b", "")


@pytest.mark.parametrize("part", ACCEPTED)
def test_accounts_are_taken_in_every_script_that_beancount_takes(part: str) -> None:
    account = f"Expenses:{part}:Other"
    assert checked_account(account) == account
    assert MappingConfig(accounts={"sales_other": account}).accounts == {"sales_other": account}


@pytest.mark.parametrize("part", REFUSED)
def test_an_account_that_beancount_refuses_is_refused(part: str) -> None:
    account = f"Expenses:{part}:Other"
    with pytest.raises(ConfigError, match="is not a Beancount account"):
        checked_account(account)
    with pytest.raises(ValueError, match="is not an account"):
        MappingConfig(accounts={"sales_other": account})


def test_beancount_itself_agrees(tmp_path: Path) -> None:
    books = Books(tmp_path)
    books.main_file.write_text(
        "".join(f"2000-01-01 open Expenses:{part}:Other\n" for part in (*ACCEPTED, *REFUSED))
    )
    result = books.check()
    assert result is not None
    lines = {int(error.removeprefix(f"{books.main_file}:").partition(":")[0])
             for error in result.errors}  # fmt: skip
    first = len(ACCEPTED) + 1
    assert lines == set(range(first, first + len(REFUSED)))
