"""The bundled settlements: taken as they are, proven, every word known, no gap between them."""

from itertools import pairwise

import pytest

from connectors.channels import channel
from connectors.documents import ingest
from connectors.documents.archives import source_files
from connectors.documents.manifest import Manifest
from connectors.home.settings import Settings
from console.samples import SAMPLES, Sample, folder
from mappings.channels import classify
from mappings.model import UNCLASSIFIED


@pytest.fixture
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(home=tmp_path_factory.mktemp("home"))


def _manifests(settings: Settings, sample: Sample) -> list[Manifest]:
    return [
        ingest.parse_file(
            settings,
            channel(sample.channel),
            source_file,
            connection=sample.connection,
            time_zone=sample.time_zone,
        )
        for name in sample.files
        for source_file in source_files(folder() / name)
    ]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: s.connection)
def test_every_word_of_a_sample_has_a_category(settings: Settings, sample: Sample) -> None:
    words = {w.name for m in _manifests(settings, sample) for w in m.source_types}

    unknown = [c for c in classify(sample.channel, words) if c.category == UNCLASSIFIED]

    assert unknown == []


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: s.connection)
def test_a_sample_declares_what_its_lines_sum_to(settings: Settings, sample: Sample) -> None:
    for manifest in _manifests(settings, sample):
        assert manifest.declared in {manifest.total, None}
        assert manifest.lines > 5


def test_settlements_of_one_site_follow_each_other_to_the_second(settings: Settings) -> None:
    sample = next(s for s in SAMPLES if s.connection == "amazon-na")
    by_currency: dict[str, list[Manifest]] = {}
    for manifest in _manifests(settings, sample):
        by_currency.setdefault(manifest.currency, []).append(manifest)

    for manifests in by_currency.values():
        for earlier, later in pairwise(manifests):
            assert earlier.period_end == later.period_start


def test_the_table_names_every_file_that_ships() -> None:
    shipped = {p.name for p in folder().iterdir() if p.suffix in {".txt", ".csv"}}

    assert shipped == {name for sample in SAMPLES for name in sample.files}
