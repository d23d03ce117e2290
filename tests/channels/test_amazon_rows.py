"""Rows of a settlement report that are no money lines: the summary, and rows without an amount."""

from pathlib import Path

import pytest

from connectors.database.registry import Registry
from connectors.errors import BadInput
from sandbox.amazon_files import line, order, report
from tests.channels.house import House


def test_rows_that_state_no_amount_are_counted(registry: Registry, tmp_path: Path) -> None:
    silent = line("Order", "ItemPrice", "Principal", "")
    house = House.build(registry, tmp_path / "home")

    manifest = house.take(report([*order(), silent, silent])).manifest

    assert (manifest.lines, manifest.rows_without_amount) == (2, 2)


def test_a_report_that_states_two_totals_is_refused(registry: Registry, tmp_path: Path) -> None:
    rows = [*order(), {"total-amount": "99.00", "currency": "USD"}]
    house = House.build(registry, tmp_path / "home")

    with pytest.raises(BadInput, match="holds 2 declared totals"):
        house.take(report(rows))
