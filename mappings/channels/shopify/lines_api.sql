-- Money lines of a document of Shopify's answers (`connectors.channels.api_formats`).
-- grain: an amount of a balance transaction; key: line_id, part
-- in: document_rows (operation, answer); macros exact; variables currency, settlement_id
-- A balance transaction brings its net: the gross, and what the fee takes from it. A payout's own
-- TRANSFER, and what cancels that again, is the payout and no line of it; another payout's failure
-- is a line, for its money has come back. Test transactions are no money. Duties and import taxes
-- that Shopify remits were paid within the charge: they become three lines, so that sales are without
-- them and they net to zero.
WITH listed AS (
    SELECT unnest(json_extract(answer, '$[*]')) AS t
    FROM document_rows
    WHERE operation = 'balanceTransactions'
),

numbered AS (
    SELECT row_number() OVER ()::INTEGER AS row, t FROM listed
),

base AS (
    SELECT
        row,
        regexp_extract(t->>'$.id', '(\d+)$', 1) AS line_id,
        t->>'$.type' AS type,
        CASE
            WHEN t->>'$.amount.currencyCode' = getvariable('currency') THEN exact(t->>'$.amount.amount')
            ELSE error(concat('an amount is in ', t->>'$.amount.currencyCode'))
        END AS gross,
        exact(t->>'$.net.amount') AS net,
        t->>'$.associatedOrder.name' AS order_id,
        CAST(t->>'$.transactionDate' AS TIMESTAMPTZ) AS posted_at,
        t->>'$.adjustmentReason' AS reason,
        t->>'$.sourceId' AS source_id,
        nullif(regexp_extract(t->>'$.associatedPayout.id', '(\d+)$', 1), '') AS payout_id
    FROM numbered
    WHERE NOT CAST(t->>'$.test' AS BOOLEAN)
),

parts AS (
    SELECT *, unnest(list_concat(
        [
            {part: NULL::VARCHAR, label: NULL::VARCHAR, value: gross},
            {part: 'fee', label: 'fee', value: CAST(net - gross AS DECIMAL(19,4))}
        ],
        CASE WHEN regexp_matches(type, '^(CUSTOMS_DUTY|IMPORT_TAX)') THEN [
            {part: 'collected', label: 'collected', value: CAST(-gross AS DECIMAL(19,4))},
            {part: 'sale', label: 'out of the sale', value: gross}
        ] END
    )) AS stated
    FROM base
    WHERE NOT (
        starts_with(type, 'TRANSFER') AND payout_id IS NOT NULL
        AND (type = 'TRANSFER' OR source_id IS NOT DISTINCT FROM payout_id)
    )
)

SELECT
    row,
    stated.part AS part,
    line_id,
    NULL::VARCHAR AS settlement_id,
    concat_ws(' / ', type, stated.label) AS source_type,
    NULL::VARCHAR AS marketplace,
    order_id,
    NULL::VARCHAR AS order_item_id,
    NULL::VARCHAR AS sku,
    NULL::INTEGER AS quantity,
    posted_at,
    stated.value AS amount,
    reason AS description,
    NULL::VARCHAR AS fulfilment,
    NULL::VARCHAR AS ship_from,
    NULL::VARCHAR AS ship_to
FROM parts
WHERE stated.part IS NULL OR stated.value <> 0
