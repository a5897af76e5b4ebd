-- At which rate posts take fees in their local currency.
create table exchange_rates (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    post           text not null generated always as (doc->>'post') stored,
    base_currency  text not null generated always as (doc->>'baseCurrency') stored,
    local_currency text not null generated always as (doc->>'localCurrency') stored,
    effective_date text not null generated always as (doc->>'effectiveDate') stored,
    state          text not null generated always as (doc->>'state') stored,

    constraint exchange_rates_state check (state <> 'STATE_UNSPECIFIED'),
    constraint exchange_rates_positive check ((doc->>'rate')::numeric > 0 and base_currency <> local_currency)
);
create index exchange_rates_by_age on exchange_rates (created_at, name);
-- On a day a post has one rate for a pair of currencies.
create unique index exchange_rates_once on exchange_rates (post, local_currency, base_currency, effective_date)
    where state <> 'WITHDRAWN' and deleted_at is null;

-- A rate that was approved stands.
create function exchange_rates_stand() returns trigger language plpgsql as $$
begin
    if old.state = 'APPROVED' then
        raise exception 'a rate that was approved stands' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create trigger exchange_rates_stand before update or delete on exchange_rates
    for each row execute function exchange_rates_stand();
