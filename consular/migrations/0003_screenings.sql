-- Looks at the watch lists, each with what it found.
create table screenings (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    occasion   text        not null generated always as (doc->>'occasion') stored,
    state      text        not null generated always as (doc->>'state') stored,
    previous   text        generated always as (nullif(doc->>'previous', '')) stored,

    constraint screenings_state check (state <> 'STATE_UNSPECIFIED'),
    constraint screenings_previous_fkey foreign key (previous) references screenings (name),
    -- No decision, and no clearance, without the versions of the lists it rests on.
    constraint screenings_lists check (jsonb_array_length(doc->'lists') > 0)
);
create index screenings_by_occasion on screenings (occasion);
create index screenings_by_age on screenings (created_at, name);
-- A screening is done again once, on the next version that matters.
create unique index screenings_one_next on screenings (previous) where previous is not null;
