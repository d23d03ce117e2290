-- What a consignment from abroad is worth: up to the limit of its destination, or above it.
-- grain, key: those of imports
-- in: tax_imports (by imports.sql), order_sales (order_id, business_date, amount: what goods of an
-- order were sold for), tax_rates, tax_profile (one row), consignment_rates (business_date,
-- currency, other, rate)
-- Goods count at what was paid for them, without shipping and without the tax that a store's prices
-- contain. A refund is of the consignment that was sold before. `worth` is low, high, or why it is
-- not known.
WITH valued AS (
    SELECT
        i.*,
        (
            SELECT arg_max(s.amount, s.business_date)
            FROM order_sales AS s
            WHERE s.order_id = i.order_id AND s.business_date <= i.business_date
        ) AS value,
        CASE WHEN i.currency = i.limit_currency THEN 1 ELSE r.rate END AS rate,
        CASE WHEN p.sells = 'store' AND p.is_inclusive AND NOT i.is_stated THEN
            (
                SELECT arg_max(t.rate, (t.is_own, t.first))
                FROM tax_rates AS t
                WHERE
                    t.country = i.tax_to AND t.class = 'standard' AND t.region IS NULL
                    AND t.first <= i.business_date
            )
        END AS tax_rate
    FROM tax_imports AS i
    CROSS JOIN tax_profile AS p
    LEFT JOIN consignment_rates AS r
        ON r.business_date = i.business_date AND r.currency = i.currency
        AND r.other = i.limit_currency
)

SELECT
    business_date, order_id, currency, tax_to, is_stated,
    CASE
        WHEN order_id IS NULL THEN 'the channel names no order'
        WHEN value IS NULL THEN
            concat(
                'import the documents of the day it was sold on, then `daybook sync ',
                connection, ' --from ', business_date, ' --to ', business_date, '`'
            )
        WHEN rate IS NULL THEN
            concat(
                'import rates between ', currency, ' and ', limit_currency, ' of ', business_date,
                ' with `daybook rates import`'
            )
        WHEN value * rate::DECIMAL(18,9)
            <= (limit_of * (100 + coalesce(tax_rate, 0)) * 0.01)::DECIMAL(19,4)
            THEN 'low'
        ELSE 'high'
    END AS worth
FROM valued
