-- Applications for visas.
create table visa_applications (
    name text primary key,
    uid uuid not null unique,
    version bigint not null,
    doc jsonb not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    visa_class text not null generated always as (doc->>'visaClass') stored,
    purpose text not null generated always as (doc->>'purpose') stored,
    post text not null generated always as (doc->>'post') stored,
    person text not null generated always as (doc->>'person') stored,
    nationality text not null generated always as (doc->>'nationality') stored,
    passport_number text generated always as (doc->'blind'->>'passportNumber') stored,
    member text not null generated always as (doc->>'member') stored,
    state text not null generated always as (doc->>'state') stored,
    lodge_time timestamptz generated always as (instant(doc->>'lodgeTime')) stored,
    lodged_month text not null generated always as (doc->>'lodgedMonth') stored,
    fee_receipt text not null generated always as (doc->>'feeReceipt') stored,
    screening text generated always as (nullif(doc->>'screening', '')) stored,
    decision_due_time timestamptz generated always as (instant(doc->>'decisionDueTime')) stored,
    overdue boolean not null generated always as (coalesce((doc->>'overdue')::boolean, false)) stored,
    decided_month text not null generated always as (doc->>'decidedMonth') stored,
    entry_rule text not null generated always as (doc->>'entryRule') stored,
    visa text generated always as (nullif(doc->>'visa', '')) stored,
    constraint visa_applications_state check (state <> 'STATE_UNSPECIFIED'),
    constraint visa_applications_screening_fkey foreign key (screening) references screenings (name),
    -- No refusal without a legal ground and a remedy (art. 32), no visa without a name check.
    constraint visa_applications_refusal check (state <> 'REFUSED' or (jsonb_array_length(doc->'refusalGrounds') > 0 and doc->>'remedy' <> '')),
    constraint visa_applications_check check (state not in ('CHECKS', 'GRANTED', 'ISSUED') or screening is not null)
);
create index visa_applications_by_age on visa_applications (created_at, name);
create index visa_applications_by_person on visa_applications (person);
create index visa_applications_lodged on visa_applications (post, lodged_month, state);
create index visa_applications_decided on visa_applications (post, decided_month, state);
create unique index visa_applications_one_receipt on visa_applications (fee_receipt) where fee_receipt <> '';
