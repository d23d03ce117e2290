-- Why the cost of a day's goods is not known: the SKUs without a cost, and how to mend it.
-- grain: entry; key: entry_id
-- in: costed (by costs.sql)
WITH counted AS (
    SELECT
        entry_id, sum(unstated)::INTEGER AS unstated,
        list_sort(list_distinct(flatten(list(coalesce(costless, []))))) AS costless
    FROM costed
    GROUP BY entry_id
)

SELECT
    entry_id,
    concat_ws(
        '; ',
        CASE WHEN len(costless) > 0 THEN
            'no unit cost of ' || array_to_string(costless[:10], ', ')
            || CASE WHEN len(costless) > 10 THEN format(' and {} more', len(costless) - 10) ELSE '' END
            || ': name it in a file for `daybook costs import`'
        END,
        CASE WHEN unstated > 0 THEN
            format('{} of its lines of sales name no SKU or no units', unstated)
            || ': the cost of what they sold is booked by hand'
        END
    ) AS problems
FROM counted
WHERE len(costless) > 0 OR unstated > 0
