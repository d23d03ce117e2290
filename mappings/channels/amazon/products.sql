-- grain: one listing of a marketplace. What Amazon's own warehouses hold has another channel than
-- DEFAULT.
SELECT
    record_key AS listing_id,
    summaries[1].asin AS product_id,
    nullif(sku, '') AS sku,
    summaries[1].itemName AS title,
    summaries[1].productType AS category,
    coalesce(nullif(array_to_string(list_sort(summaries[1].status), ', '), ''), 'INACTIVE')
        AS status,
    CASE WHEN len(fulfillmentAvailability) = 0 THEN NULL
        WHEN fulfillmentAvailability[1].fulfillmentChannelCode = 'DEFAULT' THEN 'FBM'
        ELSE 'FBA' END AS fulfilment,
    offers[1].price.currencyCode AS currency,
    offers[1].price.amount AS price,
    CAST(NULL AS DECIMAL(19, 4)) AS unit_cost,
    CAST(summaries[1].lastUpdatedDate AS TIMESTAMPTZ) AS updated_at
FROM records
