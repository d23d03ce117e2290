-- Order items whose tax the marketplace withheld: their tax was never the seller's.
-- grain: order item and transaction type; in: lines, categories
SELECT DISTINCT
    l.transaction_type,
    coalesce(l.order_id, '') AS order_id,
    coalesce(l.order_item_id, l.sku, '') AS item
FROM lines AS l
JOIN categories AS k USING (source_type)
WHERE k.category = 'tax.facilitator_out'
