-- Visas follow the accreditation of the member they are for.
alter table visas
    add member text not null generated always as (coalesce(doc->>'member', '')) stored,
    add posting_end text not null generated always as (coalesce(doc->>'postingEnd', 'POSTING_END_UNSPECIFIED')) stored,
    add review text not null generated always as (coalesce(doc->>'review', 'REVIEW_UNSPECIFIED')) stored;
create index visas_by_member on visas (member) where member <> '';
create index visas_to_review on visas (created_at, name) where review = 'REVIEW_DUE';
