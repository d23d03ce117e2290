"""`costs` and `rates`, from a file at a terminal to the books."""

from pathlib import Path

from tests.console.user import User

GOODS = "cogs:mugs:2026-03-03:USD"


def test_what_goods_cost_goes_from_a_file_to_the_books(synced: User, tmp_path: Path) -> None:
    mapping, costs = tmp_path / "goods.yaml", tmp_path / "costs.csv"
    mapping.write_text("cost_of_goods: true\n")
    assert synced("mappings", "set", mapping, "--connection", "mugs").code == 0
    missing = synced("costs", "missing", "mugs", "--json")
    assert (missing.code, [m["sku"] for m in missing.json["missing"]]) == (1, ["MUG-BLUE"])
    costs.write_text("sku,cost,currency,from\nMUG-BLUE,4.125,USD,2026-01-01\n")
    outcome = synced("costs", "import", costs, "--connection", "mugs", "--json").json
    assert (outcome["rows"], outcome["changed"], outcome["waiting"]) == (1, 1, 0)
    moved = tmp_path / "moved.csv"
    moved.write_text("date,sku,quantity,kind,reference\n2031-01-01,MUG-BLUE,1,lost,l1\n")
    outcome_text = synced("costs", "movements", moved, "--connection", "mugs").out
    assert "1 movement of days that no settlement covers yet" in outcome_text
    assert synced("sync", "mugs").code == 0
    entries = synced("journals", "mugs", "--json").json["entries"]
    (entry,) = (each for each in entries if each["entry_id"] == GOODS)
    assert entry["state"] == "posted"
    rolled_back = ("publish", "rollback", "mugs", "--entry", "cogs:*", "--reason", "x", "--yes")
    removed = synced(*rolled_back, "--json").json["removed"]
    assert {each["entry_id"].partition(":")[0] for each in removed} == {"cogs"}
    assert synced("costs", "missing", "mugs").code == 0
    refused = synced("costs", "pull", "mugs")
    assert (refused.code, refused.complaint) == (
        2,
        "mugs: Amazon states no unit costs: import a file with `daybook costs import`",
    )


def test_rates_come_from_the_banks_file(synced: User, tmp_path: Path) -> None:
    bank = tmp_path / "eurofxref-hist.csv"
    bank.write_text("Date,USD,GBP,\n2026-03-02,1.2000,0.8000,\n")
    assert synced("rates", "import", bank, "--json").json == {"rates": 2, "changed": 2}
    assert synced("rates", "import", bank).out == "2 rates of ecb, 0 new or changed\n"
    bank.write_text("Date,USD,GBP,\n2026-03-02,1.2000\n")
    refused = synced("rates", "import", bank)
    assert (refused.code, refused.complaint) == (
        2,
        "eurofxref-hist.csv: row 2 has 2 columns of 4",
    )
