//! Notices: what the house has to tell an agency, kept where the agency can look; not only sent to the endpoint that is the
//! trouble.

use fault::Fault;
use identity::Principal;
use proto::gateway::v1::agency_notice::Kind;
use proto::gateway::v1::agency_notice_service_server::AgencyNoticeService;
use proto::gateway::v1::{
    AgencyNotice, ApiKey, GetAgencyNoticeRequest, ListAgencyNoticesRequest, ListAgencyNoticesResponse,
    WatchAgencyNoticesRequest, WatchAgencyNoticesResponse, Webhook,
};
use registry::{Answer, Call, Feed, Keep, Registry, Visible, instant};
use tonic::Request;

/// The notices.
#[derive(Clone, Debug)]
pub(crate) struct AgencyNotices {
    registry: Registry<Self>,
}

impl Keep for AgencyNotices {
    type Record = AgencyNotice;

    /// An agency reads its own; our own applications read all.
    fn visible(to: &Principal) -> Visible {
        to.agency.as_ref().map_or(Visible::All, |agency| Visible::having("agency", agency))
    }
}

impl AgencyNotices {
    pub(crate) fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

/// Tells the agency that a key of its ends soon, with this change of the key.
///
/// # Errors
/// A mistake in the contract.
pub(crate) fn key_expires(key: &ApiKey, call: &mut Call) -> Result<(), Fault> {
    let ends = key.expire_time.as_ref().and_then(instant).map(|ends| ends.to_rfc3339()).unwrap_or_default();
    let text = format!("The key {:?} ends at {ends}. Make another and have it used by then.", key.title);
    of_key(key, Kind::KeyExpires, text, call)
}

/// Tells the agency that a key of its has ended, with this change of the key.
///
/// # Errors
/// A mistake in the contract.
pub(crate) fn key_expired(key: &ApiKey, call: &mut Call) -> Result<(), Fault> {
    let text = format!("The key {:?} has ended: what is called with it is refused. Make another.", key.title);
    of_key(key, Kind::KeyExpired, text, call)
}

/// Our own applications have no agency to tell; whoever runs them follows the keys.
fn of_key(key: &ApiKey, kind: Kind, text: String, call: &mut Call) -> Result<(), Fault> {
    if key.internal { Ok(()) } else { give(&key.agency, kind, &key.name, text, call) }
}

/// Tells the agency that its webhook was disabled, with this change of the webhook.
///
/// # Errors
/// A mistake in the contract.
pub(crate) fn webhook_disabled(webhook: &Webhook, call: &mut Call) -> Result<(), Fault> {
    let why = call.reason().to_owned();
    let text = format!(
        "The webhook {:?} was disabled: {why}. Mend the endpoint and verify the webhook; `:replay` tells what was missed.",
        webhook.title
    );
    if webhook.agency.is_empty() {
        Ok(())
    } else {
        give(&webhook.agency, Kind::WebhookDisabled, &webhook.name, text, call)
    }
}

fn give(agency: &str, kind: Kind, subject: &str, text: String, call: &mut Call) -> Result<(), Fault> {
    let (agency, subject) = (agency.to_owned(), subject.to_owned());
    let notice = AgencyNotice { agency, kind: kind.into(), subject, text, ..AgencyNotice::default() };
    call.open::<AgencyNotices>(notice, |_, _| Ok(())).map(drop)
}

#[tonic::async_trait]
impl AgencyNoticeService for AgencyNotices {
    async fn get_agency_notice(&self, request: Request<GetAgencyNoticeRequest>) -> Answer<AgencyNotice> {
        self.registry.get(request).await
    }

    async fn list_agency_notices(
        &self,
        request: Request<ListAgencyNoticesRequest>,
    ) -> Answer<ListAgencyNoticesResponse> {
        self.registry.list(request).await
    }

    type WatchAgencyNoticesStream = Feed<WatchAgencyNoticesResponse>;

    async fn watch_agency_notices(
        &self,
        request: Request<WatchAgencyNoticesRequest>,
    ) -> Answer<Self::WatchAgencyNoticesStream> {
        self.registry.watch(request).await
    }
}
