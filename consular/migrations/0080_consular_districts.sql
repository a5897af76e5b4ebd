-- Where people are is found by the post that serves it: the one given with the stay, else that of its consular district.
create or replace function place_registration() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' then
        delete from registration_places where registration = new.name;
    end if;
    if new.state in ('ACTIVE', 'STALE') and new.deleted_at is null then
        insert into registration_places
        select new.name, s.n - 1, s.stay->>'country',
            -- Records that have not changed since name the posts that were given with their stays alone.
            coalesce(new.doc->'posts'->>(s.n - 1)::int, s.stay->>'post'), (s.stay->>'startDate')::date,
            coalesce(nullif(s.stay->>'endDate', '')::date, 'infinity'),
            1 + jsonb_array_length(new.doc->'party'), new.state = 'STALE',
            (p.position->>'latitude')::double precision, (p.position->>'longitude')::double precision,
            cell(p.position->>'cell3'), cell(p.position->>'cell5'), cell(p.position->>'cell7')
        from jsonb_array_elements(new.doc->'stays') with ordinality s (stay, n)
            left join jsonb_array_elements(new.doc->'positions') p (position) on (p.position->>'stay')::int = s.n - 1;
    end if;
    return null;
end $$;
