-- Cases of nationals who need help, their tasks, and the log of contacts.
create table assistance_cases (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    post         text        not null generated always as (doc->>'post') stored,
    type         text        not null generated always as (doc->>'type') stored,
    country      text        not null generated always as (doc->>'country') stored,
    state        text        not null generated always as (doc->>'state') stored,
    priority     text        not null generated always as (doc->>'priority') stored,
    officer      text        not null generated always as (doc->>'officer') stored,
    registration text        generated always as (nullif(doc->>'registration', '')) stored,
    crisis       text        generated always as (nullif(doc->>'crisis', '')) stored,
    related_case text        generated always as (nullif(doc->>'relatedCase', '')) stored,
    person       text        not null generated always as (doc->>'person') stored,
    nationality  text        not null generated always as (doc->>'nationality') stored,
    event_time   timestamptz generated always as (instant(doc->>'eventTime')) stored,
    notice_time  timestamptz generated always as (instant(doc->>'noticeTime')) stored,
    source       text        not null generated always as (doc->>'source') stored,
    notice_late  boolean     not null generated always as ((doc->>'noticeLate')::boolean) stored,
    close_code   text        not null generated always as (doc->>'closeCode') stored,
    close_time   timestamptz generated always as (instant(doc->>'closeTime')) stored,
    search       tsvector    not null generated always as (
        searchable((doc->>'familyName') || ' ' || (doc->>'givenNames'))
    ) stored,

    constraint assistance_cases_registration_fkey foreign key (registration) references registrations (name),
    constraint assistance_cases_crisis_fkey foreign key (crisis) references crises (name),
    constraint assistance_cases_related_case_fkey foreign key (related_case) references assistance_cases (name),
    constraint assistance_cases_state check (state <> 'STATE_UNSPECIFIED'),
    -- A case that is closed says how it ended.
    constraint assistance_cases_ended check (state <> 'CLOSED' or close_code <> 'CLOSE_CODE_UNSPECIFIED')
);
create index assistance_cases_by_post on assistance_cases (post, state);
create index assistance_cases_by_person on assistance_cases (person) where person <> '';
create index assistance_cases_by_crisis on assistance_cases (crisis) where crisis is not null;
create index assistance_cases_by_registration on assistance_cases (registration) where registration is not null;
create index assistance_cases_by_age on assistance_cases (created_at, name);
create index assistance_cases_search on assistance_cases using gin (search);

create table assistance_tasks (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    "case"        text        not null generated always as (doc->>'case') stored,
    post          text        not null generated always as (doc->>'post') stored,
    kind          text        not null generated always as (doc->>'kind') stored,
    state         text        not null generated always as (doc->>'state') stored,
    due_time      timestamptz generated always as (instant(doc->>'dueTime')) stored,
    assignee      text        not null generated always as (doc->>'assignee') stored,
    late          boolean     not null generated always as ((doc->>'late')::boolean) stored,
    escalate_time timestamptz generated always as (instant(doc->>'escalateTime')) stored,
    contact       text        generated always as (nullif(doc->>'contact', '')) stored,
    done_time     timestamptz generated always as (instant(doc->>'doneTime')) stored,

    constraint assistance_tasks_case_fkey foreign key ("case") references assistance_cases (name),
    constraint assistance_tasks_state check (state <> 'STATE_UNSPECIFIED')
);
create index assistance_tasks_by_case on assistance_tasks ("case", state);
create index assistance_tasks_by_post on assistance_tasks (post, due_time) where state = 'OPEN';
create index assistance_tasks_late on assistance_tasks (post, due_time) where state = 'OPEN' and late;
create index assistance_tasks_by_age on assistance_tasks (created_at, name);

create table assistance_contacts (
    name       text        primary key,
    uid        uuid        not null unique,
    version    bigint      not null,
    doc        jsonb       not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,

    "case"       text        not null generated always as (doc->>'case') stored,
    post         text        not null generated always as (doc->>'post') stored,
    party        text        not null generated always as (doc->>'party') stored,
    channel      text        not null generated always as (doc->>'channel') stored,
    reached      boolean     not null generated always as ((doc->>'reached')::boolean) stored,
    contact_time timestamptz generated always as (instant(doc->>'contactTime')) stored,
    officer      text        not null generated always as (doc->>'officer') stored,

    constraint assistance_contacts_case_fkey foreign key ("case") references assistance_cases (name)
);
create index assistance_contacts_by_case on assistance_contacts ("case", contact_time);
create index assistance_contacts_by_age on assistance_contacts (created_at, name);

-- What is logged stands.
create function assistance_contacts_stand() returns trigger language plpgsql as $$
begin
    raise exception 'a contact that was logged stands' using errcode = 'restrict_violation';
end $$;
create trigger assistance_contacts_stand before update or delete on assistance_contacts
    for each row execute function assistance_contacts_stand();
