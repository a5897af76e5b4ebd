-- Refunds of a part: never more than was paid, each once.

-- What was given back of a receipt.
create function refunded(doc jsonb) returns numeric language sql immutable parallel safe as $$
    select coalesce(sum((refund->>'minorUnits')::bigint), 0) from jsonb_array_elements(doc->'refunds') refund
$$;

-- Whether each refund is of something, and known by a name of its own.
create function refunds_are_told_apart(doc jsonb) returns boolean language sql immutable parallel safe as $$
    select count(*) = count(distinct refund->>'id') and coalesce(bool_and((refund->>'minorUnits')::bigint > 0), true)
    from jsonb_array_elements(doc->'refunds') refund
$$;

-- What was issued before there were refunds of a part, in the form that they have now.
alter table receipts disable trigger receipts_stand;
update receipts set doc = doc || jsonb_build_object(
    'refunds', case when state = 'REFUNDED' and (doc->'total'->>'minorUnits')::bigint > 0 then jsonb_build_array(
        jsonb_build_object('id', '1', 'minorUnits', doc->'total'->>'minorUnits', 'cause', doc->>'refundCause',
            'cashDay', doc->>'refundCashDay', 'time', doc->>'refundTime', 'officer', '')) else '[]' end,
    'refundedMinorUnits', case when state = 'REFUNDED' then doc->'total'->>'minorUnits' else '0' end,
    'lines', (select jsonb_agg(line || '{"exchangeRate": "", "rate": ""}') from jsonb_array_elements(doc->'lines') line)
);
alter table receipts enable trigger receipts_stand;

alter table receipts
    add constraint receipts_refunds_within_paid check (refunded(doc) <= (doc->'total'->>'minorUnits')::bigint),
    add constraint receipts_refund_once check (refunds_are_told_apart(doc)),
    add constraint receipts_summed_up check (refunded(doc) = (doc->>'refundedMinorUnits')::bigint
        and case state when 'REFUNDED' then refunded(doc) = (doc->'total'->>'minorUnits')::bigint
            else refunded(doc) < (doc->'total'->>'minorUnits')::bigint or refunded(doc) = 0 end);

-- A receipt says what was paid for ever. Refunds are added to it, one after another, and stand.
create or replace function receipts_stand() returns trigger language plpgsql as $$
declare
    refund constant text[] := array['state', 'refunds', 'refundedMinorUnits', 'refundCashDay', 'refundCause', 'refundTime',
        'updateTime', 'etag'];
    before constant jsonb := old.doc->'refunds';
    after constant jsonb := new.doc->'refunds';
begin
    if tg_op = 'DELETE' or new.deleted_at is not null or old.state <> 'ISSUED'
        or (old.doc - refund) <> (new.doc - refund)
        or jsonb_array_length(after) <> jsonb_array_length(before) + 1
        or after - jsonb_array_length(before) <> before then
        raise exception 'a receipt stands' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
