//! A small register to test on: missions, members and answers, with just enough rules to be worth keeping.

use chrono::{DateTime, TimeDelta, Utc};
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::accreditation::v1::{self as pb, Member, Mission, Reason};
use registry::clockwork::ManualClock;
use registry::{Call, Keep, Options, Reader, Registry, Store, Visible};
use sqlx::Row as _;
use std::sync::Arc;
use testkit::TestDb;
use tonic::{Request, Response, Status};

pub(crate) static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("tests/it/migrations");

/// A mission may not be sent by our own state; members of a mission's staff see their mission alone, and who serves at a
/// post of ours the missions seated there.
pub(crate) struct Missions;

impl Keep for Missions {
    type Record = Mission;

    fn visible(to: &Principal) -> Visible {
        match (&to.mission, &to.post) {
            (Some(mission), _) => Visible::having("name", mission),
            (None, Some(post)) => Visible::having("seat", post),
            (None, None) => Visible::All,
        }
    }

    fn admit(mission: &mut Mission, call: &mut Call) -> Result<(), Fault> {
        refuse_if(mission.sending_state == call.home().state, Reason::SendingStateIsOurs, "we send no mission to us")
    }

    fn amend(mission: &mut Mission, before: &Mission, _: &mut Call) -> Result<(), Fault> {
        let lost = mission.seat.is_empty() && !before.seat.is_empty();
        refuse_if(lost, Reason::DatesImplausible, "a mission keeps its seat")
    }

    fn constraint(name: &str) -> Option<Fault> {
        (name == "missions_external_id")
            .then(|| Fault::new(Reason::CardAlreadyActive, "known from that source already"))
    }
}

pub(crate) struct Members;

impl Keep for Members {
    type Record = Member;

    fn visible(to: &Principal) -> Visible {
        to.mission.as_ref().map_or(Visible::All, |mission| Visible::having("mission", mission))
    }

    fn fire(member: &mut Member, timer: &str, call: &mut Call) -> Result<(), Fault> {
        refuse_if(member.title == "stubborn", Reason::GraceOver, "not now")?;
        if timer == "grace" {
            member.end_time = Some(call.timestamp());
        }
        Ok(())
    }

    /// When a principal's time is over, so is the household's.
    async fn fire_with(
        member: &mut Member,
        timer: &str,
        reader: &mut Reader<'_>,
        call: &mut Call,
    ) -> Result<(), Fault> {
        let kin = reader.hold::<Self>(&[("principal", &[member.name.as_str()]), ("state", &["ACCREDITED"])]).await?;
        Self::fire(member, timer, call)?;
        kin.into_iter().try_for_each(|kin| {
            call.follow(kin, "endWithPrincipal", |kin, _| {
                kin.set_state(pb::member::State::Ended);
                Ok(())
            })
        })
    }
}

/// Answers are seen by the agency that asked.
pub(crate) struct Answers;

impl Keep for Answers {
    type Record = pb::Determination;

    fn visible(to: &Principal) -> Visible {
        to.agency.as_ref().map_or(Visible::All, |agency| Visible::having("agency", agency))
    }
}

pub(crate) struct World {
    pub(crate) db: TestDb,
    pub(crate) clock: ManualClock,
    pub(crate) store: Store,
    pub(crate) missions: Registry<Missions>,
    pub(crate) members: Registry<Members>,
    pub(crate) answers: Registry<Answers>,
}

/// When every test begins.
pub(crate) fn dawn() -> DateTime<Utc> {
    "2026-01-05T09:00:00Z".parse().unwrap()
}

pub(crate) async fn world() -> World {
    let db = testkit::database(&[&registry::MIGRATIONS, &MIGRATIONS]).await;
    let clock = ManualClock::at(dawn());
    let (store, missions, members, answers) = open(&db, &clock).await;
    World { db, clock, store, missions, members, answers }
}

async fn open(db: &TestDb, clock: &ManualClock) -> (Store, Registry<Missions>, Registry<Members>, Registry<Answers>) {
    let options =
        Options { clock: Arc::new(clock.clone()), vault: Some(testkit::vault()), ..Options::new(Arc::default()) };
    let store = Store::open(db.pool.clone(), options).await.unwrap();
    let (missions, members, answers) = (store.keep(), store.keep(), store.keep());
    (store, missions, members, answers)
}

/// An officer of ours who may do everything, personal data included.
pub(crate) fn officer() -> Principal {
    Principal { clearance: identity::Clearance::Secret, ..testkit::principal(["accreditation.*"]) }
}

/// What asks for an answer about a member, and the answer.
pub(crate) fn answer(
    by: &Principal,
    reference: &str,
    key: &str,
) -> (Request<pb::DetermineImmunityRequest>, pb::Determination) {
    let (member, reference) = (String::from("members/1"), String::from(reference));
    let ask = pb::DetermineImmunityRequest {
        name: member.clone(),
        matter: 1,
        reference: reference.clone(),
        request_id: key.into(),
        ..Default::default()
    };
    let record = pb::Determination { member, immune: pb::Immune::Yes.into(), reference, ..Default::default() };
    (asked(by, "ImmunityService/DetermineImmunity", ask), record)
}

/// The request as it comes in behind the layers. `method`: `MissionService/CreateMission`.
pub(crate) fn asked<T>(principal: &Principal, method: &str, message: T) -> Request<T> {
    testkit::called(principal, &format!("/legation.accreditation.v1.{method}"), message)
}

/// The reason of a refusal.
pub(crate) fn reason<T: std::fmt::Debug>(answer: Result<Response<T>, Status>) -> String {
    Fault::from(&answer.unwrap_err()).reason().to_owned()
}

pub(crate) fn embassy(state: &str) -> Mission {
    Mission {
        sending_state: state.into(),
        r#type: pb::mission::Type::Embassy.into(),
        title: format!("Embassy of {state}"),
        seat: "Washington".into(),
        ..Mission::default()
    }
}

pub(crate) fn creates(id: &str, mission: Mission) -> pb::CreateMissionRequest {
    pb::CreateMissionRequest { mission: Some(mission), mission_id: id.into(), request_id: String::new() }
}

pub(crate) fn secretary(mission: &str) -> Member {
    Member {
        mission: mission.into(),
        category: pb::Category::DiplomaticStaff.into(),
        family_name: "Garnier".into(),
        given_names: "Élise".into(),
        birth_date: "1988-04-12".into(),
        nationality: "FR".into(),
        residence: pb::Residence::Foreign.into(),
        ..Member::default()
    }
}

impl World {
    /// The same register in another process.
    pub(crate) async fn elsewhere(&self) -> (Store, Registry<Missions>, Registry<Members>, Registry<Answers>) {
        open(&self.db, &self.clock).await
    }

    pub(crate) fn pass(&self, time: TimeDelta) {
        self.clock.advance(time);
    }

    pub(crate) async fn create(&self, by: &Principal, id: &str, mission: Mission) -> Mission {
        let request = asked(by, "MissionService/CreateMission", creates(id, mission));
        self.missions.create(request).await.unwrap().into_inner()
    }

    pub(crate) async fn notify(&self, by: &Principal, member: Member) -> Member {
        let request = pb::CreateMemberRequest { member: Some(member), ..Default::default() };
        self.members.create(asked(by, "MemberService/CreateMember", request)).await.unwrap().into_inner()
    }

    pub(crate) async fn get(&self, by: &Principal, name: &str) -> Result<Response<Mission>, Status> {
        let request = pb::GetMissionRequest { name: name.into(), as_of: None };
        self.missions.get(asked(by, "MissionService/GetMission", request)).await
    }

    /// Counts rows: `"history where name = 'missions/fr'"`.
    pub(crate) async fn count(&self, of: &str) -> i64 {
        let text = sqlx::AssertSqlSafe(format!("select count(*) from {of}"));
        sqlx::query(text).fetch_one(&self.db.pool).await.unwrap().get(0)
    }
}
