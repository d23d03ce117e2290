-- Money lines of a document of eBay's answers (`connectors.channels.api_formats`).
-- grain: an amount of a transaction; key: line_id, part
-- in: document_rows (operation, answer); macros exact, coins; variables currency, coin,
-- settlement_id
-- eBay's amounts have no sign: `bookingEntry` says which way they go. A transaction's amount is net
-- of the fees nested in it, which are expanded: gross, each fee, and their sum is the net again.
-- On a refund the nested fees are given back. Fees of another currency than the payout's are
-- converted by the transaction's own rate, and the gross takes the rounding.
WITH listed AS (
    SELECT unnest(json_extract(answer, '$.transactions[*]')) AS t
    FROM document_rows
    WHERE operation = 'getTransactions'
),

numbered AS (
    SELECT row_number() OVER ()::INTEGER AS row, t FROM listed
),

base AS (
    SELECT
        row,
        t->>'$.transactionId' AS line_id,
        t->>'$.transactionType' AS type,
        t->>'$.feeType' AS fee_type,
        CASE t->>'$.bookingEntry' WHEN 'CREDIT' THEN 1 WHEN 'DEBIT' THEN -1 ELSE error(
            concat('bookingEntry ', t->>'$.bookingEntry', ' is neither CREDIT nor DEBIT')
        ) END AS sign,
        exact(t->>'$.amount.value') AS amount,
        t->>'$.amount.currency' AS currency,
        coalesce(CAST(t->>'$.amount.exchangeRate' AS DECIMAL(19,9)), 1) AS rate,
        CAST(t->>'$.transactionDate' AS TIMESTAMPTZ) AS posted_at,
        t->>'$.payoutId' AS payout_id,
        t->>'$.transactionMemo' AS memo,
        coalesce(
            t->>'$.orderId',
            list_extract(list_transform(
                list_filter(
                    CAST(json_extract(t, '$.references[*]') AS JSON[]),
                    lambda r: r->>'$.referenceType' = 'ORDER_ID'
                ),
                lambda r: r->>'$.referenceId'
            ), 1)
        ) AS order_id,
        t->>'$.orderLineItems[0].lineItemId' AS order_item_id,
        list_transform(
            json_extract(t, '$.orderLineItems[*].marketplaceFees[*]'),
            lambda f: {
                type: f->>'$.feeType',
                amount: exact(f->>'$.amount.value'),
                currency: f->>'$.amount.currency'
            }
        ) AS fees
    FROM numbered
),

wanted AS (
    SELECT * FROM base
    WHERE currency = getvariable('currency')
        AND (payout_id IS NULL) = starts_with(getvariable('settlement_id'), 'open-')
),

converted AS (
    SELECT
        * REPLACE (list_transform(fees, lambda f: {
            type: f.type,
            amount: CASE WHEN f.currency = currency THEN f.amount ELSE coins(f.amount * rate) END
        }) AS fees)
    FROM wanted
),

parts AS (
    SELECT
        * EXCLUDE (fees, amount),
        unnest(list_prepend(
            {
                part: NULL::VARCHAR,
                label: CASE WHEN type = 'NON_SALE_CHARGE' THEN fee_type END,
                value: CAST(
                    sign * (amount + coalesce(list_sum(list_transform(fees, lambda f: f.amount)), 0))
                    AS DECIMAL(19,4)
                )
            },
            list_transform(fees, lambda f, i: {
                part: concat('fee', i), label: f.type, value: CAST(-sign * f.amount AS DECIMAL(19,4))
            })
        )) AS stated
    FROM converted
),

payout_fees AS (
    SELECT
        answer->>'$.payoutId' AS payout_id,
        CAST(answer->>'$.payoutDate' AS TIMESTAMPTZ) AS posted_at,
        -exact(answer->>'$.totalFee.value') AS amount
    FROM document_rows
    WHERE operation = 'getPayout' AND CAST(answer->>'$.totalFee.value' AS DECIMAL(19,4)) <> 0
)

SELECT
    row,
    stated.part AS part,
    line_id,
    NULL::VARCHAR AS settlement_id,
    concat_ws(' / ', type, stated.label) AS source_type,
    NULL::VARCHAR AS marketplace,
    order_id,
    order_item_id,
    NULL::VARCHAR AS sku,
    NULL::INTEGER AS quantity,
    posted_at,
    stated.value AS amount,
    memo AS description,
    NULL::VARCHAR AS fulfilment,
    NULL::VARCHAR AS ship_from,
    NULL::VARCHAR AS ship_to
FROM parts
UNION ALL
SELECT
    0, 'fee', concat('payout-', payout_id), NULL, 'PAYOUT / FEE', NULL, NULL, NULL, NULL, NULL,
    posted_at, amount, 'Fee of payout ' || payout_id, NULL, NULL, NULL
FROM payout_fees
