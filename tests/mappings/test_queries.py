"""The channels' SQL is composed of files by name; each says its grain and is short."""

import re
from pathlib import Path

import pytest

from mappings.channels import channels
from mappings.channels.queries import sql

FOLDER = Path(__file__).parents[2] / "mappings" / "channels"
# What is read row by row has no shape that could be taken apart.
LONGEST = 240


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.sql")), ids=lambda path: path.stem)
def test_a_query_says_its_grain_and_is_short(path: Path) -> None:
    text = path.read_text()
    assert text.startswith("-- ")
    assert "grain" in text.partition("\nSELECT")[0]
    assert len(text.splitlines()) <= LONGEST


def test_what_a_query_selects_from_stands_before_it_once() -> None:
    composed = sql("woocommerce", "lines_orders")
    names = re.findall(r"^(?:WITH )?(\w+) AS \(\n--", composed, re.MULTILINE)
    assert names == [
        *("scope", "sold", "refunds", "totals", "gateway_fees", "order_parts"),
        *("refund_parts", "amounts", "entries"),
    ]


@pytest.mark.parametrize("channel", sorted(channels()))
def test_every_channel_has_canonical_lines(channel: str) -> None:
    assert "settled_lines AS (" in sql(channel, "transactions")
