-- Locks, as `Locks` numbers them: 1 against deletion, 2 writing, 4 listing, 8 reading. No row is
-- rewritten for it.

ALTER TABLE repositories ADD COLUMN locks BIGINT NOT NULL DEFAULT 0;
ALTER TABLE manifests ADD COLUMN locks BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tags ADD COLUMN locks BIGINT NOT NULL DEFAULT 0;
