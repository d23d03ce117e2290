"""Invented settlements in the channels' true formats: what the demonstration imports.

Here belong the files and the table of what each is for. No code reads them but the command line.
"""

from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable


@dataclass(frozen=True, slots=True)
class Sample:
    """One connection of the demonstration and its settlement files, oldest first."""

    slug: str
    channel: str
    name: str
    timezone: str
    files: tuple[str, ...]

    def documents(self) -> list[tuple[str, bytes]]:
        """The files: name and content."""
        folder: Traversable = files(__package__)
        return [(name, folder.joinpath(name).read_bytes()) for name in self.files]


SAMPLES: tuple[Sample, ...] = (
    Sample(
        slug="amazon-eu",
        channel="amazon",
        name="Fern & Willow, Amazon Europe",
        timezone="Europe/Berlin",
        files=(
            "amazon-eu-de-26114820571.txt",
            "amazon-eu-fr-26114820602.txt",
            "amazon-eu-uk-26114820688.txt",
        ),
    ),
    Sample(
        slug="amazon-na",
        channel="amazon",
        name="Fern & Willow, Amazon North America",
        timezone="America/Los_Angeles",
        files=(
            "amazon-na-us-26093315118.txt",
            "amazon-na-us-26093315487.txt",
            "amazon-na-ca-26101947733.txt",
            "amazon-na-ca-26101948042.txt",
        ),
    ),
    Sample(
        slug="etsy-shop",
        channel="etsy",
        name="Fern & Willow on Etsy",
        timezone="America/New_York",
        files=("etsy-shop-statement-2026-5.csv", "etsy-shop-statement-2026-6.csv"),
    ),
)
