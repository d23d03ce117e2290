-- Tax of order items whose tax the marketplace withheld was never the seller's.
-- grain: line of the document, in the order of position
-- in: staged (position and the columns of every line of a document), categories
WITH withheld AS (
    SELECT DISTINCT
        split_part(source_type, ' / ', 1) AS transaction_type,
        coalesce(order_id, '') AS order_id,
        coalesce(order_item_id, sku, '') AS item
    FROM staged
    WHERE category = 'tax.facilitator_out'
)

SELECT
    coalesce(t.if_withheld, s.category) AS category,
    CASE WHEN t.if_withheld IS NULL THEN s.tax_collected_by ELSE 'marketplace' END AS tax_collected_by
FROM staged AS s
LEFT JOIN (
    SELECT b.position, k.if_withheld
    FROM staged AS b
    JOIN categories AS k USING (source_type)
    JOIN withheld AS w
        ON w.transaction_type = split_part(b.source_type, ' / ', 1)
        AND w.order_id = coalesce(b.order_id, '')
        AND w.item = coalesce(b.order_item_id, b.sku, '')
    WHERE k.if_withheld IS NOT NULL
) AS t USING (position)
ORDER BY position
