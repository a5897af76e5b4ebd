-- From which change of another record a step followed: its name and version, `missions/fr@7`. Steps made directly, which
-- are nearly all, have none and pay nothing.
alter table history add column cause text;
