-- What consular officers do as notaries, the bank of specimen signatures, legalisations, and the register of apostilles.
create table notarial_acts (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    post       text        not null generated always as (doc->>'post') stored,
    kind       text        not null generated always as (doc->>'kind') stored,
    receipt    text        generated always as (nullif(doc->>'receipt', '')) stored,
    officer    text        not null generated always as (doc->>'officer') stored,
    act_time   timestamptz not null generated always as (instant(doc->>'actTime')) stored,
    series     text        not null generated always as (doc->>'series') stored,
    number     integer     not null generated always as ((doc->>'number')::integer) stored,
    reference  text        not null generated always as (doc->>'reference') stored,
    state      text        not null generated always as (doc->>'state') stored,
    search     tsvector    not null generated always as (searchable(doc->>'document')) stored,

    constraint notarial_acts_receipt_fkey foreign key (receipt) references receipts (name),
    constraint notarial_acts_state check (state <> 'STATE_UNSPECIFIED'),
    constraint notarial_acts_numbered check (number > 0)
);
create index notarial_acts_by_post on notarial_acts (post, act_time);
create index notarial_acts_by_age on notarial_acts (created_at, name);
create index notarial_acts_search on notarial_acts using gin (search);
create unique index notarial_acts_one_number on notarial_acts (series, number);

-- What a register has, stands: only what the trigger's arguments name may be added to it.
create function registers_stand() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' or new.deleted_at is not null or (old.doc - tg_argv::text[]) <> (new.doc - tg_argv::text[]) then
        raise exception 'what the register has stands' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create trigger notarial_acts_stand before update or delete on notarial_acts
    for each row execute function registers_stand('state', 'annulment', 'annulTime', 'updateTime', 'etag');

create table specimen_signatures (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    country    text        not null generated always as (doc->>'country') stored,
    authority  text        not null generated always as (doc->>'authority') stored,
    official   text        not null generated always as (doc->>'official') stored,
    state      text        not null generated always as (doc->>'state') stored,
    search     tsvector    not null generated always as
        (searchable((doc->>'authority') || ' ' || (doc->>'official'))) stored,

    constraint specimen_signatures_state check (state <> 'STATE_UNSPECIFIED')
);
create index specimen_signatures_by_country on specimen_signatures (country, authority);
create index specimen_signatures_by_age on specimen_signatures (created_at, name);
create index specimen_signatures_search on specimen_signatures using gin (search);

create table legalisations (
    name        text        primary key,
    uid         uuid        not null unique,
    version     bigint      not null,
    doc         jsonb       not null,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    deleted_at  timestamptz,

    post        text        not null generated always as (doc->>'post') stored,
    country     text        not null generated always as (doc->>'country') stored,
    kind        text        not null generated always as (doc->>'kind') stored,
    authority   text        not null generated always as (doc->>'authority') stored,
    destination text        not null generated always as (doc->>'destination') stored,
    specimen    text        generated always as (nullif(doc->>'specimen', '')) stored,
    receipt     text        generated always as (nullif(doc->>'receipt', '')) stored,
    issue_time  timestamptz generated always as (instant(doc->>'issueTime')) stored,
    series      text        not null generated always as (doc->>'series') stored,
    number      integer     not null generated always as ((doc->>'number')::integer) stored,
    reference   text        not null generated always as (doc->>'reference') stored,
    state       text        not null generated always as (doc->>'state') stored,
    search      tsvector    not null generated always as (searchable(doc->>'document')) stored,

    constraint legalisations_specimen_fkey foreign key (specimen) references specimen_signatures (name),
    constraint legalisations_receipt_fkey foreign key (receipt) references receipts (name),
    constraint legalisations_state check (state <> 'STATE_UNSPECIFIED'),
    constraint legalisations_numbered check ((state = 'ISSUED') = (number > 0))
);
create index legalisations_by_post on legalisations (post, state);
create index legalisations_by_age on legalisations (created_at, name);
create index legalisations_search on legalisations using gin (search);
create unique index legalisations_one_number on legalisations (series, number) where number > 0;
create unique index legalisations_one_receipt on legalisations (receipt) where receipt is not null;
create trigger legalisations_stand before update or delete on legalisations
    for each row when (old.state = 'ISSUED') execute function registers_stand('updateTime', 'etag');

create table apostilles (
    name        text        primary key,
    uid         uuid        not null unique,
    version     bigint      not null,
    doc         jsonb       not null,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    deleted_at  timestamptz,

    country     text        not null generated always as (doc->>'country') stored,
    authority   text        not null generated always as (doc->>'authority') stored,
    date        text        not null generated always as (doc->>'date') stored,
    reference   text        not null generated always as (doc->>'reference') stored,
    kind        text        not null generated always as (doc->>'kind') stored,
    destination text        not null generated always as (doc->>'destination') stored,
    specimen    text        generated always as (nullif(doc->>'specimen', '')) stored,
    receipt     text        generated always as (nullif(doc->>'receipt', '')) stored,
    series      text        not null generated always as (doc->>'series') stored,
    number      integer     not null generated always as ((doc->>'number')::integer) stored,
    issue_time  timestamptz generated always as (instant(doc->>'issueTime')) stored,
    state       text        not null generated always as (doc->>'state') stored,
    search      tsvector    not null generated always as (searchable(doc->>'document')) stored,

    constraint apostilles_specimen_fkey foreign key (specimen) references specimen_signatures (name),
    constraint apostilles_receipt_fkey foreign key (receipt) references receipts (name),
    constraint apostilles_state check (state <> 'STATE_UNSPECIFIED'),
    -- In the register are number and date of each that was issued (art. 7).
    constraint apostilles_numbered check ((state in ('ISSUED', 'REVOKED')) = (number > 0 and date <> ''))
);
create index apostilles_by_state on apostilles (state);
create index apostilles_by_age on apostilles (created_at, name);
create index apostilles_search on apostilles using gin (search);
create unique index apostilles_one_number on apostilles (series, number) where number > 0;
create unique index apostilles_one_receipt on apostilles (receipt) where receipt is not null;
create index apostilles_by_reference on apostilles (reference, date) where number > 0;
create trigger apostilles_stand before update or delete on apostilles
    for each row when (old.state in ('ISSUED', 'REVOKED'))
    execute function registers_stand('state', 'revocation', 'updateTime', 'etag');

-- Every question to the register, answered or not: who fishes for numbers shows.
create table apostille_lookups (
    id        bigint      generated always as identity primary key,
    at        timestamptz not null,
    caller    text        not null,
    reference text        not null,
    date      text        not null,
    found     boolean     not null
);
create index apostille_lookups_by_reference on apostille_lookups (reference) where found;
create index apostille_lookups_by_caller on apostille_lookups (caller, at);
