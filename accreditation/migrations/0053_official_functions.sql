-- Official functions: guests and seats are in the document.
create table official_functions (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    kind       text        not null generated always as (doc->>'kind') stored,
    start_time timestamptz not null generated always as (instant(doc->>'startTime')) stored,
    mission    text        generated always as (nullif(doc->>'mission', '')) stored,
    state      text        not null generated always as (doc->>'state') stored,
    search     tsvector    not null generated always as (searchable(doc->>'title')) stored,

    constraint official_functions_mission_fkey foreign key (mission) references missions (name),
    constraint official_functions_state check (state <> 'STATE_UNSPECIFIED')
);
create index official_functions_by_time on official_functions (start_time, name);
create index official_functions_by_age on official_functions (created_at, name);
create index official_functions_search on official_functions using gin (search);
