-- Questions after people in a crisis.
create table enquiries (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    crisis     text        not null generated always as (doc->>'crisis') stored,
    owner      text        not null generated always as (doc->>'owner') stored,
    state      text        not null generated always as (doc->>'state') stored,
    relation   text        not null generated always as (doc->>'relation') stored,
    person     text        generated always as (nullif(doc->>'person', '')) stored,
    ground     text        not null generated always as (doc->>'ground') stored,

    constraint enquiries_crisis_fkey foreign key (crisis) references crises (name),
    constraint enquiries_person_fkey foreign key (person) references crisis_persons (name),
    constraint enquiries_state check (state <> 'STATE_UNSPECIFIED'),
    -- What is answered says on what ground.
    constraint enquiries_ground check (state <> 'ANSWERED' or ground <> 'GROUND_UNSPECIFIED')
);
create index enquiries_by_crisis on enquiries (crisis, state);
create index enquiries_by_owner on enquiries (owner) where owner <> '';
create index enquiries_by_age on enquiries (created_at, name);
