"""The schema of the warehouse: every table and mart with its grain, key, types and comments.

Here belongs the shape only. The lake's tables come from `mappings.tables`; what a mart holds is
computed by the file of its name in `sql/`.
"""

import hashlib
from importlib import resources

from mappings.columns import MONEY, Column, Table
from mappings.columns import required as _required
from mappings.tables import TABLES, TRANSACTIONS
from pipelines.warehouse.order_marts import ORDER_MARTS

# The oldest DuckDB that opens the file, and with it the BI tools and dbt drivers built on that.
STORAGE_VERSION = "v1.2.0"


def _money(name: str, comment: str) -> Column:
    return _required(name, MONEY, comment)


_CONNECTION = _required("connection", "VARCHAR", "slug of the connected store")
_DAY = _required("business_date", "DATE", "day of the store's own time zone the money was posted")
_CURRENCY = _required("currency", "VARCHAR", "ISO 4217 code of the amounts")
_ORDERS = _required("orders", "BIGINT", "orders with a sale that day; seen again on a later day")
_UNITS = _required("units", "BIGINT", "quantity of the sales.principal lines")

PUBLICATIONS = Table(
    name="publications",
    grain="one revision of one journal entry for one target, the newest and the older ones",
    key=("target", "entry_id", "revision"),
    day_column="business_date",
    columns=(
        _required("target", "VARCHAR", "slug of the accounting target"),
        _CONNECTION,
        _required("business_date", "DATE", "the day the entry is dated"),
        _required("currency", "VARCHAR", "ISO 4217 code of the entry"),
        _required("revision", "INTEGER", "1, 2, ... for an entry that changed"),
        _required("entry_id", "VARCHAR", "je:connection:business day:currency"),
        _required("content_hash", "VARCHAR", "SHA-256 over accounts, amounts and tax codes"),
        _required("state", "VARCHAR", "held, planned, sending, unknown, posted, failed, ..."),
        Column("reference", "VARCHAR", "the target's own id of the entry, once known"),
        Column("message", "VARCHAR", "why it is held or failed, for a person"),
        _required("updated_at", "TIMESTAMPTZ", "instant of the last change of state (UTC)"),
    ),
)

SALES_DAILY = Table(
    name="sales_daily",
    grain="one connection, marketplace, business day and currency",
    key=("connection", "channel", "marketplace", "business_date", "currency"),
    day_column="business_date",
    columns=(
        _CONNECTION,
        _required("channel", "VARCHAR", "amazon, etsy, ..."),
        _required("marketplace", "VARCHAR", "the site; empty where the channel names none"),
        _DAY,
        _CURRENCY,
        _money("gross_sales", "sales.principal: items sold, before discounts and refunds"),
        _money("shipping", "sales.shipping: charged to buyers"),
        _money("other_income", "the other sales.* (gift wrap, charges) and tips"),
        _money("discounts", "discount.*: negative is what promotions cost the seller"),
        _money("refunds", "refund.*: negative is what went back to buyers"),
        _money("seller_tax", "tax.seller_collected: to be remitted by the seller"),
        _money("marketplace_tax", "tax.facilitator_*: collected and withheld, nets to zero"),
        _money("fees", "fee.* without advertising: negative is a cost"),
        _money("advertising", "fee.advertising: negative is a cost"),
        _money("reimbursements", "reimbursement.*: paid for lost goods and claims"),
        _money("other", "all else: disputes, reserves, loans, tax on fees, unclassified, ..."),
        _money("net", "sum of the measures to the left: what the day added to the balance"),
        _money("transfers", "transfer.* not closing a settlement; with net, the day's clearing"),
        _ORDERS,
        _UNITS,
    ),
)

FEES_BY_CATEGORY = Table(
    name="fees_by_category",
    grain="one connection, business day, currency and fee category",
    key=("connection", "business_date", "currency", "category"),
    day_column="business_date",
    columns=(
        _CONNECTION,
        _DAY,
        _CURRENCY,
        _required("category", "VARCHAR", "fee.referral, fee.fulfilment, fee.advertising, ..."),
        _money("amount", "negative is a cost, positive a fee given back"),
        _required("lines", "BIGINT", "how many transactions are summed here"),
    ),
)

SKU_DAILY = Table(
    name="sku_daily",
    grain="one connection, business day, currency and SKU; lines that name no SKU are left out",
    key=("connection", "business_date", "currency", "sku"),
    day_column="business_date",
    columns=(
        _CONNECTION,
        _DAY,
        _CURRENCY,
        _required("sku", "VARCHAR", "the seller's stock keeping unit"),
        _UNITS,
        _money("gross_sales", "sales.principal of the SKU"),
        _money("refunds", "refund.* of the SKU, negative"),
        _money("fees", "fee.* that name the SKU, advertising included; negative is a cost"),
        _money("net", "everything that names the SKU, transfers left out"),
        _ORDERS,
        Column("product_name", "VARCHAR", "name of its listing, where products are imported"),
        Column("product_category", "VARCHAR", "the platform's category of that listing"),
    ),
)

SETTLEMENT_RECONCILIATION = Table(
    name="settlement_reconciliation",
    grain="one settlement: what each step of the way says it is worth",
    key=("connection", "settlement_id"),
    day_column="",
    columns=(
        _CONNECTION,
        _required("settlement_id", "VARCHAR", "the channel's number, or one made of the deposit"),
        _CURRENCY,
        Column("declared_total", MONEY, "what the channel says; null where it says nothing"),
        Column("raw_total", MONEY, "sum of the document's lines; null without a statement"),
        _money("normalised_total", "sum of the transactions, the closing payout left out"),
        _money("journalled_total", "sum of the journals' clearing lines of the activity"),
        Column("payout_amount", MONEY, "what was paid out; null while nothing was"),
        _money("difference", "largest less smallest of these figures; zero is the proof"),
        _required("lines", "BIGINT", "transactions of the settlement, the payout left out"),
        _required("state", "VARCHAR", "tied, open, held, different, or missing (no statement)"),
    ),
)

TAX_SUMMARY = Table(
    name="tax_summary",
    grain="one connection, month, currency, tax treatment, country, region, rate and who remits",
    key=(
        *("connection", "month", "currency", "tax_treatment", "tax_country", "tax_region"),
        *("tax_rate", "remitted_by"),
    ),
    day_column="month",
    columns=(
        _CONNECTION,
        _required("month", "DATE", "first day of the month of the journal entries"),
        _CURRENCY,
        _required("tax_treatment", "VARCHAR", "uk.standard, eu.oss, us.marketplace, ..."),
        _required("tax_country", "VARCHAR", "ISO 3166 country whose tax it is; empty for none"),
        _required("tax_region", "VARCHAR", "state or province whose tax it is; empty for none"),
        _required("tax_rate", "DECIMAL(7,4)", "rate in percent; 0 also where none is known"),
        _required("remitted_by", "VARCHAR", "seller, marketplace or none"),
        _money("net", "the journal's lines without tax: sales positive, fees negative"),
        _money("tax", "tax on them that is due: by the seller, or by the marketplace"),
        _money("gross", "net and tax"),
        _money("deductible", "tax on fees that the seller deducts"),
        _money("withheld", "what the marketplace withheld: its own tax, TDS and TCS"),
        _required("lines", "BIGINT", "how many transactions are summed here"),
        _required("held_lines", "BIGINT", "journal lines of held entries among them"),
    ),
)

MARTS = (
    *(SALES_DAILY, FEES_BY_CATEGORY, SKU_DAILY, SETTLEMENT_RECONCILIATION, TAX_SUMMARY),
    *ORDER_MARTS,
)
WAREHOUSE_TABLES: tuple[Table, ...] = (*TABLES.values(), PUBLICATIONS, *MARTS)

# Measured: with an index 5 million transactions take 2.7 times as long to load and twice the
# space, and one on sku_daily doubles a republish. The keys hold all the same: that of
# transactions is checked by a query, that of sku_daily is what its rows are grouped by.
WITHOUT_INDEX = (TRANSACTIONS.name, SKU_DAILY.name)

BOOKKEEPING = """
CREATE TABLE _partitions (
    table_name VARCHAR NOT NULL, connection VARCHAR NOT NULL, day DATE NOT NULL,
    size BIGINT NOT NULL, modified_ns BIGINT NOT NULL, inode UBIGINT NOT NULL,
    PRIMARY KEY (table_name, connection, day)
);
COMMENT ON TABLE _partitions IS 'which file of the lake each partition was read from';
CREATE TABLE _warehouse (schema_hash VARCHAR NOT NULL, replaced BIGINT NOT NULL);
COMMENT ON TABLE _warehouse IS 'version of this file; partitions replaced since it was rebuilt';
"""


def mart_sql(mart: Table) -> str:
    """Return the query that computes a mart's rows for the changed days or settlements."""
    return resources.files("pipelines.warehouse").joinpath(f"sql/{mart.name}.sql").read_text()


def create_statements() -> str:
    """Return the SQL that creates an empty warehouse."""
    return BOOKKEEPING + "".join(_create(table) for table in WAREHOUSE_TABLES)


def schema_hash() -> str:
    """Return what changes with a table, a comment, a mart's query or how the file is stored.

    A file with another one is rebuilt.
    """
    parts = [STORAGE_VERSION, create_statements(), *(mart_sql(mart) for mart in MARTS)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _create(table: Table) -> str:
    columns = [f'"{c.name}" {c.type}{" NOT NULL" * c.required}' for c in table.columns]
    key = ", ".join(table.key)
    if table.name not in WITHOUT_INDEX:
        columns.append(f"PRIMARY KEY ({key})")
    comments = [f"COMMENT ON TABLE {table.name} IS {_text(f'{table.grain}; key: {key}')};"]
    comments += [
        f'COMMENT ON COLUMN {table.name}."{c.name}" IS {_text(c.comment)};' for c in table.columns
    ]
    return f"CREATE TABLE {table.name} ({', '.join(columns)});\n" + "\n".join(comments) + "\n"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
