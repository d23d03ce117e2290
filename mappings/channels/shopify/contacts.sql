-- grain: one customer. Customers of a shop; it has no roles.
SELECT
    record_key,
    CAST(NULL AS VARCHAR) AS role,
    nullif(country, '') AS country,
    CAST(createdAt AS TIMESTAMPTZ) AS created_at,
    CAST(updatedAt AS TIMESTAMPTZ) AS updated_at
FROM records
