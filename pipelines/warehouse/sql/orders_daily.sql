-- grain: one connection, channel, marketplace, business day, currency and status
-- key: connection, channel, marketplace, business_date, currency, status
-- inputs: orders, order_lines, changed_order_days (the days to compute)
WITH base AS (
    SELECT * FROM orders SEMI JOIN changed_order_days USING (connection, business_date)
    WHERE NOT is_test
),
units AS (
    SELECT connection, order_id, sum(quantity) AS units
    FROM order_lines SEMI JOIN changed_order_days USING (connection, business_date)
    GROUP BY ALL
)
SELECT
    connection, channel, coalesce(marketplace, '') AS marketplace, business_date,
    coalesce(currency, '') AS currency, coalesce(status, 'unknown') AS status,
    count(*) AS orders,
    count(DISTINCT customer_key) AS customers,
    coalesce(sum(units), 0) AS units,
    coalesce(sum(total), 0) AS total,
    coalesce(sum(shipping), 0) AS shipping,
    coalesce(sum(tax), 0) AS tax,
    coalesce(sum(discount), 0) AS discount,
    sum(refunded) AS refunded
FROM base LEFT JOIN units USING (connection, order_id)
GROUP BY ALL
