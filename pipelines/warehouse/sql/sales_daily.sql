-- grain: one connection, channel, marketplace, business day and currency
-- key: connection, channel, marketplace, business_date, currency
-- inputs: transactions, changed_days (the days to compute)
WITH base AS (
    SELECT *
    FROM transactions
    SEMI JOIN changed_days USING (connection, business_date)
    WHERE payout_id IS NULL
),
fields AS (
    SELECT
        connection, channel, coalesce(marketplace, '') AS marketplace, business_date, currency,
        amount, order_id, quantity, category = 'sales.principal' AS is_sale,
        CASE
            WHEN category = 'sales.principal' THEN 'gross_sales'
            WHEN category = 'sales.shipping' THEN 'shipping'
            WHEN starts_with(category, 'sales.') OR category = 'tip' THEN 'other_income'
            WHEN starts_with(category, 'discount.') THEN 'discounts'
            WHEN starts_with(category, 'refund.') THEN 'refunds'
            WHEN category = 'tax.seller_collected' THEN 'seller_tax'
            WHEN starts_with(category, 'tax.facilitator_') THEN 'marketplace_tax'
            WHEN category = 'fee.advertising' THEN 'advertising'
            WHEN starts_with(category, 'fee.') THEN 'fees'
            WHEN starts_with(category, 'reimbursement.') THEN 'reimbursements'
            WHEN starts_with(category, 'transfer.') THEN 'transfers'
            ELSE 'other'
        END AS measure
    FROM base
),
final AS (
    SELECT
        connection, channel, marketplace, business_date, currency,
        coalesce(sum(amount) FILTER (measure = 'gross_sales'), 0) AS gross_sales,
        coalesce(sum(amount) FILTER (measure = 'shipping'), 0) AS shipping,
        coalesce(sum(amount) FILTER (measure = 'other_income'), 0) AS other_income,
        coalesce(sum(amount) FILTER (measure = 'discounts'), 0) AS discounts,
        coalesce(sum(amount) FILTER (measure = 'refunds'), 0) AS refunds,
        coalesce(sum(amount) FILTER (measure = 'seller_tax'), 0) AS seller_tax,
        coalesce(sum(amount) FILTER (measure = 'marketplace_tax'), 0) AS marketplace_tax,
        coalesce(sum(amount) FILTER (measure = 'fees'), 0) AS fees,
        coalesce(sum(amount) FILTER (measure = 'advertising'), 0) AS advertising,
        coalesce(sum(amount) FILTER (measure = 'reimbursements'), 0) AS reimbursements,
        coalesce(sum(amount) FILTER (measure = 'other'), 0) AS other,
        coalesce(sum(amount) FILTER (measure <> 'transfers'), 0) AS net,
        coalesce(sum(amount) FILTER (measure = 'transfers'), 0) AS transfers,
        count(DISTINCT order_id) FILTER (is_sale) AS orders,
        coalesce(sum(quantity) FILTER (is_sale), 0) AS units
    FROM fields
    GROUP BY connection, channel, marketplace, business_date, currency
)
SELECT * FROM final
