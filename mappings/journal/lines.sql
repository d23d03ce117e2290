-- Lines of entries before tax is split off: what accounts get of each category.
-- grain: account, category, tax code, tracking and tax of an entry
-- in: grouped (by grouped.sql), overrides (number, account, tax_code), accounts (category, account,
-- tax_code, role)
SELECT
    g.connection, g.business_date, g.currency, g.entry_id, g.part,
    -- Tax that the channel states belongs where tax split out of prices would go.
    replace(
        coalesce(
            o.account,
            CASE WHEN g.category = 'tax.seller_collected' AND g.posts = 'tax.oss' THEN x.account END,
            a.account
        ),
        '{gateway}', coalesce(g.gateway, 'Other')
    ) AS account,
    g.category, coalesce(o.tax_code, a.tax_code, g.treatment_code) AS tax_code,
    CASE g.part WHEN 'payout' THEN g.settlement_id END AS settlement_id, g.tracking,
    g.tax_treatment, g.tax_country, g.tax_region, g.tax_rate, g.tax_remitted_by, g.treatment_code,
    g.method, g.posts,
    g.category IN ('tax.seller_collected', 'tax.on_fees') AS is_tax,
    -sum(g.owed) AS gross,
    sum(g.transactions) AS transactions
FROM grouped AS g
JOIN accounts AS a USING (category)
LEFT JOIN accounts AS x ON x.category = g.posts
LEFT JOIN overrides AS o ON o.number = g.override
GROUP BY ALL
