-- The audit log's chain, and the end of the last collection. Times are microseconds since 1970, UTC.

CREATE TABLE audit (
    seq BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    category TEXT COLLATE "C" NOT NULL,
    change_id TEXT COLLATE "C" UNIQUE,
    body BYTEA NOT NULL,
    hash BYTEA NOT NULL
);

CREATE INDEX audit_by_category ON audit (category, seq);

-- Whoever adds to the chain holds this row, so that there is one chain. It also tells of a log
-- that was cut off.
CREATE TABLE audit_head (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    seq BIGINT NOT NULL,
    hash BYTEA NOT NULL
);

INSERT INTO audit_head (one, seq, hash) VALUES (1, 0, decode(repeat('00', 32), 'hex'));

CREATE TABLE collection_turn (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    ended_at BIGINT
);

INSERT INTO collection_turn (one) VALUES (1);
