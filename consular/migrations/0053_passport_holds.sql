-- What stands in the way of a passport for one person.
create table passport_holds (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    kind        text not null generated always as (doc->>'kind') stored,
    "case"      text generated always as (nullif(doc->>'case', '')) stored,
    person      text not null generated always as (doc->>'person') stored,
    birth_date  text not null generated always as (doc->>'birthDate') stored,
    expire_date text not null generated always as (doc->>'expireDate') stored,
    state       text not null generated always as (doc->>'state') stored,

    constraint passport_holds_state check (state <> 'STATE_UNSPECIFIED'),
    constraint passport_holds_case_fkey foreign key ("case") references assistance_cases (name),
    -- An alert for a child has its case.
    constraint passport_holds_alert check (kind <> 'CHILD_ALERT' or "case" is not null)
);
create index passport_holds_by_person on passport_holds (person) where state = 'IN_FORCE' and person <> '';
create index passport_holds_by_birth on passport_holds (birth_date) where state = 'IN_FORCE' and birth_date <> '';
create index passport_holds_by_case on passport_holds ("case") where "case" is not null;
create index passport_holds_by_age on passport_holds (created_at, name);
