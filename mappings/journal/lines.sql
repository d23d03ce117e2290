-- Lines of entries before tax is split off: what accounts get of each category.
-- grain: account, category, tax code, tracking and tax of an entry
-- in: taxed (transactions with entry_id and entry_date, the number of the override that fits, their
-- tracking as JSON, and what tax rules decided, or nulls), overrides (number, account, tax_code),
-- accounts (category, account, tax_code, role), gateways (source_type, component)
WITH base AS (
    SELECT
        t.connection, t.entry_date AS business_date, t.currency, t.entry_id,
        CASE WHEN t.payout_id IS NULL THEN 'activity' ELSE 'payout' END AS part,
        t.category, g.component AS gateway, t.settlement_id, t.override, t.tracking,
        t.tax_treatment, t.tax_country, t.tax_region, t.tax_rate, t.tax_remitted_by, t.treatment_code,
        t.tax_method AS method, t.tax_posts AS posts,
        sum(t.amount) AS owed,
        count(*) AS transactions
    FROM taxed AS t
    LEFT JOIN gateways AS g USING (source_type)
    GROUP BY ALL
)

SELECT
    b.connection, b.business_date, b.currency, b.entry_id, b.part,
    -- Tax that the channel states belongs where tax split out of prices would go.
    replace(
        coalesce(
            o.account,
            CASE WHEN b.category = 'tax.seller_collected' AND b.posts = 'tax.oss' THEN x.account END,
            a.account
        ),
        '{gateway}', coalesce(b.gateway, 'Other')
    ) AS account,
    b.category, coalesce(o.tax_code, a.tax_code, b.treatment_code) AS tax_code,
    CASE b.part WHEN 'payout' THEN b.settlement_id END AS settlement_id, b.tracking,
    b.tax_treatment, b.tax_country, b.tax_region, b.tax_rate, b.tax_remitted_by, b.treatment_code,
    b.method, b.posts,
    b.category IN ('tax.seller_collected', 'tax.on_fees') AS is_tax,
    -sum(b.owed) AS gross,
    sum(b.transactions) AS transactions
FROM base AS b
JOIN accounts AS a USING (category)
LEFT JOIN accounts AS x ON x.category = b.posts
LEFT JOIN overrides AS o ON o.number = b.override
GROUP BY ALL
