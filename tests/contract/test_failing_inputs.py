"""Small inputs that failed once: each is read as its note says, or refused with its cure."""

from decimal import Decimal
from pathlib import Path

import pytest

from connectors.channels import CHANNELS
from connectors.database.registry import Registry
from connectors.documents import ingest
from connectors.documents.archives import source_files
from connectors.documents.manifest import Manifest
from connectors.errors import BadInput
from connectors.home.settings import Settings
from mappings.channels import classify
from mappings.model import UNCLASSIFIED
from tests.channels.house import House


@pytest.fixture
def failing(samples: Path) -> Path:
    return samples / "failing"


def examined(home: Path, channel: str, path: Path) -> Manifest:
    settings = Settings(home=home, database_url=None, threads=1)
    (source_file,) = source_files(path)
    return ingest.parse_file(
        settings, CHANNELS[channel], source_file, connection="s", time_zone="UTC"
    )


READ = {
    "etsy-quoted-newline.csv": ("etsy", "USD", 200, "444.52"),
    "ebay-de.csv": ("ebay", "EUR", 4, "16.55"),
    "tiktok-us.xlsx": ("tiktok", "USD", 15, "18.77"),
    "xlsx-dimension-a1.xlsx": ("tiktok", "GBP", 12, "21.67"),
}


@pytest.mark.parametrize("name", sorted(READ))
def test_a_valid_file_is_read_and_every_word_is_placed(
    name: str, failing: Path, tmp_path: Path
) -> None:
    channel, currency, lines, total = READ[name]
    manifest = examined(tmp_path, channel, failing / name)
    assert (manifest.currency, manifest.lines, manifest.total) == (currency, lines, Decimal(total))
    placed = classify(channel, [word.name for word in manifest.source_types], None)
    assert [p.source_type for p in placed if p.category == UNCLASSIFIED] == []


def test_a_german_statement_of_etsy_is_refused_with_its_cure(failing: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is a file of Etsy in German; set Etsy to English"):
        examined(tmp_path, "etsy", failing / "etsy-de.csv")


def test_a_payment_that_stands_twice_is_refused(failing: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"row \d+: Payment ID \S+ occurs twice, in row \d+ too"):
        examined(tmp_path, "square", failing / "square-dup.csv")


def test_the_file_that_was_imported_last_counts(
    failing: Path, registry: Registry, tmp_path: Path
) -> None:
    house = House.build(registry, tmp_path / "home")
    schedule, edited = failing / "c03-schedule.txt", failing / "c03-edited.txt"
    for path in (schedule, edited, schedule):
        (taken,) = house.take_file(path)
        assert taken.new
        (current,) = house.workspace.lake.effective_documents(house.slug)
        assert current.name == path.name
    (again,) = house.take_file(schedule)
    assert not again.new
