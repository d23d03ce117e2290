-- grain: one customer. Customers as `GET /customers` lists them; the owner chooses which roles count.
SELECT
    record_key,
    role,
    nullif(country, '') AS country,
    CAST(date_created_gmt || 'Z' AS TIMESTAMPTZ) AS created_at,
    CAST(date_modified_gmt || 'Z' AS TIMESTAMPTZ) AS updated_at
FROM records
