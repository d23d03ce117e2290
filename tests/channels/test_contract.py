"""What every channel promises, whatever its files look like."""

import gzip
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from connectors.channels import CHANNELS
from connectors.database.registry import Registry
from connectors.documents.control_totals import business_day
from connectors.documents.transcript import head_of
from tests.channels.examples import EXAMPLES, Example, zipped
from tests.channels.house import House, total


@pytest.fixture(params=sorted(EXAMPLES))
def example(request: pytest.FixtureRequest) -> Example:
    return EXAMPLES[request.param]


@pytest.fixture
def house(example: Example, registry: Registry, tmp_path: Path) -> House:
    return House.build(registry, tmp_path / "home", channel=example.name)


def test_every_channel_has_an_example() -> None:
    assert EXAMPLES.keys() <= CHANNELS.keys()


def test_a_channel_knows_its_own_header_and_no_other(example: Example) -> None:
    lines = head_of(example.document)
    assert [name for name, channel in CHANNELS.items() if channel.identify(lines)] == [example.name]


def test_a_document_declares_what_it_holds(house: House, example: Example) -> None:
    taken = house.take(example.document)
    manifest = taken.manifest
    assert taken.new
    assert (manifest.channel, manifest.connection) == (example.name, house.slug)
    assert (manifest.lines, manifest.total) == (example.lines, example.total)
    assert {day: t.lines for day, t in manifest.days.items() if t.lines} == example.days
    assert {day: t.paid for day, t in manifest.days.items() if t.payouts} == example.payouts
    assert sum(t.amount for t in manifest.days.values()) == manifest.total
    assert sum(word.amount for word in manifest.source_types) == manifest.total
    assert sum(s.total for s in manifest.settlements) == manifest.total
    assert sum(s.lines for s in manifest.settlements) == manifest.lines
    assert (manifest.declared == manifest.total) is example.proven
    assert manifest.first_day <= min(example.days)
    assert manifest.last_day >= max(example.days)


def check_found(lines: list[dict[str, Any]], example: Example) -> None:
    """Every line can be found in its document."""
    rows = example.document.splitlines()
    for line in lines:
        assert line["currency"] == "USD"
        assert line["business_date"] == business_day(line["posted_at"], "UTC")
        if line["order_id"]:
            assert line["order_id"] in rows[line["row"]]


def test_ids_are_unique_stable_and_keep_identical_rows_apart(
    house: House, example: Example, registry: Registry, tmp_path: Path
) -> None:
    house.take(example.document)
    house.normalise()
    lines = house.rows()
    check_found(lines, example)
    assert len({line["transaction_id"] for line in lines}) == len(lines)
    alike = Counter(
        tuple(v for k, v in line.items() if k not in {"transaction_id", "row"}) for line in lines
    )
    assert max(alike.values()) == example.identical
    elsewhere = House.build(registry, tmp_path / "other", channel=example.name, slug="other")
    elsewhere.take(example.document)
    elsewhere.normalise()
    again = House(elsewhere.workspace, house.connection)
    again.take(example.document, "renamed by the browser (1).txt")
    again.normalise()
    assert [r["transaction_id"] for r in again.rows()] == [r["transaction_id"] for r in lines]
    others = {r["transaction_id"] for r in elsewhere.rows()}
    assert not others & {r["transaction_id"] for r in lines}


def check_conserved(house: House, example: Example) -> None:
    """Nothing is lost or added on the way to the books."""
    stored = house.workspace.lake.effective_documents(house.slug)
    lines = [row for row in house.rows() if row["payout_id"] is None]
    assert len(lines) == sum(m.lines for m in stored)
    assert total(lines) == sum(m.total for m in stored)
    assert {row["currency"] for row in lines} == {m.currency for m in stored}
    for proof in house.prove():
        figures = {proof.raw, proof.normalised, proof.journalled, proof.posted}
        assert len(figures) == 1, proof
        assert not proof.difference
        assert proof.state in {"tied", "open"}
        assert proof.declared in ({None} if not example.proven else figures)
    for entry in {row["entry_id"] for row in house.rows("journal_lines")}:
        assert not total(house.rows("journal_lines"), entry_id=entry)


def test_nothing_is_lost_and_the_same_documents_give_the_same_bytes(
    house: House, example: Example, tmp_path: Path
) -> None:
    house.take(example.document)
    house.take(example.next)
    assert not house.run().failed
    check_conserved(house, example)
    files, books = house.files(), house.books()
    house.run()
    assert house.files() == files
    assert house.books() == books
    settings = house.settings.model_copy(update={"home": tmp_path / "second", "threads": 2})
    second = House(
        type(house.workspace)(settings, house.workspace.registry), house.connection, house.mapping
    )
    second.take(example.next)
    second.take(example.document)
    second.normalise()
    second.journal()
    assert second.files() == files


def test_the_same_file_twice_is_one_document(house: House, example: Example) -> None:
    first = house.take(example.document)
    again = house.take(example.document, "renamed.txt")
    assert first.new
    assert not again.new
    assert again.manifest == first.manifest
    assert len(house.workspace.lake.manifests(house.slug)) == 1


def test_a_restated_statement_supersedes_and_withdraws(house: House, example: Example) -> None:
    first = house.take(example.document)
    house.run()
    before = house.rows()
    second = house.take(example.restated)
    assert second.new
    assert second.supersedes == first.manifest.document
    assert second.manifest.revision == 2
    lake = house.workspace.lake
    assert [m.document for m in lake.effective_documents(house.slug)] == [second.manifest.document]
    assert len(lake.manifests(house.slug)) == 2
    assert lake.read_document(house.slug, first.manifest.document) == example.document.encode()
    house.run()
    after = house.rows()
    assert {row["document"] for row in after} == {second.manifest.document}
    assert total(after) == total(before)
    assert example.withdrawn_day not in {row["business_date"] for row in after}
    assert f"Daily journal {example.withdrawn_day}" not in house.books()
    assert all(proof.ok for proof in house.prove())


def test_containers_are_opened(house: House, example: Example, tmp_path: Path) -> None:
    packed = tmp_path / "statements.zip"
    packed.write_bytes(
        zipped(
            ("2026/first.txt", example.document.encode()),
            ("next.txt", example.next.encode()),
            ("__MACOSX/._next.txt", b"\x00\x05\x16\x07\x00"),
        )
    )
    single = tmp_path / "statement.txt.gz"
    single.write_bytes(gzip.compress(example.document.encode()))
    assert [t.new for t in house.take_file(packed)] == [True, True]
    assert [t.new for t in house.take_file(single)] == [False]
    names = {m.name for m in house.workspace.lake.manifests(house.slug)}
    assert names == {"first.txt", "next.txt"}


# Read as it is, or as a copy in UTF-8.
@pytest.mark.parametrize(("encoding", "newline"), [("utf-8-sig", "\r\n"), ("cp1252", "\n")])
def test_encodings_and_line_ends_change_nothing(
    house: House, example: Example, encoding: str, newline: str
) -> None:
    text = example.document.replace("MUG-BLUE", "TASSE-GRÜN").replace("Listing fee", "Listing fée")
    plain = house.take(text).manifest
    taken = house.take(text.replace("\n", newline).encode(encoding)).manifest
    assert (taken.lines, taken.total, taken.days) == (plain.lines, plain.total, plain.days)
    assert taken.source_types == plain.source_types
    assert not house.normalise().failed
    assert len([r for r in house.rows() if r["payout_id"] is None]) == example.lines
    written = [f"{r['source_type']} {r['sku']} {r['order_id']}" for r in house.rows()]
    assert any("é" in words or "Ü" in words for words in written)
