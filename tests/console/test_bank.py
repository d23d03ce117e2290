"""Bank statements at a terminal: imported, matched, and what is missing."""

from pathlib import Path

from tests.console.user import User


def test_a_statement_is_imported_and_shown_in_the_proof(synced: User, tmp_path: Path) -> None:
    statement = tmp_path / "april.csv"
    statement.write_text("Date;Amount;Details\n07.04.2026;2.463,00;AMAZON 20000000002\n")
    refused = synced("bank", "import", statement)
    assert refused.complaint == "april.csv: has no column of currencies: add --currency"
    imported = synced("bank", "import", statement, "--currency", "USD", "--account", "main")
    assert imported.lines == ["1 line, 1 new; 1 payout matched"], imported
    again = synced("bank", "import", statement, "--currency", "USD", "--account", "main", "--json")
    assert again.json == {"lines": 1, "new": 0, "matched": 0}
    proofs = synced("reconcile", "mugs", "--json").json["settlements"]
    dates = {proof["settlement_id"]: proof["bank_date"] for proof in proofs}
    assert dates["20000000002"] == "2026-04-07"
    assert "tied, in the bank on 2026-04-07" in synced("reconcile", "mugs").out
    missing = synced("bank", "unmatched", "--json")
    assert all(payout["settlement_id"] != "20000000002" for payout in missing.json["payouts"])
    assert "cannot be read" in synced("bank", "import", tmp_path / "nothing.csv").complaint
    either = "name a file of your bank, or an organisation with --from"
    assert synced("bank", "import").complaint == either
    assert synced("bank", "import", statement, "--from", "harbour").complaint == either
    assert "there is no target 'harbour'" in synced("bank", "import", "--from", "harbour").complaint
