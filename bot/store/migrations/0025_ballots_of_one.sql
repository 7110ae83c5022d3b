-- The answers of one person to a poll are looked up for each answer of theirs, among however many there are.

DROP INDEX ballots_by_poll;
CREATE INDEX ballots_by_person ON ballots (poll_id, user_id);
