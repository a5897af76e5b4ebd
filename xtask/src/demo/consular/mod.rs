//! `cargo xtask demo --consular`: real entries of sanctions lists looked up in three scripts, and a passport from its
//! application to its loss, whose machine-readable zone a reader that is none of ours reads.

mod lists;
mod looked_up;
mod passport;
mod reader;
mod screening;
mod tally;
mod zone;

use super::door::{Door, Refusal};
use crate::local::Local;
use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use serde_json::Value;
use tally::Tally;

/// What is done, and with which permission.
const COUNTER: [&str; 3] = ["intake-clerk", "consular-officer", "supervisor"];
const LISTS: [&str; 1] = ["supervisor"];

/// Whose house it is, who acts in it, and the instant that tells one run from another.
struct House<'a> {
    door: &'a Door,
    /// The home state as ISO 3166-1 alpha-2.
    home: &'a str,
    now: DateTime<Utc>,
}

/// Plays it, and says whether every answer was right and nothing was left unshown.
pub(super) async fn play(door: &Door, local: &Local, home: &str, now: DateTime<Utc>) -> Result<bool> {
    let house = House { door, home, now };
    let mut tally = Tally::default();
    lists::load(&house).await?;
    screening::play(&house, &mut tally).await?;
    passport::play(&house, local, &mut tally).await?;
    println!("\n{tally}");
    Ok(tally.is_clean())
}

impl House<'_> {
    /// Writes; `key` names the step, and is its own in every run. A refusal ends the demonstration.
    async fn post(&self, role: &str, path: &str, key: &str, body: &Value) -> Result<Value> {
        self.try_post(role, path, key, body).await?.with_context(|| format!("{role}: POST {path}"))
    }

    /// As [`House::post`], where a refusal is an answer.
    async fn try_post(&self, role: &str, path: &str, key: &str, body: &Value) -> Result<Result<Value, Refusal>> {
        let key = format!("demo:consular:{}:{key}", self.now.timestamp_micros());
        self.door.post(role, &format!("/v1/consular/{path}"), &key, body).await
    }

    async fn get(&self, role: &str, path: &str) -> Result<Value> {
        self.door.get(role, &format!("/v1/consular/{path}"), &[]).await?.with_context(|| format!("{role}: GET {path}"))
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}
