-- What agencies report of members who met the law.
create table incidents (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    member            text        not null generated always as (doc->>'member') stored,
    mission           text        not null generated always as (doc->>'mission') stored,
    offence_class     text        not null generated always as (doc->>'offenceClass') stored,
    violent           boolean    generated always as ((doc->>'violent')::boolean) stored,
    severity          text        not null generated always as (doc->>'severity') stored,
    occur_time        timestamptz not null generated always as (instant(doc->>'occurTime')) stored,
    agency            text        not null generated always as (doc->>'agency') stored,
    agency_reference  text        not null generated always as (doc->>'agencyReference') stored,
    state             text        not null generated always as (doc->>'state') stored,
    serious           boolean    generated always as ((doc->>'serious')::boolean) stored,
    waiver_outcome    text        not null generated always as (doc->>'waiverOutcome') stored,

    constraint incidents_member_fkey foreign key (member) references members (name),
    constraint incidents_state check (state <> 'STATE_UNSPECIFIED')
);
create index incidents_by_member on incidents (member, occur_time);
create index incidents_by_agency on incidents (agency, created_at);
create index incidents_by_age on incidents (created_at, name);
