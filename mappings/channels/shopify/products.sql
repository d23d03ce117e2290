-- grain: one listing. A product's variants are what can be bought: each is a listing.
SELECT
    variant.id AS listing_id,
    id AS product_id,
    nullif(variant.sku, '') AS sku,
    CASE variant.title WHEN 'Default Title' THEN title ELSE title || ' - ' || variant.title END
        AS title,
    nullif(productType, '') AS category,
    status,
    NULL AS fulfilment,
    variant.inventoryItem.unitCost.currencyCode AS currency,
    variant.price AS price,
    variant.inventoryItem.unitCost.amount AS unit_cost,
    CAST(updatedAt AS TIMESTAMPTZ) AS updated_at
FROM (SELECT *, unnest(variants.nodes) AS variant FROM records)
