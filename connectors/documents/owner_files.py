"""Small files that an owner brings: bank statements, unit costs, rates, mappings, tax profiles."""

import re
from pathlib import Path
from typing import Any, Final

import yaml

from connectors.errors import BadInput, summary

LARGEST: Final = 50 << 20
_BOOLEAN: Final = "tag:yaml.org,2002:bool"


def read_owner_file(path: Path, cure: str) -> bytes:
    """Return a file's bytes; `BadInput` where it cannot be read or is larger than 50 MB.

    `cure` says what to do with a larger one.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise BadInput(f"{path.name} is larger than 50 MB: {cure}")
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read ({error.strerror})") from error


class _OwnerLoader(yaml.SafeLoader):
    """YAML in which `NO` is Norway, as its second version has it, and no boolean."""


_OwnerLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if (first, tag) != ("N", _BOOLEAN)]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_OwnerLoader.add_implicit_resolver(_BOOLEAN, re.compile("No$"), ["N"])


def read_owner_document(path: Path) -> Any:
    """Return what a YAML or JSON file holds; `BadInput` where it can be read as neither."""
    try:
        # JSON is YAML, so one parser reads both. The loader makes plain values alone.
        return yaml.load(path.read_text(), _OwnerLoader)  # noqa: S506
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: is neither YAML nor JSON ({summary(error)})") from error
