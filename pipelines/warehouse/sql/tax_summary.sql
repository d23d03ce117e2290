-- grain: one connection, month, currency, tax treatment, country, region, rate and who remits
-- key: connection, month, currency, tax_treatment, tax_country, tax_region, tax_rate, remitted_by
-- inputs: journal_lines, changed_months (connection and first day of the months to compute)
WITH base AS (
    SELECT *, CAST(date_trunc('month', business_date) AS DATE) AS month
    FROM journal_lines
    WHERE
        (connection, CAST(date_trunc('month', business_date) AS DATE)) IN (FROM changed_months)
        AND tax_treatment <> 'outside'
),
fields AS (
    SELECT
        connection, month, currency, tax_treatment, coalesce(tax_country, '') AS tax_country,
        coalesce(tax_region, '') AS tax_region,
        coalesce(tax_rate, 0) AS tax_rate, tax_remitted_by AS remitted_by,
        -amount AS amount, transactions, held_reason IS NOT NULL AS is_held,
        CASE
            WHEN category IN (
                'tax.contained', 'tax.oss', 'tax.seller_collected', 'tax.facilitator_in',
                'tax.self_accounted'
            ) THEN 'tax'
            WHEN category IN ('tax.contained_in_fees', 'tax.on_fees', 'tax.self_deducted') THEN 'deductible'
            WHEN category IN ('tax.facilitator_out', 'tax.withheld_income') THEN 'withheld'
            ELSE 'net'
        END AS measure
    FROM base
),
final AS (
    SELECT
        connection, month, currency, tax_treatment, tax_country, tax_region, tax_rate, remitted_by,
        coalesce(sum(amount) FILTER (measure = 'net'), 0) AS net,
        coalesce(sum(amount) FILTER (measure = 'tax'), 0) AS tax,
        coalesce(sum(amount) FILTER (measure IN ('net', 'tax')), 0) AS gross,
        -coalesce(sum(amount) FILTER (measure = 'deductible'), 0) AS deductible,
        -coalesce(sum(amount) FILTER (measure = 'withheld'), 0) AS withheld,
        sum(transactions) AS lines,
        count(*) FILTER (is_held) AS held_lines
    FROM fields
    GROUP BY connection, month, currency, tax_treatment, tax_country, tax_region, tax_rate, remitted_by
)
SELECT * FROM final
