-- Who collected the tax that an order's own lines state, by item.
-- grain: order and item of a day; key: business_date, order_id, item
-- in: transactions
-- Tax on lines that name no item (`*unnamed`) is that of all items; a line without an item has the
-- tax of `*every` item. Where the marketplace withheld any, it is the one responsible.
WITH stated AS (
    SELECT
        business_date, order_id, coalesce(order_item_id, sku, '*unnamed') AS item,
        starts_with(category, 'tax.facilitator') AS is_marketplaces
    FROM transactions
    WHERE
        order_id IS NOT NULL AND amount <> 0
        AND (category = 'tax.seller_collected' OR starts_with(category, 'tax.facilitator'))
)

SELECT
    business_date, order_id, item,
    CASE WHEN bool_or(is_marketplaces) THEN 'marketplace' ELSE 'seller' END AS collected
FROM (FROM stated UNION ALL BY NAME SELECT * REPLACE ('*every' AS item) FROM stated)
GROUP BY ALL
