-- Visas and passports in use whose holder was newly found on a list.
create table name_check_reviews (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    document  text not null generated always as (doc->>'document') stored,
    screening text not null generated always as (doc->>'screening') stored,
    post      text not null generated always as (doc->>'post') stored,
    state     text not null generated always as (doc->>'state') stored,

    constraint name_check_reviews_state check (state <> 'STATE_UNSPECIFIED'),
    constraint name_check_reviews_screening_fkey foreign key (screening) references screenings (name),
    -- However many processes notice the same hit, a document is looked at again once for it.
    constraint name_check_reviews_once unique (document, screening)
);
create index name_check_reviews_by_post on name_check_reviews (post, state);
create index name_check_reviews_by_age on name_check_reviews (created_at, name);
create index visa_applications_by_screening on visa_applications (screening) where screening is not null;
create index passport_applications_by_screening on passport_applications (screening) where screening is not null;
create index travel_documents_by_application on travel_documents (application);
