"""The tables of the lake: grain, key, columns and their meaning, stated once.

Parquet files are written with these columns in this order, the warehouse is created from them,
and `docs/warehouse.md` is tested against them. Changes are additive.
"""

from dataclasses import replace

from mappings.columns import MONEY, Column, Table
from mappings.columns import required as _required
from mappings.order_tables import RAW_TABLES, RECORD_TABLES

TRANSACTIONS = Table(
    name="transactions",
    grain="one money line of a document, the finest grain there is",
    key=("transaction_id",),
    day_column="business_date",
    columns=(
        _required("connection", "VARCHAR", "slug of the connected store"),
        _required("channel", "VARCHAR", "amazon, etsy, ..."),
        Column("marketplace", "VARCHAR", "the channel's name of the site, as it wrote it"),
        _required("transaction_id", "VARCHAR", "connection and document, then row and amount"),
        _required("settlement_id", "VARCHAR", "the channel's statement that pays this line"),
        Column("payout_id", "VARCHAR", "set on the line that closes a settlement, else null"),
        Column("order_id", "VARCHAR", "the channel's order number"),
        Column("order_item_id", "VARCHAR", "the channel's number of the item within the order"),
        Column("sku", "VARCHAR", "the seller's stock keeping unit"),
        Column("quantity", "INTEGER", "units, where the channel states them on this line"),
        _required("posted_at", "TIMESTAMPTZ", "instant the channel posted the money (UTC)"),
        _required("business_date", "DATE", "posted_at in the connection's own time zone"),
        _required("category", "VARCHAR", "place in the taxonomy; `unclassified` if unknown"),
        _required("source_type", "VARCHAR", "the channel's own words, verbatim"),
        Column("description", "VARCHAR", "the channel's free text about this line"),
        _required("currency", "VARCHAR", "ISO 4217 code of amount"),
        _required("amount", MONEY, "+ the channel owes the seller more, - less"),
        _required("tax_collected_by", "VARCHAR", "seller, marketplace or none"),
        Column("ship_from", "VARCHAR", "ISO 3166 country goods left from, where stated"),
        Column("ship_to", "VARCHAR", "ISO 3166 country goods went to, where stated"),
        Column("fulfilment", "VARCHAR", "who shipped, in the channel's words"),
        _required("document", "VARCHAR", "SHA-256 of the document"),
        _required("row", "INTEGER", "row of the document, 1 is the first after the header"),
        Column("ship_to_region", "VARCHAR", "state or province goods went to, as stated"),
        Column("buyer_tax_number", "VARCHAR", "VAT number of a business that bought, as stated"),
    ),
)

SETTLEMENTS = Table(
    name="settlements",
    grain="one statement of a channel, closed by a payout or still open",
    key=("connection", "settlement_id"),
    day_column="closing_date",
    columns=(
        _required("connection", "VARCHAR", "slug of the connected store"),
        _required("channel", "VARCHAR", "amazon, etsy, ..."),
        _required("settlement_id", "VARCHAR", "the channel's number, or one made of the deposit"),
        Column("marketplace", "VARCHAR", "the site, where the statement names one"),
        _required("currency", "VARCHAR", "ISO 4217 code of the amounts"),
        _required("period_start", "TIMESTAMPTZ", "first instant covered"),
        _required("period_end", "TIMESTAMPTZ", "instant the period ends"),
        _required("closing_date", "DATE", "business day of the payout, else of period_end"),
        Column("declared_total", MONEY, "what the channel says it owes; null if it does not say"),
        _required("raw_total", MONEY, "sum of the document's lines"),
        _required("raw_lines", "INTEGER", "number of the document's money lines"),
        Column("deposit_date", "DATE", "business day of the payout"),
        Column("payout_amount", MONEY, "what was paid out; negative is carried to the next"),
        _required("payout_status", "VARCHAR", "paid, failed, carried, charged, zero or open"),
        Column("bank_reference", "VARCHAR", "what the bank statement shows, where known"),
        _required("closed", "BOOLEAN", "a payout has closed the settlement"),
        Column("opening_balance", MONEY, "brought forward, for channels that keep a balance"),
        Column("closing_balance", MONEY, "left after the payout, for the same channels"),
        _required("document", "VARCHAR", "SHA-256 of the (last) document it stands in"),
    ),
)

JOURNAL_LINES = Table(
    name="journal_lines",
    grain="one posting of one journal entry",
    key=("entry_id", "line"),
    day_column="business_date",
    columns=(
        _required("entry_id", "VARCHAR", "je:connection:business day:currency"),
        _required("line", "INTEGER", "1, 2, ... within the entry"),
        _required("connection", "VARCHAR", "slug of the connected store"),
        _required("business_date", "DATE", "the day the entry is dated"),
        _required("currency", "VARCHAR", "ISO 4217 code of amount"),
        _required("part", "VARCHAR", "activity, or payout for lines that close a settlement"),
        _required("account", "VARCHAR", "account of the target's chart"),
        _required("category", "VARCHAR", "category of the lines summed; `clearing` balances"),
        Column("tax_code", "VARCHAR", "tax code of the target, where one applies"),
        Column("settlement_id", "VARCHAR", "on clearing and payout lines: whose money it is"),
        _required("amount", MONEY, "+ debit, - credit; an entry sums to zero"),
        _required(
            "transactions", "INTEGER", "how many are summed here; 0 for tax split off other lines"
        ),
        _required("content_hash", "VARCHAR", "SHA-256 over accounts, amounts and tax codes"),
        Column("held_reason", "VARCHAR", "why the entry must not be posted, else null"),
        Column("tax_treatment", "VARCHAR", "how the line is taxed; null without a tax profile"),
        Column("tax_country", "VARCHAR", "ISO 3166 country whose tax it is"),
        Column("tax_rate", "DECIMAL(7,4)", "rate in percent, where one is known"),
        Column("tax_remitted_by", "VARCHAR", "seller, marketplace or none"),
        Column("tax_amount", MONEY, "tax within amount, where the target posts it by code"),
        Column("grouping", "VARCHAR", "`account` where lines of one account are posted as one"),
        Column("language", "VARCHAR", "language of the entry's texts; null for English"),
        Column("tax_region", "VARCHAR", "state or province whose tax it is (ISO 3166-2)"),
    ),
)

# Amazon's transactions have no settlement before it closes, and name neither item ids nor
# addresses.
_OF_SETTLEMENTS = {
    *("settlement_id", "payout_id", "order_item_id", "ship_from", "ship_to", "ship_to_region"),
    "buyer_tax_number",
}
_PROVISIONAL_COMMENTS = {
    "channel": "amazon",
    "transaction_id": "connection, the channel's own number, place in it",
    "sku": "the seller's stock keeping unit, where stated",
    "quantity": "units of the item, on every line of it",
    "amount": "+ the channel will owe the seller more, - less",
    "row": "place of the channel's transaction in the document",
}

PROVISIONAL_TRANSACTIONS = Table(
    name="provisional_transactions",
    grain="one money line that a channel reports for a day that no settlement covers yet",
    key=TRANSACTIONS.key,
    day_column=TRANSACTIONS.day_column,
    columns=tuple(
        replace(column, comment=_PROVISIONAL_COMMENTS.get(column.name, column.comment))
        for column in TRANSACTIONS.columns
        if column.name not in _OF_SETTLEMENTS
    ),
)

# The tables that the books are made of; provisional lines are never booked from their own table.
BOOKED = (TRANSACTIONS, SETTLEMENTS, JOURNAL_LINES)
TABLES: dict[str, Table] = {t.name: t for t in (*BOOKED, PROVISIONAL_TRANSACTIONS, *RECORD_TABLES)}
# Everything that stands in the lake by table, connection and day.
LAKE_TABLES = (*TABLES, *(t.name for t in RAW_TABLES))
