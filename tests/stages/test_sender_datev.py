"""Entries as batches of DATEV."""

import csv
from collections import defaultdict
from datetime import date
from decimal import Decimal
from io import StringIO

from mappings.taxonomy import chart
from tests.channels.house import House
from tests.stages.test_sender import exported, post_to, publish, settlement


def test_datev_takes_a_batch_whose_rows_leave_what_the_entry_says(empty: House) -> None:
    post_to(empty, "datev", {"consultant": "29098", "client": "55003", "currency": "USD"})
    empty.take(settlement())
    assert publish(empty).failed == {}
    empty.take(settlement(price="25.00"), "restated.txt")
    assert publish(empty).failed == {}
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for name, content in exported(empty).items():
        assert name.startswith("EXTF_2026-03-")
        assert content.endswith(b"\r\n")
        head, titles, *rows = csv.reader(StringIO(content.decode("cp1252")), delimiter=";")
        assert head[:5] == ["EXTF", "700", "21", "Buchungsstapel", "13"]
        assert len(head) == 31
        assert head[10:14] == ["29098", "55003", "20260101", "4"]
        assert titles[7] == "Gegenkonto (ohne BU-Schlüssel)"
        for row in rows:
            cells = dict(zip(titles, row, strict=True))
            amount = Decimal(cells["Umsatz (ohne Soll/Haben-Kz)"].replace(",", "."))
            signed = amount if cells["Soll/Haben-Kennzeichen"] == "S" else -amount
            sums[cells["Konto"]] += signed
            sums[cells["Gegenkonto (ohne BU-Schlüssel)"]] -= signed
            assert cells["Belegdatum"] in {"0203", "0303", "1803"}
            assert len(cells["Buchungstext"]) <= 60
    roles = list(chart("books"))
    assert sums[str(1000 + roles.index("sales"))] == Decimal("-45.00")
    assert sum(sums.values()) == 0


def test_datev_needs_the_numbers_of_consultant_and_client(empty: House) -> None:
    post_to(empty, "datev", {"consultant": "29098", "currency": "USD"})
    empty.take(settlement())
    assert "DATEV needs client: the numbers" in publish(empty).failed[date(2026, 3, 2)]
    assert exported(empty) == {}
