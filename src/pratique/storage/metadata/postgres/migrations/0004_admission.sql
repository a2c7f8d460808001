-- Admission: what names each version of the law, wrong sign-ins, sign-ins on their way, refusals
-- and uses of grants. Times are microseconds since 1970, UTC; days are ISO 8601.

-- A database that was put back to an older state, and changed since, has other marks.
CREATE TABLE law_marks (
    version BIGINT PRIMARY KEY,
    mark UUID NOT NULL
);

-- May be lost with the server, so nothing of it is logged. `key` is a hash: people type passwords
-- where a name is expected.
CREATE UNLOGGED TABLE attempts (
    kind TEXT COLLATE "C" NOT NULL,
    key BYTEA NOT NULL,
    failures BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (kind, key)
);

CREATE INDEX attempts_by_time ON attempts (kind, last_at);

-- May be lost with the server.
CREATE UNLOGGED TABLE pending_sign_ins (
    kind TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    body BYTEA NOT NULL,
    owner TEXT COLLATE "C" NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (kind, key)
);

CREATE INDEX pending_sign_ins_by_owner ON pending_sign_ins (kind, owner, until);
CREATE INDEX pending_sign_ins_by_time ON pending_sign_ins (until);

CREATE TABLE decisions (
    decision_id TEXT COLLATE "C" PRIMARY KEY,
    at BIGINT NOT NULL,
    caller_id TEXT COLLATE "C" NOT NULL,
    resource TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    body TEXT NOT NULL
);

CREATE INDEX decisions_by_time ON decisions (at, decision_id);
CREATE INDEX decisions_by_caller ON decisions (caller_id, at, decision_id);
CREATE INDEX decisions_by_resource ON decisions (resource, at, decision_id);
CREATE INDEX decisions_by_source ON decisions (source, at, decision_id);

-- `others_on` is the last day of a use on a repository that was not named.
CREATE TABLE grant_uses (
    grant_id TEXT COLLATE "C" NOT NULL,
    action TEXT COLLATE "C" NOT NULL,
    last_day TEXT COLLATE "C" NOT NULL,
    others_on TEXT COLLATE "C",
    PRIMARY KEY (grant_id, action)
);

CREATE TABLE grant_use_repositories (
    grant_id TEXT COLLATE "C" NOT NULL,
    action TEXT COLLATE "C" NOT NULL,
    repository TEXT COLLATE "C" NOT NULL,
    last_day TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (grant_id, action, repository)
);

CREATE TABLE recording (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    started_on TEXT NOT NULL
);
