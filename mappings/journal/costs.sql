-- Stock that moved on a day at what it cost: lines of an entry of their own.
-- grain: entry, category and location
-- in: stock_lines (transactions of whole days), stock_movements (day, sku, location, units, kind),
-- unit_costs (sku, location, since, cost, currency), minor_units (currency, coin), $connection
-- A cost at the location goes before one anywhere, and that before what the channel states itself
-- (location `*channel`); the newest by the day counts. Every sum of a kind
-- is rounded once, half a coin away from zero, and stands on both sides of the entry.
WITH usual_currency AS (
    SELECT currency FROM unit_costs GROUP BY currency ORDER BY count(*) DESC, currency LIMIT 1
),

moved AS (
    SELECT
        business_date AS day, sku, coalesce(fulfilment, '') AS location, 'sold' AS kind,
        min(currency) AS currency,
        sum(CASE WHEN amount < 0 THEN -quantity ELSE quantity END) AS units,
        count(*) FILTER (coalesce(sku, '') = '' OR quantity IS NULL) AS unstated
    FROM stock_lines
    WHERE category = 'sales.principal'
    GROUP BY ALL
    UNION ALL
    SELECT day, sku, location, kind, NULL, sum(units), 0
    FROM stock_movements
    GROUP BY ALL
),

there AS (
    SELECT m.*, c.cost AS cost_there, c.currency AS currency_there
    FROM moved AS m
    ASOF LEFT JOIN (FROM unit_costs WHERE location NOT IN ('', '*channel')) AS c
        ON c.sku = m.sku AND c.location = m.location AND m.day >= c.since
),

anywhere AS (
    SELECT
        t.day, t.sku, t.location, t.kind, t.units, t.unstated,
        coalesce(t.cost_there, c.cost, o.cost) AS cost,
        -- What has no cost holds the entry that it will be in.
        coalesce(
            t.currency_there, c.currency, o.currency, (FROM usual_currency), t.currency,
            (SELECT min(s.currency) FROM stock_lines AS s)
        ) AS currency
    FROM there AS t
    ASOF LEFT JOIN (FROM unit_costs WHERE location = '') AS c
        ON c.sku = t.sku AND t.day >= c.since
    ASOF LEFT JOIN (FROM unit_costs WHERE location = '*channel') AS o
        ON o.sku = t.sku AND t.day >= o.since
),

summed AS (
    SELECT
        a.day, a.currency, a.location, a.kind,
        -- In ten-thousandths, as whole numbers: DuckDB divides decimals as floats.
        (coalesce(sum(a.units * a.cost), 0) * 10000)::HUGEINT AS parts,
        sum(a.unstated)::INTEGER AS unstated,
        list_sort(list(DISTINCT a.sku) FILTER (
            a.cost IS NULL AND a.unstated = 0 AND a.units <> 0
        )) AS costless
    FROM anywhere AS a
    GROUP BY ALL
)

SELECT
    concat_ws(':', 'cogs', $connection, s.day, s.currency) AS entry_id,
    $connection AS connection, s.day AS entry_date, s.currency, s.location, s.kind,
    (sign(s.parts) * m.coin * (
        (2 * abs(s.parts) + (m.coin * 10000)::HUGEINT) // (2 * (m.coin * 10000)::HUGEINT)
    ))::DECIMAL(19,4) AS amount,
    s.unstated, s.costless
FROM summed AS s
JOIN minor_units AS m USING (currency)
