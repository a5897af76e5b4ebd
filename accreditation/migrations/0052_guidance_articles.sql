-- Guidance to missions: articles with their editions.
create table guidance_articles (
    name           text        primary key,
    uid            uuid        not null unique,
    version        bigint      not null,
    doc            jsonb       not null,
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
    deleted_at     timestamptz,

    topic          text        not null generated always as (doc->>'topic') stored,
    language       text        not null generated always as (doc->>'language') stored,
    effective_date text        not null generated always as (doc->>'effectiveDate') stored,
    state          text        not null generated always as (doc->>'state') stored,
    shown_to       text        not null generated always as (doc->>'shownTo') stored,
    search         tsvector    not null generated always as (
        searchable((doc->>'title') || ' ' || (doc->>'body'))
    ) stored,

    constraint guidance_articles_state check (state <> 'STATE_UNSPECIFIED')
);
create index guidance_articles_by_topic on guidance_articles (topic, name);
create index guidance_articles_by_age on guidance_articles (created_at, name);
create index guidance_articles_search on guidance_articles using gin (search);
