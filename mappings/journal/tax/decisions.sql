-- The treatment, country and rate of each kind of line, or what keeps rules from deciding.
-- grain: kind of line on a day; key: business_date, tax_line, tax_market, tax_from, tax_to,
-- tax_region, tax_buyer, tax_class, tax_collected, tax_worth
-- in: tax_facts (by facts.sql), tax_profile (one row), tax_groups (name, country),
-- tax_registrations (country, region, scheme, first, last), tax_facilitators and
-- tax_regions (country, region and what rules call it), tax_rules (number, treatment, first, last,
-- conditions, asks_worth, country, rate, tax, remitted_by), tax_needs (rule, condition, tag),
-- tax_bars (rule, tag), tax_rates (country, region, class, first, is_own, rate)
WITH kinds AS MATERIALIZED (
    SELECT
        row_number() OVER () AS kind, k.*
    FROM (
        SELECT DISTINCT
            business_date, tax_line, tax_market, tax_from, tax_to, tax_region, tax_buyer, tax_class,
            tax_collected, tax_worth
        FROM tax_facts
    ) AS k
),

places AS (
    SELECT kind, business_date, 'market' AS place, tax_market AS country FROM kinds
    UNION ALL SELECT kind, business_date, 'from', tax_from FROM kinds
    UNION ALL SELECT kind, business_date, 'to', tax_to FROM kinds
    UNION ALL SELECT kind, business_date, 'buyer', tax_buyer FROM kinds
    UNION ALL SELECT kind, business_date, 'established', p.country FROM kinds, tax_profile AS p
),

stated AS (
    SELECT *
    FROM places
    WHERE country IS NOT NULL
),

registered AS (
    SELECT s.kind, s.business_date, r.scheme, r.country
    FROM kinds AS s
    -- One of a state or province is of goods that went there.
    JOIN tax_registrations AS r
        ON s.business_date BETWEEN coalesce(r.first, s.business_date)
        AND coalesce(r.last, s.business_date)
        AND (r.region IS NULL OR (r.country = s.tax_to AND r.region = s.tax_region))
),

-- What law and the tax of a state or province are called by rules.
regions AS (
    SELECT k.kind, r.name
    FROM kinds AS k
    JOIN (
        SELECT country, region, 'known' AS name, NULL::DATE AS first, NULL::DATE AS last
        FROM tax_regions
        UNION ALL SELECT country, region, tax, NULL, NULL FROM tax_regions WHERE tax IS NOT NULL
        UNION ALL SELECT country, region, 'facilitator', first, last FROM tax_facilitators
    ) AS r
        ON r.country = k.tax_to AND r.region = k.tax_region
        AND k.business_date BETWEEN coalesce(r.first, k.business_date)
        AND coalesce(r.last, k.business_date)
    WHERE k.tax_to = k.tax_market
),

tags AS (
    SELECT kind, 'line:' || tax_line AS tag FROM kinds
    UNION ALL SELECT kind, 'class:' || tax_class FROM kinds
    UNION ALL SELECT kind, 'collected:' || tax_collected FROM kinds
    UNION ALL SELECT DISTINCT kind, 'region:' || name FROM regions
    -- What is not known may be either, so that a rule that asks for it is met and decides nothing.
    UNION ALL
    SELECT kind, 'worth:' || w.worth
    FROM kinds, (VALUES ('low'), ('high')) AS w (worth)
    WHERE tax_worth = w.worth OR tax_worth NOT IN ('low', 'high')
    UNION ALL SELECT kind, 'sells:' || p.sells FROM kinds, tax_profile AS p
    UNION ALL SELECT kind, 'channel:' || p.channel FROM kinds, tax_profile AS p
    UNION ALL
    SELECT kind, 'fees:' || CASE tax_line WHEN 'advertising' THEN p.advertising ELSE p.fees END
    FROM kinds, tax_profile AS p
    UNION ALL SELECT kind, place || ':known' FROM stated
    UNION ALL SELECT kind, place || ':' || country FROM stated
    UNION ALL SELECT s.kind, s.place || ':' || g.name FROM stated AS s JOIN tax_groups AS g USING (country)
    UNION ALL
    SELECT one.kind, one.place || ':=' || other.place
    FROM stated AS one
    JOIN stated AS other ON other.kind = one.kind AND other.country = one.country
    WHERE one.place <> other.place
    UNION ALL SELECT kind, 'registered:' || scheme FROM registered
    UNION ALL
    SELECT r.kind, 'registered:' || r.scheme || '@' || s.place
    FROM registered AS r
    JOIN stated AS s ON s.kind = r.kind AND s.country = r.country
),

barred AS (
    SELECT DISTINCT t.kind, b.rule FROM tags AS t JOIN tax_bars AS b USING (tag)
),

met AS (
    SELECT t.kind, n.rule, count(DISTINCT n.condition) AS conditions
    FROM tags AS t
    JOIN tax_needs AS n USING (tag)
    GROUP BY ALL
),

first_rule AS (
    SELECT k.kind, min(r.number) AS number
    FROM met AS m
    JOIN kinds AS k USING (kind)
    JOIN tax_rules AS r ON r.number = m.rule AND r.conditions = m.conditions
    ANTI JOIN barred AS b ON b.kind = m.kind AND b.rule = m.rule
    WHERE k.business_date BETWEEN coalesce(r.first, k.business_date)
        AND coalesce(r.last, k.business_date)
    GROUP BY k.kind
),

ruled AS (
    SELECT
        k.*, r.tax, r.remitted_by,
        coalesce(r.asks_worth AND k.tax_worth NOT IN ('low', 'high'), false) AS is_unvalued,
        CASE WHEN NOT is_unvalued THEN r.treatment END AS treatment,
        CASE WHEN s.country = k.tax_to THEN k.tax_region END AS region,
        CASE r.rate WHEN 'class' THEN k.tax_class ELSE r.rate END AS rate_class,
        s.country
    FROM kinds AS k
    LEFT JOIN first_rule AS f USING (kind)
    LEFT JOIN tax_rules AS r USING (number)
    LEFT JOIN stated AS s ON s.kind = k.kind AND s.place = r.country
),

rated AS (
    SELECT
        r.*,
        CASE
            WHEN r.rate_class = 'zero' THEN 0
            -- The newest rate of the day; one of the profile's own comes before the shipped ones.
            ELSE (
                SELECT arg_max(t.rate, (t.is_own, t.region IS NOT NULL, t.first))
                FROM tax_rates AS t
                WHERE
                    t.country = r.country AND t.class = r.rate_class AND t.first <= r.business_date
                    AND (t.region IS NULL OR t.region = r.region)
            )
        END AS rate
    FROM ruled AS r
),

-- Where the tax is that belongs to a line: in its amount, on another line, or still to be posted.
placed AS (
    SELECT
        r.*,
        CASE
            WHEN r.rate IS NULL OR r.rate = 0 THEN NULL
            WHEN r.tax IN ('self_accounted', 'stated') THEN r.tax
            WHEN r.tax IN ('contained', 'oss') AND r.tax_collected = 'seller' THEN 'stated'
            WHEN r.tax IN ('contained', 'oss') THEN 'contained'
        END AS method,
        CASE
            WHEN r.tax = 'oss' THEN 'tax.oss'
            WHEN r.tax_line IN ('fee', 'advertising', 'fee_tax') THEN 'tax.contained_in_fees'
            ELSE 'tax.contained'
        END AS posts
    FROM rated AS r
)

SELECT
    business_date, tax_line, tax_market, tax_from, tax_to, tax_region, tax_buyer, tax_class,
    tax_collected, tax_worth, treatment, country, region, rate, remitted_by, method, posts,
    CASE
        WHEN is_unvalued THEN
            concat('the value of the consignment to ', tax_to, ' is not known, which decides who pays tax: ', tax_worth)
        WHEN treatment IS NULL AND tax_line IN ('sold', 'tax') AND tax_from IS NULL THEN
            'the country that goods are shipped from is not stated: name it under stock'
        WHEN treatment IS NULL AND tax_line IN ('sold', 'tax') AND tax_to IS NULL THEN
            'the country that goods went to is not stated: import a report that states it, or choose assume_domestic'
        WHEN treatment IS NULL AND tax_line IN ('fee', 'advertising', 'fee_tax') THEN
            concat(
                'the tax on fees is not stated: answer ',
                CASE tax_line WHEN 'advertising' THEN 'advertising' ELSE 'fees' END
            )
        WHEN treatment IS NULL AND tax_region IS NULL AND tax_collected = 'seller'
            AND tax_market IN (
                SELECT country FROM tax_registrations WHERE region IS NOT NULL
            )
            THEN
                'the state or province that goods went to is not stated: import a report that states it, or add a registration of the whole country'
        WHEN treatment IS NULL THEN
            concat(
                'no rule for ', CASE tax_line WHEN 'sold' THEN 'sales' ELSE 'tax' END,
                ' from ', coalesce(tax_from, '?'), ' to ', coalesce(tax_to, '?'), '-' || tax_region,
                ' on a site of ', coalesce(tax_market, '?'), ', tax collected by ', tax_collected,
                ': add the registration that applies'
            )
        WHEN rate_class <> 'exempt' AND rate IS NULL THEN
            concat('no ', rate_class, ' rate of ', country, ' on ', business_date, ': add it to rates')
        WHEN method = 'contained' AND tax_line = 'sold' AND NOT (SELECT is_inclusive FROM tax_profile) THEN
            'prices exclude tax and the channel states none: correct prices_include_tax, or import a report that states it'
    END AS problem
FROM placed
