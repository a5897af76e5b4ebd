//! Many new records of one kind and all that goes with each, in one statement.

use crate::effect::{Deed, Effect, Keyed};
use crate::kind::Kind;
use sqlx::{PgExecutor, Row as _};
use std::collections::HashSet;

/// Whether two requests have one key, and so cannot be written together: the second must see the first's answer.
pub(crate) fn same_key((one, first): (&Deed, Option<&Keyed>), (other, second): (&Deed, Option<&Keyed>)) -> bool {
    let same_caller = one.principal.subject == other.principal.subject && one.method == other.method;
    same_caller && first.zip(second).is_some_and(|(first, second)| first.key == second.key)
}

/// What became of new records that were to be written together, by their names. The others' keys were used before.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// These are written.
    pub(crate) new: HashSet<String>,
    /// What these rest on has changed.
    pub(crate) groundless: HashSet<String>,
}

/// Writes new records of one kind, without what follows from them.
///
/// # Errors
/// The database's, for the caller to find the meaning of a broken constraint; then none is written.
pub(crate) async fn write<'e>(
    kind: &'static Kind,
    effects: &[Effect],
    on: impl PgExecutor<'e>,
) -> Result<Written, sqlx::Error> {
    let texts = |text: fn(&Effect) -> &str| effects.iter().map(text).collect::<Vec<_>>();
    let keys = texts(|effect| effect.keyed.as_ref().map_or("", |keyed| &keyed.key));
    let bytes = |bytes: fn(&Effect) -> &[u8]| effects.iter().map(bytes).collect::<Vec<_>>();
    let mut query = sqlx::query(kind.texts.many.as_str())
        .bind(kind.name)
        .bind(texts(|effect| &effect.name))
        .bind(effects.iter().map(|effect| effect.uid).collect::<Vec<_>>())
        .bind(effects.iter().map(|effect| effect.doc.clone()).collect::<Vec<_>>())
        .bind(effects.iter().map(|effect| effect.event.clone()).collect::<Vec<_>>())
        .bind(effects.iter().map(|effect| effect.at).collect::<Vec<_>>())
        .bind(texts(|effect| &effect.deed.verb))
        .bind(texts(|effect| &effect.deed.principal.subject))
        .bind(texts(|effect| effect.deed.principal.agency.as_deref().unwrap_or_default()))
        .bind(texts(|effect| &effect.deed.reason))
        .bind(texts(|effect| &effect.deed.method))
        .bind(texts(|effect| &effect.deed.traceparent))
        .bind(keys)
        .bind(bytes(|effect| effect.keyed.as_ref().map_or(&[], |keyed| &keyed.fingerprint)))
        .bind(bytes(|effect| effect.keyed.as_ref().map_or(&[], |keyed| &keyed.answer)))
        .bind(texts(|effect| effect.deed.elevation()));
    let grounds =
        || effects.iter().flat_map(|effect| effect.grounds.iter().map(|ground| (effect.name.as_str(), ground)));
    query = query
        .bind(grounds().map(|(name, _)| name).collect::<Vec<_>>())
        .bind(grounds().map(|(_, ground)| ground.name.as_str()).collect::<Vec<_>>())
        .bind(grounds().map(|(_, ground)| ground.version).collect::<Vec<_>>());
    if kind.has_timers() {
        let sets = || effects.iter().flat_map(|effect| effect.timers_set.iter().map(|set| (effect.name.as_str(), set)));
        query = query
            .bind(sets().map(|(name, _)| name).collect::<Vec<_>>())
            .bind(sets().map(|(_, set)| set.timer.as_str()).collect::<Vec<_>>())
            .bind(sets().map(|(_, set)| set.due_at).collect::<Vec<_>>())
            .bind(sets().map(|(_, set)| set.clock.clone()).collect::<Vec<_>>());
    }
    if kind.seals() {
        let keys = || effects.iter().filter_map(|effect| Some((effect.name.as_str(), effect.data_key.as_ref()?)));
        query = query
            .bind(keys().map(|(name, _)| name).collect::<Vec<_>>())
            .bind(keys().map(|(_, key)| key.by.as_str()).collect::<Vec<_>>())
            .bind(keys().map(|(_, key)| key.bytes.as_slice()).collect::<Vec<_>>());
    }
    let mut written = Written::default();
    for row in query.fetch_all(on).await? {
        let names = if row.try_get(1)? { &mut written.new } else { &mut written.groundless };
        names.insert(row.try_get(0)?);
    }
    Ok(written)
}

/// The statement. It answers with the names of the records written, and of those that rest on what has changed; not with
/// those whose keys were used before.
pub(crate) fn many_text(table: &str, timed: bool, seals: bool) -> String {
    let timers = if timed {
        ", timed as (insert into timers (kind, name, timer, due_at, clock)
            select $1, name, t.timer, t.due_at, t.clock
            from unnest($20::text[], $21::text[], $22::timestamptz[], $23::jsonb[]) t (name, timer, due_at, clock)
            join fresh using (name))"
    } else {
        ""
    };
    let data_keys = if seals {
        let first = if timed { 24 } else { 20 };
        format!(
            ", secret as (insert into data_keys (record, wrapping, wrapped)
            select name, k.wrapping, k.wrapped
            from unnest(${first}::text[], ${}::text[], ${}::bytea[]) k (name, wrapping, wrapped)
            join fresh using (name))",
            first + 1,
            first + 2
        )
    } else {
        String::new()
    };
    format!(
        "with given as materialized (
            select * from unnest($2::text[], $3::uuid[], $4::jsonb[], $5::jsonb[], $6::timestamptz[], $7::text[],
                $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::bytea[], $15::bytea[],
                $16::text[])
            as g (name, uid, doc, event, at, verb, actor, agency, reason, method, trace, key, fingerprint, answer,
                elevation)),
        groundless as materialized (
            select distinct g.record from unnest($17::text[], $18::text[], $19::bigint[]) g (record, name, version)
            cross join lateral (
                select from history h where h.name = g.name and h.version > g.version limit 1) changed),
        claim as (insert into idempotency (principal, method, key, fingerprint, answer, at)
            select actor, method, key, fingerprint, answer, at from given where key <> '' and name not in (select record from groundless)
            on conflict do nothing returning principal, method, key),
        fresh as (select g.* from given g where name not in (select record from groundless) and (g.key = ''
            or (g.actor, g.method, g.key) in (select principal, method, key from claim))),
        record as (insert into {table} (name, uid, version, doc, created_at, updated_at)
            select name, uid, 1, doc, at, at from fresh),
        version as (insert into history (kind, name, version, verb, actor, reason, at, doc)
            select $1, name, 1, verb, actor, reason, at, doc from fresh),
        noted as (insert into audit (at, actor, agency, method, name, outcome, reason, trace, elevation)
            select at, actor, agency, method, name, 'OK', reason, trace, elevation from fresh),
        event as (insert into outbox (at, kind, name, version, verb, actor, doc, traceparent)
            select at, $1, name, 1, verb, actor, coalesce(event, doc), trace from fresh)\
        {timers}{data_keys}
        select name, true from fresh union all select record, false from groundless"
    )
}
