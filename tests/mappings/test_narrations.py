"""The words of entries: every category in every language, and no two of them alike."""

import re
from datetime import date
from typing import get_args

import pytest

from mappings.journal import narrations
from mappings.journal.narrations import Language, texts
from mappings.model import CLEARING
from mappings.taxonomy import categories

LANGUAGES = get_args(Language)
DAY = date(2026, 3, 2)
PHRASES = {
    *("narration", "narration_goods", "narration_settlement", "daily", "goods", "provisional"),
    *("payout", "carried", "settlement", "part_of_settlement", "correction"),
}


def test_every_category_has_a_text_in_every_language() -> None:
    assert set(texts()) == {*categories(), CLEARING, *PHRASES}
    for key, row in texts().items():
        assert tuple(row) == LANGUAGES, key
        assert all(row.values()), key
        fields = {language: set(re.findall(r"{\w+}", text)) for language, text in row.items()}
        assert all(each == fields["en"] for each in fields.values()), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_lines_of_an_entry_are_told_apart_by_their_texts(language: str) -> None:
    lines = [narrations.line(name, None, language) for name in (*categories(), CLEARING)]
    assert len(set(lines)) == len(lines)
    # Each has a line of a CSV file, a comment of hledger and 60 characters of DATEV.
    assert not any(set(line) & set(";\n\t") or len(line) > 50 for line in lines)


def test_english_is_as_it_was() -> None:
    assert narrations.line("sales.principal", None, "en") == "sales.principal"
    assert narrations.line(CLEARING, "42", "en") == "Clearing, settlement 42"
    assert narrations.narration("Shop", DAY, "en") == "Shop: 2026-03-02"
    assert narrations.activity(DAY, "en", is_provisional=True) == (
        "Daily journal 2026-03-02 (provisional)"
    )
    assert narrations.payout("42", "en", is_carried=True) == "Carried forward 42"


def test_other_languages_are_theirs() -> None:
    assert narrations.line("fee.referral, fee.storage", None, "de") == (
        "Verkaufsprovision, Lagergebühr"
    )
    assert narrations.line(CLEARING, "42", "fr") == "Compensation, règlement 42"
    assert narrations.narration("Shop", DAY, "nl") == "Shop: dagjournaal 2026-03-02"
    assert narrations.payout("42", "es", is_carried=False) == "Pago 42"
