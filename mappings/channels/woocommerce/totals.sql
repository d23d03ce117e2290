-- The totals that orders and refunds state themselves.
-- grain: order or refund; key: kind, id; variable currency
-- from: sold, refunds
SELECT
    'order' AS kind, row, id, paid_at AS posted_at, number, method, country,
    region, buyer_tax_number,
    CAST(o.total AS DECIMAL(19,4)) AS total, NULL::VARCHAR AS detail
FROM sold
WHERE currency = getvariable('currency') AND paid_at >= since AND paid_at < until
UNION ALL
SELECT
    'refund', row, id, refunded_at, number, method, country,
    region, buyer_tax_number,
    -CAST(r.amount AS DECIMAL(19,4)),
    concat_ws(
        ': ',
        CASE r.refunded_payment WHEN 'false' THEN 'not through the gateway' END,
        nullif(r.reason, '')
    )
FROM refunds
WHERE currency = getvariable('currency')
