-- Money lines of Shopify's export of payment transactions.
-- grain: an amount of a row; key: row, part
-- in: document_rows (row, and the file's columns as text); macros money, instant; variable currency
-- A row brings its net: the gross, and what the fee takes from it. Rows of a payout itself are no
-- lines. What Shopify remits was paid within the charge: it becomes three lines, so that sales are
-- without it and it nets to zero. Further columns say where a line's payout stands.
WITH base AS (
    SELECT
        row,
        "Type" AS type,
        lower("Payout Status") AS status,
        money("Amount") AS gross,
        money("Net") AS net,
        "Order" AS order_id,
        instant("Transaction Date") AS posted_at,
        CAST("Payout Date" AS DATE) AS payout_day,
        coalesce("Payout ID", concat('shopify-', "Payout Date", '-', "Currency")) AS payout_id,
        "Payment Method Name" AS method
    FROM document_rows
    WHERE lower("Type") NOT IN ('payout', 'transfer')
),

parts AS (
    SELECT
        *,
        payout_day IS NULL OR status IS NULL OR status = 'pending' AS is_open,
        unnest(list_concat(
            [
                {part: NULL::VARCHAR, label: NULL::VARCHAR, value: gross},
                {part: 'fee', label: 'fee', value: CAST(net - gross AS DECIMAL(19,4))}
            ],
            CASE
                WHEN regexp_matches(lower(type), '^(customs_duty|import_tax|marketplace sales tax)')
                THEN [
                    {part: 'collected', label: 'collected', value: CAST(-gross AS DECIMAL(19,4))},
                    {part: 'sale', label: 'out of the sale', value: gross}
                ]
            END
        )) AS stated
    FROM base
)

SELECT
    row,
    stated.part AS part,
    NULL::VARCHAR AS line_id,
    CASE
        WHEN is_open THEN concat('open-', getvariable('currency')) ELSE payout_id
    END AS settlement_id,
    concat_ws(' / ', type, stated.label) AS source_type,
    NULL::VARCHAR AS marketplace,
    order_id,
    NULL::VARCHAR AS order_item_id,
    NULL::VARCHAR AS sku,
    NULL::INTEGER AS quantity,
    posted_at,
    stated.value AS amount,
    method AS description,
    NULL::VARCHAR AS fulfilment,
    NULL::VARCHAR AS ship_from,
    NULL::VARCHAR AS ship_to,
    CASE WHEN NOT is_open THEN payout_day END AS payout_day,
    NOT is_open AND status IN ('paid', 'in_transit', 'in transit') AS has_left
FROM parts
WHERE stated.part IS NULL OR stated.value <> 0
