-- Canonical lines of one Amazon report.
-- grain: one money line of the document, and one line that closes each of its settlements
-- key: transaction_id; in: lines, categories, settlements;
-- variables: connection, document, prefix, time_zone, settlement_id, currency
WITH base AS (
    SELECT
        l.*,
        CASE
            WHEN k.if_positive IS NOT NULL AND l.amount > 0 THEN k.if_positive
            ELSE coalesce(k.category, 'unclassified')
        END AS category
    FROM lines AS l
    LEFT JOIN categories AS k ON k.source_type = l.source_type
),

fields AS (
    SELECT
        marketplace,
        concat(
            getvariable('prefix'), ':', coalesce(line_id, row::VARCHAR), coalesce('.' || part, '')
        ) AS transaction_id,
        coalesce(settlement_id, getvariable('settlement_id')) AS settlement_id,
        NULL AS payout_id,
        order_id,
        order_item_id,
        sku,
        quantity,
        coalesce(posted_at, getvariable('period_end')) AS posted_at,
        category,
        source_type,
        description,
        amount,
        CASE category
            WHEN 'tax.seller_collected' THEN 'seller'
            WHEN 'tax.facilitator_in' THEN 'marketplace'
            WHEN 'tax.facilitator_out' THEN 'marketplace'
            ELSE 'none'
        END AS tax_collected_by,
        fulfilment,
        row
    FROM base
    UNION ALL
    SELECT
        marketplace,
        concat(getvariable('prefix'), ':', row, '.payout'),
        settlement_id,
        settlement_id,
        NULL, NULL, NULL, NULL,
        deposit_at,
        CASE WHEN payout > 0 THEN 'transfer.payout' ELSE 'carried_forward' END,
        CASE WHEN payout > 0 THEN 'settlement / payout' ELSE 'settlement / carried forward' END,
        CASE WHEN payout > 0 THEN 'Payout ' ELSE 'Carried forward ' END || settlement_id,
        -payout,
        'none',
        NULL,
        row
    FROM settlements
    WHERE payout <> 0
)

SELECT
    getvariable('connection') AS connection,
    'amazon' AS channel,
    *,
    CAST(posted_at AT TIME ZONE getvariable('time_zone') AS DATE) AS business_date,
    getvariable('currency') AS currency,
    NULL AS ship_from,
    NULL AS ship_to,
    getvariable('document') AS document
FROM fields
