"""`daybook mappings`: a word that nothing names is mapped, and its entry goes out."""

import json
from pathlib import Path

import pytest

from tests.console.conftest import WORD
from tests.console.user import User


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    """A mapping that names the word."""
    path = tmp_path / "mapping.yaml"
    path.write_text(f"source_types:\n  amazon:\n    {WORD!r}: fee.other\n")
    return path


def test_a_mapped_word_releases_its_entry(synced: User, mapping: Path) -> None:
    assert synced("publish", "attic").code == 1
    result = synced("mappings", "validate", mapping)
    assert (result.code, result.lines) == (
        0,
        [
            f"{mapping} is a valid mapping",
            f"  amazon: {WORD} -> fee.other, matches:",
            f"    {WORD}",
        ],
    )
    result = synced("mappings", "set", mapping)
    assert result.out == "saved as version 1; `daybook sync` brings the journals up to it\n"
    result = synced("sync")
    assert result.code == 0
    assert "held" not in result.out
    assert synced("publish").out == "0 entries posted to books\n"
    result = synced("reconcile")
    assert (result.code, result.lines[-1]) == (
        0,
        "4 of 5 settlements tie to the cent, 1 still open",
    )
    (entry,) = [
        e
        for e in synced("journals", "attic", "--json").json["entries"]
        if e["business_date"] == "2026-03-03"
    ]
    assert (entry["state"], entry["message"]) == ("posted", None)
    assert "fee.other" in {line["category"] for line in entry["lines"]}
    again = synced("mappings", "set", mapping)
    assert again.out.startswith("saved as version 1;")


def test_a_rule_that_meets_nothing_is_a_warning(synced: User, tmp_path: Path) -> None:
    path = tmp_path / "mapping.yaml"
    rules = {"Nothing / Like / This*": "fee.other", "* / ItemFees / Com*": "fee.referral"}
    path.write_text(json.dumps({"source_types": {"amazon": rules}}))
    result = synced("mappings", "validate", path)
    assert result.code == 0
    assert result.lines[-1] == (
        "warning: amazon: Nothing / Like / This* matches no stored source type"
    )
    assert "    Order / ItemFees / Commission" in result.lines
    answer = synced("mappings", "validate", path, "--json").json
    assert answer["unmet"] == ["Nothing / Like / This*"]
    assert [use["rule"] for use in answer["rules"]] == list(rules)


def test_the_mapping_in_force(prepared: User) -> None:
    result = prepared("mappings", "show")
    assert (result.code, result.err) == (0, "")
    assert result.lines[0].split()[:4] == ["category", "account", "role", "tax"]
    assert any("Income:Sales:{connection}" in line for line in result.lines)
    own = prepared("mappings", "show", "--connection", "mugs", "--json").json
    accounts = {row["category"]: row["account"] for row in own["categories"]}
    assert accounts["sales.principal"] == "Income:Sales:Mugs"
    assert own["mapping"]["version"] == 1


def test_an_account_is_printed_as_it_is_written(synced: User, tmp_path: Path) -> None:
    """`:bank:` and `[bold]` mean something to a terminal library, and nothing to a bookkeeper."""
    path = tmp_path / "mapping.json"
    path.write_text(json.dumps({"accounts": {"sales": "Income:Bank:Star"}}))
    assert synced("mappings", "set", path, "--connection", "mugs").code == 0
    result = synced("mappings", "show", "--connection", "mugs")
    assert any("Income:Bank:Star" in line for line in result.lines)
    result = synced("sql", "SELECT '[bold]x[/red] :bank:' AS word")
    assert result.lines == ["word", "[bold]x[/red] :bank:"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("source_types: {amazon: {X: fee.imaginary}}", "there is no category 'fee.imaginary'"),
        ("accounts: {imaginary: 'Income:X'}", "there is no account role 'imaginary'"),
        ("accounts: {sales: nonsense}", "accounts.sales: "),
        ("surprise: 1", "surprise: "),
        ("version: 9", "version: "),
        ("- a list", "holds no mapping"),
        ("{", "is neither YAML nor JSON"),
    ],
)
def test_a_bad_mapping_is_one_line_and_is_not_saved(
    prepared: User, tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text(text)
    for verb in ("validate", "set"):
        result = prepared("mappings", verb, path)
        assert (result.code, result.out) == (2, "")
        assert str(path) in result.complaint
        assert message in result.complaint
    assert prepared("mappings", "validate", tmp_path / "none.yaml").code == 2
    assert prepared("mappings", "show", "--json").json["mapping"]["accounts"] == {}


def test_a_word_that_no_rule_places_is_listed_with_what_it_holds(synced: User) -> None:
    result = synced("mappings", "source-types", "--json")
    (word,) = result.json["source_types"]
    assert (word["connection"], word["source_type"]) == ("attic", WORD)
    assert (word["category"], word["lines"]) == ("unclassified", 1)
    assert word["held"] == ["je:attic:2026-03-03:USD"]
    shown = synced("mappings", "source-types")
    assert any(WORD in line and "je:attic:2026-03-03:USD" in line for line in shown.lines)
    assert "daybook mappings set FILE" in shown.lines[-1]


def test_no_new_word_is_said_too(synced: User, mapping: Path) -> None:
    synced("mappings", "set", mapping)
    result = synced("mappings", "source-types", "--since", "2026-01-01")
    assert result.lines == [
        "no channel has used a new source type since 2026-01-01, and every one is mapped"
    ]


def test_a_mapping_that_holds_from_a_day_on_leaves_the_days_before(
    synced: User, tmp_path: Path
) -> None:
    path = tmp_path / "mapping.json"
    path.write_text(json.dumps({"accounts": {"sales": "Income:Later"}}))
    saved = synced(
        "mappings", "set", path, "--connection", "mugs", "--from", "2026-03-04",
        "--reason", "a new chart",
    )  # fmt: skip
    assert (saved.code, saved.err) == (0, "")
    assert saved.out.startswith("saved as version 1, in effect from 2026-03-04; ")
    assert synced("sync", "mugs").code == 0
    accounts = {
        entry["business_date"]: line["account"]
        for entry in synced("journals", "mugs", "--json").json["entries"]
        for line in entry["lines"]
        if line["category"] == "sales.principal"
    }
    assert accounts["2026-03-03"] == "Income:Sales:Mugs"
    assert set(accounts.values()) - {"Income:Sales:Mugs"} == {"Income:Later"}
    (version,) = synced("mappings", "history", "--connection", "mugs", "--json").json["versions"]
    assert (version["effective_from"], version["reason"]) == ("2026-03-04", "a new chart")
    shown = synced("mappings", "history", "--connection", "mugs")
    assert "a new chart" in shown.lines[-1]
    assert synced("reconcile", "mugs").code == 0


def test_no_saved_mapping_is_said(prepared: User) -> None:
    assert prepared("mappings", "history").out == ("no mapping was saved: the shipped one holds\n")


def test_a_mapping_is_for_one_target(prepared: User, tmp_path: Path) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text("chart: organisation\naccounts: {clearing: '1100'}\n")
    refused = prepared("mappings", "set", path)
    assert (refused.code, refused.out) == (2, "")
    assert "for the target books write `chart: books`" in refused.complaint
    refused = prepared("mappings", "show", "--target", "nobody")
    assert refused.code == 2
    assert "nobody" in refused.complaint


def test_what_a_mapping_would_change_is_told_before_it_is_saved(
    synced: User, tmp_path: Path
) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text(
        "accounts: {sales: 'Income:Shop'}\n"
        "overrides: [{when: {categories: [fee.referral]}, account: 'Expenses:Commission'}]\n"
    )
    changes = synced("mappings", "diff", "mugs", path, "--json").json
    counts = {name: changes[name] for name in ("days", "entries", "changed", "held")}
    assert counts == {"days": 10, "entries": 6, "changed": 4, "held": 0}
    sums = {each["account"]: (each["before"], each["after"]) for each in changes["accounts"]}
    assert sums["Income:Shop"] == ("0.0000", "-4938.0000")
    assert sums["Income:Sales:Mugs"] == ("-4938.0000", "0.0000")
    assert set(sums) == {
        "Income:Shop", "Income:Sales:Mugs", "Expenses:Commission", "Expenses:Fees:Referral",
    }  # fmt: skip
    march = synced("mappings", "diff", "mugs", path, "--to", "2026-03-31")
    assert march.lines[0] == "2 of 3 entries on 5 days would change; 0 would be held (0 are)"
    assert any(line.split()[-3:] == ["0.00", "-2,469.00", "-2,469.00"] for line in march.lines)
    assert synced("mappings", "history").out == "no mapping was saved: the shipped one holds\n"
    # Once it holds, nothing is left to change.
    assert synced("mappings", "set", path, "--connection", "mugs").code == 0
    assert synced("mappings", "diff", "mugs", path, "--json").json["accounts"] == []
    refused = synced("mappings", "diff", "mugs", path, "--target", "acme")
    assert refused.code == 2


def test_a_mapping_is_copied_and_what_it_changes_is_shown(synced: User, tmp_path: Path) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text("accounts: {sales: 'Income:Shop', clearing: 'Assets:Mugs'}\n")
    assert synced("mappings", "set", path, "--connection", "mugs").code == 0
    own = tmp_path / "own.yaml"
    own.write_text("accounts: {clearing: 'Assets:Attic'}\n")
    assert synced("mappings", "set", own, "--connection", "attic").code == 0
    shown = synced("mappings", "copy", "mugs", "attic", "crafts", "--dry-run")
    assert shown.lines == [
        "attic:",
        "  accounts.sales: none -> Income:Shop",
        "crafts:",
        "  accounts.clearing: none -> Assets:Mugs",
        "  accounts.sales: none -> Income:Shop",
    ]
    made = synced("mappings", "copy", "mugs", "attic", "crafts", "--json").json["copies"]
    assert [(each["store"], each["version"]) for each in made] == [("attic", 2), ("crafts", 1)]
    mapping = synced("mappings", "show", "--connection", "attic", "--json").json["mapping"]
    assert mapping["accounts"] == {"sales": "Income:Shop", "clearing": "Assets:Attic"}
    again = synced("mappings", "copy", "mugs", "attic")
    assert again.out == "attic: no change\n"
    itself = synced("mappings", "copy", "mugs", "mugs")
    assert (itself.code, itself.out) == (2, "")
    history = synced("mappings", "history", "--connection", "crafts", "--json").json["versions"]
    assert [version["reason"] for version in history] == ["copied from mugs"]


def test_mappings_are_carried_to_another_home(synced: User, tmp_path: Path) -> None:
    path, carried = tmp_path / "mapping.yaml", tmp_path / "all.yaml"
    path.write_text("accounts: {sales: 'Income:Shop'}\n")
    assert synced("mappings", "set", path, "--reason", "as agreed").code == 0
    saved = synced("mappings", "set", path, "--connection", "mugs", "--from", "2026-04-01")
    assert saved.code == 0
    assert synced("mappings", "export", "--to", carried).out == (
        f"2 mappings in {carried}; `daybook mappings import` reads it\n"
    )
    before = synced("mappings", "history", "--connection", "mugs", "--json").json["versions"]
    # What is here already is no new version.
    assert synced("mappings", "import", carried).lines == [
        "every store at books: version 1",
        "mugs at books: version 1",
    ]
    after = synced("mappings", "history", "--connection", "mugs", "--json").json["versions"]
    assert after == before
    # A store that is not here: nothing of the file is saved.
    text = carried.read_text()
    carried.write_text(text.replace("Income:Shop", "Income:Other").replace("mugs", "nowhere"))
    refused = synced("mappings", "import", carried)
    assert (refused.code, refused.out) == (2, "")
    carried.write_text(text.replace("Income:Shop", "nonsense"))
    assert "mappings.0.mapping" in synced("mappings", "import", carried).complaint
    assert (
        synced("mappings", "history", "--connection", "mugs", "--json").json["versions"] == before
    )
