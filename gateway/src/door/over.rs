//! When a stream is over before its end: what it was opened with is no longer good, or the gateway stops.

use super::method::Target;
use super::{Door, elsewhere, without_certificate};
use crate::caller::Caller;
use fault::Fault;
use http::Extensions;
use http::header::{self, HeaderMap};
use proto::policy::v1::Reason;
use serve::Certified;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// With what a stream was opened, and for what.
pub(super) struct Opened {
    headers: HeaderMap,
    from: IpAddr,
    certified: Option<Arc<Certified>>,
    caller: Arc<Caller>,
    target: Arc<Target>,
}

impl Opened {
    pub(super) fn of(
        request: &Extensions,
        headers: &HeaderMap,
        from: IpAddr,
        caller: &Arc<Caller>,
        target: &Arc<Target>,
    ) -> Self {
        Self {
            headers: credential(headers),
            from,
            certified: request.get::<Arc<Certified>>().cloned(),
            caller: Arc::clone(caller),
            target: Arc::clone(target),
        }
    }

    /// Why it may not go on, as its caller stands now.
    fn ends_with(&self, now: &Arc<Caller>) -> Option<Fault> {
        if !now.may_call_from(self.from) {
            return Some(elsewhere());
        }
        if !now.is_bound_to(self.certified.as_ref()) {
            return Some(without_certificate());
        }
        if Arc::ptr_eq(&self.caller.principal, &now.principal) {
            return None;
        }
        if let Err(fault) = self.target.permit(now) {
            return Some(fault);
        }
        // The service was told once what the caller may see, and goes by that as long as the stream lasts.
        let words = "the rights with which the stream was opened have changed; go on from the last cursor";
        let permission = &self.target.method.rule().permission;
        let lost = || Fault::new(Reason::PermissionDenied, words).with("permission", permission);
        (!now.holds_all_of(&self.caller)).then(lost)
    }
}

/// Ends, with the reason, when a stream must: what it was opened with is no longer good, or the gateway stops.
pub(super) async fn until_over(door: Door, opened: Opened) -> Fault {
    let stopping = door.0.house.stopping();
    let mut look = tokio::time::interval(Duration::from_millis(500));
    loop {
        tokio::select! {
            () = stopping.cancelled() => {
                return Fault::new(Reason::Unavailable, "the gateway is stopping; go on elsewhere from the last cursor");
            }
            _ = look.tick() => match door.0.callers.who(&opened.headers, opened.from).await {
                Ok(now) => if let Some(fault) = opened.ends_with(&now) {
                    return fault;
                },
                Err(refusal) => return refusal.into(),
            },
        }
    }
}

/// The part of a request's headers by which its caller can be known again.
fn credential(headers: &HeaderMap) -> HeaderMap {
    headers.get(header::AUTHORIZATION).map(|value| (header::AUTHORIZATION, value.clone())).into_iter().collect()
}
