//! What the suite cannot read from the contract: values that make sense.

use super::desk::Suite;
use super::outcome::Unprepared;
use futures::future::BoxFuture;
use proto::contract::{Kind, Method};
use serde_json::{Value, json};

/// A step on the way of a record to a state.
pub type Step<'s, T> = BoxFuture<'s, Result<T, Unprepared>>;

/// What makes valid requests for one resource. Requests are the contract's messages as JSON; `name`, `requestId` and
/// `etag` are the suite's to fill in.
pub trait Fixture: Send + Sync {
    /// The resource's message: `legation.accreditation.v1.Mission`.
    fn resource(&self) -> &'static str;

    /// A record that can be made now, unlike any before it ([`Suite::number`]): what a create request brings.
    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value>;

    /// Makes a record and gives it. Resources without a create method say here how theirs come to be.
    fn make<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let create = suite.method_of(self.resource(), &Kind::Create)?;
            let record = self.record(suite).await?;
            suite.create(create, record).await
        })
    }

    /// What a request of this method has besides `name`, `requestId` and `etag`: `{"sizeLimit": 40}`. `None` says that
    /// the fixture does not know the method, and fails it. A method whose requests have nothing else needs no fixture.
    fn ask(&self, method: &Method) -> Option<Value> {
        plain(method)
    }

    /// Fields of a record to change, for an update: `{"title": "Embassy"}`.
    fn change(&self) -> Option<Value> {
        None
    }

    /// What must be done to a record, besides bringing it into its state, before a method about it can succeed: the
    /// record as it is then.
    fn ready<'s>(&'s self, _: &'s Suite, _: &'s Method, record: Value) -> Step<'s, Value> {
        Box::pin(async { Ok(record) })
    }

    /// A record in a state that no verb of its own leads to, but one of another resource's; `None` if there is no such way.
    fn bring<'s>(&'s self, _: &'s Suite, _: &'s str) -> Option<Step<'s, Value>> {
        None
    }

    /// How many other records a method changes with the one it is about.
    fn follows(&self, _: &Method) -> i64 {
        0
    }

    /// The state in which records begin that are not made by a create method.
    fn begins_in(&self) -> Option<&'static str> {
        None
    }

    /// States that no method leads to, only time.
    fn reached_by_time_alone(&self) -> &'static [&'static str] {
        &[]
    }

    /// For what reason everyone else is refused where who made the record may ask alone, whatever others may.
    fn refuses_others(&self, _: &Method) -> Option<&'static str> {
        None
    }

    /// Whether a verb, asked as this fixture asks, leads to this one of the several states that its rule names.
    fn leads(&self, _: &Method, _to: &str) -> bool {
        true
    }

    /// Fields of a method's answer that say when it was given, and so differ from one time to the next.
    fn moments(&self, _: &Method) -> &'static [&'static str] {
        &[]
    }
}

/// The request of a method that needs nothing besides what the suite fills in; `None` for one that may.
pub fn plain(method: &Method) -> Option<Value> {
    let own = ["name", "request_id", "etag", "reason"];
    let is_plain = method.descriptor().input().fields().all(|field| own.contains(&field.name()));
    let reads = matches!(method.kind(), Kind::Get | Kind::List | Kind::Revisions | Kind::Watch | Kind::Export);
    (is_plain || reads).then(|| json!({}))
}
