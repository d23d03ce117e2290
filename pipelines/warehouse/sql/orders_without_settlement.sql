-- grain: one order that was paid, and of which no settlement has a line
-- key: connection, order_id
-- inputs: orders, transactions, changed_stores (the stores to compute)
WITH settled AS (
    SELECT DISTINCT connection, order_id
    FROM transactions SEMI JOIN changed_stores USING (connection)
    WHERE order_id IS NOT NULL
)
SELECT connection, channel, order_id, order_number, business_date, status, currency, total
FROM orders SEMI JOIN changed_stores USING (connection)
WHERE status IN ('paid', 'shipped', 'completed', 'refunded', 'partially_refunded')
    AND total > 0 AND NOT is_test
    AND (connection, order_id) NOT IN (SELECT (connection, order_id) FROM settled)
    AND (order_number IS NULL
        OR (connection, order_number) NOT IN (SELECT (connection, order_id) FROM settled))
