//! What happens to keys and agencies by time alone, with a clock that the tests move.

use chrono::{DateTime, TimeDelta, Utc};
use config::Env;
use gateway::{MIGRATIONS, Settings};
use layers::{CallService, Limits};
use proto::gateway::v1::agency_notice_service_client::AgencyNoticeServiceClient;
use proto::gateway::v1::agency_service_client::AgencyServiceClient;
use proto::gateway::v1::api_key_service_client::ApiKeyServiceClient;
use proto::gateway::v1::elevation_service_client::ElevationServiceClient;
use proto::gateway::v1::{
    Agency, ApiKey, ApproveAgencyRequest, CreateAgencyRequest, CreateApiKeyRequest, CreateElevationRequest, Elevation,
    GetAgencyRequest, GetApiKeyRequest, ListAgencyNoticesRequest, ListElevationsRequest, ResumeAgencyRequest,
    ReviewElevationRequest, RevokeApiKeyRequest, agency, agency_notice, api_key, elevation,
};
use registry::clockwork::ManualClock;
use registry::{Options, Store, timestamp};
use sqlx::Row as _;
use std::sync::Arc;
use testkit::{TestDb, signed};
use tokio_util::task::TaskTracker;

struct World {
    db: TestDb,
    clock: ManualClock,
    store: Store,
    keys: ApiKeyServiceClient<CallService>,
    agencies: AgencyServiceClient<CallService>,
    elevations: ElevationServiceClient<CallService>,
    notices: AgencyNoticeServiceClient<CallService>,
}

fn dawn() -> DateTime<Utc> {
    "2026-05-04T13:00:00Z".parse().unwrap()
}

async fn world() -> World {
    let db = testkit::database(&[&registry::MIGRATIONS, &MIGRATIONS]).await;
    let env = Env::default()
        .with("GATEWAY_DATABASE_URL", db.url.clone())
        .with("GATEWAY_DATABASE_SEALING_KEYS", testkit::SEALING_KEYS);
    let settings: Settings = config::read(&env, "GATEWAY").unwrap();
    let clock = ManualClock::at(dawn());
    let options = Options { clock: Arc::new(clock.clone()), ..Options::new(Arc::default()) };
    let store = Store::open(db.pool.clone(), options).await.unwrap();
    let routes = gateway::routes(&store, &settings).unwrap().prepare();
    let (contract, verifier) = (proto::contract::contract(), Arc::new(testkit::verifier()));
    let service = layers::service_stack(routes, "gateway", contract, verifier, Limits::default(), TaskTracker::new());
    let (keys, agencies) = (ApiKeyServiceClient::new(service.clone()), AgencyServiceClient::new(service.clone()));
    let (elevations, notices) = (ElevationServiceClient::new(service.clone()), AgencyNoticeServiceClient::new(service));
    World { db, clock, store, keys, agencies, elevations, notices }
}

impl World {
    /// A key of ours that ends after so many days.
    async fn key(&mut self, days: i64) -> ApiKey {
        self.key_of("foreign-ministry", true, days).await
    }

    async fn key_of(&mut self, agency: &str, internal: bool, days: i64) -> ApiKey {
        let api_key = ApiKey {
            agency: agency.into(),
            title: "A console".into(),
            internal,
            expire_time: Some(timestamp(dawn() + TimeDelta::days(days))),
            ..ApiKey::default()
        };
        let request = CreateApiKeyRequest { api_key: Some(api_key), ..CreateApiKeyRequest::default() };
        let made = self.keys.create_api_key(signed(&testkit::principal(["*"]), request)).await.unwrap();
        made.into_inner().api_key.unwrap()
    }

    async fn read(&mut self, name: &str) -> ApiKey {
        let request = GetApiKeyRequest { name: name.into() };
        self.keys.get_api_key(signed(&testkit::principal(["*"]), request)).await.unwrap().into_inner()
    }

    /// Moves the clock on and fires what is due; the verbs of the events that came of it.
    async fn after(&self, days: i64) -> Vec<String> {
        sqlx::query("delete from outbox").execute(&self.db.pool).await.unwrap();
        self.clock.advance(TimeDelta::days(days));
        self.store.fire_due().await.unwrap();
        let rows = sqlx::query("select verb from outbox order by seq").fetch_all(&self.db.pool).await.unwrap();
        rows.iter().map(|row| row.get("verb")).collect()
    }
}

#[tokio::test]
async fn a_keys_holder_is_warned_three_times_and_then_it_expires() {
    let mut world = world().await;
    let key = world.key(40).await;
    assert_eq!(world.after(9).await, Vec::<String>::new());
    assert_eq!(world.after(1).await, ["warnOfExpiry"], "30 days before");
    assert_eq!(world.after(22).await, Vec::<String>::new());
    assert_eq!(world.after(1).await, ["warnOfExpiry"], "7 days before");
    let warned = world.read(&key.name).await;
    assert_eq!(warned.expiry_warning_time, Some(timestamp(dawn() + TimeDelta::days(33))));
    assert_eq!(world.after(6).await, ["warnOfExpiry"], "the day before");
    assert_eq!(world.after(1).await, ["expire"]);
    assert_eq!(world.read(&key.name).await.state(), api_key::State::Expired);
    assert_eq!(world.after(400).await, Vec::<String>::new());
}

#[tokio::test]
async fn nobody_is_warned_of_a_key_that_was_revoked() {
    let mut world = world().await;
    let key = world.key(40).await;
    let request = RevokeApiKeyRequest { name: key.name.clone(), ..RevokeApiKeyRequest::default() };
    world.keys.revoke_api_key(signed(&testkit::principal(["*"]), request)).await.unwrap();
    assert_eq!(world.after(100).await, Vec::<String>::new());
    assert_eq!(world.read(&key.name).await.state(), api_key::State::Revoked);
}

#[tokio::test]
async fn an_agency_is_suspended_when_its_agreement_ends() {
    let mut world = world().await;
    let agency = Agency {
        title: "Customs".into(),
        contact: "desk@customs.example".into(),
        legal_basis: "Example Act, section 2".into(),
        agreement_end_time: Some(timestamp(dawn() + TimeDelta::days(10))),
        ..Agency::default()
    };
    let request = CreateAgencyRequest { agency: Some(agency), agency_id: "customs".into(), ..Default::default() };
    let name = "agencies/customs";
    world.agencies.create_agency(signed(&testkit::principal(["*"]), request)).await.unwrap();
    let request = ApproveAgencyRequest { name: name.into(), ..Default::default() };
    world.agencies.approve_agency(signed(&testkit::principal(["*"]), request)).await.unwrap();
    assert_eq!(world.after(9).await, Vec::<String>::new());
    assert_eq!(world.after(1).await, ["lapse"]);
    let request = GetAgencyRequest { name: name.into(), as_of: None };
    let read = world.agencies.get_agency(signed(&testkit::principal(["*"]), request)).await.unwrap().into_inner();
    assert_eq!(read.state(), agency::State::Suspended);
    let request = ResumeAgencyRequest { name: name.into(), ..Default::default() };
    let refused = world.agencies.resume_agency(signed(&testkit::principal(["*"]), request)).await.unwrap_err();
    assert_eq!(fault::Fault::from(&refused).reason(), "AGREEMENT_OVER");
}

#[tokio::test]
async fn an_agency_is_told_of_the_end_of_its_keys_where_it_can_look() {
    let mut world = world().await;
    crate::rig::partner(&world.db, "customs").await;
    crate::rig::partner(&world.db, "police").await;
    let key = world.key_of("customs", false, 40).await;
    world.key_of("police", false, 300).await;
    world.key(40).await;
    for days in [10, 23, 6, 1] {
        world.after(days).await;
    }
    let reader = |agency: &str| identity::Principal {
        agency: Some(agency.into()),
        ..testkit::principal(["gateway.agencyNotices.read"])
    };
    let mut told = async |agency: &str| {
        let request = ListAgencyNoticesRequest::default();
        let listed = world.notices.list_agency_notices(signed(&reader(agency), request)).await.unwrap();
        listed.into_inner().agency_notices
    };
    let notices = told("customs").await;
    let kinds: Vec<_> = notices.iter().map(|notice| notice.kind()).collect();
    use agency_notice::Kind::{KeyExpired, KeyExpires};
    assert_eq!(kinds, [KeyExpires, KeyExpires, KeyExpires, KeyExpired]);
    assert!(
        notices.iter().all(|notice| notice.subject == key.name && notice.text.contains("A console")),
        "{notices:?}"
    );
    assert_eq!(told("police").await, [], "of its own keys, none of which ends");
}

#[tokio::test]
async fn the_glass_closes_by_itself_when_its_time_is_over_and_is_reviewed_then() {
    let mut world = world().await;
    let officer = identity::Principal { subject: "people/ada".into(), ..testkit::principal(["gateway.elevations.*"]) };
    let elevation = Elevation {
        role: "breakglass".into(),
        justification: "the registrar on duty cannot be reached".into(),
        minutes: 15,
        ..Elevation::default()
    };
    let request = CreateElevationRequest { elevation: Some(elevation), ..Default::default() };
    let made = world.elevations.create_elevation(signed(&officer, request)).await.unwrap().into_inner();
    let states = async |world: &mut World| {
        let listed = world.elevations.list_elevations(signed(&officer, ListElevationsRequest::default())).await;
        listed.unwrap().into_inner().elevations.iter().map(|one| one.state()).collect::<Vec<_>>()
    };
    world.clock.advance(TimeDelta::minutes(15) - TimeDelta::seconds(1));
    world.store.fire_due().await.unwrap();
    assert_eq!(states(&mut world).await, [elevation::State::Open]);
    world.clock.advance(TimeDelta::seconds(1));
    world.store.fire_due().await.unwrap();
    assert_eq!(states(&mut world).await, [elevation::State::Expired]);
    let events = "select verb from outbox where kind = 'elevations' order by seq";
    let events: Vec<String> = sqlx::query_scalar(events).fetch_all(&world.db.pool).await.unwrap();
    assert_eq!(events, ["create", "expire"]);
    let review =
        || ReviewElevationRequest { name: made.name.clone(), finding: "in order".into(), ..Default::default() };
    let own = world.elevations.review_elevation(signed(&officer, review())).await.unwrap_err();
    assert_eq!(fault::Fault::from(&own).reason(), "SAME_PERSON");
    let other = identity::Principal { subject: "people/grace".into(), ..officer.clone() };
    let reviewed = world.elevations.review_elevation(signed(&other, review())).await.unwrap().into_inner();
    assert_eq!(reviewed.state(), elevation::State::Reviewed);
}
