-- Requests for agrément: our consent to a head of mission before the appointment (VCDR art. 4).
create table agrements (
    name          text        primary key,
    uid           uuid        not null unique,
    version       bigint      not null,
    doc           jsonb       not null,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    deleted_at    timestamptz,

    mission       text        not null generated always as (doc->>'mission') stored,
    head_class    text        not null generated always as (doc->>'headClass') stored,
    state         text        not null generated always as (doc->>'state') stored,
    disclosure    text        not null generated always as (doc->>'disclosure') stored,
    submit_time   timestamptz generated always as (instant(doc->>'submitTime')) stored,
    lapse_time    timestamptz generated always as (instant(doc->>'lapseTime')) stored,
    announce_time timestamptz generated always as (instant(doc->>'announceTime')) stored,
    search        tsvector    not null generated always as (
        searchable((doc->>'familyName') || ' ' || (doc->>'givenNames'))
    ) stored,

    constraint agrements_mission_fkey foreign key (mission) references missions (name),
    -- What is announced was granted.
    constraint agrements_announced check (disclosure <> 'ANNOUNCED' or (doc->>'decideTime') is not null)
);
create index agrements_by_mission on agrements (mission);
create index agrements_by_age on agrements (created_at, name);
create index agrements_search on agrements using gin (search);

-- A mission has one request before us at a time.
create unique index agrements_one_before_us on agrements (mission)
    where state in ('RECEIVED', 'UNDER_CONSULTATION', 'GRANTED');

-- The agrément that opened a head of mission's notification. It opens one.
alter table members add column agrement text generated always as (nullif(doc->>'agrement', '')) stored;
alter table members add constraint members_agrement_fkey foreign key (agrement) references agrements (name);
create unique index members_one_per_agrement on members (agrement)
    where agrement is not null and state not in ('ENDED', 'DECLINED') and deleted_at is null;
