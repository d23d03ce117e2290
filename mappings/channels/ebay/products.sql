-- grain: one listing: an item of the inventory, which has a SKU of its own.
SELECT
    sku AS listing_id,
    CAST(NULL AS VARCHAR) AS product_id,
    sku,
    product.title AS title,
    product.brand AS category,
    condition AS status,
    CAST(NULL AS VARCHAR) AS fulfilment,
    CAST(NULL AS VARCHAR) AS currency,
    CAST(NULL AS DECIMAL(19, 4)) AS price,
    CAST(NULL AS DECIMAL(19, 4)) AS unit_cost,
    CAST(NULL AS TIMESTAMPTZ) AS updated_at
FROM records
