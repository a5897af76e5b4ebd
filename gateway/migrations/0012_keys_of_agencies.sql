-- Keys belong to an agency and are for a product; they expire by themselves; their use is counted.
update api_keys set doc = doc || jsonb_build_object(
    'product', '', 'allowedNetworks', '[]'::jsonb,
    'holder', case when coalesce((doc->>'internal')::boolean, false) then 'house' else 'agencies/' || agency end
);
alter table api_keys
    add column product text not null generated always as (doc->>'product') stored,
    add column holder  text not null generated always as (doc->>'holder') stored,
    drop constraint api_keys_state,
    add constraint api_keys_state check (state in ('ACTIVE', 'REVOKED', 'EXPIRED'));
create index api_keys_by_holder on api_keys (holder, product, name);

-- How often a key was used, by day in UTC. Written in batches, never on the way of a call.
create table key_usage (
    name    text        not null,
    day     date        not null,
    calls   bigint      not null,
    denied  bigint      not null,
    last_at timestamptz not null,
    primary key (name, day)
);
