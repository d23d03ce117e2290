"""A stored document that was damaged or lost is mended by importing the same file again."""

from pathlib import Path

import pytest

from connectors.database.registry import Registry
from connectors.errors import Permanent
from sandbox.amazon_files import order, report
from tests.channels.house import House


@pytest.mark.parametrize("damage", [lambda p: p.write_bytes(b"x"), lambda p: p.unlink()])
def test_importing_again_puts_the_bytes_back(registry: Registry, tmp_path: Path, damage) -> None:
    house = House.build(registry, tmp_path / "home")
    content = report(order())
    stored = house.take(content).manifest
    path = house.workspace.lake.document_path(house.slug, stored.document)
    damage(path)
    with pytest.raises(Permanent, match="import the file again"):
        house.workspace.lake.read_document(house.slug, stored.document)

    again = house.take(content)

    assert not again.new
    assert house.workspace.lake.read_document(house.slug, stored.document) == content.encode()
