-- Births, marriages and deaths of our citizens abroad.
create table civil_records (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    post           text        not null generated always as (doc->>'post') stored,
    kind           text        not null generated always as (doc->>'kind') stored,
    event_date     text        not null generated always as (doc->>'eventDate') stored,
    country        text        not null generated always as (doc->>'country') stored,
    foreign_number text        not null generated always as (doc->>'foreignNumber') stored,
    identity_key   text        not null generated always as (doc->>'identityKey') stored,
    series         text        not null generated always as (doc->>'series') stored,
    number         integer     not null generated always as ((doc->>'number')::integer) stored,
    reference      text        not null generated always as (doc->>'reference') stored,
    register_time  timestamptz generated always as (instant(doc->>'registerTime')) stored,
    state          text        not null generated always as (doc->>'state') stored,
    -- The dates of birth by which the same persons are found again, whatever day the event is put on: those of a child's
    -- parents, else those of whoever married or died.
    births         jsonb       not null generated always as (case doc->>'kind'
        when 'BIRTH' then jsonb_path_query_array(doc, '$.parents[*].person.birthDate')
        else jsonb_path_query_array(doc, '$.subject.birthDate') || jsonb_path_query_array(doc, '$.spouse.birthDate')
    end) stored,

    constraint civil_records_state check (state <> 'STATE_UNSPECIFIED'),
    constraint civil_records_numbered check ((state in ('REGISTERED', 'CERTIFICATE_ISSUED', 'ANNULLED')) = (number > 0))
);
create index civil_records_by_post on civil_records (post, state);
create index civil_records_by_event on civil_records (kind, event_date);
create index civil_records_by_births on civil_records using gin (births);
create index civil_records_by_entry on civil_records (foreign_number, country) where foreign_number <> '';
create index civil_records_by_reference on civil_records (reference) where number > 0;
create index civil_records_by_age on civil_records (created_at, name);
create unique index civil_records_one_number on civil_records (series, number) where number > 0;

-- One event is registered once, whichever posts it was declared at.
create unique index civil_records_one_event on civil_records (identity_key) where number > 0 and state <> 'ANNULLED';
create unique index civil_records_one_foreign on civil_records (kind, country, foreign_number)
    where number > 0 and state <> 'ANNULLED' and foreign_number <> '';

-- What is registered stays: it is added to by extracts, ended by its annulment, and rewritten with a correction that tells
-- what it said, or not at all.
create function civil_records_stand() returns trigger language plpgsql as $$
declare
    added constant text[] :=
        array['state', 'certificates', 'annulment', 'annulTime', 'duplicateOf', 'updateTime', 'etag'];
    facts constant text[] := array['post', 'kind', 'number', 'series', 'reference', 'registerTime', 'country', 'duplicates',
        'cleared', 'certificates'];
    extracts constant integer := jsonb_array_length(old.doc->'certificates');
    corrections constant integer := jsonb_array_length(old.doc->'corrections');
    fact text;
begin
    if tg_op = 'DELETE' or new.deleted_at is not null or old.state = 'ANNULLED' then
        raise exception 'what is registered stands' using errcode = 'restrict_violation';
    end if;
    if (old.doc - added) = (new.doc - added) then
        if old.doc->'certificates' <> new.doc->'certificates'
            and old.doc->'certificates' <> (new.doc->'certificates') - extracts then
            raise exception 'an extract that was issued stands' using errcode = 'restrict_violation';
        end if;
        return new;
    end if;
    foreach fact in array facts loop
        if old.doc->fact is distinct from new.doc->fact then
            raise exception 'what is registered stands' using errcode = 'restrict_violation';
        end if;
    end loop;
    if jsonb_array_length(new.doc->'corrections') <> corrections + 1
        or (new.doc->'corrections') - corrections <> old.doc->'corrections'
        or (new.doc->>'edition')::integer <> (old.doc->>'edition')::integer + 1 then
        raise exception 'what is registered stands, but for a correction' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create trigger civil_records_stand before update or delete on civil_records
    for each row when (old.number > 0) execute function civil_records_stand();
