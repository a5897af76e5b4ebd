-- Applications for passports.
create table passport_applications (
    name text primary key,
    uid uuid not null unique,
    version bigint not null,
    doc jsonb not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    type text not null generated always as (doc->>'type') stored,
    post text not null generated always as (doc->>'post') stored,
    person text not null generated always as (doc->>'person') stored,
    previous_document text generated always as (nullif(doc->>'previousDocument', '')) stored,
    state text not null generated always as (doc->>'state') stored,
    fee_receipt text not null generated always as (doc->>'feeReceipt') stored,
    screening text generated always as (nullif(doc->>'screening', '')) stored,
    document text generated always as (nullif(doc->>'document', '')) stored,
    denial_ground text not null generated always as (doc->>'denialGround') stored,
    constraint passport_applications_state check (state <> 'STATE_UNSPECIFIED'),
    -- A denial has its ground and its remedy; an approval has its name check.
    constraint passport_applications_denial check (state <> 'DENIED' or (denial_ground <> 'DENIAL_GROUND_UNSPECIFIED' and doc->>'remedy' <> '')),
    constraint passport_applications_check check (state not in ('APPROVED', 'PERSONALISATION', 'QC', 'SHIPPED', 'READY', 'DELIVERED') or screening is not null),
    constraint passport_applications_screening_fkey foreign key (screening) references screenings (name)
);
create index passport_applications_by_age on passport_applications (created_at, name);
create index passport_applications_by_person on passport_applications (person);
create unique index passport_applications_one_receipt on passport_applications (fee_receipt) where fee_receipt <> '';
