//! Keeps records: current state, whole history, audit, idempotency, search, timers; in one transaction.
//!
//! A service has one [`Store`], its database. Each of its resources has a type of the service's own that says its
//! rules ([`Keep`]) and a [`Registry`] that does the rest: a method of the gRPC service is one call of it, with a
//! function of the record where there is something to decide.
//!
//! ```text
//! impl Keep for Missions {
//!     type Record = Mission;
//!     fn visible(_: &Principal) -> Visible { Visible::All }
//!     fn admit(mission: &mut Mission, call: &mut Call) -> Result<(), Fault> {
//!         refuse_if(mission.sending_state == call.home().state, Reason::SendingStateIsOurs, "…")
//!     }
//! }
//!
//! async fn get_mission(&self, request: Request<GetMissionRequest>) -> Answer<Mission> {
//!     self.registry.get(request).await
//! }
//! async fn open(&self, request: Request<OpenRequest>) -> Answer<Mission> {
//!     self.registry.act(request, |mission, request, call| …).await
//! }
//! ```
//!
//! What the contract says is done by the registry: permission is checked before it by the layers; existence,
//! visibility, etag, state, four eyes, field rules and idempotency here, under the record's lock. `README.md` says how
//! a change has consequences for other records.

mod act;
mod append;
mod asked;
mod audit;
mod batch;
mod call;
pub mod clockwork;
mod codec;
mod column;
mod create;
mod create_several;
mod doc;
mod due;
mod effect;
mod etag;
mod exchange;
mod export;
mod filter;
mod follow;
mod get;
mod ground;
mod idempotency;
mod import;
mod keep;
mod kind;
mod list;
mod load;
mod many;
mod merge;
mod order;
mod queue;
mod reader;
mod readings;
mod ready;
mod registry;
mod rehearse;
mod revisions;
mod rewrap;
mod sealed;
mod secret;
mod set_off;
mod signal;
mod sql;
mod store;
mod sweep;
mod texts;
mod time;
mod timers;
mod token;
mod trail;
mod update;
mod watch;

pub use asked::check;
pub use call::Call;
pub use etag::version;
pub use follow::Held;
pub use ground::Ground;
pub use import::import_failure;
pub use keep::{Keep, Visible};
pub use queue::{Queue, Queued};
pub use reader::Reader;
pub use registry::{Answer, Feed, Kept, Registry};
pub use rehearse::{Foreseen, Rehearsed};
pub use rewrap::data_key;
pub use signal::CHANNEL;
pub use store::{Data, Options, Store};
pub use time::{instant, timestamp};
pub use timers::Timers;

/// The tables that every service's database has besides its own: give it to [`pg::migrate`] first.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();
