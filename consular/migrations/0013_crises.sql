-- Events that may have touched people of ours in an area.
create table crises (
    name           text        primary key,
    uid            uuid        not null unique,
    version        bigint      not null,
    doc            jsonb       not null,
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
    deleted_at     timestamptz,

    kind           text        not null generated always as (doc->>'kind') stored,
    state          text        not null generated always as (doc->>'state') stored,
    security_event text        not null generated always as (doc->>'securityEvent') stored,
    onset_time     timestamptz generated always as (instant(doc->>'onsetTime')) stored,

    constraint crises_state check (state <> 'STATE_UNSPECIFIED')
);
create index crises_by_age on crises (created_at, name);
alter table messages add constraint messages_crisis_fkey foreign key (crisis) references crises (name);

-- Who is to be taken onto the list of a crisis: found when it is asked for, made a record of afterwards, once each.
create table crisis_roll (
    crisis       text        not null,
    registration text        not null,
    due_at       timestamptz not null default clock_timestamp(),
    listed       boolean     not null default false,
    primary key (crisis, registration)
);
create index crisis_roll_waiting on crisis_roll (due_at) where not listed;
