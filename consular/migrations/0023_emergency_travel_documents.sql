-- EU Emergency Travel Documents.
create table emergency_travel_documents (
    name text primary key,
    uid uuid not null unique,
    version bigint not null,
    doc jsonb not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    post text not null generated always as (doc->>'post') stored,
    country text not null generated always as (doc->>'country') stored,
    nationality text not null generated always as (doc->>'nationality') stored,
    need text not null generated always as (doc->>'need') stored,
    state text not null generated always as (doc->>'state') stored,
    consult_due_time timestamptz generated always as (instant(doc->>'consultDueTime')) stored,
    answer_due_time timestamptz generated always as (instant(doc->>'answerDueTime')) stored,
    issue_due_time timestamptz generated always as (instant(doc->>'issueDueTime')) stored,
    blank text generated always as (nullif(doc->>'blank', '')) stored,
    number text not null generated always as (doc->>'number') stored,
    expire_date text not null generated always as (doc->>'expireDate') stored,
    constraint emergency_travel_documents_state check (state <> 'STATE_UNSPECIFIED'),
    constraint emergency_travel_documents_blank_fkey foreign key (blank) references blank_books (name),
    constraint emergency_travel_documents_one_a_blank unique (blank),
    -- No document against an objection, and none before a confirmation but in urgency (art. 4).
    constraint emergency_travel_documents_ground check (state <> 'ISSUED' or (doc->>'objection' = '' and (doc->>'confirmed' = 'true' or doc->>'urgency' <> '')))
);
create index emergency_travel_documents_by_age on emergency_travel_documents (created_at, name);
