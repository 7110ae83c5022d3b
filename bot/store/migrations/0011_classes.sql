-- The class of a proposal says who has the voices and what can stop it; and what its yes voices are a share of.

ALTER TABLE proposals ADD COLUMN class TEXT NOT NULL DEFAULT 'pod'
    CHECK (class IN ('pod', 'advice', 'binding', 'pillar', 'recall'));
ALTER TABLE proposals ADD COLUMN against TEXT NOT NULL DEFAULT 'voiced' CHECK (against IN ('voiced', 'present', 'all'));
UPDATE proposals SET class = 'binding' WHERE of_pods = 1;
ALTER TABLE proposals DROP COLUMN of_pods;
