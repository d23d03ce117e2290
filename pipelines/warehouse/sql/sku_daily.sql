-- grain: one connection, business day, currency and SKU
-- key: connection, business_date, currency, sku
-- inputs: transactions, products, changed_days (the days to compute)
WITH base AS (
    SELECT *
    FROM transactions
    SEMI JOIN changed_days USING (connection, business_date)
    WHERE payout_id IS NULL
),
fields AS (
    SELECT
        connection, business_date, currency, sku, quantity, amount, order_id,
        category = 'sales.principal' AS is_sale,
        starts_with(category, 'refund.') AS is_refund,
        starts_with(category, 'fee.') AS is_fee
    FROM base
    WHERE sku <> '' AND NOT starts_with(category, 'transfer.')
),
final AS (
    SELECT
        connection, business_date, currency, sku,
        coalesce(sum(quantity) FILTER (is_sale), 0) AS units,
        coalesce(sum(amount) FILTER (is_sale), 0) AS gross_sales,
        coalesce(sum(amount) FILTER (is_refund), 0) AS refunds,
        coalesce(sum(amount) FILTER (is_fee), 0) AS fees,
        sum(amount) AS net,
        count(DISTINCT order_id) FILTER (is_sale) AS orders
    FROM fields
    GROUP BY connection, business_date, currency, sku
),
-- A SKU on several listings has the name of the first: one row a SKU stays one.
named AS (
    SELECT
        connection, sku, arg_min(title, listing_id) AS product_name,
        arg_min(category, listing_id) AS product_category
    FROM products WHERE sku IS NOT NULL GROUP BY connection, sku
)
SELECT final.*, product_name, product_category
FROM final LEFT JOIN named USING (connection, sku)
