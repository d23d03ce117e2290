-- A day's lines by account and tax, each with its share of the tax: exact to the smallest coin.
-- grain: as lines
-- in: lines (by lines.sql), minor_units (currency, coin), tax_mode (posts, is_profiled; one row)
-- Tax is rounded once: over all amounts of an entry with one rate, half a coin away from zero. It is
-- then divided among them by largest remainder, so that they sum to it. All is counted in
-- ten-thousandths as whole numbers: DuckDB divides decimals as floats.
WITH counted AS (
    SELECT
        l.* EXCLUDE (gross),
        l.gross::DECIMAL(19,4) AS gross,
        (l.gross * 10000)::HUGEINT AS parts,
        (l.tax_rate * 10000)::HUGEINT AS rate_parts,
        (m.coin * 10000)::HUGEINT AS coin_parts,
        m.coin
    FROM lines AS l
    JOIN minor_units AS m USING (currency)
),

-- What the channel states apart is folded into the amounts it is the tax of, where there are any.
sums AS (
    SELECT
        *,
        sum(parts) FILTER (is_tax AND method = 'stated') OVER one_tax AS stated,
        sum(parts) FILTER (NOT is_tax AND method = 'stated') OVER one_tax AS base
    FROM counted
    WINDOW one_tax AS (
        PARTITION BY entry_id, part, tax_treatment, tax_country, tax_region, tax_rate, method
    )
),

fractions AS (
    SELECT
        *,
        CASE
            WHEN method IN ('contained', 'self_accounted') THEN parts * rate_parts
            WHEN method = 'stated' AND NOT is_tax AND base <> 0 THEN parts * stated * sign(base)
        END::HUGEINT AS numerator,
        CASE
            WHEN method = 'contained' THEN (1000000 + rate_parts) * coin_parts
            WHEN method = 'self_accounted' THEN 1000000 * coin_parts
            WHEN method = 'stated' THEN abs(base) * coin_parts
        END::HUGEINT AS denominator
    FROM sums
),

floors AS (
    SELECT
        *,
        -- Integer division cuts towards zero; a floor leaves every remainder positive.
        (numerator - ((numerator % denominator) + denominator) % denominator) // denominator AS coins,
        ((numerator % denominator) + denominator) % denominator AS remainder,
        sum(numerator) OVER one_tax AS total
    FROM fractions
    WINDOW one_tax AS (
        PARTITION BY entry_id, part, tax_treatment, tax_country, tax_region, tax_rate, method
    )
),

ranked AS (
    SELECT
        *,
        sign(total) * ((2 * abs(total) + denominator) // (2 * denominator))
            - sum(coins) OVER one_tax AS left_over,
        row_number() OVER (
            PARTITION BY entry_id, part, tax_treatment, tax_country, tax_region, tax_rate, method,
                numerator IS NULL
            ORDER BY remainder DESC, account, category, tax_code, settlement_id, gross, tracking
        ) AS place
    FROM floors
    WINDOW one_tax AS (
        PARTITION BY entry_id, part, tax_treatment, tax_country, tax_region, tax_rate, method
    )
),

shares AS (
    SELECT
        *,
        ((coins + CASE WHEN place <= left_over THEN 1 ELSE 0 END) * coin)::DECIMAL(19,4) AS tax
    FROM ranked
)

SELECT
    s.connection, s.business_date, s.currency, s.entry_id, s.part, s.account, s.category, s.tax_code,
    s.settlement_id, s.tracking, s.tax_treatment, s.tax_country, s.tax_region, s.tax_rate, s.tax_remitted_by, s.treatment_code,
    s.method, s.posts, s.gross, s.transactions,
    CASE WHEN s.method IN ('contained', 'self_accounted') THEN s.tax END AS tax,
    CASE
        WHEN m.posts <> 'target_codes' OR s.method IS DISTINCT FROM 'stated' OR s.base IS NULL OR s.base = 0
            THEN 0
        WHEN s.is_tax THEN -s.gross
        ELSE coalesce(s.tax, 0)
    END AS folded
FROM shares AS s, tax_mode AS m
