-- Circulars to missions, and the receipts of those that have read them.
create table circulars (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    language   text        not null generated always as (doc->>'language') stored,
    confirm_by timestamptz generated always as (instant(doc->>'confirmBy')) stored,
    state      text        not null generated always as (doc->>'state') stored,
    series     text        not null generated always as (doc->>'series') stored,
    number     integer     not null generated always as ((doc->>'number')::integer) stored,
    reference  text        not null generated always as (doc->>'reference') stored,
    issue_time timestamptz generated always as (instant(doc->>'issueTime')) stored,
    shown_to   text        not null generated always as (doc->>'shownTo') stored,
    search     tsvector    not null generated always as (searchable(doc->>'subject')) stored,

    constraint circulars_state check (state <> 'STATE_UNSPECIFIED'),
    -- A draft has no number, and what was issued has one.
    constraint circulars_numbered check ((state = 'DRAFT') = (series = '') and (state = 'DRAFT') = (number = 0))
);
create index circulars_by_age on circulars (created_at, name);
create index circulars_search on circulars using gin (search);

-- One circular has one number of a year.
create unique index circulars_one_number on circulars (series, number) where series <> '';

create table circular_receipts (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    circular   text        not null generated always as (doc->>'circular') stored,
    mission    text        not null generated always as (doc->>'mission') stored,
    read_time  timestamptz not null generated always as (instant(doc->>'readTime')) stored,

    constraint circular_receipts_circular_fkey foreign key (circular) references circulars (name),
    constraint circular_receipts_mission_fkey foreign key (mission) references missions (name)
);
create index circular_receipts_by_mission on circular_receipts (mission, created_at);
create index circular_receipts_by_age on circular_receipts (created_at, name);

-- Each mission confirms a circular once.
create unique index circular_receipts_once on circular_receipts (circular, mission);
