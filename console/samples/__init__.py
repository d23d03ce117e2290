"""Invented settlements in the channels' true formats: what the demonstration imports.

Here belong the files and the table of what each is for. Nothing reads them but `daybook demo`.
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Sample:
    """One connection of the demonstration and its settlement files, oldest first."""

    connection: str
    channel: str
    name: str
    time_zone: str
    files: tuple[str, ...]


SAMPLES: tuple[Sample, ...] = (
    Sample(
        connection="amazon-eu",
        channel="amazon",
        name="Amazon Europe",
        time_zone="Europe/Berlin",
        files=(
            "amazon-de-2026-04-21.txt",
            "amazon-fr-2026-04-21.txt",
            "amazon-uk-2026-04-22.txt",
        ),
    ),
    Sample(
        connection="amazon-na",
        channel="amazon",
        name="Amazon North America",
        time_zone="America/Los_Angeles",
        files=(
            "amazon-us-2026-04-16.txt",
            "amazon-us-2026-04-30.txt",
            "amazon-ca-2026-04-17.txt",
            "amazon-ca-2026-05-01.txt",
        ),
    ),
    Sample(
        connection="etsy-shop",
        channel="etsy",
        name="Etsy shop",
        time_zone="America/New_York",
        files=("etsy_statement_2026_4.csv", "etsy_statement_2026_5.csv"),
    ),
)


def folder() -> Path:
    """Return where the files are."""
    return Path(__file__).parent
