-- Tax of order items whose tax the marketplace withheld was never the seller's.
-- changes: category, tax_collected_by of staged; in: staged (a whole document), categories
WITH withheld AS (
    SELECT DISTINCT
        split_part(source_type, ' / ', 1) AS transaction_type,
        coalesce(order_id, '') AS order_id,
        coalesce(order_item_id, sku, '') AS item
    FROM staged
    WHERE category = 'tax.facilitator_out'
)

UPDATE staged
SET category = k.if_withheld, tax_collected_by = 'marketplace'
FROM categories AS k, withheld AS w
WHERE k.if_withheld IS NOT NULL
    AND k.source_type = staged.source_type
    AND w.transaction_type = split_part(staged.source_type, ' / ', 1)
    AND w.order_id = coalesce(staged.order_id, '')
    AND w.item = coalesce(staged.order_item_id, staged.sku, '')
