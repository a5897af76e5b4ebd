//! The settings of a service's binary: its own, its door's, telemetry's and the home's, read together.

use crate::Service;
use config::{Entry, Env, Errors, Home, Reader, Settings};
use identity::Verifier;
use layers::Limits;
use std::net::SocketAddr;
use std::time::Duration;

config::settings! {
    /// How a service is reached, and how much it takes on. The prefix is the service's name.
    pub struct Door {
        /// Where it is called; with port 0 the system chooses one, and it is printed.
        pub listen: SocketAddr = "127.0.0.1:0",
        /// Where `/livez`, `/readyz` and `/metrics` are.
        pub admin_listen: SocketAddr = "127.0.0.1:0",
        /// The public keys of those who vouch for callers, each base64 of 32 bytes; during a rotation the old one and
        /// the new.
        pub principal_keys: Vec<String> => good_keys,
        /// The most calls under way at once that stream nothing; one more is refused unstarted.
        pub in_flight: usize = 512 => config::between(1, 1_000_000),
        /// The most streams open at once, besides those calls; one more is refused unstarted.
        pub streams: usize = 2048 => config::between(1, 1_000_000),
        /// The most time for a call that streams nothing, whatever the caller allows.
        pub longest: Duration = "60s" => some_time,
        /// The most time that calls under way get to end when the process stops, and after them its tasks.
        pub drain: Duration = "20s",
    }
}

impl Door {
    /// How much the service takes on.
    pub fn limits(&self) -> Limits {
        Limits { in_flight: self.in_flight, streams: self.streams, longest: self.longest }
    }
}

/// Everything that a service's binary is told.
#[derive(Clone, Debug)]
pub struct All<S> {
    /// How the service is reached.
    pub door: Door,
    /// The service's own.
    pub own: S,
    /// What the process tells of itself.
    pub telemetry: telemetry::Settings,
    /// Whose foreign service it is.
    pub home: Home,
}

/// Reads the settings of a service's binary. Every error is reported at once.
pub fn settings<S: Service>(env: &Env) -> Result<All<S::Settings>, Errors> {
    let prefix = S::NAME.to_ascii_uppercase();
    let mut reader = Reader::new(env);
    let (door, own) = (reader.read(&prefix), reader.read(&prefix));
    let (telemetry, home) = (reader.read("TELEMETRY"), reader.read("HOME"));
    let all = door.zip(own).zip(telemetry.zip(home));
    let all = all.map(|((door, own), (telemetry, home))| All { door, own, telemetry, home });
    reader.finish(all)
}

/// Every setting of a service's binary, for the docs.
pub fn describe<S: Service>() -> Vec<Entry> {
    let prefix = S::NAME.to_ascii_uppercase();
    let own = [Door::describe(&prefix), S::Settings::describe(&prefix)];
    let house = [telemetry::Settings::describe("TELEMETRY"), Home::describe("HOME")];
    own.into_iter().chain(house).flatten().collect()
}

/// A service that knows no signer would know no caller, so it refuses to start.
fn good_keys(keys: &impl AsRef<[String]>) -> Result<(), String> {
    Verifier::of(keys.as_ref()).map(drop).map_err(|error| error.to_string())
}

fn some_time(time: &Duration) -> Result<(), String> {
    if time.is_zero() { Err("is no time at all".into()) } else { Ok(()) }
}
