-- Canonical lines of one document, in the order of its lines.
-- grain, key, in, variables: those of canonical
-- from: canonical
SELECT * FROM canonical
