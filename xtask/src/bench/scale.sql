-- Fills the register with accredited members, every third of them the spouse of the one before: copies of the one
-- member that came in through the gateway, with their two versions of history and a card each. Their numbers are filled
-- in, and what is sealed of each, under a key of its own. The cards' last character is the check digit of ICAO Doc 9303-3,
-- section 4.9, as the service counts it.
with keyed as (
    select {from}::bigint - 1 + at as n, decode(wrapped, 'base64') as wrapped, sealed
    from unnest('{keys}'::text[], '{parts}'::text[]) with ordinality k (wrapped, sealed, at)
), numbered as (
    select n, 'members/m' || n as name, gen_random_uuid() as uid,
        (select array_agg(m.name order by m.name) from missions m) as missions
    from generate_series({from}::bigint, {to}::bigint) n
), described as (
    select n, numbered.name, numbered.uid, b.version, b.created_at, b.updated_at,
        b.doc || jsonb_build_object('name', numbered.name, 'uid', numbered.uid, 'person', 'persons/m' || n,
            'sealed', sealed, 'mission', missions[1 + (n / 3) % cardinality(missions)], 'familyName', 'Example' || n)
        || case when n % 3 = 2 then jsonb_build_object(
            'category', 'FAMILY_MEMBER', 'relation', 'SPOUSE', 'principal', 'members/m' || (n - 1))
            else '{}'::jsonb end as doc
    from numbered join keyed using (n), members b where b.name = 'members/bench'
), kept as (
    insert into members (name, uid, version, doc, created_at, updated_at)
    select name, uid, version, doc, created_at + n * interval '1 microsecond', updated_at from described
), remembered as (
    insert into history (kind, name, version, verb, actor, at, doc)
    select 'members', d.name, h.version, h.verb, h.actor, h.at, d.doc || jsonb_build_object('state', h.doc->'state')
    from described d, history h where h.name = 'members/bench'
), locked as (
    insert into data_keys (record, wrapping, wrapped) select 'members/m' || n, '{wrapping}', wrapped from keyed
), drawn as (
    select n, (select string_agg(substr('BCDFGHJKLMNPQRTVWXY34679', 1 + ((n / (24 ^ k)::bigint) % 24)::int, 1), '' order by k)
        from generate_series(0, 7) k) as eight
    from described
), numbers as (
    select n, eight || (select sum((case when ascii(c) < 58 then ascii(c) - 48 else ascii(c) - 55 end)
            * (array[7, 3, 1])[1 + (at::int - 1) % 3]) % 10
        from string_to_table(eight, null) with ordinality as t (c, at)) as number
    from drawn
)
insert into identity_cards (name, uid, version, doc, created_at, updated_at)
select 'identityCards/' || number, u.uid, b.version,
    b.doc || jsonb_build_object('name', 'identityCards/' || number, 'uid', u.uid,
        'member', 'members/m' || n, 'person', 'persons/m' || n),
    b.created_at, b.updated_at
from numbers, lateral (select gen_random_uuid() as uid where n > 0) u, identity_cards b
where b.doc->>'member' = 'members/bench'
