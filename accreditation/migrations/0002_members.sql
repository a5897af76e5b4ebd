-- People notified by missions: one row for one person's accreditation at one mission.
create table members (
    name           text        primary key,
    uid            uuid        not null unique,
    version        bigint      not null,
    doc            jsonb       not null,
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
    deleted_at     timestamptz,

    mission        text        not null generated always as (doc->>'mission') stored,
    person         text        not null generated always as (doc->>'person') stored,
    category       text        not null generated always as (doc->>'category') stored,
    nationality    text        not null generated always as (doc->>'nationality') stored,
    residence      text        not null generated always as (doc->>'residence') stored,
    principal      text        generated always as (nullif(doc->>'principal', '')) stored,
    state          text        not null generated always as (doc->>'state') stored,
    arrival_time   timestamptz generated always as (instant(doc->>'arrivalTime')) stored,
    notify_time    timestamptz generated always as (instant(doc->>'notifyTime')) stored,
    grace_end_time timestamptz generated always as (instant(doc->>'graceEndTime')) stored,
    notified_late  boolean     generated always as ((doc->>'notifiedLate')::boolean) stored,
    search         tsvector    not null generated always as (
        searchable((doc->>'familyName') || ' ' || (doc->>'givenNames'))
    ) stored,

    constraint members_mission_fkey foreign key (mission) references missions (name),
    constraint members_principal_fkey foreign key (principal) references members (name),
    constraint members_state check (state <> 'STATE_UNSPECIFIED')
);
create index members_by_mission on members (mission, state);
create index members_by_principal on members (principal) where principal is not null;
create index members_by_person on members (person);
create index members_by_age on members (created_at, name);
create index members_search on members using gin (search);

-- A person has one live accreditation in one role at one mission.
create unique index members_one_live_role on members (mission, person, category)
    where state not in ('ENDED', 'DECLINED') and deleted_at is null;
