-- Applications that people begin from accounts of their own.
alter table visa_applications
    add column holder text not null generated always as (coalesce(doc->>'holder', '')) stored;
create index visa_applications_by_holder on visa_applications (holder, state) where holder <> '';
alter table passport_applications
    add column holder text not null generated always as (coalesce(doc->>'holder', '')) stored;
create index passport_applications_by_holder on passport_applications (holder, state) where holder <> '';
