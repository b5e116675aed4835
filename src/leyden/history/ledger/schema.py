"""The ledger's tables, as the steps that lead to them.

A new file takes all steps, an old one those that it lacks, all in one transaction: both end with the very same tables,
and a power cut leaves the old file as it was. A step that was ever released is never changed; a change is a new step.
"""

_ONE = """
CREATE TABLE events (id INTEGER PRIMARY KEY, time TEXT NOT NULL, kind TEXT NOT NULL, source TEXT NOT NULL,
    zh TEXT NOT NULL, en TEXT NOT NULL, detail TEXT NOT NULL) STRICT;
CREATE INDEX events_by_time ON events (time);
CREATE TABLE alarms (id INTEGER PRIMARY KEY, key TEXT NOT NULL, state TEXT NOT NULL, raised TEXT NOT NULL,
    set_time TEXT NOT NULL, body TEXT NOT NULL) STRICT;
CREATE INDEX alarms_by_state ON alarms (state) WHERE state <> 'normal';
CREATE INDEX alarms_by_time ON alarms (set_time);
CREATE TABLE leases (id INTEGER PRIMARY KEY, target TEXT NOT NULL, power_w REAL NOT NULL, by TEXT NOT NULL,
    saved TEXT NOT NULL, remaining_s REAL NOT NULL, ended TEXT, why TEXT) STRICT;
CREATE INDEX leases_in_force ON leases (id) WHERE ended IS NULL;
CREATE TABLE states (name TEXT PRIMARY KEY, saved TEXT NOT NULL, body TEXT NOT NULL) STRICT;
CREATE TABLE tokens (id INTEGER PRIMARY KEY, label TEXT NOT NULL, scope TEXT NOT NULL, hash TEXT NOT NULL,
    made TEXT NOT NULL, revoked TEXT) STRICT;
CREATE TABLE actions (id INTEGER PRIMARY KEY, time TEXT NOT NULL, by TEXT NOT NULL, what TEXT NOT NULL,
    target TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL, why TEXT NOT NULL) STRICT;
CREATE INDEX actions_by_time ON actions (time);
CREATE TRIGGER actions_stay BEFORE UPDATE ON actions BEGIN SELECT RAISE(ABORT, 'actions are never changed'); END;
CREATE TRIGGER actions_remain BEFORE DELETE ON actions BEGIN SELECT RAISE(ABORT, 'actions are never deleted'); END;
"""

# People and their sessions; a token has a role and may end by itself. What a token of schema 1 opened was everything
# there was, but for saying who may what: that stays with the one that was printed at the first start.
_TWO = """
CREATE TABLE users (name TEXT PRIMARY KEY COLLATE NOCASE, role TEXT NOT NULL, hash TEXT NOT NULL,
    enabled INTEGER NOT NULL, made TEXT NOT NULL, changed TEXT NOT NULL) STRICT;
CREATE TABLE sessions (hash TEXT PRIMARY KEY, user TEXT NOT NULL COLLATE NOCASE
    REFERENCES users (name) ON DELETE CASCADE, made TEXT NOT NULL, seen TEXT NOT NULL, expires TEXT NOT NULL) STRICT;
CREATE INDEX sessions_by_user ON sessions (user);
ALTER TABLE tokens RENAME COLUMN scope TO role;
ALTER TABLE tokens ADD COLUMN expires TEXT;
UPDATE tokens SET role = CASE label WHEN 'first start' THEN 'administrator' ELSE 'engineer' END;
"""

STEPS = (_ONE, _TWO)
SCHEMA = len(STEPS)
"""Counts up with every step; a file of a higher number is refused."""
