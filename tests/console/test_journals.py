"""`daybook journals`: entries as an accountant reads them, down to the rows of the file."""

from decimal import Decimal

from tests.console.conftest import HELD, WORD
from tests.console.user import User

DAY = ("--from", "2026-03-03", "--to", "2026-03-03")


def test_an_entry_as_text(prepared: User) -> None:
    result = prepared("journals", "mugs", *DAY)
    assert (result.code, result.err) == (0, "")
    assert result.lines == [
        "2026-03-03 je:mugs:2026-03-03:USD (posted, revision 1)",
        "  Expenses:Fees:Referral                                 3.00 USD  fee.referral",
        "  Income:Sales:Mugs                                 -1,234.50 USD  sales.principal",
        "  Assets:Clearing:Mugs                               1,231.50 USD  clearing [20000000001]",
        "",
    ]


def test_every_entry_balances(prepared: User) -> None:
    entries = prepared("journals", "--json").json["entries"]
    assert {e["connection"] for e in entries} == {"mugs", "attic", "crafts"}
    for entry in entries:
        assert sum(Decimal(line["amount"]) for line in entry["lines"]) == 0
        assert all(isinstance(line["amount"], str) for line in entry["lines"])


def test_a_held_entry_says_why_and_how_to_mend_it(prepared: User) -> None:
    result = prepared("journals", "attic", *DAY)
    assert result.code == 1
    assert result.lines[:2] == [
        "2026-03-03 je:attic:2026-03-03:USD (held, revision 1)",
        f"  held: {HELD}",
    ]
    assert prepared("journals", "attic", "--from", "2026-03-04").code == 0


def test_explain_goes_down_to_the_row(prepared: User) -> None:
    result = prepared("journals", "attic", *DAY, "--explain")
    at = next(n for n, line in enumerate(result.lines) if "Liabilities:Suspense:Attic" in line)
    assert result.lines[at].endswith("1.25 USD  unclassified")
    assert result.lines[at + 1] == f"               -1.25  {WORD}  111-7-7  attic-0.txt row 4"


def test_explain_as_json_has_the_cells_of_the_file(prepared: User) -> None:
    (entry,) = prepared("journals", "attic", *DAY, "--explain", "--json").json["entries"]
    for line in entry["lines"]:
        total = sum(Decimal(source["amount"]) for source in line["sources"])
        sign = 1 if line["category"] == "clearing" else -1
        assert Decimal(line["amount"]) == sign * total
    (line,) = [line for line in entry["lines"] if line["category"] == "unclassified"]
    (source,) = line["sources"]
    assert (source["file"], source["row"]) == ("attic-0.txt", 4)
    assert (source["source_type"], source["order_id"]) == (WORD, "111-7-7")
    assert source["cells"]["amount"] == "-1.25"
    assert source["cells"]["posted-date-time"] == "2026-03-03 12:00:00 UTC"
    assert source["cells"]["buyer-remark"] == "to the moon"
    with prepared.opened() as opened:
        stored = opened.lake.read_document("attic", source["document"]).decode()
    assert "to the moon" in stored.splitlines()[source["row"]]


def test_an_etsy_deposit_is_explained_too(prepared: User) -> None:
    explained = prepared(
        "journals", "crafts", "--from", "2026-03-05", "--to", "2026-03-05", "--explain", "--json"
    ).json["entries"]
    (line,) = [row for row in explained[0]["lines"] if row["category"] == "transfer.payout"]
    assert line["amount"] == "18.50"
    (source,) = line["sources"]
    assert source["cells"]["Title"] == "$18.50 sent to your bank account"


def test_days_without_entries(prepared: User) -> None:
    result = prepared("journals", "mugs", "--from", "2025-01-01", "--to", "2025-01-31")
    assert (result.code, result.out) == (
        0,
        "no journal entries there: `daybook sync` builds them\n",
    )


def test_readiness_tells_held_from_waiting(prepared: User) -> None:
    result = prepared("journals", "attic", "mugs", "--readiness", "--json")
    assert (result.code, result.json["ok"]) == (1, False)
    (held,) = [entry for entry in result.json["entries"] if entry["state"] == "held"]
    ready = {"state": "ready", "cure": None}
    assert held["accounts"] == {"state": "missing", "cure": HELD}
    assert (held["taxes"], held["costs"], held["period"]) == (ready, ready, None)
    assert {wait["state"] for wait in result.json["waiting"]} <= {"waiting"}
    text = prepared("journals", "attic", "--readiness")
    assert text.lines[0] == f"held: je:attic:2026-03-03:USD: accounts: {HELD}"
    assert text.lines[-1].startswith("attic to books: ")
    assert prepared("journals", "mugs", "--readiness").code == 0
    assert prepared("journals", "mugs", "--target", "books").code == 2
    assert prepared("journals", "mugs", "--readiness", "--target", "nowhere").code == 2
