-- Partner agencies' keys and those of our own applications. The document is the truth; columns are made from it.
create table api_keys (
    name        text        primary key,
    uid         uuid        not null unique,
    version     bigint      not null,
    doc         jsonb       not null,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    deleted_at  timestamptz,

    agency      text        not null generated always as (doc->>'agency') stored,
    role        text        not null generated always as (doc->>'role') stored,
    state       text        not null generated always as (doc->>'state') stored,
    expire_time timestamptz not null generated always as (instant(doc->>'expireTime')) stored,

    -- A key without a hash would be a key that any secret might fit.
    constraint api_keys_hashed check (doc->>'secretSha256' ~ '^[0-9a-f]{64}$'),
    constraint api_keys_state check (state in ('ACTIVE', 'REVOKED'))
);
create index api_keys_by_agency on api_keys (agency, name);
create index api_keys_by_expiry on api_keys (expire_time) where state = 'ACTIVE';
