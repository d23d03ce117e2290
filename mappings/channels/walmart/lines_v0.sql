-- One line an amount, from the legacy reconciliation report v0 (a row an order line, wide).
-- grain: document row and amount column; key: row, part
-- in: document_rows (row, and the report's columns as text); macros money, day; variables time_zone, currency
-- A row's payable amount is its sales, refunds and tax, less commission. How commission and
-- withheld tax are signed is decided once a file: the first way in which every row adds up. A row
-- without amounts of its own is an adjustment: all of it is one line.
WITH base AS (
    SELECT
        row,
        "Transaction Type" AS type,
        day("Transaction Date Time")::TIMESTAMP AT TIME ZONE getvariable('time_zone') AS posted_at,
        "Walmart.com Order #" AS order_id,
        concat_ws('-', "Walmart.com PO #", "Walmart.com P.O. Line #") AS order_item_id,
        "Partner Item ID" AS sku,
        TRY_CAST(TRY_CAST("Shipped Qty" AS DOUBLE) AS INTEGER) AS quantity,
        concat_ws(
            ' · ', "Adjustment Description", "Return Reason Description", "Partner Item name"
        ) AS description,
        "Adjustment Description" AS adjustment,
        "Fulfillment Type" AS fulfilment,
        nullif(trim("Ship to state"), '') AS ship_to_region,
        coalesce(money("Payable to Partner from Sale"), 0) AS payable,
        coalesce(money("Commission from Sale"), 0) AS commission,
        coalesce(money("Total NET Tax Collected"), 0) AS tax,
        coalesce(money("Tax Withheld"), 0) AS withheld,
        [
            {part: 'sales', label: 'Gross Sales Revenue', amount: money("Gross Sales Revenue")},
            {part: 'refunded', label: 'Refunded Retail Sales', amount: money("Refunded Retail Sales")},
            {part: 'escalated', label: 'Sales refund for Escalation', amount: money("Sales refund for Escalation")},
            {part: 'shipping', label: 'Gross Shipping Revenue', amount: money("Gross Shipping Revenue")},
            {part: 'shipping-refunded', label: 'Gross Shipping Refunded', amount: money("Gross Shipping Refunded")},
            {part: 'shipping-escalated', label: 'Shipping refund for Escalation', amount: money("Shipping refund for Escalation")},
            {part: 'fee', label: 'Gross Fee Revenue', amount: money("Gross Fee Revenue")},
            {part: 'fee-refunded', label: 'Gross Fee Refunded', amount: money("Gross Fee Refunded")},
            {part: 'fee-escalated', label: 'Fee refund for Escalation', amount: money("Fee refund for Escalation")},
            {part: 'gift-wrap', label: 'Gross Gift-Wrap Revenue', amount: money("Gross Gift-Wrap Revenue")},
            {part: 'gift-wrap-refunded', label: 'Gross Gift-Wrap Refunded', amount: money("Gross Gift-Wrap Refunded")},
            {part: 'gift-wrap-escalated', label: 'Gift wrap refund for Escalation', amount: money("Gift wrap refund for Escalation")}
        ] AS amounts
    FROM document_rows
    WHERE "Stated Lines" IS NULL
),

summed AS MATERIALIZED (
    SELECT
        *,
        coalesce(list_sum(list_transform(amounts, lambda a: a.amount)), 0)::DECIMAL(19,4) AS gross
    FROM base
),

ways AS (
    SELECT * FROM (VALUES
        (1, -1, 1, -1), (2, 1, 1, 1), (3, -1, 1, 1), (4, 1, 1, -1), (5, -1, 0, 0), (6, 1, 0, 0)
    ) AS w (choice, of_commission, of_tax, of_withheld)
),

way AS (
    SELECT w.*
    FROM ways AS w
    LEFT JOIN summed AS s
        ON (s.gross <> 0 OR s.commission <> 0 OR s.tax <> 0)
        AND s.payable <> s.gross + w.of_commission * s.commission + w.of_tax * s.tax
            + w.of_withheld * s.withheld
    GROUP BY ALL
    ORDER BY count(s.row), choice
    LIMIT 1
),

stated AS (
    SELECT
        s.* EXCLUDE (amounts),
        unnest(list_filter(
            CASE
                WHEN gross = 0 AND commission = 0 AND tax = 0
                THEN [{part: 'adjustment', label: '- / ' || coalesce(adjustment, '-'), amount: payable}]
                ELSE list_concat(amounts, [
                    {part: 'commission', label: 'Commission from Sale', amount: of_commission * commission},
                    {
                        part: 'tax',
                        label: CASE WHEN withheld = 0 THEN 'Tax collected, not withheld' ELSE 'Total NET Tax Collected' END,
                        amount: of_tax * tax
                    },
                    {part: 'withheld', label: 'Tax Withheld', amount: of_withheld * withheld}
                ])
            END,
            lambda a: a.amount <> 0
        )) AS stated
    FROM summed AS s
    CROSS JOIN way
)

SELECT
    row,
    stated.part AS part,
    NULL::VARCHAR AS line_id,
    NULL::VARCHAR AS settlement_id,
    concat_ws(' / ', coalesce(type, '-'), stated.label) AS source_type,
    NULL::VARCHAR AS marketplace,
    order_id,
    nullif(order_item_id, '') AS order_item_id,
    sku,
    CASE WHEN stated.part = 'sales' THEN quantity END AS quantity,
    posted_at,
    stated.amount::DECIMAL(19,4) AS amount,
    nullif(description, '') AS description,
    fulfilment,
    NULL::VARCHAR AS ship_from,
    CASE WHEN ship_to_region IS NOT NULL THEN
        CASE getvariable('currency') WHEN 'CAD' THEN 'CA' WHEN 'MXN' THEN 'MX' ELSE 'US' END
    END AS ship_to,
    ship_to_region
FROM stated
ORDER BY row, part
