-- Who acts for heads of mission (VCDR art. 19).
create table charges (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    mission    text        not null generated always as (doc->>'mission') stored,
    member     text        not null generated always as (doc->>'member') stored,
    scope      text        not null generated always as (doc->>'scope') stored,
    state      text        not null generated always as (doc->>'state') stored,
    begin_time timestamptz not null generated always as (instant(doc->>'beginTime')) stored,

    constraint charges_mission_fkey foreign key (mission) references missions (name),
    constraint charges_member_fkey foreign key (member) references members (name)
);
create index charges_by_mission on charges (mission);
create index charges_by_age on charges (created_at, name);

-- One person acts for a head of mission at a time.
create unique index charges_one_acting on charges (mission) where state = 'ACTING';
