-- grain: one SKU of a product, which is what can be bought.
SELECT
    one.id AS listing_id,
    id AS product_id,
    nullif(one.seller_sku, '') AS sku,
    title,
    CAST(NULL AS VARCHAR) AS category,
    status,
    CAST(NULL AS VARCHAR) AS fulfilment,
    one.price.currency AS currency,
    one.price.sale_price AS price,
    CAST(NULL AS DECIMAL(19, 4)) AS unit_cost,
    to_timestamp(update_time) AS updated_at
FROM (SELECT *, unnest(skus) AS one FROM records)
