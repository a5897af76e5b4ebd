-- Applications of missions for identity cards.
create table card_applications (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    member     text        not null generated always as (doc->>'member') stored,
    mission    text        not null generated always as (doc->>'mission') stored,
    cause      text        not null generated always as (doc->>'cause') stored,
    state      text        not null generated always as (doc->>'state') stored,

    constraint card_applications_member_fkey foreign key (member) references members (name),
    constraint card_applications_mission_fkey foreign key (mission) references missions (name),
    constraint card_applications_state check (state <> 'STATE_UNSPECIFIED')
);
create index card_applications_by_mission on card_applications (mission, state);
create index card_applications_by_age on card_applications (created_at, name);

-- One application for a member is before us.
create unique index card_applications_one on card_applications (member)
    where state = 'REQUESTED' and deleted_at is null;
