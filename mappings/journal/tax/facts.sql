-- What rules of tax ask of each line: market, places, buyer, tax class, who collected the tax.
-- grain: transaction; key: transaction_id
-- in: placed (transactions under a mapping), tax_profile (one row), tax_lines (category, line),
-- tax_marketplaces (marketplace, country), tax_stock (country, fulfilment), tax_classes (sku,
-- class), tax_collected (business_date, order_id, item, collected; by collected.sql), tax_regions
-- (country, region, spelling)
WITH stated AS (
    SELECT
        t.*,
        l.line AS tax_line,
        coalesce(m.country, p.market) AS tax_market,
        coalesce(t.ship_from, s.country, p.stock) AS tax_from,
        coalesce(t.ship_to, CASE WHEN p.is_domestic THEN tax_market END) AS tax_to,
        coalesce(c.class, 'standard') AS tax_class,
        CASE
            WHEN l.line = 'tax' THEN t.tax_collected_by
            -- A report of orders may say so of lines without tax of their own.
            WHEN l.line = 'sold' THEN coalesce(i.collected, o.collected, t.tax_collected_by)
            ELSE 'none'
        END AS tax_collected
    FROM placed AS t
    CROSS JOIN tax_profile AS p
    JOIN tax_lines AS l USING (category)
    LEFT JOIN tax_marketplaces AS m ON m.marketplace = lower(t.marketplace)
    LEFT JOIN tax_classes AS c ON c.sku = t.sku
    LEFT JOIN tax_stock AS s ON s.fulfilment = lower(t.fulfilment)
    LEFT JOIN tax_collected AS i
        ON i.business_date = t.business_date AND i.order_id = t.order_id
        AND i.item = coalesce(t.order_item_id, t.sku)
    LEFT JOIN tax_collected AS o
        ON o.business_date = t.business_date AND o.order_id = t.order_id
        AND o.item = CASE
            WHEN coalesce(t.order_item_id, t.sku) IS NULL THEN '*every' ELSE '*unnamed'
        END
)

SELECT
    s.*,
    r.region AS tax_region,
    -- Greece writes EL before its VAT numbers.
    CASE WHEN s.buyer_tax_number IS NOT NULL AND s.tax_line IN ('sold', 'tax') THEN
        replace(upper(left(s.buyer_tax_number, 2)), 'EL', 'GR')
    END AS tax_buyer
FROM stated AS s
LEFT JOIN tax_regions AS r
    ON r.country = s.tax_to AND r.spelling = lower(trim(s.ship_to_region))
    AND s.tax_line IN ('sold', 'tax')
