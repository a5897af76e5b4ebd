-- Imports and exports that run by themselves. How far a job is, is written by the gateway that runs it, in the
-- transaction that keeps the results; its versions are counted on, and stand in no history.
create table jobs (
    name        text        primary key,
    uid         uuid        not null unique,
    version     bigint      not null,
    doc         jsonb       not null,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    deleted_at  timestamptz,

    kind        text        not null generated always as (doc->>'kind') stored,
    collection  text        not null generated always as (doc->>'collection') stored,
    state       text        not null generated always as (doc->>'state') stored,
    agency      text        not null generated always as (doc->>'agency') stored,
    key         text        not null generated always as (doc->>'key') stored,
    end_time    timestamptz generated always as (instant(doc->>'endTime')) stored,

    -- Where to go on: the page's token of an export, the last part done of an import.
    place       text        not null default '',
    -- The gateway that runs it, and until when.
    holder      uuid,
    held_until  timestamptz,

    constraint jobs_state check (state in ('COLLECTING', 'QUEUED', 'RUNNING', 'DONE', 'FAILED', 'CANCELLED'))
);
create index jobs_by_agency on jobs (agency, name);
create index jobs_to_run on jobs (name) where state in ('QUEUED', 'RUNNING');

-- What an import was given, each line sealed under the job's data key.
create table job_parts (
    job     text    not null,
    part    integer not null,
    lines   bytea[] not null,
    primary key (job, part)
);

-- What came of a job, line by line, sealed likewise.
create table job_results (
    job     text    not null,
    number  bigint  not null,
    line    bytea   not null,
    primary key (job, number)
);
