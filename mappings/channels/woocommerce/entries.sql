-- The amounts of an order or a refund: its parts, the rest of its total, its fee.
-- grain: amount; key: kind, id, part; variable currency; macro coins
-- from: scope, sold, gateway_fees, refunds, amounts, totals
-- What rounding leaves between parts and total, up to a coin a part (or to what the store rounds
-- to), is a line, and so is a greater difference, which somebody made by hand.
WITH differences AS (
    SELECT
        t.kind, t.id,
        t.total - coalesce(sum(a.amount), 0) AS amount,
        count(a.part) * (SELECT max(rounds_to) FROM scope) AS tolerance
    FROM totals AS t
    LEFT JOIN amounts AS a USING (kind, id)
    GROUP BY t.kind, t.id, t.total
),

fees AS (
    SELECT
        'order' AS kind, s.row, s.id, s.paid_at AS posted_at, s.number, s.method, s.country,
        s.region, s.buyer_tax_number,
        'gateway-fee' AS part,
        -CAST(f.fee AS DECIMAL(28,9)) AS value
    FROM gateway_fees AS f
    JOIN sold AS s USING (id)
    WHERE f.fee_currency = getvariable('currency') AND s.paid_at >= s.since AND s.paid_at < s.until
    UNION ALL
    -- Known only for all refunds of an order together: it is on the last one.
    SELECT
        'refund', r.row, r.id, r.refunded_at, r.number, r.method, r.country,
        r.region, r.buyer_tax_number,
        'gateway-fee',
        CAST(f.returned AS DECIMAL(28,9))
    FROM gateway_fees AS f
    JOIN refunds AS r ON r.order_id = f.id
    WHERE f.returned_currency = getvariable('currency') AND f.returned <> ''
    QUALIFY row_number() OVER (PARTITION BY r.order_id ORDER BY r.refunded_at DESC, r.row DESC) = 1
)

SELECT
    a.kind, a.row, a.id, t.posted_at, t.number, t.method, t.country, t.region, t.buyer_tax_number,
    a.part, a.label, a.amount,
    a.detail, a.item, a.sku, a.quantity
FROM amounts AS a
JOIN totals AS t USING (kind, id)
UNION ALL
SELECT
    t.kind, t.row, t.id, t.posted_at, t.number, t.method, t.country, t.region, t.buyer_tax_number,
    'difference',
    concat(t.kind, ' / ', CASE
        WHEN abs(d.amount) <= d.tolerance THEN 'rounding'
        WHEN t.kind = 'refund' THEN 'amount'
        ELSE 'unexplained'
    END),
    d.amount, nullif(t.detail, ''), NULL, NULL, NULL
FROM differences AS d
JOIN totals AS t USING (kind, id)
WHERE d.amount <> 0
UNION ALL
SELECT
    kind, row, id, posted_at, number, method, country, region, buyer_tax_number, part,
    concat('fee / ', method),
    coins(value),
    'Fee of the gateway', NULL, NULL, NULL
FROM fees
WHERE value <> 0
