"""What of a channel's own words is variable and cut off before rules are looked up."""

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.channels import SEPARATOR, channels, rules
from mappings.channels.source_types import fixed_source_type, fixed_source_types_sql

RETURNS = "FBAFees / FBA Customer Returns Fee (Non-Apparel and Non-Shoes)"
EPR = "AmazonFees / Amazon service fee for EPR Pay on Behalf - GB - Packaging"


@pytest.mark.parametrize(
    ("written", "fixed"),
    [
        (f"{RETURNS} for ASIN: B0ABCDEFGH (2026-01) / Base fee", f"{RETURNS} / Base fee"),
        (f"{EPR} - (Period 01.07.2024 - 31.12.2024) / Base fee", f"{EPR} / Base fee"),
        ("Fee / Listing fee ($0.20 USD)", "Fee / Listing fee"),
        ("Fee / Credit for listing fee (€0.18 EUR)", "Fee / Credit for listing fee"),
        ("Fee / Listing fee (CA$0.28 CAD)", "Fee / Listing fee"),
        ("Fee / Einstellgebühr (0,18\u00a0€)", "Fee / Einstellgebühr"),
        ("Fee / Frais de mise en vente (0,20 $US)", "Fee / Frais de mise en vente"),
        ("Ads for January 2026", "Ads"),
        ("Publicité août 2026", "Publicité"),
        ("Storage Q3 2026", "Storage"),
        ("Promotion 2026/02/01 to 2026/02/14", "Promotion"),
        ("Offsite Ads fee 12%", "Offsite Ads fee"),
        ("Offsite Ads fee (15 %)", "Offsite Ads fee"),
        ("Return label of order 111-0000000-0000001", "Return label of order"),
        ("Inbound shipment FBA15ABCDEF1", "Inbound shipment"),
        ("Bill #1234567", "Bill"),
        ("Storage (181-270 days)", "Storage (181-270 days)"),
        ("FBA Fee (Non-Apparel and Non-Shoes)", "FBA Fee (Non-Apparel and Non-Shoes)"),
        ("gateway / 2checkout", "gateway / 2checkout"),
        ("2026-01", "2026-01"),
    ],
)
def test_variable_parts_are_cut_off(written: str, fixed: str) -> None:
    assert fixed_source_type(written) == fixed
    assert fixed_source_type(fixed) == fixed


@pytest.mark.parametrize("channel", sorted(channels()))
def test_no_shipped_rule_has_a_variable_part(channel: str) -> None:
    names = [rule.source_type for rule in rules(channel).values()]
    assert [fixed_source_type(name) for name in names] == names


PIECES = st.sampled_from(
    ["Fee", "(", ")", " ", " for ", "ASIN: ", "B0ABCDEFGH", "2026-01", "Jan 2026", "$0.20", "USD",
     "EUR", "5", "12%", SEPARATOR, "€", "1,234.50", "01.07.2024", " - ", "#123", "Q3", "2026",
     "111-0000000-0000001", "FBA15ABCDEF", "days", "\u00a0", "août", "Order", ":", "1234567"]
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(PIECES, max_size=9).map("".join), min_size=1, max_size=40))
def test_duckdb_and_python_cut_alike(written: list[str]) -> None:
    with duckdb.connect() as con:
        con.execute(
            "CREATE TABLE lines AS SELECT unnest($1) AS source_type, NULL::VARCHAR AS description",
            [written],
        )
        rows = con.execute(fixed_source_types_sql("FROM lines")).fetchall()
    assert [row[0] for row in rows] == [fixed_source_type(name) for name in written]


def test_what_was_cut_is_kept_in_the_description() -> None:
    fee = "Fee / Listing fee ($0.20 USD)"
    lines = [
        (fee, None, fee),
        (fee, "promotion 7", f"{fee} · promotion 7"),
        (fee, "Listing fee ($0.20 USD) · Listing #1", "Listing fee ($0.20 USD) · Listing #1"),
        ("Fee / Listing fee", "as it was", "as it was"),
    ]
    with duckdb.connect() as con:
        con.execute("CREATE TABLE lines (source_type VARCHAR, description VARCHAR)")
        con.executemany("INSERT INTO lines VALUES ($1, $2)", [line[:2] for line in lines])
        rows = con.execute(fixed_source_types_sql("FROM lines")).fetchall()
    assert rows == [("Fee / Listing fee", described) for *_, described in lines]
