-- Disputes of missions and their members.
create table disputes (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    mission  text        not null generated always as (doc->>'mission') stored,
    member   text       generated always as (nullif(doc->>'member', '')) stored,
    kind     text        not null generated always as (doc->>'kind') stored,
    state    text        not null generated always as (doc->>'state') stored,

    constraint disputes_mission_fkey foreign key (mission) references missions (name),
    constraint disputes_member_fkey foreign key (member) references members (name),
    constraint disputes_state check (state <> 'STATE_UNSPECIFIED')
);
create index disputes_by_mission on disputes (mission, state);
create index disputes_by_age on disputes (created_at, name);
