-- The fees that gateways note on orders, and in which currency.
-- grain: order with a note; key: id
-- from: sold
-- Where nothing is noted the fee is unknown, and no line.
WITH noted AS (
    SELECT
        id, note.key AS key,
        max_by(note.value, coalesce(TRY_CAST(note.id AS BIGINT), 0)) AS value
    FROM (SELECT id, unnest(o.meta_data) AS note FROM sold)
    WHERE key IN (
        '_stripe_fee', '_stripe_currency', 'Stripe Fee', '_ppcp_paypal_fees',
        '_ppcp_paypal_refund_fees', 'PayPal Transaction Fee', '_wcpay_transaction_fee',
        '_wcpay_intent_currency'
    )
    GROUP BY ALL
),

notes AS (
    SELECT
        id,
        coalesce(
            max(value->>'$') FILTER (key = '_stripe_fee'),
            max(value->>'$') FILTER (key = 'Stripe Fee')
        ) AS stripe,
        max(value->>'$') FILTER (key = '_stripe_currency') AS stripe_currency,
        coalesce(
            max(value->>'$.paypal_fee.value') FILTER (key = '_ppcp_paypal_fees'),
            max(value->>'$') FILTER (key = 'PayPal Transaction Fee')
        ) AS paypal,
        max(value->>'$.paypal_fee.currency_code') FILTER (key = '_ppcp_paypal_fees')
            AS paypal_currency,
        max(value->>'$.paypal_fee.value') FILTER (key = '_ppcp_paypal_refund_fees') AS returned,
        max(value->>'$.paypal_fee.currency_code') FILTER (key = '_ppcp_paypal_refund_fees')
            AS returned_currency,
        max(value->>'$') FILTER (key = '_wcpay_transaction_fee') AS wcpay,
        max(value->>'$') FILTER (key = '_wcpay_intent_currency') AS wcpay_currency
    FROM noted
    GROUP BY ALL
)

SELECT
    s.id,
    CASE
        WHEN n.stripe <> '' THEN n.stripe
        WHEN n.paypal <> '' THEN n.paypal
        WHEN n.wcpay <> '' AND NOT s.payments THEN n.wcpay
    END AS fee,
    upper(coalesce(nullif(CASE
        WHEN n.stripe <> '' THEN n.stripe_currency
        WHEN n.paypal <> '' THEN n.paypal_currency
        ELSE n.wcpay_currency
    END, ''), s.currency)) AS fee_currency,
    n.returned,
    upper(coalesce(n.returned_currency, s.currency)) AS returned_currency
FROM sold AS s
JOIN notes AS n USING (id)
