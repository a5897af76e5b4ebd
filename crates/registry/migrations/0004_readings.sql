-- What was given in answer to one question: of a list, an export or a watch, the records of the page. So it can be said who
-- read a person's record, however they came to it. A page is one row.
alter table audit add column records text[] not null default '{}';
-- The broken glass under which it was done: `elevations/7f3`.
alter table audit add column elevation text not null default '';
-- Whether it is kept from the report that the person may ask for (an inquiry that the person must not learn of). Auditors see it.
alter table audit add column withheld boolean not null default false;
create index audit_by_record on audit using gin (records) where records <> '{}';

-- The same chain without a key: anyone who has the rows can compute it, and compare it with a head that was kept elsewhere.
-- Rows sealed before have none; the chain goes on from the keyed link of the last of them.
alter table audit_chain add column digest bytea;
