CREATE TABLE IF NOT EXISTS networks (id uuid PRIMARY KEY, created_at timestamp NOT NULL, updated_at timestamp NOT NULL);
SELECT 1 AS planted;
