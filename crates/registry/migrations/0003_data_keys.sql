-- The keys of records with sealed fields, each wrapped by a key that is not in any database: whoever has the database
-- alone reads no sealed field. A record whose key was destroyed keeps its row, which says when.
create table data_keys (
    record    text        primary key,
    wrapping  text,
    wrapped   bytea,
    erased_at timestamptz,
    constraint data_keys_kept_or_erased check (
        (wrapped is null) = (erased_at is not null) and (wrapping is null) = (wrapped is null)
    )
);
create index data_keys_by_wrapping on data_keys (wrapping, record) where wrapping is not null;

-- Erases by hand what is sealed of a record, where no verb of its own does: `select erase_sealed('members/…')`. Who calls it
-- stands in the audit log. The record comes first, as for everyone who changes it, so nothing is sealed meanwhile.
create function erase_sealed(erased text) returns void language plpgsql as $$
declare
    place regclass;
begin
    for place in
        select c.oid from pg_class c
        where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace
            and (select count(*) from pg_attribute a where a.attrelid = c.oid and a.attname in ('name', 'doc')) = 2
        order by c.relname = 'history', c.relname
    loop
        execute format($text$update %s set doc = doc - array['sealed', 'blind']
            where name = $1 and doc ?| array['sealed', 'blind']$text$, place) using erased;
    end loop;
    update data_keys set wrapping = null, wrapped = null, erased_at = clock_timestamp()
    where record = erased and wrapped is not null;
    if not found then
        raise exception '% has nothing sealed', erased;
    end if;
    insert into audit (actor, method, name, outcome, reason)
    values (session_user, 'erase_sealed', erased, 'OK', 'erased by hand in the database');
end $$;
