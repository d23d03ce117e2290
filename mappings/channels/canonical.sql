-- Canonical lines of one document.
-- grain: one money line of the document, and one line that closes each of its settlements
-- key: transaction_id; in: lines, categories, settlements;
-- variables: connection, channel, document, prefix, time_zone, settlement_id, period_end, currency,
-- payout_key (what a payout's key begins with before its row; null where its settlement is its key),
-- payout_type, payout_title, shortfall (the category of a negative payout), shortfall_type,
-- shortfall_title
-- from: settled_lines
-- A line's own number (line_id) makes its key where the channel gives one, else its row.
WITH base AS (
    SELECT
        l.*,
        CASE
            WHEN k.if_positive IS NOT NULL AND l.amount > 0 THEN k.if_positive
            ELSE coalesce(k.category, 'unclassified')
        END AS category
    -- What few channels state is null in the lines of the others.
    FROM (
        FROM settled_lines
        UNION ALL BY NAME
        SELECT NULL::VARCHAR AS ship_to_region, NULL::VARCHAR AS buyer_tax_number WHERE false
    ) AS l
    LEFT JOIN categories AS k ON k.source_type = l.source_type
),

fields AS (
    SELECT
        marketplace,
        concat(
            getvariable('prefix'), ':', coalesce(line_id, row::VARCHAR), coalesce('.' || part, '')
        ) AS transaction_id,
        settlement_id,
        NULL AS payout_id,
        order_id,
        order_item_id,
        sku,
        quantity,
        posted_at,
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
        ship_from,
        ship_to,
        fulfilment,
        row,
        ship_to_region,
        buyer_tax_number
    FROM base
    UNION ALL
    SELECT
        marketplace,
        concat(
            getvariable('prefix'), ':',
            coalesce(getvariable('payout_key')::VARCHAR || row, settlement_id), '.payout'
        ),
        settlement_id,
        settlement_id,
        NULL, NULL, NULL, NULL,
        deposit_at,
        CASE WHEN payout > 0 THEN 'transfer.payout' ELSE getvariable('shortfall') END,
        CASE WHEN payout > 0 THEN getvariable('payout_type') ELSE getvariable('shortfall_type') END,
        concat(
            CASE WHEN payout > 0 THEN getvariable('payout_title') ELSE getvariable('shortfall_title')
            END,
            ' ', settlement_id
        ),
        -payout,
        'none',
        NULL, NULL, NULL,
        row,
        NULL, NULL
    FROM settlements
    WHERE payout <> 0
)

SELECT
    getvariable('connection') AS connection,
    getvariable('channel') AS channel,
    *,
    CAST(posted_at AT TIME ZONE getvariable('time_zone') AS DATE) AS business_date,
    getvariable('currency') AS currency,
    getvariable('document') AS document
FROM fields
