-- grain: one customer of the directory; it has no roles.
SELECT
    record_key,
    CAST(NULL AS VARCHAR) AS role,
    CAST(NULL AS VARCHAR) AS country,
    CAST(created_at AS TIMESTAMPTZ) AS created_at,
    CAST(updated_at AS TIMESTAMPTZ) AS updated_at
FROM records
