-- Canonical lines of one month of an Etsy shop, from its statement or its ledger.
-- grain: one money line of the document, and one line a deposit
-- key: transaction_id; in: lines, categories, settlements (the deposits of the document);
-- variables: connection, document, prefix, time_zone, currency, open_settlement,
-- payout_key (what tells months apart where keys do not hold the document)
WITH base AS (
    SELECT
        l.*,
        coalesce(s.settlement_id, getvariable('open_settlement')) AS settlement_id,
        CASE
            WHEN k.if_positive IS NOT NULL AND l.amount > 0 THEN k.if_positive
            ELSE coalesce(k.category, 'unclassified')
        END AS category
    FROM lines AS l
    LEFT JOIN categories AS k ON k.source_type = l.source_type
    ASOF LEFT JOIN (
        SELECT settlement_id, ordinal(deposit_day, row) AS ordinal
        FROM settlements
        WHERE payout IS NOT NULL
    ) AS s ON l.ordinal <= s.ordinal
),

fields AS (
    SELECT
        concat(
            getvariable('prefix'), ':', coalesce(line_id, row::VARCHAR), coalesce('.' || part, '')
        ) AS transaction_id,
        settlement_id,
        NULL AS payout_id,
        order_id,
        posted_at,
        category,
        source_type,
        description,
        amount,
        CASE
            WHEN category IN ('tax.facilitator_in', 'tax.facilitator_out') THEN 'marketplace'
            WHEN category = 'tax.seller_collected' THEN 'seller'
            ELSE 'none'
        END AS tax_collected_by,
        row
    FROM base
    UNION ALL
    SELECT
        concat(getvariable('prefix'), ':', coalesce(getvariable('payout_key'), '') || row, '.payout'),
        settlement_id,
        settlement_id,
        NULL,
        deposit_at,
        'transfer.payout',
        'Deposit / sent to your bank account',
        'Payout ' || settlement_id,
        -payout,
        'none',
        row
    FROM settlements
    WHERE payout <> 0
)

SELECT
    getvariable('connection') AS connection,
    'etsy' AS channel,
    NULL AS marketplace,
    *,
    NULL AS order_item_id,
    NULL AS sku,
    NULL AS quantity,
    CAST(posted_at AT TIME ZONE getvariable('time_zone') AS DATE) AS business_date,
    getvariable('currency') AS currency,
    NULL AS ship_from,
    NULL AS ship_to,
    NULL AS fulfilment,
    getvariable('document') AS document
FROM fields
ORDER BY row, transaction_id
