-- Honorary consular officers (VCCR art. 58-68).
create table honorary_consuls (
    name           text        primary key,
    uid            uuid        not null unique,
    version        bigint      not null,
    doc            jsonb       not null,
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
    deleted_at     timestamptz,

    mission        text        not null generated always as (doc->>'mission') stored,
    post_class     text        not null generated always as (doc->>'postClass') stored,
    residence      text        not null generated always as (doc->>'residence') stored,
    state          text        not null generated always as (doc->>'state') stored,
    recognise_time timestamptz generated always as (instant(doc->>'recogniseTime')) stored,
    term_end_time  timestamptz generated always as (instant(doc->>'termEndTime')) stored,
    recertify_time timestamptz generated always as (instant(doc->>'recertifyTime')) stored,
    search         tsvector    not null generated always as (
        searchable((doc->>'familyName') || ' ' || (doc->>'givenNames'))
    ) stored,

    constraint honorary_consuls_mission_fkey foreign key (mission) references missions (name),
    -- Who is recognised has a term, at a post that was approved.
    constraint honorary_consuls_approved check (
        state not in ('RECOGNISED', 'RECERTIFICATION_DUE')
        or ((doc->>'postApproveTime') is not null and term_end_time is not null)
    )
);
create index honorary_consuls_by_mission on honorary_consuls (mission);
create index honorary_consuls_by_age on honorary_consuls (created_at, name);
create index honorary_consuls_search on honorary_consuls using gin (search);
