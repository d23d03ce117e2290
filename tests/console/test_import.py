"""`daybook import`: what is taken in, what is refused, and that a refusal leaves nothing."""

import gzip
import json
from datetime import date
from pathlib import Path
from typing import BinaryIO

import pytest

from connectors.documents import archives
from tests.channels.examples import EXAMPLES, zipped
from tests.channels.order_exports import SHOPIFY
from tests.channels.shopify_files import PAYOUTS, export, payout
from tests.console.conftest import WORD, crafts, settlement, with_a_new_word
from tests.console.user import User

AMAZON, ETSY = EXAMPLES["amazon"], EXAMPLES["etsy"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where downloads land."""
    made = tmp_path / "downloads"
    made.mkdir()
    return made


def _file(folder: Path, text: str | bytes, name: str = "march.txt") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_a_file_makes_its_connection_and_is_reported(user: User, folder: Path) -> None:
    result = user.run(
        *("import", "amazon", _file(folder, settlement()), "--connection", "mugs"),
        *("--timezone", "America/New_York", "--name", "Mugs & More"),
    )
    assert (result.code, result.err) == (0, "")
    assert result.lines == [
        "march.txt: new: Amazon Amazon.com statement 20000000001, 2026-03-01 to 2026-03-05, "
        "4 lines, USD, declared 2,463.00, sum 2,463.00",
        "next: `daybook sync mugs`",
    ]
    (card,) = user("connections", "list", "--json").json["connections"]
    assert (card["connection"], card["channel"], card["name"], card["timezone"]) == (
        ("mugs", "amazon", "Mugs & More", "America/New_York")
    )


def test_an_export_of_orders_is_one_line_and_leaves_its_names_out(user: User, folder: Path) -> None:
    path = _file(folder, SHOPIFY.content.decode(), "orders_export_1.csv")
    result = user("import", "shopify", path, "--connection", "my-shop")
    assert result.out.splitlines() == [
        "orders_export_1.csv: Shopify orders export, 2 orders with 3 lines, 2026-03-31 to "
        "2026-04-02, GBP 1,041.00; 2 new or changed; names and addresses are left out; the file is "
        "not kept",
        "next: `daybook sync my-shop`",
    ]
    result = user("import", "shopify", path, "--connection", "my-shop", "--json")
    (orders,) = result.json["orders"]
    assert (orders["orders"], orders["changed"], orders["days"]) == (2, 0, [])
    assert (orders["kind"], orders["totals"]) == ("export", {"GBP": "1041.0000"})


def test_the_report_as_json(user: User, folder: Path) -> None:
    path = _file(folder, with_a_new_word())
    result = user("import", "amazon", path, "--connection", "mugs", "--json")
    assert (result.code, result.err) == (0, "")
    (document,) = result.json["documents"]
    assert result.json == {"ok": True, "documents": [document], "orders": [], "refused": []}
    assert document["status"] == "new"
    assert document["settlements"] == ["20000000001"]
    assert (document["declared"], document["sum"], document["currency"]) == (
        ("32.7500", "32.7500", "USD")
    )
    assert document["unclassified"] == [WORD]


def test_an_etsy_statement_says_that_it_declares_no_total(user: User, folder: Path) -> None:
    path = _file(folder, crafts(), "march.csv")
    result = user("import", "etsy", path, "--connection", "crafts")
    assert result.code == 0
    assert "statement 2026-03-USD" in result.lines[0]
    assert result.lines[0].endswith("declares no total; every row and the deposits tie")
    assert result.lines[1].startswith("  rows: ")


def test_sums_of_payouts_say_which_day_their_money_is_of(user: User, folder: Path) -> None:
    told_of = [payout(date(2026, 3, 5), Charges="20.00", Fees="-0.88")]
    path = _file(folder, export(told_of, PAYOUTS), "payouts_export.csv")
    result = user("import", "shopify", path, "--connection", "mugs")
    assert (result.code, result.lines) == (
        0,
        [
            "payouts_export.csv: new: Shopify statement payouts:2026-03-USD, 2026-03-05 to "
            "2026-03-05, 2 lines, USD, declared 19.12, sum 19.12",
            "  rows: 1, the last day 2026-03-05; compare them with the file, which states no total",
            "  it lists payouts, not sales: each payout is booked in full on its day",
            "next: `daybook sync mugs`",
        ],
    )


def test_a_word_without_a_rule_is_announced(user: User, folder: Path) -> None:
    path = _file(folder, with_a_new_word())
    result = user("import", "amazon", path, "--connection", "mugs")
    assert result.code == 0
    assert f"  no rule for {WORD!r}: its days will be held until it is mapped" in result.lines


def test_the_same_file_twice_is_one_document(user: User, folder: Path) -> None:
    path = _file(folder, settlement())
    user("import", "amazon", path, "--connection", "mugs")
    again = user("import", "amazon", path, "--connection", "mugs")
    assert again.code == 0
    assert again.lines[0].startswith("march.txt: already known: ")
    assert len(user.documents()) == 1


def test_a_restatement_is_kept_beside_what_it_replaces_and_said(user: User, folder: Path) -> None:
    path = _file(folder, AMAZON.document)
    user("import", "amazon", path, "--connection", "mugs")
    result = user(
        *("import", "amazon", _file(folder, AMAZON.restated, "again.txt")),
        *("--connection", "mugs"),
    )
    assert result.code == 0
    assert result.lines[0].startswith("again.txt: restated: ")
    assert "it is effective now, in place of march.txt" in result.lines[1]
    assert len(user.documents()) == 2
    shown = user("connections", "show", "mugs")
    assert "  20000000001 again.txt (6 lines, revision 2)" in shown.lines


def test_the_file_that_came_last_counts_even_where_it_came_before(user: User, folder: Path) -> None:
    first, edited = AMAZON.document, AMAZON.restated
    outputs = []
    for name, content in (("a.txt", first), ("b.txt", edited), ("a.txt", first), ("a.txt", first)):
        result = user("import", "amazon", _file(folder, content, name), "--connection", "mugs")
        assert result.code == 0
        outputs.append((result.lines[0].split(":")[1].strip(), result.lines[1].partition(" (")[0]))
    assert outputs == [
        ("new", "next: `daybook sync mugs`"),
        ("restated", "  it is effective now, in place of a.txt"),
        ("restated", "  it is effective now, in place of b.txt"),
        ("already known", "next: `daybook sync mugs`"),
    ]
    assert "  20000000001 a.txt (6 lines, revision 3)" in user("connections", "show", "mugs").lines


def test_a_settlement_of_another_connection_is_taken_on_demand_only(
    user: User, folder: Path
) -> None:
    user("import", "amazon", _file(folder, AMAZON.document), "--connection", "mugs")
    other = _file(folder, AMAZON.restated, "again.txt")
    result = user("import", "amazon", other, "--connection", "cups")
    assert result.code == 2
    assert "connection mugs has settlement 20000000001, in march.txt: import it there" in result.err
    assert "cups" not in "".join(user("connections", "list").lines)
    result = user("import", "amazon", other, "--connection", "cups", "--again")
    assert result.code == 0
    assert "warning: again.txt: connection mugs has settlement 20000000001" in result.err


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("march.txt.gz", gzip.compress(settlement().encode())),
        ("march.zip", zipped(("march.txt", settlement().encode()))),
    ],
)
def test_archives_are_opened(user: User, folder: Path, name: str, content: bytes) -> None:
    path = _file(folder, content, name)
    result = user("import", "amazon", path, "--connection", "mugs")
    assert result.code == 0
    assert result.lines[0].startswith("march.txt: new: ")


_CUT = settlement().rsplit("\n", 2)[0] + "\n"
_REFUSED = {
    "empty": (b"", "the file is empty"),
    "truncated": (settlement()[:-30].encode(), "cut off"),
    "header only": ((settlement().split("\n")[0] + "\n").encode(), "no rows"),
    "another channel's": (crafts().encode(), "use `daybook import etsy`"),
    "no settlement": (b"name\tprice\nmug\t20\n", "is not a file of Amazon"),
    "not text": (bytes(range(256)) * 4, "is not text"),
    "without a column": (AMAZON.missing.encode(), "'amount-description' is missing"),
    "with a column twice": (AMAZON.doubled.encode(), "occurs twice"),
    "two currencies": (AMAZON.two_currencies.encode(), "2 currencies (CAD, USD)"),
    "two settlements": ((AMAZON.two_settlements or "").encode(), "2 settlements"),
    "a broken archive": (gzip.compress(b"x" * 999)[:-9], "damaged"),
    "a spreadsheet": (zipped(("[Content_Types].xml", b"<x/>")), "spreadsheet"),
    "of the future": (settlement().replace("2026-", "2996-").encode(), "in the future"),
    "of long ago": (settlement().replace("2026-", "1996-").encode(), "DAYBOOK_FIRST_DAY"),
}


@pytest.mark.parametrize("kind", _REFUSED)
def test_a_bad_file_is_one_line_and_leaves_nothing(user: User, folder: Path, kind: str) -> None:
    content, message = _REFUSED[kind]
    result = user("import", "amazon", _file(folder, content), "--connection", "mugs")
    assert (result.code, result.out) == (2, "")
    assert "march.txt" in result.complaint
    assert message in result.complaint
    assert user.connections() == []
    assert user.documents() == []
    assert list(user.settings.scratch_folder.iterdir()) == []
    assert list(user.settings.quarantine_folder.iterdir()) == []


def test_a_file_that_is_not_there_and_a_folder(user: User, folder: Path) -> None:
    for path, message in ((folder / "none.txt", "there is no such file"), (folder, "is a folder")):
        result = user("import", "amazon", path, "--connection", "mugs")
        assert result.code == 2
        assert message in result.complaint
    assert user.connections() == []


def test_a_file_that_does_not_add_up_is_quarantined_with_both_figures(
    user: User, folder: Path
) -> None:
    path = _file(folder, _CUT)
    result = user.run("import", "amazon", path, "--connection", "mugs")
    assert (result.code, result.out) == (2, "")
    assert "sum to 2466.0000 but it declares 2463.0000" in result.complaint
    quarantined, note = sorted(user.settings.quarantine_folder.iterdir())
    assert f"kept as quarantine/{quarantined.name}" in result.complaint
    assert quarantined.read_text() == _CUT
    assert json.loads(note.read_text()) == {
        "file": "march.txt",
        "declared": "2463.0000",
        "found": "2466.0000",
    }
    assert user.connections() == []
    assert user.documents() == []


def test_the_other_files_of_the_command_are_taken(user: User, folder: Path) -> None:
    good = [
        _file(folder, settlement(1), "march.txt"),
        _file(folder, settlement(2, month=4), "april.txt"),
    ]
    bad = _file(folder, b"", "empty.txt")
    result = user("import", "amazon", good[0], bad, good[1], "--connection", "mugs")
    assert result.code == 2
    assert result.complaint.startswith("empty.txt: the file is empty")
    assert [line.split(":")[0] for line in result.lines] == ["march.txt", "april.txt"]
    assert user.connections() == ["mugs"]
    assert len(user.documents()) == 2
    result = user("import", "amazon", good[0], bad, "--connection", "mugs", "--json")
    assert result.json["ok"] is False
    assert result.json["refused"] == [{"file": str(bad), "error": result.complaint}]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("import etsy FILE --connection mugs", "connection mugs is one of amazon, not of etsy"),
        ("import amazon FILE --connection mugs --timezone Asia/Tokyo", "keeps its days in UTC"),
        ("import amazon FILE --connection mugs --name Other", "is named 'mugs'"),
        ("import amazon FILE --connection Mugs!", "'Mugs!' cannot name a connection"),
        ("import amazon FILE --connection new --timezone Mars", "'Mars' is not a time zone"),
        ("import bazaar FILE --connection new", "there is no channel 'bazaar': choose one of"),
        ("import amazon FILE", "Missing option '--connection'"),
    ],
)
def test_options_that_contradict(user: User, folder: Path, words: str, message: str) -> None:
    path = _file(folder, settlement())
    user("import", "amazon", path, "--connection", "mugs")
    result = user(*words.replace("FILE", str(path)).split())
    assert (result.code, result.out) == (2, "")
    assert message in result.complaint
    assert user.connections() == ["mugs"]
    assert len(user.documents()) == 1


def test_a_file_that_is_still_being_written_is_refused(
    user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "growing.txt"
    path.write_text(settlement())
    read = archives._bounded

    def grow(stream: BinaryIO, name: str, packed: int | None = None) -> bytes:
        content = read(stream, name, packed)
        with path.open("a") as file:
            file.write("\n")
        return content

    monkeypatch.setattr(archives, "_bounded", grow)
    result = user("import", "amazon", path, "--connection", "mugs")
    assert result.code == 2
    assert "was written to while it was read; import it again when it is complete" in result.err
    assert user.documents() == []
