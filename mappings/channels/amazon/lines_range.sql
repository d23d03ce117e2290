-- One line an amount, from a Monthly Unified Transaction or Date Range report (CSV).
-- grain: document row and money column; key: row, part
-- in: document_rows (row, texts and types in English words, amounts: list of column and text);
-- macros money, instant
-- Amounts of nothing are no lines. An order's or refund's words are its type and column; what else
-- a row is about stands in its description. Transfers close settlements, but one that
-- gives money back is a line, a payout that the bank returned; deferred rows are in no settlement.
WITH base AS (
    SELECT
        *,
        type IN (
            'Order', 'Refund', 'Chargeback Refund', 'A-to-z Guarantee Claim',
            'Order_Retrocharge', 'Refund_Retrocharge'
        ) AS is_item,
        list_filter(amounts, lambda a: coalesce(money(a.text), 0) <> 0) AS nonzero
    FROM document_rows
    WHERE NOT deferred AND (type IS DISTINCT FROM 'Transfer' OR money(total) > 0)
),

stated AS (
    SELECT *, unnest(nonzero) AS stated FROM base
)

SELECT
    row,
    replace(stated.label, ' ', '-') AS part,
    NULL::VARCHAR AS line_id,
    type AS transaction_type,
    "settlement id" AS settlement_id,
    concat_ws(
        ' / ', coalesce(type, '(no type)'), stated.label,
        CASE WHEN NOT coalesce(is_item, false) THEN coalesce(description, '(no description)') END
    ) AS source_type,
    marketplace,
    "order id" AS order_id,
    NULL::VARCHAR AS order_item_id,
    sku,
    CASE WHEN stated.label = nonzero[1].label THEN TRY_CAST(quantity AS INTEGER) END AS quantity,
    instant("date/time") AS posted_at,
    money(stated.text) AS amount,
    description,
    fulfilment,
    NULL::VARCHAR AS ship_from,
    NULL::VARCHAR AS ship_to,
    "order state" AS ship_to_region
FROM stated
ORDER BY row
