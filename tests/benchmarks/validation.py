"""A mapping as large as any: validated here, and held against an organisation's chart."""

import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from connectors.accounting.target import ChartAccount, TaxCode
from mappings.journal.config import MappingConfig
from mappings.taxonomy import categories, chart
from pipelines.stages.chart_fields import account_problems, tax_problems
from tests.benchmarks.results import Result

OVERRIDES, ACCOUNTS, REPEATS = 500, 2000, 7
MILLISECONDS = 100.0


def document(overrides: int) -> dict[str, Any]:
    """A mapping that names every role and every category's tax code, with so many overrides."""
    names = sorted(categories())
    return {
        "chart": "organisation",
        "accounts": {role: str(1000 + n) for n, role in enumerate(sorted(chart("books")))},
        "tax_codes": {name: "TAX" for name in names if name != "unclassified"},
        "overrides": [
            {
                "when": {"categories": ["sales.*"], "marketplaces": [f"Site {n}"]},
                "account": str(2000 + n),
                "tax_code": "TAX",
            }
            for n in range(overrides)
        ],
    }


def chart_of(accounts: int) -> list[ChartAccount]:
    """A chart with so many accounts, all of them in use."""
    return [ChartAccount(str(1000 + n), f"Account {n}", "REVENUE") for n in range(accounts)]


def validated(mapping: dict[str, Any], accounts: list[ChartAccount]) -> list[str]:
    """Everything about a mapping that asks no platform; returns what is wrong with it."""
    config = MappingConfig.model_validate(mapping)
    codes = [TaxCode("TAX", "Standard", Decimal(20))]
    return account_problems(config, accounts) + tax_problems(config, codes)


def fastest(work: Callable[[], object]) -> float:
    """Seconds of this process for the fastest of a few runs, whatever else the machine does."""
    taken = []
    for _ in range(REPEATS):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return min(taken)


def measure(_work: Path, scale: float) -> list[Result]:
    """The fastest of seven."""
    overrides = max(1, round(OVERRIDES * scale))
    mapping, accounts = document(overrides), chart_of(ACCOUNTS)
    assert validated(mapping, accounts) == []
    took = 1000 * fastest(lambda: validated(mapping, accounts))
    what = f"{overrides} overrides, {ACCOUNTS:,} accounts: mapping validated"
    return [Result(what, f"{took:.1f} ms", f"<= {MILLISECONDS:g} ms", took <= MILLISECONDS)]
