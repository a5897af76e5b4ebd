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
create index data_keys_by_wrapping on data_keys (wrapping);
