"""Names of the assets, and the checks on their partitions: what each asserts, and what it blocks.

Evaluations are recorded by the step that writes the partition, because it has the figures at hand;
a failed blocking one stops that day there and then, and no other day. Nothing here needs Dagster.
"""

from collections.abc import Mapping
from dataclasses import dataclass

RAW = "raw_settlements"
TRANSACTIONS = "transactions"
SETTLEMENTS = "settlements"
JOURNALS = "daily_journals"
PUBLISHED = "published_journals"
# What is read apart from settlements, as it came and normalised.
STREAM_ASSETS = {name: f"raw_{name}" for name in ("orders", "payments", "products", "contacts")}
ORDERS, ORDER_LINES, PAYMENTS = "orders", "order_lines", "payments"
PRODUCTS, CONTACTS = "products", "contacts"


@dataclass(frozen=True, slots=True)
class Check:
    """One assertion about one asset's partitions."""

    name: str
    asset: str
    blocking: bool
    description: str


FETCHED = Check(
    "fetch_is_complete",
    RAW,
    False,
    "The platform answered everything it was asked for, and every document added up.",
)
COVERED = Check(
    "day_is_covered",
    TRANSACTIONS,
    False,
    "A settlement covers the day. Until one does the day is open, and nothing is booked on it.",
)
AS_STORED = Check(
    "documents_are_as_stored",
    TRANSACTIONS,
    True,
    "The documents that cover the day are, byte for byte, what was verified when they arrived.",
)
CONSERVED = Check(
    "lines_are_conserved",
    TRANSACTIONS,
    True,
    "Lines, units, payouts and sums of the day are those counted when its documents arrived.",
)
UNIQUE = Check(
    "transaction_keys_are_unique", TRANSACTIONS, True, "No two rows of the day share a key."
)
CLASSIFIED = Check(
    "every_line_is_classified",
    TRANSACTIONS,
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
STATUS_KNOWN = Check(
    "every_order_status_is_known",
    ORDERS,
    False,
    "Each of the platform's words for the state of an order maps to a status.",
)
SENT = Check(
    "every_entry_is_posted",
    PUBLISHED,
    False,
    "No entry of the day is held for its owner or still waits to be posted.",
)
POSTED = Check(
    "books_hold_the_entries",
    PUBLISHED,
    True,
    "The books, read back, match the day's journal.",
)

# Whatever else stops a day at an asset, in one line; the other checks fail for their own cause.
COMPUTED: Mapping[str, Check] = {
    asset: Check(
        "day_is_computed",
        asset,
        True,
        "Evaluated when another error stops the day at this asset, with its reason in one line.",
    )
    for asset in (TRANSACTIONS, SETTLEMENTS, JOURNALS, PUBLISHED)
}

CHAIN = (TRANSACTIONS, SETTLEMENTS, JOURNALS)
DATA_CHECKS = (
    COVERED,
    AS_STORED,
    CONSERVED,
    UNIQUE,
    CLASSIFIED,
    TIES_SETTLEMENT,
    RESERVES,
    BALANCED,
    FACILITATOR,
    *(COMPUTED[asset] for asset in CHAIN),
)
IN_DATE = Check(
    "personal_data_is_in_date",
    CONTACTS,
    False,
    "No personal data of a buyer is held past its date.",
)
RECORD_CHECKS = (STATUS_KNOWN,)
PUBLISH_CHECKS = (POSTED, SENT, COMPUTED[PUBLISHED])
