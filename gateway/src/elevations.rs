//! Breaking the glass: a role taken for minutes, for a reason, told to those who should know, reviewed by another person.

use crate::roles::Roles;
use calendar::{Clock, Length};
use chrono::TimeDelta;
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::gateway::v1::elevation_service_server::ElevationService;
use proto::gateway::v1::{
    CloseElevationRequest, CreateElevationRequest, Elevation, GetElevationRequest, ListElevationRevisionsRequest,
    ListElevationRevisionsResponse, ListElevationsRequest, ListElevationsResponse, Reason, ReviewElevationRequest,
    WatchElevationsRequest, WatchElevationsResponse,
};
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible, timestamp};
use std::sync::Arc;
use std::time::Duration;
use tonic::Request;

/// The end of an elevation.
const EXPIRY_TIMER: &str = "expiry";

/// The elevations.
#[derive(Clone, Debug)]
pub(crate) struct Elevations {
    registry: Registry<Self>,
    roles: Arc<Roles>,
    longest: Duration,
}

impl Keep for Elevations {
    type Record = Elevation;

    /// Whoever reviews elevations sees all of them; others see their own.
    fn visible(to: &Principal) -> Visible {
        if to.may("gateway.elevations.review") { Visible::All } else { Visible::having("subject", &to.subject) }
    }

    /// That it has expired, the contract says.
    fn fire(_: &mut Elevation, _: &str, _: &mut Call) -> Result<(), Fault> {
        Ok(())
    }
}

impl Elevations {
    /// The elevations that a registry keeps, to roles of these, for so long at most.
    pub(crate) fn new(registry: Registry<Self>, roles: Arc<Roles>, longest: Duration) -> Self {
        Self { registry, roles, longest }
    }

    fn admit(&self, elevation: &mut Elevation, call: &mut Call) -> Result<(), Fault> {
        let partner = call.principal().agency.is_some();
        refuse_if(partner, Reason::ElevationUnfit, "a partner's caller has no glass to break")?;
        let is_for_this = self.roles.get(&elevation.role).is_some_and(|role| role.break_glass);
        refuse_if(!is_for_this, Reason::ElevationUnfit, "the role is not one that is taken in an emergency")
            .map_err(|fault| fault.at("elevation.role", "is no role for emergencies"))?;
        let length = Duration::from_secs(60 * u64::try_from(elevation.minutes).unwrap_or(0));
        let words = format!("the glass is broken for {} minutes at most", self.longest.as_secs() / 60);
        refuse_if(length > self.longest, Reason::ElevationUnfit, words)
            .map_err(|fault| fault.at("elevation.minutes", "is too long"))?;
        elevation.subject = call.principal().subject.to_string();
        elevation.expire_time = Some(timestamp(call.now() + TimeDelta::from_std(length).unwrap_or_default()));
        let clock = Clock::new(call.now(), Length::Exactly(length));
        call.timers().set(EXPIRY_TIMER, clock);
        Ok(())
    }
}

#[tonic::async_trait]
impl ElevationService for Elevations {
    async fn get_elevation(&self, request: Request<GetElevationRequest>) -> Answer<Elevation> {
        self.registry.get(request).await
    }

    async fn list_elevations(&self, request: Request<ListElevationsRequest>) -> Answer<ListElevationsResponse> {
        self.registry.list(request).await
    }

    async fn create_elevation(&self, request: Request<CreateElevationRequest>) -> Answer<Elevation> {
        let nothing = async |_: &mut Reader<'_>, _: &Elevation| Ok(());
        let admit = |elevation: &mut Elevation, (), call: &mut Call| self.admit(elevation, call);
        let made = self.registry.create_with(request, nothing, admit).await?;
        // Whoever watches the log learns of it though nobody follows the events.
        let Elevation { name, role, subject, minutes, .. } = made.get_ref();
        let who = if subject.starts_with("people/") { "person" } else { subject.as_str() };
        tracing::warn!(name, role, who, minutes, "the glass was broken");
        Ok(made)
    }

    async fn close_elevation(&self, request: Request<CloseElevationRequest>) -> Answer<Elevation> {
        self.registry.act(request, close).await
    }

    async fn review_elevation(&self, request: Request<ReviewElevationRequest>) -> Answer<Elevation> {
        self.registry.act(request, review).await
    }

    async fn list_elevation_revisions(
        &self,
        request: Request<ListElevationRevisionsRequest>,
    ) -> Answer<ListElevationRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchElevationsStream = Feed<WatchElevationsResponse>;

    async fn watch_elevations(&self, request: Request<WatchElevationsRequest>) -> Answer<Self::WatchElevationsStream> {
        self.registry.watch(request).await
    }
}

fn close(elevation: &mut Elevation, _: CloseElevationRequest, call: &mut Call) -> Result<(), Fault> {
    elevation.expire_time = Some(call.timestamp());
    call.timers().clear(EXPIRY_TIMER);
    Ok(())
}

fn review(elevation: &mut Elevation, request: ReviewElevationRequest, _: &mut Call) -> Result<(), Fault> {
    elevation.finding = request.finding;
    Ok(())
}
