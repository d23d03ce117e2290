-- grain: one payment, and what was given back of it. Amounts are minor units.
WITH paid AS (
    SELECT
        record_key, id, order_id, status AS platform_status, source_type AS method,
        CASE status WHEN 'COMPLETED' THEN 'paid' WHEN 'FAILED' THEN 'failed'
            WHEN 'CANCELED' THEN 'failed' ELSE 'pending' END AS status,
        CAST(created_at AS TIMESTAMPTZ) AS paid_at,
        total_money.currency AS currency,
        in_units(total_money.amount, total_money.currency) AS amount,
        in_units(refunded_money.amount, total_money.currency) AS refunded
    FROM records
)
SELECT
    record_key, id AS payment_id, order_id, 'payment' AS kind, status, platform_status, method,
    paid_at, currency, amount
FROM paid
UNION ALL
SELECT
    record_key, 'refunds of ' || id, order_id, 'refund', 'paid', NULL, method, NULL, currency,
    -refunded
FROM paid
WHERE refunded > 0
