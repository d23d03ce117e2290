"""README and docs say what is so: links, command lines, tables, mappings and worked examples."""

import csv
import json
import re
import shlex
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from connectors.channels import CHANNELS
from connectors.home.settings import Settings
from console.cli import app
from console.commands.default_command import DefaultCommand
from mappings.channels import classify
from mappings.channels.order_statuses import order_statuses
from mappings.journal.config import MappingConfig
from mappings.journal.tax.profile import TaxProfile
from mappings.taxonomy import categories, chart
from tests.docs.examples import FOLDER, Books, books_of, store

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {page.relative_to(ROOT).as_posix(): page.read_text() for page in PAGES}
BLOCKS = [
    (name, language, body)
    for name, text in TEXTS.items()
    for language, body in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.S | re.M)
]
LINES = [
    pytest.param(line, id=f"{name}-{number}")
    for name, language, body in BLOCKS
    if language == "sh"
    for number, line in enumerate(body.splitlines())
    if "daybook " in line
]
ENTRIES = TEXTS["docs/entries.md"]
WORKED_DAY = date(2026, 3, 5)


def rows_of(text: str, header: str) -> list[list[str]]:
    """The cells of the first table with that header, without code marks."""
    _, separator, below = text.partition(f"| {header} |\n")
    assert separator, header
    table = re.match(r"(?:\|.*\n)+", below)
    assert table is not None
    return [
        [cell.strip().replace("`", "") for cell in line.strip("|").split("|")]
        for line in table[0].splitlines()[1:]
    ]


def test_orders_md_names_every_word_for_a_status() -> None:
    rows = rows_of(TEXTS["docs/orders.md"], "platform | status | the platform's words")
    stated = {(title, word): status for title, status, words in rows for word in words.split(", ")}
    assert stated == {
        (channel.title, word): status
        for channel in CHANNELS.values()
        for word, status in order_statuses(channel.name).items()
    }


def anchors(page: Path) -> set[str]:
    """The headings of a page as links name them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.M)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", TEXTS)
def test_every_link_inside_leads_somewhere(name: str) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", TEXTS[name]):
        if link.startswith("http"):
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / name).parent / path if path else ROOT / name
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("line", LINES)
def test_every_command_line_is_one_the_program_takes(line: str) -> None:
    words = shlex.split(line, comments=True)
    while words and "=" in words[0]:
        words = words[1:]
    if words[0] != "daybook":
        return
    command, arguments = app, words[1:]
    context = command.make_context("daybook", [arguments[0]], resilient_parsing=True)
    while hasattr(command, "commands"):
        if isinstance(command, DefaultCommand):
            arguments = command.with_default(arguments)
        assert arguments[0] in command.commands, line
        command, arguments = command.commands[arguments[0]], arguments[1:]
    # Parsing alone: values are converted, required ones missed, unknown options refused.
    command.make_context(words[1], list(arguments), parent=context)


def test_the_pages_name_every_command() -> None:
    named = {row[0] for row in rows_of(TEXTS["README.md"], "command | what it does")}
    assert named == {f"daybook {name}" for name in app.commands}


def test_the_settings_table_lists_every_setting() -> None:
    named = {row[0] for row in rows_of(TEXTS["README.md"], "setting | default | meaning")}
    assert named == {f"DAYBOOK_{name.upper()}" for name in Settings.model_fields}


def test_the_category_table_is_the_data() -> None:
    accounts = chart("books")
    assert rows_of(ENTRIES, "category | side | default account | meaning") == [
        [name, category.side, accounts[category.role], category.meaning]
        for name, category in categories().items()
    ]


def test_the_example_mapping_is_valid_and_maps_the_word_that_is_held() -> None:
    examples = [
        body for name, kind, body in BLOCKS if name.endswith("entries.md") and kind == "yaml"
    ]
    profile, goods, *mappings = map(yaml.safe_load, examples)
    assert MappingConfig.model_validate(goods).cost_of_goods
    assert TaxProfile.model_validate(profile).country == "GB"
    configs = map(MappingConfig.model_validate, mappings)
    config, overrides, organisation, coded, tracked, short, later, *settled, pounds = configs
    assert (short.grouping, short.language) == ("account", "de")
    assert (len(overrides.overrides), organisation.chart) == (2, "organisation")
    assert [each.dimension for each in tracked.tracking] == ["Region", "Region", "Store"]
    assert (coded.tax, len(coded.treatments)) == ("target_codes", 4)
    assert (later.schedule.post_after_hours, later.schedule.hour) == (12, 6)
    assert [(each.mode, each.document) for each in settled] == [
        ("settlement", "journal"),
        ("settlement", "invoice"),
        ("daily", "sales_receipt"),
    ]
    assert pounds.currency is not None
    word = "Mystery / Oddity / New Fee"
    assert f"no rule for {word}:" in ENTRIES
    assert classify("amazon", [word])[0].category == "unclassified"
    assert classify("amazon", [word], config.source_types["amazon"])[0].category == "fee.other"


@pytest.mark.parametrize("name", TEXTS)
def test_examples_of_json_are_json(name: str) -> None:
    for page, language, body in BLOCKS:
        if page == name and language == "json":
            json.loads(body)


@pytest.mark.parametrize("name", TEXTS)
def test_no_page_names_a_place_on_somebodys_machine(name: str) -> None:
    assert not re.search(r"(?<![\w.~])/(?:work|tmp|home|root|Users)/", TEXTS[name])


@pytest.fixture(scope="module")
def amazon(tmp_path_factory: pytest.TempPathFactory) -> Books:
    connection = store("example-us", "amazon", "Example US", "America/Los_Angeles")
    files = [f"amazon-{number}.txt" for number in (1, 2, 3)]
    return books_of(tmp_path_factory.mktemp("amazon"), connection, files)


@pytest.fixture(scope="module")
def etsy(tmp_path_factory: pytest.TempPathFactory) -> Books:
    connection = store("example-etsy", "etsy", "example-etsy", "America/New_York")
    return books_of(tmp_path_factory.mktemp("etsy"), connection, ["etsy-2026-03.csv"])


def test_the_worked_day_goes_from_rows_to_entry(amazon: Books) -> None:
    shown = "row | transaction-type | order-id | amount-type | amount-description | amount"
    table = rows_of(ENTRIES, f"{shown} | posted-date-time")
    with (FOLDER / "amazon-1.txt").open(newline="") as file:
        document = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    names = [*shown.split(" | ")[1:], "posted-date-time"]
    assert table == [[row[0], *(document[int(row[0]) - 1][n] for n in names)] for row in table]

    lines = [row for row in amazon.transactions if row["business_date"] == WORKED_DAY]
    assert [int(row[0]) for row in table] == sorted(line["row"] for line in lines)
    assert rows_of(ENTRIES, "row | category | amount") == [
        [str(line["row"]), line["category"], f"{line['amount']:+.2f}"]
        for line in sorted(lines, key=lambda line: int(line["row"]))
    ]
    assert f"```beancount\n{amazon.text(WORKED_DAY)}```" in ENTRIES


def test_the_chain_of_settlements_is_booked_as_shown(amazon: Books) -> None:
    booked = [
        [
            str(entry.business_date),
            next(line.settlement_id for line in entry.lines if line.category == "clearing"),
            line.account,
            f"{line.amount:.2f}" if line.amount > 0 else "",
            f"{-line.amount:.2f}" if line.amount < 0 else "",
        ]
        for entry in amazon.entries
        for line in entry.lines
        if entry.business_date > WORKED_DAY and line.amount
    ]
    assert rows_of(ENTRIES, "date | settlement | account | debit | credit") == booked


def test_the_chain_ends_as_the_page_says(amazon: Books) -> None:
    totals: dict[str, Decimal] = {}
    for entry in amazon.entries:
        for line in entry.lines:
            totals[line.account] = totals.get(line.account, Decimal(0)) + line.amount
    assert totals["Assets:Clearing:Example-Us"] == 0
    assert totals["Assets:CarriedForward:Example-Us"] == 0
    assert totals["Assets:Reserve:Example-Us"] == 0
    assert totals["Liabilities:CreditCard"] == Decimal("-22.99")


def test_a_sale_of_etsy_is_split_as_shown(etsy: Books) -> None:
    lines = [row for row in etsy.transactions if row["payout_id"] is None]
    assert rows_of(ENTRIES, "row | source type | category | amount") == [
        [str(line["row"]), line["source_type"], line["category"], f"{line['amount']:+.2f}"]
        for line in lines
    ]
    assert f"```beancount\n{etsy.text(date(2026, 3, 4))}```" in ENTRIES
