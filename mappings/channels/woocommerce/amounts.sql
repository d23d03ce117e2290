-- The parts of orders and refunds alike, to the coin.
-- grain: part; key: kind, id, part; macro coins
-- from: order_parts, refund_parts
SELECT
    *,
    coins(value) AS amount
FROM (
    SELECT 'order' AS kind, row, id, p.* REPLACE (CAST(p.value AS DECIMAL(28,9)) AS value)
    FROM order_parts
    UNION ALL
    SELECT 'refund', row, id, p.* REPLACE (CAST(p.value AS DECIMAL(28,9)) AS value)
    FROM refund_parts
)
WHERE value <> 0 OR label = 'item'
