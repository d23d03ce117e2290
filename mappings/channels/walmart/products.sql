-- grain: one item of the seller.
SELECT
    record_key AS listing_id,
    wpid AS product_id,
    nullif(sku, '') AS sku,
    productName AS title,
    productType AS category,
    publishedStatus AS status,
    fulfillmentType AS fulfilment,
    price.currency AS currency,
    price.amount AS price,
    CAST(NULL AS DECIMAL(19, 4)) AS unit_cost,
    CAST(NULL AS TIMESTAMPTZ) AS updated_at
FROM records
