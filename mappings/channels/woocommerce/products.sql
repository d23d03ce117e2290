-- grain: one listing. Products as `GET /products` lists them; a variation is a listing of its own.
SELECT
    record_key AS listing_id,
    nullif(parent_id, '0') AS product_id,
    nullif(sku, '') AS sku,
    name AS title,
    category,
    status,
    CASE WHEN virtual = 'true' OR downloadable = 'true' THEN 'virtual' ELSE 'shipped' END
        AS fulfilment,
    CAST(NULL AS VARCHAR) AS currency,
    CAST(nullif(price, '') AS DECIMAL(19, 4)) AS price,
    CAST(NULL AS DECIMAL(19, 4)) AS unit_cost,
    CAST(date_modified_gmt || 'Z' AS TIMESTAMPTZ) AS updated_at
FROM records
