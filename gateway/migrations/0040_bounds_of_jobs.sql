-- Jobs that are not at their end are counted for each key and agency before one more is made.
create index jobs_not_ended on jobs (agency, key) where state in ('COLLECTING', 'QUEUED', 'RUNNING') and deleted_at is null;
-- How many times in a row a job's service answered too late; only so many are borne.
alter table jobs add column late integer not null default 0;
