-- Money held for nationals in need, and its entries. Whoever writes to this database: no account is overdrawn, and each holds
-- what its entries say.
create table trust_accounts (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    "case"     text        not null generated always as (doc->>'case') stored,
    currency   text        not null generated always as (doc->>'currency') stored,
    post       text        not null generated always as (doc->>'post') stored,
    state      text        not null generated always as (doc->>'state') stored,
    close_time timestamptz generated always as (instant(doc->>'closeTime')) stored,

    constraint trust_accounts_case_fkey foreign key ("case") references assistance_cases (name),
    constraint trust_accounts_state check (state <> 'STATE_UNSPECIFIED'),
    constraint trust_accounts_never_negative check ((doc->>'balanceMinorUnits')::bigint >= 0),
    constraint trust_accounts_closed_empty check (state <> 'CLOSED' or (doc->>'balanceMinorUnits')::bigint = 0)
);
create index trust_accounts_by_case on trust_accounts ("case", state);
create index trust_accounts_by_age on trust_accounts (created_at, name);
create unique index trust_accounts_one_open on trust_accounts ("case", currency)
    where state = 'OPEN' and deleted_at is null;

create table trust_entries (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    account    text        not null generated always as (doc->>'account') stored,
    kind       text        not null generated always as (doc->>'kind') stored,
    voucher    text        not null generated always as (doc->>'voucher') stored,
    reverses   text        generated always as (nullif(doc->>'reverses', '')) stored,
    state      text        not null generated always as (doc->>'state') stored,
    debit      text        not null generated always as (doc->>'debit') stored,
    credit     text        not null generated always as (doc->>'credit') stored,
    currency   text        not null generated always as (doc->>'currency') stored,
    post_time  timestamptz generated always as (instant(doc->>'postTime')) stored,

    constraint trust_entries_account_fkey foreign key (account) references trust_accounts (name),
    constraint trust_entries_reverses_fkey foreign key (reverses) references trust_entries (name),
    constraint trust_entries_state check (state <> 'STATE_UNSPECIFIED'),
    -- Two different ledgers and one amount: it balances.
    constraint trust_entries_double check (debit <> credit and debit <> 'LEDGER_UNSPECIFIED'
        and credit <> 'LEDGER_UNSPECIFIED' and (doc->>'minorUnits')::bigint > 0)
);
create index trust_entries_by_account on trust_entries (account, state, post_time);
create index trust_entries_by_age on trust_entries (created_at, name);
create unique index trust_entries_reversed_once on trust_entries (reverses)
    where reverses is not null and state <> 'REJECTED' and deleted_at is null;

-- What is posted stands; what is proposed is posted or rejected, and nothing else of it changes.
create function trust_entries_stand() returns trigger language plpgsql as $$
declare
    decision constant text[] := array['state', 'postTime', 'balanceMinorUnits', 'updateTime', 'etag'];
begin
    if tg_op = 'DELETE' or new.deleted_at is not null or old.state <> 'PROPOSED'
        or (old.doc - decision) <> (new.doc - decision) then
        raise exception 'an entry stands' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create trigger trust_entries_stand before update or delete on trust_entries
    for each row execute function trust_entries_stand();

-- An account holds what its entries say, looked at when a transaction is committed.
create function trust_books_agree() returns trigger language plpgsql as $$
declare
    of_account constant text := case when tg_table_name = 'trust_accounts' then new.name else new.doc->>'account' end;
    holds bigint;
    entered bigint;
begin
    select (doc->>'balanceMinorUnits')::bigint into holds from trust_accounts where name = of_account;
    select coalesce(sum(case when credit = 'OWED' then 1 when debit = 'OWED' then -1 else 0 end
        * (doc->>'minorUnits')::bigint), 0) into entered
        from trust_entries where account = of_account and state = 'POSTED';
    if holds is distinct from entered then
        raise exception 'the account % holds % and its entries say %', of_account, holds, entered
            using errcode = 'check_violation', constraint = 'trust_books_agree';
    end if;
    return null;
end $$;
create constraint trigger trust_books_agree after insert or update on trust_entries
    deferrable initially deferred for each row execute function trust_books_agree();
create constraint trigger trust_books_agree after insert or update on trust_accounts
    deferrable initially deferred for each row execute function trust_books_agree();
