"""A channel is a list of formats: all have the same files, and one place looks a name up."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from connectors.channels import CHANNELS
from connectors.documents.manifest import Coverage

ROOT = Path(__file__).parents[3]
ROOMS = ("mappings", "connectors", "pipelines", "console", "sandbox")
COMMON = {"README.md", "__init__.py", "formats", "api.py", "authorisation.py", "sync.py"}
LOOKUP = "connectors/channels/base.py"
FORMAT_NAME = re.compile(r"\.format\b(?!\()")


@pytest.mark.parametrize("name", sorted(CHANNELS))
def test_every_channel_has_the_same_files(name: str) -> None:
    folder = ROOT / "connectors" / "channels" / name
    assert {path.name for path in folder.iterdir()} >= COMMON


@pytest.mark.parametrize("name", sorted(CHANNELS))
def test_every_format_is_a_module_and_has_a_name_of_its_own(name: str) -> None:
    formats = CHANNELS[name].formats
    folder = ROOT / "connectors" / "channels" / name / "formats"
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert {each.name for each in formats} == modules
    assert len(formats) == len(modules)
    for module in modules:
        assert import_module(f"connectors.channels.{name}.formats.{module}").FORMAT in formats


def test_nothing_but_the_lookup_asks_for_a_formats_name() -> None:
    asking = {
        path.relative_to(ROOT).as_posix()
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        for line in path.read_text().splitlines()
        if FORMAT_NAME.search(line)
    }
    assert asking == {LOOKUP}


def test_provisional_figures_come_with_a_provisional_format() -> None:
    telling = {name for name, channel in CHANNELS.items() if channel.supports_provisional}
    assert telling == {"amazon"}


def test_every_synced_channel_proves_its_days_in_one_way() -> None:
    for name, channel in CHANNELS.items():
        complete = {f.coverage for f in channel.formats} & {Coverage.OPEN, Coverage.LEDGER}
        assert len(complete) == (0 if name in {"amazon", "walmart"} else 1), name
