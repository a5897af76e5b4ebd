//! The checks, by what they are about.

mod access;
mod deadlines;
mod eyes;
mod fields;
mod malformed;
mod names;
mod pages;
mod reads;
mod states;
mod streams;
mod versions;
mod writes;

use super::desk::Suite;
use super::door::Door;
use super::probe::{Made, Probe};
use super::report::Report;
use proto::contract::{Kind, Method};

/// Makes every check that fits a method, at one door.
pub(super) async fn all(suite: &Suite, door: Door, method: &'static Method, report: &Report) {
    let probe = Probe { suite, door, method, report };
    let streams = matches!(method.kind(), Kind::Watch | Kind::Import | Kind::Export);
    noted(&probe, "access", access::check(&probe).await);
    noted(&probe, "names", names::check(&probe).await);
    noted(&probe, "required fields", fields::check(&probe).await);
    noted(&probe, "malformed requests", malformed::check(&probe).await);
    if streams {
        noted(&probe, "streams", streams::check(&probe).await);
        return;
    }
    noted(&probe, "deadlines", deadlines::check(&probe).await);
    if method.writes() {
        noted(&probe, "writes", writes::check(&probe).await);
        noted(&probe, "versions", versions::check(&probe).await);
        noted(&probe, "states", states::check(&probe).await);
        noted(&probe, "four eyes", eyes::check(&probe).await);
    } else {
        noted(&probe, "reads", reads::check(&probe).await);
        noted(&probe, "pages", pages::check(&probe).await);
    }
}

/// A check that could not be made does not hold.
fn noted(probe: &Probe<'_>, check: &str, made: Made) {
    if let Err(why) = made {
        probe.fail(check, "to be checked", why);
    }
}
