-- grain: one product of a listing. Amounts come with their divisor.
SELECT
    product.product_id AS listing_id,
    listing_id AS product_id,
    nullif(product.sku, '') AS sku,
    title,
    listing_type AS category,
    state AS status,
    CAST(NULL AS VARCHAR) AS fulfilment,
    product.offerings[1].price.currency_code AS currency,
    divided(product.offerings[1].price.amount, product.offerings[1].price.divisor) AS price,
    CAST(NULL AS DECIMAL(19, 4)) AS unit_cost,
    to_timestamp(updated_timestamp) AS updated_at
FROM (SELECT *, unnest(inventory.products) AS product FROM records)
WHERE NOT coalesce(product.is_deleted, false)
