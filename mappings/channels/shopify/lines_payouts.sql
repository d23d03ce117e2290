-- Money lines of Shopify's export of payouts.
-- grain: a part of a row; key: row, part
-- in: document_rows (row, and the file's columns as text); macros money, day; variables currency,
-- time_zone
-- A row is a payout, which its parts make. When things were sold it does not say: its money is of
-- the payout's day. A payout's day stands for its number, so two of a day are one settlement. What
-- Shopify remits was paid within the charges: it becomes three lines, so that sales are without it
-- and it nets to zero. A payout in transit has left; one that failed has, too, and its money comes
-- back as the Retried Amount of a later one. Further columns say where a line's payout stands.
WITH base AS (
    SELECT
        row,
        day("Payout Date") AS payout_day,
        lower("Status") IN (
            'paid', 'in_transit', 'in transit', 'failed', 'canceled', 'cancelled'
        ) AS has_left,
        "Bank Reference" AS reference,
        money("Marketplace Sales Tax") AS tax,
        unnest([
            {part: 'charges', label: 'Charges', value: money("Charges")},
            {part: 'refunds', label: 'Refunds', value: money("Refunds")},
            {part: 'adjustments', label: 'Adjustments', value: money("Adjustments")},
            {part: 'tax', label: 'Marketplace Sales Tax', value: tax},
            {
                part: 'collected', label: 'Marketplace Sales Tax / collected',
                value: CAST(-tax AS DECIMAL(19,4))
            },
            {part: 'sale', label: 'Marketplace Sales Tax / out of the sale', value: tax},
            {part: 'advances', label: 'Advances', value: money("Advances")},
            {part: 'reserved', label: 'Reserved Funds', value: money("Reserved Funds")},
            {part: 'fees', label: 'Fees', value: money("Fees")},
            {part: 'retried', label: 'Retried Amount', value: money("Retried Amount")}
        ]) AS stated
    FROM document_rows
)

SELECT
    row,
    stated.part AS part,
    NULL::VARCHAR AS line_id,
    concat('shopify-', payout_day, '-', getvariable('currency')) AS settlement_id,
    concat('Payout / ', stated.label) AS source_type,
    NULL::VARCHAR AS marketplace,
    NULL::VARCHAR AS order_id,
    NULL::VARCHAR AS order_item_id,
    NULL::VARCHAR AS sku,
    NULL::INTEGER AS quantity,
    payout_day::TIMESTAMP AT TIME ZONE getvariable('time_zone') AS posted_at,
    stated.value AS amount,
    reference AS description,
    NULL::VARCHAR AS fulfilment,
    NULL::VARCHAR AS ship_from,
    NULL::VARCHAR AS ship_to,
    payout_day,
    has_left
FROM base
WHERE stated.value <> 0
