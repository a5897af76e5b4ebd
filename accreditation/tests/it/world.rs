//! A register of accreditation on a database of its own, with a clock that tests move, called through gRPC.

use accreditation::Checklist;
use accreditation::benefits::Practice;
use accreditation::immunity::Rules;
use accreditation::privileges::Privileges;
use accreditation::terms::Terms;
use chrono::{DateTime, Utc};
use fault::Fault;
use identity::{Clearance, METADATA_KEY, Permissions, Principal};
use layers::{CallService, Limits};
use proto::accreditation::v1::identity_card_service_client::IdentityCardServiceClient;
use proto::accreditation::v1::immunity_service_client::ImmunityServiceClient;
use proto::accreditation::v1::member_service_client::MemberServiceClient;
use proto::accreditation::v1::mission_service_client::MissionServiceClient;
use proto::accreditation::v1::persona_non_grata_service_client::PersonaNonGrataServiceClient;
use proto::accreditation::v1::waiver_service_client::WaiverServiceClient;
use proto::accreditation::v1::{self as pb, Category, Member, Mission, Relation, Residence, mission};
use registry::clockwork::ManualClock;
use registry::{Options, Store};
use sqlx::Row as _;
use std::sync::{Arc, LazyLock};
use testkit::TestDb;
use tokio_util::task::TaskTracker;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::{Request, Response, Status};

static RULES: LazyLock<Arc<Rules>> = LazyLock::new(|| Arc::new(Rules::of_home("US").unwrap()));

static PRIVILEGES: LazyLock<Arc<Privileges>> = LazyLock::new(|| Arc::new(Privileges::shipped(&RULES).unwrap()));
static PRACTICE: LazyLock<Arc<Practice>> = LazyLock::new(|| Arc::new(Practice::of_home("US").unwrap()));

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
    pub(crate) store: Store,
    service: CallService,
}

/// When every test begins: in Washington, the morning of a Monday.
pub(crate) fn dawn() -> DateTime<Utc> {
    at("2026-05-04T13:00:00Z")
}

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) fn stamp(text: &str) -> Option<prost_types::Timestamp> {
    Some(registry::timestamp(at(text)))
}

pub(crate) async fn world() -> World {
    world_with("US", Checklist::read(None).unwrap()).await
}

/// A house that has no key to seal papers with.
pub(crate) async fn world_without_seal() -> World {
    world_whole("US", Checklist::read(None).unwrap(), papers(&[])).await
}

/// The register of this receiving state.
pub(crate) async fn world_of(home: &str) -> World {
    world_with(home, Checklist::read(None).unwrap()).await
}

/// A house that refuses whatever others only mark.
pub(crate) async fn strict() -> World {
    let practice = include_str!("../../data/notification.toml").replace("\"FLAG\"", "\"REFUSE\"");
    world_with("US", Checklist::parse(&practice).unwrap()).await
}

async fn world_with(home: &str, practice: Checklist) -> World {
    world_whole(home, practice, papers(&[("PAPERS_SEAL_KEY", SEAL_KEY)])).await
}

async fn world_whole(home: &str, practice: Checklist, papers: accreditation::Papers) -> World {
    let home = config::read(&config::Env::default().with("HOME_STATE", home), "HOME").unwrap();
    let db = testkit::database(&[&registry::MIGRATIONS, &accreditation::MIGRATIONS]).await;
    let clock = ManualClock::at(dawn());
    let options =
        Options { clock: Arc::new(clock.clone()), vault: Some(testkit::vault()), ..Options::new(Arc::new(home)) };
    let options = options.with(Arc::new(Terms::read(None).unwrap())).with(Arc::new(practice));
    let store = Store::open(db.pool.clone(), options).await.unwrap();
    let routes =
        accreditation::routes(&store, Arc::clone(&RULES), Arc::clone(&PRACTICE), Arc::clone(&PRIVILEGES), papers)
            .prepare();
    let (contract, verifier) = (proto::contract::contract(), Arc::new(testkit::verifier()));
    let service =
        layers::service_stack(routes, "accreditation", contract, verifier, Limits::default(), TaskTracker::new());
    World { db, clock, store, service }
}

/// A key that everyone may know.
const SEAL_KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

fn papers(set: &[(&str, &str)]) -> accreditation::Papers {
    let env = set.iter().fold(config::Env::default(), |env, (name, value)| env.with(*name, *value));
    let settings: accreditation::PaperSettings = config::read(&env, "PAPERS").unwrap();
    accreditation::Papers::new(&settings, &config::Home::default()).unwrap()
}

/// A person of ours who may do everything, personal data included.
pub(crate) fn officer(subject: &str) -> Principal {
    Principal {
        subject: subject.into(),
        permissions: Permissions::of(["accreditation.*"]),
        clearance: Clearance::Secret,
        ..testkit::principal::<&str>([])
    }
}

/// Who takes notifications in.
pub(crate) fn registrar() -> Principal {
    officer("people/registrar")
}

/// Who decides.
pub(crate) fn decider() -> Principal {
    officer("people/decider")
}

/// A mission's own staff: they notify their people.
pub(crate) fn staff_of(mission: &str) -> Principal {
    let permissions = ["missions.read", "missions.history", "members.read", "members.notify", "members.history"];
    Principal {
        subject: format!("people/staff-of-{mission}").into(),
        mission: Some(format!("missions/{mission}").into()),
        permissions: Permissions::of(permissions.map(|permission| format!("accreditation.{permission}"))),
        ..testkit::principal::<&str>([])
    }
}

/// A partner agency on the road.
pub(crate) fn police(agency: &str) -> Principal {
    let permissions = ["missions.read", "members.determineImmunity", "identityCards.verify", "determinations.read"];
    Principal {
        subject: format!("apiKeys/{agency}").into(),
        agency: Some(agency.into()),
        permissions: Permissions::of(permissions.map(|permission| format!("accreditation.{permission}"))),
        ..testkit::principal::<&str>([])
    }
}

impl World {
    pub(crate) fn signed(&self, by: &Principal) -> Signed {
        InterceptedService::new(self.service.clone(), Token(testkit::token(by)))
    }

    pub(crate) fn missions(&self, by: &Principal) -> MissionServiceClient<Signed> {
        MissionServiceClient::new(self.signed(by))
    }

    pub(crate) fn members(&self, by: &Principal) -> MemberServiceClient<Signed> {
        MemberServiceClient::new(self.signed(by))
    }

    pub(crate) fn cards(&self, by: &Principal) -> IdentityCardServiceClient<Signed> {
        IdentityCardServiceClient::new(self.signed(by))
    }

    pub(crate) fn declarations(&self, by: &Principal) -> PersonaNonGrataServiceClient<Signed> {
        PersonaNonGrataServiceClient::new(self.signed(by))
    }

    pub(crate) fn waivers(&self, by: &Principal) -> WaiverServiceClient<Signed> {
        WaiverServiceClient::new(self.signed(by))
    }

    pub(crate) fn immunity(&self, by: &Principal) -> ImmunityServiceClient<Signed> {
        ImmunityServiceClient::new(self.signed(by))
    }

    /// Puts a record into a state, whatever led there, with what a record in that state has.
    pub(crate) async fn put(&self, table: &str, name: &str, doc: serde_json::Value) {
        let text = sqlx::AssertSqlSafe(format!("update {table} set doc = doc || $2 where name = $1"));
        let done = sqlx::query(text).bind(name).bind(doc).execute(&self.db.pool).await.unwrap();
        assert_eq!(done.rows_affected(), 1, "{name}");
    }

    /// Counts rows: `"history where name = 'missions/fr'"`.
    pub(crate) async fn count(&self, of: &str) -> i64 {
        let text = sqlx::AssertSqlSafe(format!("select count(*) from {of}"));
        sqlx::query(text).fetch_one(&self.db.pool).await.unwrap().get(0)
    }

    /// A mission that was notified, in this state.
    pub(crate) async fn mission(&self, id: &str, mission: Mission, state: mission::State) -> String {
        let request = pb::CreateMissionRequest { mission: Some(mission), mission_id: id.into(), ..Default::default() };
        let name = self.missions(&registrar()).create_mission(request).await.unwrap().into_inner().name;
        self.put("missions", &name, serde_json::json!({ "state": state.as_str_name() })).await;
        name
    }

    /// An embassy at work.
    pub(crate) async fn embassy(&self, state: &str) -> String {
        self.mission(&state.to_lowercase(), embassy(state), mission::State::Open).await
    }

    pub(crate) async fn notify(&self, id: &str, member: Member) -> Result<Member, Status> {
        self.notify_as(&registrar(), id, member).await
    }

    pub(crate) async fn notify_as(&self, by: &Principal, id: &str, member: Member) -> Result<Member, Status> {
        let request = pb::CreateMemberRequest { member: Some(member), member_id: id.into(), ..Default::default() };
        self.members(by).create_member(request).await.map(Response::into_inner)
    }

    /// A member led to its accreditation by the verbs.
    pub(crate) async fn accredited(&self, id: &str, member: Member) -> Member {
        let name = self.notify(id, member).await.unwrap().name;
        let (mut one, mut other) = (self.members(&registrar()), self.members(&decider()));
        let request = pb::BeginValidationRequest { name: name.clone(), ..Default::default() };
        one.begin_validation(request).await.unwrap();
        let request = pb::PassValidationRequest { name: name.clone(), ..Default::default() };
        one.pass_validation(request).await.unwrap();
        other.accredit(pb::AccreditRequest { name, ..Default::default() }).await.unwrap().into_inner()
    }

    pub(crate) async fn member(&self, name: &str) -> Member {
        let request = pb::GetMemberRequest { name: name.into(), as_of: None };
        self.members(&registrar()).get_member(request).await.unwrap().into_inner()
    }

    pub(crate) async fn terminate(&self, name: &str, cause: pb::member::EndCause) -> Member {
        let request = pb::TerminateRequest { name: name.into(), cause: cause.into(), ..Default::default() };
        self.members(&decider()).terminate(request).await.unwrap().into_inner()
    }

    pub(crate) async fn issue(&self, member: &str, expires: &str) -> Result<pb::IdentityCard, Status> {
        let card = pb::IdentityCard { member: member.into(), expire_time: stamp(expires), ..Default::default() };
        let request = pb::CreateIdentityCardRequest { identity_card: Some(card), ..Default::default() };
        self.cards(&registrar()).create_identity_card(request).await.map(Response::into_inner)
    }

    pub(crate) async fn verify(&self, name: &str) -> pb::VerifyIdentityCardResponse {
        let request = pb::VerifyIdentityCardRequest { name: name.into() };
        self.cards(&police("mpd")).verify_identity_card(request).await.unwrap().into_inner()
    }

    pub(crate) async fn determine(
        &self,
        by: &Principal,
        member: &str,
        matter: pb::Matter,
    ) -> Result<pb::Determination, Status> {
        let request = pb::DetermineImmunityRequest { name: member.into(), matter: matter.into(), ..Default::default() };
        self.immunity(by).determine_immunity(request).await.map(Response::into_inner)
    }
}

/// The reason of a refusal.
pub(crate) fn reason<T: std::fmt::Debug>(answer: Result<T, Status>) -> String {
    Fault::from(&answer.expect_err("it is refused")).reason().to_owned()
}

/// The fields at fault in a refusal.
pub(crate) fn fields<T: std::fmt::Debug>(answer: Result<T, Status>) -> Vec<String> {
    let fault = Fault::from(&answer.expect_err("it is refused"));
    fault.violations().iter().map(|violation| violation.field.clone()).collect()
}

pub(crate) fn embassy(state: &str) -> Mission {
    Mission {
        sending_state: state.into(),
        r#type: mission::Type::Embassy.into(),
        title: format!("Embassy of {state}"),
        seat: "Washington".into(),
        ..Mission::default()
    }
}

pub(crate) fn consulate(state: &str) -> Mission {
    let r#type = mission::Type::ConsulateGeneral.into();
    Mission { r#type, title: format!("Consulate-General of {state}"), seat: "Chicago".into(), ..embassy(state) }
}

/// A member of a mission's diplomatic staff, a national of the sending state, arrived ten days ago.
pub(crate) fn secretary(mission: &str) -> Member {
    Member {
        mission: mission.into(),
        category: Category::DiplomaticStaff.into(),
        family_name: "Garnier".into(),
        given_names: "Élise".into(),
        birth_date: "1988-04-12".into(),
        nationality: mission.trim_start_matches("missions/").to_uppercase()[..2].to_owned(),
        passport_number: "20AB12345".into(),
        photo: "photos/garnier".into(),
        title: "Second Secretary".into(),
        residence: Residence::Foreign.into(),
        arrival_time: stamp("2026-04-24T10:00:00Z"),
        ..Member::default()
    }
}

/// Someone of that principal's household.
pub(crate) fn relative(principal: &Member, relation: Relation) -> Member {
    Member {
        category: Category::FamilyMember.into(),
        given_names: "Camille".into(),
        title: String::new(),
        passport_number: "20AB12346".into(),
        photo: String::new(),
        principal: principal.name.clone(),
        relation: relation.into(),
        ..secretary(&principal.mission)
    }
}
