//! Timers set off from outside a record: by what a consumer of events learnt, in the transaction that took the event in.

use crate::keep::Keep;
use crate::reader::Reader;
use crate::registry::Registry;
use crate::signal::{CHANNEL, TIMERS};
use ::fault::Fault;
use calendar::{Clock, Length};
use proto::policy::v1::Reason;
use sqlx::PgConnection;
use sqlx::types::Json;
use std::time::Duration;

const SET_OFF: &str = "
    insert into timers (kind, name, timer, due_at, clock) select $1, unnest($2::text[]), $3, $4, $5
    on conflict (kind, name, timer) do update
        set due_at = excluded.due_at, clock = excluded.clock, attempts = 0";

impl<K: Keep> Registry<K> {
    /// Sets a timer of these records that is due at once. It fires after the commit, once for each, by the record's own rule
    /// ([`Keep::fire_with`]) and with all that goes with a change; in a state that the contract does not name for it, it is taken
    /// away. So whoever learns of something in a transaction of another kind changes no record there, and no change is lost.
    ///
    /// # Errors
    /// `INTERNAL` if the contract has no such timer; the database's.
    pub async fn set_off(&self, connection: &mut PgConnection, names: &[String], timer: &str) -> Result<(), Fault> {
        let missing = || Fault::new(Reason::Internal, format!("the contract has no timer {timer}"));
        self.kind().automatic(timer).ok_or_else(missing)?;
        if names.is_empty() {
            return Ok(());
        }
        let now = self.store().now();
        let clock = Json(Clock::new(now, Length::Exactly(Duration::ZERO)));
        let set = sqlx::query(SET_OFF).bind(self.kind().name).bind(names).bind(timer).bind(now).bind(clock);
        set.execute(&mut *connection).await.map_err(pg::fault)?;
        // Rung by the commit itself, which is not ours: seldom enough not to hold up others (`Signal`).
        let ring = sqlx::query("select pg_notify($1, $2)").bind(CHANNEL).bind(TIMERS);
        ring.execute(connection).await.map(drop).map_err(pg::fault)
    }
}

impl Reader<'_> {
    /// As [`Registry::set_off`], by a change of a record that these must not be locked with: those that are above it, which
    /// whoever changes them locks first. They are changed after this change is committed, each by its own rule; if this change
    /// is refused, nothing is set. What the rule says must not be missed is looked for after this record's lock.
    ///
    /// # Errors
    /// As [`Registry::set_off`].
    pub async fn set_off<K: Keep>(&mut self, names: &[String], timer: &str) -> Result<(), Fault> {
        if !self.locks() {
            return Ok(());
        }
        let registry = Registry::<K>::passing(self.store());
        registry.set_off(self.beside(), names, timer).await
    }
}
