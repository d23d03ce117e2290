-- grain: one thing that is wrong with a store's listings
-- key: connection, issue, subject
-- inputs: products, order_lines, changed_stores (the stores to compute)
WITH listings AS (FROM products SEMI JOIN changed_stores USING (connection)),
sold AS (
    SELECT connection, any_value(channel) AS channel, sku, any_value(title) AS title, count(*) AS n
    FROM order_lines SEMI JOIN changed_stores USING (connection)
    WHERE sku IS NOT NULL AND connection IN (SELECT connection FROM listings)
    GROUP BY connection, sku
)
SELECT connection, channel, 'no_sku' AS issue, listing_id AS subject, title, 1 AS count
FROM listings WHERE sku IS NULL
UNION ALL
SELECT
    connection, any_value(channel), 'several_listings', sku, any_value(title), count(*)
FROM listings WHERE sku IS NOT NULL GROUP BY connection, sku HAVING count(*) > 1
UNION ALL
SELECT connection, channel, 'no_listing', sku, title, n
FROM sold ANTI JOIN listings USING (connection, sku)
