-- A booking may be for an application, which has one appointment at a time.
alter table bookings add column application text generated always as (nullif(doc->>'application', '')) stored;
create unique index bookings_one_of_application on bookings (application)
    where application is not null and deleted_at is null
        and state in ('HELD', 'WAITING', 'CONFIRMED', 'REMINDED', 'CHECKED_IN');
