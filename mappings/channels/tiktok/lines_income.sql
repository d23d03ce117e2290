-- One line an amount, from the sheet `Order details` of an income export.
-- grain: document row and the column of the amount; key: row, part
-- in: document_rows (row, what it is about as text, total, amounts); macros money, midnight;
-- variables settlement_id (of rows that no statement has)
-- Only columns that are no sum of others are added up. A column that nobody knows counts where the
-- row's total is short of just what such columns hold. A day's money stands at noon UTC, as that of
-- the API does (`answers.sql`).
WITH base AS (
    SELECT
        * EXCLUDE (total, amounts, quantity),
        money(total) AS total,
        list_filter(
            list_transform(
                amounts, lambda cell: {name: cell.name, known: cell.known, value: money(cell.text)}
            ),
            lambda cell: cell.value <> 0
        ) AS amounts,
        TRY_CAST(quantity AS INTEGER) AS quantity
    FROM document_rows
),

gaps AS (
    SELECT
        *,
        total - coalesce(list_sum(list_transform(
            list_filter(amounts, lambda cell: cell.known), lambda cell: cell.value
        )), 0) AS gap,
        coalesce(list_sum(list_transform(
            list_filter(amounts, lambda cell: NOT cell.known), lambda cell: cell.value
        )), 0) AS unknown
    FROM base
),

counted AS (
    SELECT
        * EXCLUDE (amounts),
        list_filter(amounts, lambda cell: cell.known OR (gap <> 0 AND unknown = gap)) AS amounts
    FROM gaps
),

-- What TikTok Shop remits out of a sale is in no sales: three lines, as the API's.
remitted AS (
    SELECT * REPLACE (
        list_concat(amounts, flatten(list_transform(
            list_filter(amounts, lambda cell: lower(cell.name) IN ('vat', 'import vat')),
            lambda cell: [
                {
                    name: cell.name || ' / collected', known: true,
                    value: CAST(-cell.value AS DECIMAL(19,4))
                },
                {name: cell.name || ' / out of the sale', known: true, value: cell.value}
            ]
        ))) AS amounts
    )
    FROM counted
),

stated AS (
    SELECT
        * EXCLUDE (amounts),
        unnest(CASE
            WHEN len(amounts) = 0
            THEN [{name: 'Subtotal before discounts', known: true, value: 0::DECIMAL(19,4)}]
            ELSE amounts
        END) AS cell
    FROM remitted
)

SELECT
    row,
    lower(replace(replace(cell.name, ' / ', '-'), ' ', '-')) AS part,
    NULL::VARCHAR AS line_id,
    coalesce(
        statement_id,
        CASE WHEN by_day THEN 'tiktok-' || CAST(CAST(midnight(settled) AS DATE) AS VARCHAR) END,
        getvariable('settlement_id')
    ) AS settlement_id,
    CASE
        WHEN lower(cell.name) = 'adjustment amount' AND lower(type) <> 'order' THEN type
        ELSE concat_ws(' / ', type, cell.name)
    END AS source_type,
    NULL::VARCHAR AS marketplace,
    CASE WHEN lower(type) = 'order' THEN number ELSE related END AS order_id,
    NULL::VARCHAR AS order_item_id,
    sku,
    CASE
        WHEN lower(cell.name) IN ('subtotal before discounts', 'gross sales') THEN quantity
    END AS quantity,
    midnight(settled) + INTERVAL 12 HOUR AS posted_at,
    cell.value AS amount,
    concat_ws(
        ' · ', product, reason, CASE WHEN lower(type) <> 'order' THEN 'Adjustment ' || number END
    ) AS description,
    NULL::VARCHAR AS fulfilment,
    NULL::VARCHAR AS ship_from,
    NULL::VARCHAR AS ship_to
FROM stated
ORDER BY row, part
