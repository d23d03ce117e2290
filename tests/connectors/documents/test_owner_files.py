"""Files of an owner's own: YAML and JSON."""

from pathlib import Path

import pytest

from connectors.documents.owner_files import read_owner_document
from connectors.errors import BadInput


def test_norway_is_a_country_and_no_boolean(tmp_path: Path) -> None:
    file = tmp_path / "tax.yaml"
    file.write_text("country: NO\nassume_domestic: No\nprices_include_tax: yes\nrates: Null\n")
    assert read_owner_document(file) == {
        "country": "NO",
        "assume_domestic": False,
        "prices_include_tax": True,
        "rates": None,
    }


def test_what_is_neither_yaml_nor_json_is_refused_in_words(tmp_path: Path) -> None:
    file = tmp_path / "tax.yaml"
    file.write_text("country: [GB")
    with pytest.raises(BadInput, match="is neither YAML nor JSON"):
        read_owner_document(file)
    with pytest.raises(BadInput, match="cannot be read"):
        read_owner_document(tmp_path / "nowhere.yaml")
