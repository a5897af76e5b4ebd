-- Drawers whose day is over at their post and that nobody has closed.
alter table cash_days
    add column overdue boolean not null generated always as (coalesce((doc->>'overdue')::boolean, false)) stored;
create index cash_days_overdue on cash_days (post, date) where overdue;
