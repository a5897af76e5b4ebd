-- The stock of blanks: every number once.
create table blank_books (
    name text primary key,
    uid uuid not null unique,
    version bigint not null,
    doc jsonb not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    number text not null generated always as (doc->>'number') stored,
    kind text not null generated always as (doc->>'kind') stored,
    post text not null generated always as (doc->>'post') stored,
    consignment text not null generated always as (doc->>'consignment') stored,
    state text not null generated always as (doc->>'state') stored,
    document text not null generated always as (doc->>'document') stored,
    constraint blank_books_state check (state <> 'STATE_UNSPECIFIED'),
    constraint blank_books_number unique (number),
    -- What was issued became something, and nothing else did.
    constraint blank_books_document check ((state = 'ISSUED') <= (document <> '') and (state = 'RECEIVED') <= (document = ''))
);
create index blank_books_by_age on blank_books (created_at, name);
create index blank_books_stock on blank_books (post, kind, state);
