-- One line an amount, from the entries of an Etsy shop's payment account and the payments they
-- refer to.
-- grain: ledger entry and its source type; key: line_id, part
-- in: document_rows (operation, answer); macros minor, ordinal; variables coin, time_zone
-- Entries are in the order of their sequence, each once: a page may repeat what moved while it was
-- read. What the buyer paid holds the sales tax that Etsy collects, and an entry of its own takes it
-- out again: that becomes three lines, so that sales are without tax and the tax nets to zero.
-- Payouts are not lines: they close settlements; one that the bank returned is a line.
-- A payment says of which order its entries are. A refund becomes a line for each kind of its
-- adjustment's items where they come to the entry's amount exactly, before or after the processing
-- fee that was given back; else it is one line, as every refund whose adjustment is not known. What
-- a payment says otherwise than its entries is remarked: they are what is booked.
WITH listed AS (
    SELECT unnest(json_extract(answer, '$.results[*]')) AS e
    FROM document_rows
    WHERE operation = 'getShopPaymentAccountLedgerEntries'
),

entries AS (
    SELECT
        (e->>'$.entry_id') AS line_id,
        CAST(e->>'$.sequence_number' AS BIGINT) AS sequence,
        e->>'$.ledger_type' AS type,
        minor(e->>'$.amount') AS amount,
        e->>'$.currency' AS currency,
        to_timestamp(CAST(coalesce(e->>'$.created_timestamp', e->>'$.create_date') AS BIGINT)) AS posted_at,
        e->>'$.description' AS description,
        e->>'$.reference_type' AS reference_type,
        nullif(e->>'$.reference_id', '0') AS reference_id
    FROM listed
    QUALIFY row_number() OVER (PARTITION BY e->>'$.entry_id') = 1
),

payments AS (
    SELECT
        answer AS p,
        answer->>'$.payment_id' AS payment_id,
        answer->>'$.receipt_id' AS receipt_id,
        answer->>'$.currency' AS payment_currency
    FROM document_rows
    WHERE operation = 'getPayments'
),

-- An adjustment occurs in its payment, and in the entry of the refund.
adjustments AS (
    SELECT
        a,
        a->>'$.payment_adjustment_id' AS adjustment_id,
        a->>'$.payment_id' AS payment_id,
        coalesce(minor(a->>'$.total_fee_adjustment_amount'), 0) AS fee
    FROM (
        SELECT 1 AS source, unnest(json_extract(p, '$.payment_adjustments[*]')) AS a FROM payments
        UNION ALL
        SELECT 2, unnest(json_extract(e, '$.payment_adjustments[*]')) FROM listed
    )
    QUALIFY row_number() OVER (PARTITION BY a->>'$.payment_adjustment_id' ORDER BY source) = 1
),

items AS (
    SELECT
        adjustment_id,
        i->>'$.adjustment_type' AS label,
        sum(minor(i->>'$.shop_amount'))::DECIMAL(19,4) AS of_shop,
        sum(minor(i->>'$.amount'))::DECIMAL(19,4) AS of_payment
    FROM (
        SELECT adjustment_id, unnest(json_extract(a, '$.payment_adjustment_items[*]')) AS i
        FROM adjustments
    )
    GROUP BY ALL
),

given_back AS (
    SELECT
        adjustment_id,
        sum(of_shop)::DECIMAL(19,4) AS shop_total,
        sum(of_payment)::DECIMAL(19,4) AS payment_total,
        list({label: label, value: of_shop} ORDER BY label) FILTER (of_shop <> 0) AS of_shop,
        list({label: label, value: of_payment} ORDER BY label) FILTER (of_payment <> 0) AS of_payment
    FROM items
    GROUP BY ALL
    -- A refund without a stated kind can't be split.
    HAVING count(*) = count(label)
),

referring AS (
    SELECT
        e.*,
        row_number() OVER (ORDER BY e.sequence)::INTEGER AS row,
        CAST(e.posted_at AT TIME ZONE getvariable('time_zone') AS DATE) AS posted_on,
        upper(e.type) IN ('DISBURSE', 'DISBURSE2') AS is_payout,
        p.p,
        p.payment_id,
        p.receipt_id,
        sum(e.amount) OVER (PARTITION BY p.payment_id, upper(e.type)) AS of_kind,
        CASE WHEN upper(e.type) IN ('REFUND_GROSS', 'REFUND') THEN
            CASE
                WHEN abs(e.amount) IN (g.shop_total, g.shop_total - a.fee) THEN g.of_shop
                WHEN p.payment_currency = e.currency
                    AND abs(e.amount) IN (g.payment_total, g.payment_total - a.fee) THEN g.of_payment
            END
        END AS parts
    FROM entries AS e
    LEFT JOIN adjustments AS a
        ON lower(e.reference_type) = 'payment_adjustment' AND a.adjustment_id = e.reference_id
    LEFT JOIN given_back AS g ON g.adjustment_id = a.adjustment_id
    LEFT JOIN payments AS p ON p.payment_id = coalesce(
        a.payment_id, CASE WHEN lower(e.reference_type) = 'shop_payment' THEN e.reference_id END
    )
),

-- What a payment says of its entries is told in the shop's currency where it was posted, else in
-- the payment's own.
told AS (
    SELECT
        * EXCLUDE (p),
        list_filter(
            CASE
                WHEN upper(type) = 'PAYMENT_GROSS' THEN [p->'$.posted_gross', p->'$.amount_gross']
                WHEN upper(type) IN ('PAYMENT_PROCESSING_FEE', 'PROCESSING_FEE')
                THEN [p->'$.posted_fees', p->'$.amount_fees']
            END,
            lambda m: m->>'$.currency_code' = currency
        )[1] AS m
    FROM referring
    WHERE NOT is_payout
),

compared AS (
    SELECT
        *,
        CAST(m->>'$.amount' AS DECIMAL(15,0)) * CAST(
            CASE m->>'$.divisor' WHEN '1' THEN 1 WHEN '10' THEN 0.1 WHEN '100' THEN 0.01 WHEN '1000' THEN 0.001 END
            AS DECIMAL(4,3)
        ) AS says,
        list_sum(list_transform(parts, lambda x: x.value)) - abs(amount) AS fee_back
    FROM told
),

split AS (
    SELECT
        * REPLACE (
            CASE WHEN fee_back <> 0
                THEN list_append(parts, {label: 'total_fee_adjustment_amount', value: -fee_back})
                ELSE parts
            END AS parts
        ),
        CASE WHEN says <> abs(of_kind)
            THEN concat(
                'Etsy''s payment ', payment_id, ' says ', regexp_replace(says::VARCHAR, '0$', ''), ' ',
                currency, ' where its entries say ', regexp_replace(abs(of_kind)::VARCHAR, '00?$', '')
            )
        END AS remark
    FROM compared
),

stated AS (
    SELECT
        *,
        unnest(CASE
            WHEN lower(type) IN (
                'sales_tax', 'sales_tax_refund', 'sales_tax_refund_entry', 'buyer_fee'
            ) THEN [
                {part: NULL, label: NULL, value: amount},
                {part: 'collected', label: 'collected', value: -amount},
                {part: 'sale', label: 'out of the sale', value: amount}
            ]
            WHEN parts IS NOT NULL THEN list_transform(parts, lambda x: {
                part: CASE WHEN len(parts) > 1 THEN x.label END,
                label: x.label,
                value: CAST(sign(amount) * x.value AS DECIMAL(19,4))
            })
            ELSE [{part: NULL, label: NULL, value: amount}]
        END) AS stated
    FROM split
)

SELECT
    row,
    stated.part AS part,
    line_id,
    ordinal(posted_on, row) AS ordinal,
    concat_ws(' / ', 'ledger', type, stated.label) AS source_type,
    NULL::VARCHAR AS marketplace,
    CASE WHEN reference_type = 'receipt' THEN reference_id ELSE receipt_id END AS order_id,
    NULL::INTEGER AS quantity,
    posted_at,
    CAST(stated.value AS DECIMAL(19,4)) AS amount,
    concat_ws(
        ' · ', nullif(description, type), concat_ws(' ', reference_type, reference_id), remark
    ) AS description,
    remark
FROM stated
ORDER BY row, stated.part NULLS FIRST
