-- Declarations of persona non grata.
create table persona_non_grata (
    name         text        primary key,
    uid          uuid        not null unique,
    version      bigint      not null,
    doc          jsonb       not null,
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    deleted_at   timestamptz,

    member       text        not null generated always as (doc->>'member') stored,
    person       text        not null generated always as (doc->>'person') stored,
    mission      text        not null generated always as (doc->>'mission') stored,
    state        text        not null generated always as (doc->>'state') stored,
    deadline     timestamptz generated always as (instant(doc->>'deadline')) stored,
    overdue      boolean     generated always as ((doc->>'overdue')::boolean) stored,
    visa_lookout boolean     generated always as ((doc->>'visaLookout')::boolean) stored,

    constraint persona_non_grata_member_fkey foreign key (member) references members (name)
);
create index persona_non_grata_by_age on persona_non_grata (created_at, name);

-- A person is declared once.
create unique index persona_non_grata_one on persona_non_grata (member)
    where state in ('PROPOSED', 'LEGAL_REVIEW', 'DECIDED', 'NOTIFIED') and deleted_at is null;
