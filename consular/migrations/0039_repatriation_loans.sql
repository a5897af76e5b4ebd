-- Loans for the way home.
create table repatriation_loans (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    "case"           text        not null generated always as (doc->>'case') stored,
    person           text        not null generated always as (doc->>'person') stored,
    currency         text        not null generated always as (doc->>'currency') stored,
    post             text        not null generated always as (doc->>'post') stored,
    state            text        not null generated always as (doc->>'state') stored,
    disburse_time    timestamptz generated always as (instant(doc->>'disburseTime')) stored,
    next_due_time    timestamptz generated always as (instant(doc->>'nextDueTime')) stored,
    default_time     timestamptz generated always as (instant(doc->>'defaultTime')) stored,
    passport_limited boolean     not null generated always as ((doc->>'passportLimited')::boolean) stored,
    end_time         timestamptz generated always as (instant(doc->>'endTime')) stored,

    constraint repatriation_loans_case_fkey foreign key ("case") references assistance_cases (name),
    constraint repatriation_loans_state check (state <> 'STATE_UNSPECIFIED'),
    -- Not more is repaid than was lent, and nothing limits a passport any more once all is.
    constraint repatriation_loans_owed check ((doc->>'repaidMinorUnits')::bigint
        between 0 and (doc->>'principalMinorUnits')::bigint),
    constraint repatriation_loans_free check (state not in ('REPAID', 'WAIVED', 'REFUSED') or not passport_limited)
);
create index repatriation_loans_by_case on repatriation_loans ("case");
create index repatriation_loans_by_person on repatriation_loans (person, state);
create index repatriation_loans_by_age on repatriation_loans (created_at, name);
