-- Orders whose goods come from outside the area of a limit, and that the channel does not tax.
-- grain: order, destination and currency of a day, with tax that is stated apart or not
-- key: business_date, order_id, currency, tax_to, is_stated
-- in: tax_places (by facts.sql), tax_thresholds (area, country, amount, currency, first, last)
SELECT DISTINCT
    l.connection, l.business_date, l.order_id, l.currency, l.tax_to, l.tax_collected = 'seller' AS is_stated,
    t.amount AS limit_of, t.currency AS limit_currency
FROM tax_places AS l
JOIN tax_thresholds AS t
    ON t.country = l.tax_to
    AND l.business_date BETWEEN coalesce(t.first, l.business_date)
    AND coalesce(t.last, l.business_date)
LEFT JOIN tax_thresholds AS f ON f.country = l.tax_from AND f.area = t.area
WHERE
    l.tax_line IN ('sold', 'tax') AND l.tax_from IS NOT NULL AND f.country IS NULL
    AND l.tax_collected <> 'marketplace'
