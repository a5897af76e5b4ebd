-- A register as a service would have it: missions, their members, and answers that are only ever added.

create table missions (
    name          text        primary key,
    uid           uuid        not null,
    version       bigint      not null,
    doc           jsonb       not null,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    deleted_at    timestamptz,
    sending_state text        generated always as (doc->>'sendingState') stored,
    type          text        generated always as (doc->>'type') stored,
    title         text        generated always as (doc->>'title') stored,
    seat          text        generated always as (doc->>'seat') stored,
    state         text        generated always as (doc->>'state') stored,
    external_id   text        generated always as (nullif(doc->>'externalId', '')) stored,
    open_time     timestamptz generated always as (instant(doc->>'openTime')) stored,
    search        tsvector    generated always as (searchable(coalesce(doc->>'title', '') || ' ' || coalesce(doc->>'seat', ''))) stored,
    constraint missions_external_id unique (external_id)
);

create table members (
    name          text        primary key,
    uid           uuid        not null,
    version       bigint      not null,
    doc           jsonb       not null,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    deleted_at    timestamptz,
    mission       text        generated always as (doc->>'mission') stored
                              constraint members_mission references missions (name),
    person        text        generated always as (doc->>'person') stored,
    category      text        generated always as (doc->>'category') stored,
    nationality   text        generated always as (doc->>'nationality') stored,
    residence     text        generated always as (doc->>'residence') stored,
    principal     text        generated always as (nullif(doc->>'principal', '')) stored
                              constraint members_principal references members (name),
    arrival_time  timestamptz generated always as (instant(doc->>'arrivalTime')) stored,
    state         text        generated always as (doc->>'state') stored,
    notify_time   timestamptz generated always as (instant(doc->>'notifyTime')) stored,
    notified_late boolean     generated always as ((doc->>'notifiedLate')::boolean) stored,
    grace_end_time timestamptz generated always as (instant(doc->>'graceEndTime')) stored,
    birth_date     text        generated always as (doc->'blind'->>'birthDate') stored,
    passport_number text       generated always as (doc->'blind'->>'passportNumber') stored,
    search        tsvector    generated always as
                              (searchable(coalesce(doc->>'familyName', '') || ' ' || coalesce(doc->>'givenNames', ''))) stored,
    constraint members_passport unique (passport_number)
);

create table determinations (
    name       text        primary key,
    uid        uuid        not null,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,
    member     text        generated always as (doc->>'member') stored,
    matter     text        generated always as (doc->>'matter') stored,
    instant    timestamptz generated always as (instant(doc->>'instant')) stored,
    immune     text        generated always as (doc->>'immune') stored,
    asked_by   text        generated always as (doc->>'askedBy') stored,
    agency     text        generated always as (doc->>'agency') stored,
    reference  text        generated always as (doc->>'reference') stored,
    constraint determinations_reference check (doc->>'reference' <> 'refused')
);
