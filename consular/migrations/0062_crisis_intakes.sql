-- What people in a crisis said at the public intake.
create table crisis_intakes (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    crisis     text        not null generated always as (doc->>'crisis') stored,
    state      text        not null generated always as (doc->>'state') stored,
    said       text        not null generated always as (doc->>'said') stored,
    contact    text        not null generated always as (doc->>'contact') stored,
    owner      text        not null generated always as (doc->>'owner') stored,
    prove_time timestamptz generated always as (instant(doc->>'proveTime')) stored,

    constraint crisis_intakes_crisis_fkey foreign key (crisis) references crises (name),
    constraint crisis_intakes_state check (state <> 'STATE_UNSPECIFIED'),
    -- Nobody is listed from an address that is not proven.
    constraint crisis_intakes_proven check (state <> 'LISTED' or prove_time is not null)
);
create index crisis_intakes_by_crisis on crisis_intakes (crisis, state);
create index crisis_intakes_by_contact on crisis_intakes (contact, created_at) where contact <> '';
create index crisis_intakes_by_owner on crisis_intakes (owner);
create index crisis_intakes_by_age on crisis_intakes (created_at, name);
