-- Who was boarded by which document, and the counts where a manifest arrives.
alter table manifest_seats
    add column document_number text not null generated always as (coalesce(doc->>'documentNumber', '')) stored;
create index manifest_seats_by_document on manifest_seats (manifest, document_number) where document_number <> '';

alter table manifests
    add column arrived bigint not null generated always as (coalesce((doc->>'arrived')::bigint, 0)) stored,
    add column missing bigint not null generated always as (coalesce((doc->>'missing')::bigint, 0)) stored,
    drop constraint manifests_reconciled,
    -- Head counts reconcile once it has departed.
    add constraint manifests_reconciled
        check (state not in ('DEPARTED', 'ARRIVED', 'RECONCILED') or listed = boarded + no_show + refused),
    -- And again where it arrived.
    add constraint manifests_arrivals
        check (arrived <= boarded and (state <> 'RECONCILED' or boarded = arrived + missing));
