-- grain: one order number on settlement lines that is no imported order's
-- key: connection, order_id, currency
-- inputs: orders, transactions, changed_stores (the stores to compute)
-- Days before the first imported order are left out: nobody asked for their orders.
WITH first_orders AS (
    SELECT connection, min(business_date) AS first_day
    FROM orders SEMI JOIN changed_stores USING (connection)
    GROUP BY connection
),
imported AS (
    SELECT connection, unnest([order_id, order_number]) AS order_id
    FROM orders SEMI JOIN changed_stores USING (connection)
),
lines AS (
    SELECT t.*
    FROM transactions AS t JOIN first_orders AS f
        ON f.connection = t.connection AND t.business_date >= f.first_day
    WHERE t.order_id IS NOT NULL AND t.payout_id IS NULL
)
SELECT
    connection, any_value(channel) AS channel, order_id, min(business_date) AS business_date,
    currency, sum(amount) AS amount, count(*) AS lines
FROM lines ANTI JOIN imported USING (connection, order_id)
GROUP BY connection, order_id, currency
