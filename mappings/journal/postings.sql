-- Postings of balanced journal entries: what each account gets, and clearing.
-- grain: account, category, tax code, settlement, tracking and tax of an entry
-- in: grouped (by grouped.sql), shared (by tax/shares.sql), carried (entry_id, settlement_id, amount:
-- what a settlement's last entry brings forward), costed and cost_problems (by costs.sql and
-- cost_problems.sql), stock_locations (location, account), accounts (category, account, tax_code,
-- role), tax_mode (posts, is_profiled; one row), treatment_codes (treatment, country, rate, code)
-- Amounts are debit-positive: what the channel owes the seller debits clearing and credits what it
-- was earned with. A line that closes a settlement is posted apart (`payout`), so that a bank line
-- finds its like. Clearing is posted per settlement; that is what the proof adds up.
-- Tax contained in an amount is a line of its own, or stays in it for the target to post.
WITH earned AS (
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
        NULL AS settlement_id, s.tax_treatment, s.tax_country, s.tax_region, s.tax_rate,
        s.tax_remitted_by,
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
        connection, business_date, currency, entry_id, part,
        CASE WHEN is_carried THEN 'carried_forward' ELSE 'clearing' END AS category,
        settlement_id, owed AS amount, transactions
    FROM grouped
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
)

SELECT * REPLACE (transactions::BIGINT AS transactions)
FROM (FROM earned UNION ALL BY NAME FROM taxes UNION ALL BY NAME FROM cleared)
WHERE amount <> 0 OR category = 'clearing' OR part = 'payout'
    -- What has no cost is held, and must be there for that.
    OR entry_id IN (SELECT entry_id FROM cost_problems)
