//! A consular register on a database of its own, with a clock that tests move, called through gRPC.

use crate::travel_bench::papers;
use chrono::{DateTime, Utc};
use consular::{Lists, Screenings, TravelPapers};
use fault::Fault;
use identity::{Clearance, METADATA_KEY, Permissions, Principal};
use layers::{CallService, Limits};
use proto::consular::v1::entry_requirement_service_client::EntryRequirementServiceClient;
use proto::consular::v1::screening_service_client::ScreeningServiceClient;
use proto::consular::v1::watch_list_service_client::WatchListServiceClient;
use registry::clockwork::ManualClock;
use registry::{Options, Store};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use testkit::TestDb;
use tokio_util::task::TaskTracker;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::{Request, Status};

/// A service that is called as someone.
pub(crate) type Signed = InterceptedService<CallService, Token>;

/// The caller's token, put into every request.
#[derive(Clone, Debug)]
pub(crate) struct Token(String);

impl Interceptor for Token {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert(METADATA_KEY, self.0.parse().unwrap());
        Ok(request)
    }
}

pub(crate) struct World {
    pub(crate) db: TestDb,
    pub(crate) clock: ManualClock,
    /// Where publications are put; removed with the world.
    pub(crate) lists_folder: PathBuf,
    lists: Arc<Lists>,
    /// The register itself, whose timers tests fire.
    pub(crate) store: Store,
    screenings: Screenings,
    service: CallService,
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.lists_folder);
    }
}

/// When every test begins.
pub(crate) fn dawn() -> DateTime<Utc> {
    "2026-05-04T13:00:00Z".parse().unwrap()
}

pub(crate) async fn world() -> World {
    let db = testkit::database(&[&registry::MIGRATIONS, &consular::MIGRATIONS]).await;
    let clock = ManualClock::at(dawn());
    let options =
        Options { clock: Arc::new(clock.clone()), vault: Some(testkit::vault()), ..Options::new(Arc::default()) };
    let store = Store::open(db.pool.clone(), options).await.unwrap();
    let lists_folder = std::env::temp_dir().join(format!("legation-lists-{}", uuid::Uuid::now_v7()));
    let lists = Arc::new(Lists::below(lists_folder.clone()).unwrap());
    let screenings = Screenings::new(store.keep(), Arc::clone(&lists));
    let service = service(&store, &lists, &papers());
    World { db, clock, lists_folder, lists, store, screenings, service }
}

/// The service's methods on a register and lists.
fn service(store: &Store, lists: &Arc<Lists>, papers: &TravelPapers) -> CallService {
    let routes = consular::routes(store, lists, papers).prepare();
    let (contract, verifier) = (proto::contract::contract(), Arc::new(testkit::verifier()));
    layers::service_stack(routes, "consular", contract, verifier, Limits::default(), TaskTracker::new())
}

/// A person of ours who may do everything, personal data included.
pub(crate) fn officer(subject: &str) -> Principal {
    Principal {
        subject: subject.into(),
        permissions: Permissions::of(["consular.*"]),
        clearance: Clearance::Secret,
        ..testkit::principal::<&str>([])
    }
}

/// A process of the service, as somebody calls it.
pub(crate) fn signed(process: &CallService, by: &Principal) -> Signed {
    InterceptedService::new(process.clone(), Token(testkit::token(by)))
}

impl World {
    pub(crate) fn signed(&self, by: &Principal) -> Signed {
        signed(&self.service, by)
    }

    /// So many processes of the service on the same database.
    pub(crate) fn processes(&self, number: usize) -> Vec<CallService> {
        (0..number).map(|_| service(&self.store, &self.lists, &papers())).collect()
    }

    pub(crate) fn watch_lists(&self, by: &Principal) -> WatchListServiceClient<Signed> {
        WatchListServiceClient::new(self.signed(by))
    }

    pub(crate) fn screenings(&self, by: &Principal) -> ScreeningServiceClient<Signed> {
        ScreeningServiceClient::new(self.signed(by))
    }

    /// Screenings of another process of the service on the same database, with lists of its own.
    pub(crate) fn screenings_on(&self, lists: &Arc<Lists>, by: &Principal) -> ScreeningServiceClient<Signed> {
        ScreeningServiceClient::new(InterceptedService::new(
            service(&self.store, lists, &papers()),
            Token(testkit::token(by)),
        ))
    }

    /// The service with other papers, on the same register.
    pub(crate) fn signed_on(&self, papers: &TravelPapers, by: &Principal) -> Signed {
        InterceptedService::new(service(&self.store, &self.lists, papers), Token(testkit::token(by)))
    }

    /// Screens again whom a change of the lists touches.
    pub(crate) async fn again(&self) -> usize {
        self.screenings.again().await.unwrap()
    }

    /// The same, as a process does that has asked about these editions of the lists already: the editions now, and how many.
    pub(crate) async fn again_after(&self, asked: &BTreeMap<String, String>) -> (BTreeMap<String, String>, usize) {
        self.screenings.again_after(asked).await.unwrap()
    }

    /// Fires what is due. How much of it there was, beside the reminders of drawers that were opened for a receipt and left.
    pub(crate) async fn fired(&self) -> i64 {
        let reminders = "history where kind = 'cashDays' and verb = 'remind'";
        let before = self.rows_of(reminders).await;
        let fired = i64::try_from(self.store.fire_due().await.unwrap()).unwrap();
        fired - (self.rows_of(reminders).await - before)
    }

    pub(crate) fn entry_requirements(&self, by: &Principal) -> EntryRequirementServiceClient<Signed> {
        EntryRequirementServiceClient::new(self.signed(by))
    }
}

/// The reason of a refusal.
pub(crate) fn reason<T: std::fmt::Debug>(answer: Result<T, Status>) -> String {
    Fault::from(&answer.expect_err("it must be refused")).reason().to_owned()
}
