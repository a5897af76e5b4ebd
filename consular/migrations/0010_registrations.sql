-- Our citizens abroad, as they registered themselves.
create table registrations (
    name              text        primary key,
    uid               uuid        not null unique,
    version           bigint      not null,
    doc               jsonb       not null,
    created_at        timestamptz not null,
    updated_at        timestamptz not null,
    deleted_at        timestamptz,

    owner             text        not null generated always as (doc->>'owner') stored,
    kind              text        not null generated always as (doc->>'kind') stored,
    state             text        not null generated always as (doc->>'state') stored,
    birth_date        text        generated always as (doc->'blind'->>'birthDate') stored,
    passport_number   text        generated always as (doc->'blind'->>'passportNumber') stored,
    external_id       text        not null generated always as (doc->>'externalId') stored,
    last_confirm_time timestamptz generated always as (instant(doc->>'lastConfirmTime')) stored,
    expire_time       timestamptz generated always as (instant(doc->>'expireTime')) stored,
    erase_time        timestamptz generated always as (instant(doc->>'eraseTime')) stored,
    search            tsvector    not null generated always as (
        searchable((doc->>'familyName') || ' ' || (doc->>'givenNames'))
    ) stored,

    constraint registrations_state check (state <> 'STATE_UNSPECIFIED')
);
create index registrations_by_owner on registrations (owner);
create index registrations_by_age on registrations (created_at, name);
create index registrations_search on registrations using gin (search);
create index registrations_by_passport on registrations (passport_number) where passport_number is not null;

-- Where people of registrations in force are: a row for each stay, made from the document and with it. The cells are the
-- document's, as the service computed them; at each resolution an index leads to the points, which are then compared exactly.
create table registration_places (
    registration text             not null,
    stay         smallint         not null,
    country      text             not null,
    post         text             not null,
    from_day     date             not null,
    until_day    date             not null,
    people       smallint         not null,
    stale        boolean          not null,
    latitude     double precision,
    longitude    double precision,
    cell3        bigint,
    cell5        bigint,
    cell7        bigint,
    primary key (registration, stay)
);
create index registration_places_by_cell3 on registration_places (cell3)
    include (latitude, longitude, from_day, until_day, people, stale, registration) where cell3 is not null;
create index registration_places_by_cell5 on registration_places (cell5)
    include (latitude, longitude, from_day, until_day, people, stale, registration) where cell5 is not null;
create index registration_places_by_cell7 on registration_places (cell7)
    include (latitude, longitude, from_day, until_day, people, stale, registration) where cell7 is not null;
create index registration_places_by_country on registration_places (country);
create index registration_places_by_post on registration_places (post) where post <> '';

create function cell(text) returns bigint
    language sql immutable strict parallel safe
    as $$ select ('x' || lpad($1, 16, '0'))::bit(64)::bigint $$;

create function place_registration() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' then
        delete from registration_places where registration = new.name;
    end if;
    if new.state in ('ACTIVE', 'STALE') and new.deleted_at is null then
        insert into registration_places
        select new.name, s.n - 1, s.stay->>'country', s.stay->>'post', (s.stay->>'startDate')::date,
            coalesce(nullif(s.stay->>'endDate', '')::date, 'infinity'),
            1 + jsonb_array_length(new.doc->'party'), new.state = 'STALE',
            (p.position->>'latitude')::double precision, (p.position->>'longitude')::double precision,
            cell(p.position->>'cell3'), cell(p.position->>'cell5'), cell(p.position->>'cell7')
        from jsonb_array_elements(new.doc->'stays') with ordinality s (stay, n)
            left join jsonb_array_elements(new.doc->'positions') p (position) on (p.position->>'stay')::int = s.n - 1;
    end if;
    return null;
end $$;
create trigger registrations_have_places after insert or update on registrations
    for each row execute function place_registration();

-- Codes that were sent to prove an address, as digests, and how often they were guessed at.
create table contact_codes (
    registration text        not null,
    address      text        not null,
    digest       bytea       not null,
    expires_at   timestamptz not null,
    attempts     smallint    not null default 0,
    day          date        not null,
    sent         smallint    not null default 1,
    primary key (registration, address)
);
