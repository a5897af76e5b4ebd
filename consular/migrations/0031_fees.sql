-- What services cost, the drawers that fees are taken into, and the receipts.
create table fee_schedules (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    code           text     not null generated always as (doc->>'code') stored,
    post           text     not null generated always as (doc->>'post') stored,
    nationality    text     not null generated always as (doc->>'nationality') stored,
    effective_date text     not null generated always as (doc->>'effectiveDate') stored,
    state          text     not null generated always as (doc->>'state') stored,
    search         tsvector not null generated always as (searchable(doc->>'title')) stored,

    constraint fee_schedules_state check (state <> 'STATE_UNSPECIFIED')
);
create index fee_schedules_by_code on fee_schedules (code, state);
create index fee_schedules_by_age on fee_schedules (created_at, name);
create index fee_schedules_search on fee_schedules using gin (search);
-- One row says what a service costs somebody at a post from a day on.
create unique index fee_schedules_once on fee_schedules (code, post, nationality, effective_date)
    where state <> 'WITHDRAWN' and deleted_at is null;

-- A row that was approved stands.
create function fee_schedules_stand() returns trigger language plpgsql as $$
begin
    if old.state = 'APPROVED' then
        raise exception 'a fee that was approved stands' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create trigger fee_schedules_stand before update or delete on fee_schedules
    for each row execute function fee_schedules_stand();

create table cash_days (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    post       text        not null generated always as (doc->>'post') stored,
    cashier    text        not null generated always as (doc->>'cashier') stored,
    date       text        not null generated always as (doc->>'date') stored,
    currency   text        not null generated always as (doc->>'currency') stored,
    state      text        not null generated always as (doc->>'state') stored,

    constraint cash_days_state check (state <> 'STATE_UNSPECIFIED'),
    -- A drawer does not give what it does not have.
    constraint cash_days_balance check ((doc->>'floatMinorUnits')::bigint + (doc->>'cashTakenMinorUnits')::bigint
        >= (doc->>'cashRefundedMinorUnits')::bigint)
);
create index cash_days_by_post on cash_days (post, date);
create index cash_days_by_age on cash_days (created_at, name);
create unique index cash_days_one_open on cash_days (post, cashier, currency) where state = 'OPEN' and deleted_at is null;

create table receipts (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    cash_day    text        not null generated always as (doc->>'cashDay') stored,
    subject     text        not null generated always as (doc->>'subject') stored,
    method      text        not null generated always as (doc->>'method') stored,
    no_fee      text        not null generated always as (doc->>'noFee') stored,
    post        text        not null generated always as (doc->>'post') stored,
    series      text        not null generated always as (doc->>'series') stored,
    number      integer     not null generated always as ((doc->>'number')::integer) stored,
    reference   text        not null generated always as (doc->>'reference') stored,
    state       text        not null generated always as (doc->>'state') stored,
    refund_time timestamptz generated always as (instant(doc->>'refundTime')) stored,

    constraint receipts_cash_day_fkey foreign key (cash_day) references cash_days (name),
    constraint receipts_state check (state <> 'STATE_UNSPECIFIED'),
    constraint receipts_numbered check (number > 0),
    -- Nothing is charged where there is a reason not to.
    constraint receipts_no_fee check ((no_fee = 'NO_FEE_UNSPECIFIED') or (doc->'total'->>'minorUnits')::bigint = 0)
);
create index receipts_by_day on receipts (cash_day);
create index receipts_by_subject on receipts (subject) where subject <> '';
create index receipts_by_age on receipts (created_at, name);
create unique index receipts_one_number on receipts (series, number);

-- A receipt says what was paid for ever. A refund is added to it, once.
create function receipts_stand() returns trigger language plpgsql as $$
declare
    refund constant text[] :=
        array['state', 'refundCashDay', 'refundCause', 'refundTime', 'updateTime', 'etag'];
begin
    if tg_op = 'DELETE' or new.deleted_at is not null or old.state <> 'ISSUED'
        or (old.doc - refund) <> (new.doc - refund) then
        raise exception 'a receipt stands' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create trigger receipts_stand before update or delete on receipts
    for each row execute function receipts_stand();
