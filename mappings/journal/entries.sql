-- Balanced journal entries: per connection, business day and currency.
-- grain: posting; key: entry_id, line
-- in: placed (transactions with the number of the override that fits, or null), overrides (number,
-- account, tax_code), accounts (category, account, tax_code, role), minor_units (currency, coin),
-- gateways (source_type, component)
-- Amounts are debit-positive: what the channel owes the seller debits clearing and credits what it
-- was earned with. A line that closes a settlement is posted apart (`payout`), so that a bank line
-- finds its like. Clearing is posted per settlement; that is what the proof adds up.
WITH base AS (
    SELECT
        t.connection,
        t.business_date,
        t.currency,
        CASE WHEN t.payout_id IS NULL THEN 'activity' ELSE 'payout' END AS part,
        t.category,
        g.component AS gateway,
        t.settlement_id,
        t.override,
        sum(t.amount) AS owed,
        count(*) AS transactions
    FROM placed AS t
    LEFT JOIN gateways AS g USING (source_type)
    GROUP BY ALL
),

unknown AS (
    SELECT
        concat_ws(':', 'je', connection, business_date, currency) AS entry_id,
        list_sort(list(DISTINCT source_type)) AS source_types
    FROM placed
    WHERE category = 'unclassified'
    GROUP BY ALL
),

earned AS (
    SELECT
        b.connection, b.business_date, b.currency, b.part,
        replace(coalesce(o.account, a.account), '{gateway}', coalesce(b.gateway, 'Other')) AS account,
        b.category, coalesce(o.tax_code, a.tax_code) AS tax_code,
        CASE b.part WHEN 'payout' THEN b.settlement_id END AS settlement_id,
        -sum(b.owed) AS amount,
        sum(b.transactions) AS transactions
    FROM base AS b
    JOIN accounts AS a USING (category)
    LEFT JOIN overrides AS o ON o.number = b.override
    GROUP BY ALL
),

cleared AS (
    SELECT
        b.connection, b.business_date, b.currency, b.part,
        a.account, 'clearing' AS category, a.tax_code, b.settlement_id,
        sum(b.owed) AS amount,
        sum(b.transactions) AS transactions
    FROM base AS b
    JOIN accounts AS a ON a.category = 'clearing'
    GROUP BY ALL
),

postings AS (
    SELECT *, concat_ws(':', 'je', connection, business_date, currency) AS entry_id
    FROM (FROM earned UNION ALL BY NAME FROM cleared)
    WHERE amount <> 0 OR category = 'clearing' OR part = 'payout'
),

entries AS (
    SELECT
        p.entry_id,
        sha256(string_agg(
            concat_ws('|', p.part, p.account, p.amount, p.currency, p.tax_code, p.settlement_id),
            chr(10)
            ORDER BY p.part, p.account, p.category, p.tax_code, p.settlement_id, p.amount
        )) AS content_hash,
        bool_or(p.amount % m.coin <> 0) AS too_fine
    FROM postings AS p
    JOIN minor_units AS m USING (currency)
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

fields AS (
    SELECT
        p.*,
        row_number() OVER (
            PARTITION BY p.entry_id
            ORDER BY p.part, p.category = 'clearing', p.account, p.category, p.tax_code,
                p.settlement_id
        ) AS line,
        e.content_hash,
        CASE
            WHEN u.entry_id IS NOT NULL THEN
                'no rule for ' || array_to_string(u.source_types, '; ')
                || ': name its category under source_types in a mapping file, then `daybook mappings set`'
            WHEN n.entry_id IS NOT NULL THEN
                'no account for ' || array_to_string(n.roles, ', ')
                || ': name one under accounts in the mapping of the organisation'
            WHEN e.too_fine THEN 'an amount is finer than the smallest coin of ' || p.currency
        END AS held_reason
    FROM postings AS p
    JOIN entries AS e USING (entry_id)
    LEFT JOIN unknown AS u USING (entry_id)
    LEFT JOIN without_account AS n USING (entry_id)
)

FROM fields
