-- Balanced journal entries: per connection, business day and currency, or per settlement and month.
-- grain: posting; key: entry_id, line
-- in: postings (by postings.sql), grouped (by grouped.sql), cost_problems (by cost_problems.sql),
-- accounts (category, account, tax_code, role), minor_units (currency, coin), tax_mode (posts,
-- is_profiled; one row), tax_problems (entry_id, problems, asks_profile), style (grouping, language, document and
-- payouts, null where they are the default; one row)
WITH entries AS (
    SELECT
        p.entry_id,
        sha256(concat_ws(chr(10), string_agg(
            concat_ws(
                '|', p.part, p.account, p.amount, p.currency, p.tax_code, p.settlement_id,
                'tax ' || p.tax_amount, 'tracking ' || p.tracking
            ),
            chr(10)
            ORDER BY p.part, p.account, p.category, p.tax_code, p.settlement_id, p.amount, p.tax_amount,
                p.tracking
        ), 'grouping ' || any_value(s.grouping), 'language ' || any_value(s.language),
            -- What goods cost is a journal, whatever they are sold by.
            CASE WHEN p.entry_id NOT LIKE 'cogs:%' THEN 'document ' || any_value(s.document) END,
            -- Entries without a payout stay as they are, whatever becomes of payouts.
            CASE WHEN bool_or(p.category LIKE 'transfer.payout%') THEN
                'payouts ' || any_value(s.payouts)
            END
        )) AS content_hash,
        bool_or(p.amount % m.coin <> 0) AS too_fine
    FROM postings AS p
    JOIN minor_units AS m USING (currency)
    CROSS JOIN style AS s
    GROUP BY p.entry_id
),

problems AS (
    SELECT
        entry_id, 'unmapped' AS kind,
        string_agg(DISTINCT unclassified, '; ' ORDER BY unclassified) AS problem
    FROM grouped
    WHERE category = 'unclassified'
    GROUP BY entry_id
    UNION ALL
    SELECT entry_id, 'uncosted' AS kind, problems AS problem
    FROM cost_problems
    UNION ALL
    -- Lines of an organisation whose mapping names no account for their role.
    SELECT
        p.entry_id, 'no account' AS kind,
        string_agg(DISTINCT a.role, ', ' ORDER BY a.role) AS problem
    FROM postings AS p
    JOIN accounts AS a USING (category)
    WHERE p.account IS NULL
    GROUP BY p.entry_id
    UNION ALL
    SELECT
        entry_id, CASE WHEN asks_profile THEN 'undecided' ELSE 'unvalued' END AS kind,
        problems AS problem
    FROM tax_problems
    UNION ALL
    -- A target that posts tax by code must have one for every line of a rate.
    SELECT
        entry_id, 'no code' AS kind,
        string_agg(DISTINCT treatment, ', ' ORDER BY treatment) AS problem
    FROM (
        SELECT
            p.entry_id,
            concat_ws(
                ' ', p.tax_treatment, concat_ws('-', p.tax_country, p.tax_region),
                format('{:.10g}', p.tax_rate::DOUBLE) || ' %'
            ) AS treatment
        FROM postings AS p, tax_mode AS m
        WHERE m.posts = 'target_codes' AND p.tax_code IS NULL AND p.tax_rate IS NOT NULL
    )
    GROUP BY entry_id
),

reasons AS (
    SELECT
        entry_id,
        'no rule for ' || max(problem) FILTER (kind = 'unmapped')
            || ': name its category under source_types in a mapping file, then `daybook mappings set`'
            AS unmapped,
        max(problem) FILTER (kind = 'uncosted') AS uncosted,
        'no account for ' || max(problem) FILTER (kind = 'no account')
            || ': name one under accounts in the mapping of the organisation' AS no_account,
        'tax is not decided of ' || max(problem) FILTER (kind = 'undecided')
            || ': change the tax profile with `daybook connections tax ' AS undecided,
        'tax is not decided of ' || max(problem) FILTER (kind = 'unvalued') AS unvalued,
        'no tax code for ' || max(problem) FILTER (kind = 'no code')
            || ': name one under treatments in the mapping of the organisation' AS no_code
    FROM problems
    GROUP BY entry_id
),

fields AS (
    SELECT
        p.*, e.content_hash, s.grouping, s.language,
        CASE WHEN p.entry_id NOT LIKE 'cogs:%' THEN s.document END AS document, s.payouts,
        r.unmapped, r.uncosted, r.no_account,
        coalesce(
            r.undecided || p.connection || '`',
            r.unvalued,
            CASE WHEN m.posts = 'target_codes' AND NOT m.is_profiled THEN
                'tax is posted by tax codes, and the store has no tax profile: begin one with '
                || '`daybook connections tax ' || p.connection || '`'
            END,
            r.no_code
        ) AS untaxed,
        CASE WHEN e.too_fine THEN 'an amount is finer than the smallest coin of ' || p.currency END
            AS uneven
    FROM postings AS p
    JOIN entries AS e USING (entry_id)
    LEFT JOIN reasons AS r USING (entry_id)
    CROSS JOIN tax_mode AS m
    CROSS JOIN style AS s
)

SELECT
    * EXCLUDE (unmapped, uncosted, no_account, untaxed, uneven),
    row_number() OVER (
        PARTITION BY entry_id
        ORDER BY part, category = 'clearing', account, category, tax_code, settlement_id,
            tax_treatment, tax_country, tax_region, tax_rate, amount, tracking
    ) AS line,
    -- The first of them is what the entry is held with; all of them are its readiness.
    coalesce(unmapped, uncosted, no_account, untaxed, uneven) AS held_reason,
    nullif(concat_ws('; ', unmapped, no_account, uneven), '') AS accounts_problem,
    untaxed AS taxes_problem,
    uncosted AS costs_problem
FROM fields
