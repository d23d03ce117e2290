-- Balanced journal entries: per connection, business day and currency, or per settlement and month.
-- grain: posting; key: entry_id, line
-- in: taxed (transactions with entry_id, entry_date and is_carried, and what tax rules decided, or
-- nulls), carried (entry_id, settlement_id, amount: what a settlement's last entry brings forward),
-- costed and cost_problems (by costs.sql and cost_problems.sql), stock_locations (location, account),
-- shared (by tax/shares.sql), accounts
-- (category, account, tax_code, role), minor_units (currency, coin), tax_mode (posts, is_profiled;
-- one row), treatment_codes (treatment, country, rate, code), tax_problems (entry_id, problems, asks_profile),
-- style (grouping, language and document, null where they are the default; one row)
-- Amounts are debit-positive: what the channel owes the seller debits clearing and credits what it
-- was earned with. A line that closes a settlement is posted apart (`payout`), so that a bank line
-- finds its like. Clearing is posted per settlement; that is what the proof adds up.
WITH unknown AS (
    SELECT
        entry_id,
        list_sort(list(DISTINCT source_type)) AS source_types
    FROM taxed
    WHERE category = 'unclassified'
    GROUP BY ALL
),

-- Tax contained in an amount is a line of its own, or stays in it for the target to post.
earned AS (
    SELECT
        s.* EXCLUDE (gross, tax, method, posts, folded),
        s.gross + s.folded - CASE
            WHEN m.posts = 'own_line' AND s.method = 'contained' THEN s.tax ELSE 0
        END AS amount,
        CASE WHEN m.posts = 'target_codes' AND s.tax_code IS NOT NULL THEN
            CASE s.method WHEN 'contained' THEN s.tax WHEN 'stated' THEN s.folded ELSE 0 END
        END AS tax_amount
    FROM shared AS s, tax_mode AS m
),

split AS (
    SELECT s.*, m.posts AS mode
    FROM shared AS s, tax_mode AS m
    WHERE m.posts = 'own_line' AND s.tax IS NOT NULL
),

taxes AS (
    SELECT
        s.connection, s.business_date, s.currency, s.entry_id, s.part, a.account, a.category,
        s.treatment_code AS tax_code,
        NULL AS settlement_id, s.tax_treatment, s.tax_country, s.tax_region, s.tax_rate, s.tax_remitted_by,
        sum(CASE a.category WHEN 'tax.self_accounted' THEN -s.tax ELSE s.tax END) AS amount,
        -- They are counted where the tax was split off.
        0 AS transactions
    FROM split AS s
    JOIN accounts AS a
        ON (s.method = 'contained' AND a.category = s.posts)
        OR (s.method = 'self_accounted' AND a.category IN ('tax.self_accounted', 'tax.self_deducted'))
    GROUP BY ALL
),

owed AS (
    SELECT
        connection, entry_date AS business_date, currency, entry_id,
        CASE WHEN payout_id IS NULL THEN 'activity' ELSE 'payout' END AS part,
        CASE WHEN is_carried THEN 'carried_forward' ELSE 'clearing' END AS category,
        settlement_id, amount, 1 AS transactions
    FROM taxed
    UNION ALL BY NAME
    SELECT
        connection, entry_date AS business_date, currency, entry_id, 'activity' AS part,
        side.category, settlement_id, side.sign * amount AS amount, 0 AS transactions
    FROM carried, (VALUES ('clearing', 1), ('carried_forward', -1)) AS side (category, sign)
    UNION ALL BY NAME
    SELECT
        c.connection, c.entry_date AS business_date, c.currency, c.entry_id, 'activity' AS part,
        side.category, l.account AS located, side.sign * c.amount AS amount, 0 AS transactions
    FROM costed AS c
    JOIN (VALUES
        ('sold', 'cogs', 1), ('sold', 'inventory', -1),
        ('returned', 'cogs', -1), ('returned', 'inventory', 1),
        ('lost', 'inventory.written_off', 1), ('lost', 'inventory', -1),
        ('disposed', 'inventory.written_off', 1), ('disposed', 'inventory', -1),
        ('found', 'inventory.written_off', -1), ('found', 'inventory', 1)
    ) AS side (kind, category, sign) USING (kind)
    LEFT JOIN stock_locations AS l ON l.location = c.location AND side.category = 'inventory'
),

cleared AS (
    SELECT
        o.connection, o.business_date, o.currency, o.entry_id, o.part,
        coalesce(o.located, a.account) AS account, o.category,
        coalesce(a.tax_code, c.code) AS tax_code, o.settlement_id,
        CASE WHEN m.is_profiled THEN 'outside' END AS tax_treatment,
        CASE WHEN m.is_profiled THEN 'none' END AS tax_remitted_by,
        sum(o.amount) AS amount,
        sum(o.transactions) AS transactions
    FROM owed AS o
    JOIN accounts AS a USING (category)
    CROSS JOIN tax_mode AS m
    LEFT JOIN treatment_codes AS c ON c.treatment = 'outside'
    GROUP BY ALL
),

postings AS (
    SELECT *
    FROM (FROM earned UNION ALL BY NAME FROM taxes UNION ALL BY NAME FROM cleared)
    WHERE amount <> 0 OR category = 'clearing' OR part = 'payout'
        -- What has no cost is held, and must be there for that.
        OR entry_id IN (SELECT entry_id FROM cost_problems)
),

entries AS (
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
            CASE WHEN p.entry_id NOT LIKE 'cogs:%' THEN 'document ' || any_value(s.document) END
        )) AS content_hash,
        bool_or(p.amount % m.coin <> 0) AS too_fine,
        any_value(p.connection) AS connection,
        any_value(p.currency) AS currency
    FROM postings AS p
    JOIN minor_units AS m USING (currency)
    CROSS JOIN style AS s
    GROUP BY p.entry_id
),

-- Lines of an organisation whose mapping names no account for their role.
without_account AS (
    SELECT p.entry_id, list_sort(list(DISTINCT a.role)) AS roles
    FROM postings AS p
    JOIN accounts AS a USING (category)
    WHERE p.account IS NULL
    GROUP BY p.entry_id
),

-- A target that posts tax by code must have one for every line of a rate.
without_code AS (
    SELECT
        p.entry_id,
        list_sort(list(DISTINCT concat_ws(
            ' ', p.tax_treatment, concat_ws('-', p.tax_country, p.tax_region),
            format('{:.10g}', p.tax_rate::DOUBLE) || ' %'
        ))) AS treatments
    FROM postings AS p, tax_mode AS m
    WHERE m.posts = 'target_codes' AND p.tax_code IS NULL AND p.tax_rate IS NOT NULL
    GROUP BY p.entry_id
),

reasons AS (
    SELECT
        e.entry_id,
        CASE WHEN u.entry_id IS NOT NULL THEN
            'no rule for ' || array_to_string(u.source_types, '; ')
            || ': name its category under source_types in a mapping file, then `daybook mappings set`'
        END AS unmapped,
        k.problems AS uncosted,
        CASE WHEN n.entry_id IS NOT NULL THEN
            'no account for ' || array_to_string(n.roles, ', ')
            || ': name one under accounts in the mapping of the organisation'
        END AS no_account,
        CASE
            WHEN t.entry_id IS NOT NULL THEN
                'tax is not decided of ' || t.problems || CASE WHEN t.asks_profile
                    THEN ': change the tax profile with `daybook connections tax ' || e.connection || '`'
                    ELSE ''
                END
            WHEN m.posts = 'target_codes' AND NOT m.is_profiled THEN
                'tax is posted by tax codes, and the store has no tax profile: begin one with '
                || '`daybook connections tax ' || e.connection || '`'
            WHEN c.entry_id IS NOT NULL THEN
                'no tax code for ' || array_to_string(c.treatments, ', ')
                || ': name one under treatments in the mapping of the organisation'
        END AS untaxed,
        CASE WHEN e.too_fine THEN 'an amount is finer than the smallest coin of ' || e.currency END
            AS uneven
    FROM entries AS e
    CROSS JOIN tax_mode AS m
    LEFT JOIN unknown AS u USING (entry_id)
    LEFT JOIN cost_problems AS k USING (entry_id)
    LEFT JOIN without_account AS n USING (entry_id)
    LEFT JOIN tax_problems AS t USING (entry_id)
    LEFT JOIN without_code AS c USING (entry_id)
),

fields AS (
    SELECT
        p.*,
        row_number() OVER (
            PARTITION BY p.entry_id
            ORDER BY p.part, p.category = 'clearing', p.account, p.category, p.tax_code,
                p.settlement_id, p.tax_treatment, p.tax_country, p.tax_region, p.tax_rate, p.amount, p.tracking
        ) AS line,
        e.content_hash, s.grouping, s.language,
        CASE WHEN p.entry_id NOT LIKE 'cogs:%' THEN s.document END AS document,
        -- The first of them is what the entry is held with; all of them are its readiness.
        coalesce(r.unmapped, r.uncosted, r.no_account, r.untaxed, r.uneven) AS held_reason,
        nullif(concat_ws('; ', r.unmapped, r.no_account, r.uneven), '') AS accounts_problem,
        r.untaxed AS taxes_problem,
        r.uncosted AS costs_problem
    FROM postings AS p
    JOIN entries AS e USING (entry_id)
    JOIN reasons AS r USING (entry_id)
    CROSS JOIN style AS s
)

FROM fields
