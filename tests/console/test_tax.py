"""The tax profile of a store at a terminal: asked by a few options, or read from a file."""

from pathlib import Path

from tests.console.user import User
from tests.stages.test_vat_transactions import vat

PROFILE = """\
country: GB
registrations:
  - {country: GB, scheme: vat, from: 2026-01-01}
stock: [{country: GB}]
items: [{sku: BOOK-*, class: zero}]
"""


def test_a_profile_is_shown_changed_and_removed(user: User, tmp_path: Path) -> None:
    assert user("init").code == 0
    with user.opened() as opened:
        for slug, channel in (("mugs", "amazon"), ("our-books", "xero")):
            opened.registry.connections.add(
                slug, channel=channel, name=slug, timezone="UTC", actor="test"
            )
    assert user("connections", "tax", "mugs").out.startswith("mugs has no tax profile: its lines")
    options = (
        *("--country", "GB", "--registration", "GB:vat:2026-01-01", "--stock", "GB"),
        *("--registration", "US-CA:sales_tax"),
        "--assume-domestic",
    )
    shown = user("connections", "tax", "mugs", *options, "--json").json
    assert shown["tax"] == {
        **{
            "version": 1,
            "country": "GB",
            "market": None,
            "rates": [],
            "fees": None,
            "advertising": None,
        },
        "registrations": [
            {"country": "GB", "region": None, "scheme": "vat", "from": "2026-01-01", "to": None},
            {"country": "US", "region": "CA", "scheme": "sales_tax", "from": None, "to": None},
        ],
        "stock": [{"country": "GB", "fulfilment": None}],
        "items": [],
        **{"prices_include_tax": True, "assume_domestic": True},
    }
    # What is not named stays.
    later = user("connections", "tax", "mugs", "--fees", "included", "--json").json["tax"]
    assert (later["fees"], later["stock"]) == ("included", shown["tax"]["stock"])
    # A set-up that is kept meanwhile does not take it away.
    with user.opened() as opened:
        opened.registry.connections.set_setup("mugs", {"step": "done"}, "test")
    assert user("connections", "tax", "mugs", "--json").json["tax"] == later
    file = tmp_path / "tax.yaml"
    file.write_text(PROFILE)
    assert user("connections", "tax", "mugs", "--file", file).lines[0] == "version: 1"
    filed = user("connections", "tax", "mugs", "--json").json["tax"]
    assert filed["items"] == [{"sku": "BOOK-*", "class": "zero"}]
    assert user("connections", "tax", "mugs", "--remove", "--json").json["tax"] is None
    report = tmp_path / "vat.csv"
    report.write_text(vat("SALE 111-0000001-0000001 MUG GB FR SELLER"))
    imported = user("import", "amazon", report, "--connection", "mugs")
    assert imported.lines[0] == (
        "vat.csv: new: Amazon vat transactions 2026-03, rows: 1; it holds no money to book, and "
        "says of orders where goods came from and went; days with lines of them: 0"
    )


def test_what_is_wrong_is_named(user: User, tmp_path: Path) -> None:
    assert user("init").code == 0
    with user.opened() as opened:
        for slug, channel in (("mugs", "amazon"), ("our-books", "xero")):
            opened.registry.connections.add(
                slug, channel=channel, name=slug, timezone="UTC", actor="test"
            )
    file = tmp_path / "tax.yaml"
    file.write_text("country: GB\nstock: [{country: Britain}]\n")
    for words, problem in (
        (("mugs", "--country", "Britain"), "mugs: country: String should match"),
        (("mugs", "--fees", "none"), "mugs: country: Field required"),
        (("mugs", "--country", "GB", "--registration", "GB"), "write COUNTRY:SCHEME:FROM:TO"),
        (
            ("mugs", "--country", "GB", "--registration", "GB:vat:2026-02-01:2026-01-01"),
            "mugs: registrations.0: the registration ends on 2026-01-01, before it begins",
        ),
        (
            ("mugs", "--country", "US", "--registration", "US-ON:sales_tax"),
            "mugs: registrations.0: 'ON' is no state or province of US; choose AK, AL,",
        ),
        (
            ("mugs", "--country", "GB", "--stock", "GB:FBA", "--stock", "DE:fba"),
            "stock: two countries ship by 'fba'; name one",
        ),
        (("mugs", "--country", "GB", "--remove"), "and not two of them"),
        (("mugs", "--file", str(file)), f"{file}: stock.0.country: String should match"),
        (("mugs", "--file", "nowhere.yaml"), "nowhere.yaml: cannot be read"),
        (("our-books", "--country", "GB"), "our-books is an accounting organisation"),
        (("nowhere", "--country", "GB"), "nowhere"),
    ):
        refused = user("connections", "tax", *words)
        assert refused.code == 2, words
        assert problem in refused.complaint, words
