-- Why the tax of an entry is not decided: the lines, what is missing, and how to mend it.
-- grain: entry; key: entry_id; `asks_profile` where the tax profile can mend it
-- in: taxed
SELECT
    entry_id, string_agg(problem, '; ' ORDER BY problem) AS problems,
    bool_or(asks_profile) AS asks_profile
FROM (
    SELECT
        entry_id,
        concat(
            count(*), CASE count(*) WHEN 1 THEN ' line (' ELSE ' lines (' END,
            string_agg(DISTINCT category, ', ' ORDER BY category),
            coalesce('; order ' || min(order_id), ''), '): ', tax_problem
        ) AS problem,
        NOT starts_with(tax_problem, 'the value of the consignment') AS asks_profile
    FROM taxed
    WHERE tax_problem IS NOT NULL
    GROUP BY entry_id, tax_problem
)
GROUP BY entry_id
