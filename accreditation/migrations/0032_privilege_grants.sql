-- Privileges granted to one member.
create table privilege_grants (
    name           text        primary key,
    uid            uuid        not null unique,
    version        bigint      not null,
    doc            jsonb       not null,
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
    deleted_at     timestamptz,

    member         text        not null generated always as (doc->>'member') stored,
    mission        text        not null generated always as (doc->>'mission') stored,
    privilege      text        not null generated always as (doc->>'privilege') stored,
    extent         text        not null generated always as (doc->>'extent') stored,
    state          text        not null generated always as (doc->>'state') stored,
    effective_time timestamptz not null generated always as (instant(doc->>'effectiveTime')) stored,
    end_time       timestamptz generated always as (instant(doc->>'endTime')) stored,

    constraint privilege_grants_member_fkey foreign key (member) references members (name),
    constraint privilege_grants_mission_fkey foreign key (mission) references missions (name),
    constraint privilege_grants_state check (state <> 'STATE_UNSPECIFIED'),
    -- A grant that was revoked before it began has no time at all.
    constraint privilege_grants_period check (effective_time <= end_time),
    -- At most one holds at a time; those that ended still stand for the time they held.
    constraint privilege_grants_one_in_force exclude using gist (
        member with =, privilege with =, tstzrange(effective_time, end_time) with &&
    ) where (state in ('GRANTED', 'REVOKED', 'ENDED') and deleted_at is null)
);
create index privilege_grants_by_mission on privilege_grants (mission, name);
create index privilege_grants_by_age on privilege_grants (created_at, name);
