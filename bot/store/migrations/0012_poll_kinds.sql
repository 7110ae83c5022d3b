-- Kinds of polls. Those there are were choices. `sums` holds, as JSON, what a closed poll that scores or ranks needs
-- beside its counts; like them it names nobody.

ALTER TABLE polls ADD COLUMN kind TEXT NOT NULL DEFAULT 'choice'
    CHECK (kind IN ('choice', 'yesno', 'approval', 'score', 'rank', 'temperature', 'meeting'));
ALTER TABLE polls ADD COLUMN sums TEXT;
