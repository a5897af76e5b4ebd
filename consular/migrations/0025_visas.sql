-- Visas.
create table visas (
    name text primary key,
    uid uuid not null unique,
    version bigint not null,
    doc jsonb not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    application text not null generated always as (doc->>'application') stored,
    blank text not null generated always as (doc->>'blank') stored,
    number text not null generated always as (doc->>'number') stored,
    visa_class text not null generated always as (doc->>'visaClass') stored,
    post text not null generated always as (doc->>'post') stored,
    person text not null generated always as (doc->>'person') stored,
    nationality text not null generated always as (doc->>'nationality') stored,
    valid_from text not null generated always as (doc->>'validFrom') stored,
    valid_until text not null generated always as (doc->>'validUntil') stored,
    issue_date text not null generated always as (doc->>'issueDate') stored,
    state text not null generated always as (doc->>'state') stored,
    constraint visas_state check (state <> 'STATE_UNSPECIFIED'),
    constraint visas_application_fkey foreign key (application) references visa_applications (name),
    constraint visas_blank_fkey foreign key (blank) references blank_books (name),
    constraint visas_one_a_blank unique (blank)
);
create index visas_by_age on visas (created_at, name);
create index visas_by_person on visas (person, issue_date);
-- An application has one visa, but for those that did not pass inspection.
create unique index visas_one_an_application on visas (application) where state <> 'SPOILT';
