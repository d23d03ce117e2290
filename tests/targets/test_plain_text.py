"""hledger and Ledger read exported entries, and bean-check agrees with each on every balance.

The demo's stores and every third golden case in one home, some of them by settlement: what is
booked is exported as files, the two programs read those, and their balances are stated to
bean-check over Daybook's own books.
"""

import csv
import re
import shutil
import subprocess
from collections.abc import Iterable
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest

from connectors.accounting.beancount.bean_check import check
from connectors.accounting.files import hledger
from connectors.database.registry import Registry
from console.samples import SAMPLES, folder
from mappings.journal.config import MappingConfig
from pipelines.stages.journals import read_entries
from tests.channels.house import House
from tests.channels.test_golden import CASES, FIXTURES, HELD, TIME_ZONES

Balances = dict[tuple[str, str], Decimal]
_AMOUNT = re.compile(r"(-?[\d.]+) ([A-Z]{3})")


def run(program: str, *words: str) -> str:
    """What a program prints that nobody here wrote."""
    if shutil.which(program) is None:
        pytest.skip(f"needs {program}: apt-get install {program}")
    return subprocess.run([program, *words], capture_output=True, text=True, check=True).stdout


def taken(registry: Registry, home: Path) -> list[House]:
    """A home whose stores have the demo's documents and the golden cases'."""
    first = House.build(registry, home, channel="amazon", slug="amazon-range-de")
    houses = []
    stores = [
        (s.connection, s.channel, s.time_zone, [folder() / n for n in s.files]) for s in SAMPLES
    ]
    for case in [case for case in CASES[::3] if case not in HELD]:
        slug, channel = case.replace("/", "-")[:40], case.partition("/")[0]
        documents = sorted((FIXTURES / case).glob("document*"))
        stores.append((slug, channel, TIME_ZONES.get(case, "UTC"), documents))
    for slug, channel, zone, documents in stores:
        if slug != first.slug:
            registry.connections.add(slug, channel=channel, name=slug, timezone=zone, actor="test")
        house = House(first.workspace, registry.connections.get(slug))
        for document in documents:
            house.take_file(document)
        if len(houses) % 4 == 3:
            document = MappingConfig(mode="settlement").model_dump(mode="json")
            registry.mappings.save(document, slug, slug, actor="test")
        assert not house.run().failed
        assert {proof.state for proof in house.prove()} <= {"tied", "open", "incomplete", "held"}
        houses.append(house)
    return houses


def exported(houses: list[House], journal: Path) -> int:
    """Write every published entry of the stores as hledger and Ledger read it; how many."""
    texts = []
    for house in houses:
        days = house.workspace.lake.days("journal_lines", house.slug)
        held = house.held()
        entries = read_entries(house.workspace, house.slug, sorted(days), {})
        texts += [
            hledger.render(entry, house.slug, entry.entry_id).decode()
            for entry in entries
            if entry.entry_id not in held
        ]
    journal.write_text("\n".join(texts))
    return len(texts)


def of_hledger(journal: Path) -> Balances:
    """Every balance by hledger, each account without those below it."""
    text = run("hledger", "-f", str(journal), "balance", "-N", "--flat", "-O", "csv")
    rows = csv.DictReader(StringIO(text))
    return _balances((row["account"], row["balance"]) for row in rows)


def of_ledger(journal: Path) -> Balances:
    """Every balance by Ledger."""
    form = "%(scrub(display_total))@%(account)@"
    words = ("balance", "--flat", "--no-total", "--balance-format", form)
    totals, accounts = _alternating(run("ledger", "-f", str(journal), *words).split("@"))
    return _balances(zip(accounts, totals, strict=True))


def _alternating(parts: list[str]) -> tuple[list[str], list[str]]:
    return parts[0:-1:2], parts[1::2]


def _balances(totals: Iterable[tuple[str, str]]) -> Balances:
    return {
        (account, currency): Decimal(amount)
        for account, total in totals
        for amount, currency in _AMOUNT.findall(total)
    }


def test_both_programs_and_bean_check_agree_on_every_balance(
    registry: Registry, tmp_path: Path
) -> None:
    houses = taken(registry, tmp_path / "home")
    journal = tmp_path / "all.journal"
    assert exported(houses, journal) > 100
    assert run("hledger", "-f", str(journal), "check") == ""
    balances = of_hledger(journal)
    assert len(balances) > 60
    assert of_ledger(journal) == balances
    main = houses[0].settings.books_folder / "main.beancount"
    stated = [f"2099-01-01 balance {a} {n} {c}\n" for (a, c), n in sorted(balances.items())]
    checked = main.with_name("checked.beancount")
    checked.write_text(f'include "{main.name}"\n' + "".join(stated))
    verdict = check(checked)
    assert verdict is not None
    assert verdict.errors == ()
    # What is off by one is not agreed to.
    (account, currency), amount = next(iter(balances.items()))
    wrong = f"2099-01-01 balance {account} {amount + 1} {currency}"
    checked.write_text(f'include "{main.name}"\n{wrong}\n')
    refused = check(checked)
    assert refused is not None
    assert not refused.ok
