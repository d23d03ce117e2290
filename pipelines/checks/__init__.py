"""What is asserted of every partition: names, what they hold, whether they hold back the rest.

Evaluations are recorded by the step that writes the partition, because it has the figures at hand;
a failed blocking one stops that day there and then, and no other day.
"""

import warnings
from dataclasses import dataclass

import dagster as dg

RAW = "raw_settlements"
NORMALISED = "normalized_transactions"
SETTLEMENTS = "settlements"
JOURNALS = "daily_journals"
PUBLISHED = "published_journals"


@dataclass(frozen=True, slots=True)
class Check:
    """One assertion about one asset's partitions."""

    name: str
    asset: str
    blocking: bool
    description: str


AS_STORED = Check(
    "documents_are_as_stored",
    RAW,
    True,
    "The documents that cover the day are, byte for byte, what was proven when they arrived.",
)
CONSERVED = Check(
    "lines_are_conserved",
    NORMALISED,
    True,
    "Lines, units, payouts and sums of the day are those counted when its documents arrived.",
)
UNIQUE = Check(
    "transaction_keys_are_unique", NORMALISED, True, "No two rows of the day share a key."
)
CLASSIFIED = Check(
    "every_line_is_classified",
    NORMALISED,
    False,
    "Every source type has a rule of its own. Lines without a category hold the day's entry and no "
    "more; those in an assumed one hold nothing.",
)
TIES_SETTLEMENT = Check(
    "settlement_ties_to_declared_total",
    SETTLEMENTS,
    True,
    "Normalised lines of a settlement that closes on the day sum to what the channel declared.",
)
RESERVES = Check(
    "reserve_is_released_in_full",
    SETTLEMENTS,
    False,
    "A settlement that closes on the day releases what the one before it held back.",
)
BALANCED = Check("entries_balance", JOURNALS, True, "Every entry of the day sums to zero.")
FACILITATOR = Check(
    "facilitator_tax_nets_to_zero",
    JOURNALS,
    False,
    "Tax that the marketplace collected and withheld cancels out within the day.",
)
POSTED = Check(
    "books_hold_the_entries",
    PUBLISHED,
    True,
    "What stands in the books, read back, is what was journalled for the day.",
)

DATA_CHECKS = (
    AS_STORED,
    CONSERVED,
    UNIQUE,
    CLASSIFIED,
    TIES_SETTLEMENT,
    RESERVES,
    BALANCED,
    FACILITATOR,
)
PUBLISH_CHECKS = (POSTED,)


def specs(
    checks: tuple[Check, ...], partitions: dg.PartitionsDefinition
) -> list[dg.AssetCheckSpec]:
    """The same as Dagster knows them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.PreviewWarning)
        warnings.simplefilter("ignore", dg.BetaWarning)
        return [
            dg.AssetCheckSpec(
                check.name,
                asset=check.asset,
                blocking=check.blocking,
                description=check.description,
                partitions_def=partitions,
            )
            for check in checks
        ]
