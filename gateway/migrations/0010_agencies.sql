-- Partner agencies. The document is the truth; columns are made from it.
create table agencies (
    name        text        primary key,
    uid         uuid        not null unique,
    version     bigint      not null,
    doc         jsonb       not null,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    deleted_at  timestamptz,

    title               text not null generated always as (doc->>'title') stored,
    state               text not null generated always as (doc->>'state') stored,
    agreement_end_time  timestamptz generated always as (instant(doc->>'agreementEndTime')) stored,

    constraint agencies_state check (state in ('PROPOSED', 'ACTIVE', 'SUSPENDED', 'CLOSED'))
);
create index agencies_by_state on agencies (state, name);

-- Agencies of keys made before agencies were records: they call under what was agreed then.
with made as (
    select 'agencies/' || agency as name, gen_random_uuid() as uid, min(created_at) as at, agency
    from api_keys where not coalesce((doc->>'internal')::boolean, false) group by agency
), taken as (
    insert into agencies (name, uid, version, doc, created_at, updated_at)
    select name, uid, 1, jsonb_build_object(
        'name', name, 'title', agency, 'contact', '', 'legalBasis', 'agreed before agencies were kept as records',
        'products', '[]'::jsonb, 'state', 'ACTIVE', 'uid', uid::text, 'etag', '1-' || right(uid::text, 8),
        'createTime', to_char(at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'updateTime', to_char(at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    ), at, at from made
    returning name, doc, created_at
)
insert into history (kind, name, version, verb, actor, reason, at, doc)
select 'agencies', name, 1, 'import', 'migrations/0010', '', created_at, doc from taken;
