-- grain: one listing: a variation of an item. Amounts are minor units.
SELECT
    variation.id AS listing_id,
    id AS product_id,
    nullif(variation.item_variation_data.sku, '') AS sku,
    concat_ws(' - ', item_data.name, nullif(variation.item_variation_data.name, 'Regular'))
        AS title,
    item_data.product_type AS category,
    CASE WHEN is_deleted THEN 'deleted' ELSE 'present' END AS status,
    CAST(NULL AS VARCHAR) AS fulfilment,
    variation.item_variation_data.price_money.currency AS currency,
    in_units(
        variation.item_variation_data.price_money.amount,
        variation.item_variation_data.price_money.currency
    ) AS price,
    CAST(NULL AS DECIMAL(19, 4)) AS unit_cost,
    CAST(updated_at AS TIMESTAMPTZ) AS updated_at
FROM (SELECT *, unnest(item_data.variations) AS variation FROM records)
