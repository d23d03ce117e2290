-- Lines of entries by what they have in common: what accounts and clearing are made of.
-- grain: part, category, settlement, override, tracking and tax of an entry
-- in: taxed (transactions with entry_id, entry_date and is_carried, the number of the override that
-- fits, their tracking as JSON, and what tax rules decided, or nulls), gateways (source_type,
-- component)
SELECT
    t.connection, t.entry_date AS business_date, t.currency, t.entry_id,
    CASE WHEN t.payout_id IS NULL THEN 'activity' ELSE 'payout' END AS part,
    t.category, CASE t.category WHEN 'unclassified' THEN t.source_type END AS unclassified,
    g.component AS gateway, t.settlement_id, t.is_carried, t.override, t.tracking,
    t.tax_treatment, t.tax_country, t.tax_region, t.tax_rate, t.tax_remitted_by, t.treatment_code,
    t.tax_method AS method, t.tax_posts AS posts,
    sum(t.amount) AS owed,
    count(*) AS transactions
FROM taxed AS t
LEFT JOIN gateways AS g USING (source_type)
GROUP BY ALL
