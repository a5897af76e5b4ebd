//! People who apply from an account of their own: they see what is theirs, nothing of the office's, and do none of its work.

use crate::passports::application;
use crate::travel_bench::{CLERK, DECIDER};
use crate::visa_applications::tourist;
use crate::world::{World, officer, reason, world};
use fault::Fault;
use futures::StreamExt as _;
use futures::future::join_all;
use identity::{Permissions, Principal};
use proto::consular::v1::passport_application::{State as Passport, Type};
use proto::consular::v1::passport_application_service_client::PassportApplicationServiceClient;
use proto::consular::v1::visa_application::{Purpose, State};
use proto::consular::v1::visa_application_service_client::VisaApplicationServiceClient;
use proto::consular::v1::{self as pb, PassportApplication, VisaApplication};
use std::time::Duration;
use tonic::Status;

macro_rules! about {
    ($request:ident, $name:expr) => {
        pb::$request { name: $name.to_owned(), ..Default::default() }
    };
}

/// Someone with what the role of applicants gives for applications.
pub(crate) fn applicant(who: &str) -> Principal {
    let permissions = [
        "passportApplications.file",
        "passportApplications.read",
        "personal.read",
        "visaApplications.file",
        "visaApplications.read",
    ];
    Principal {
        subject: format!("people/{who}").into(),
        permissions: Permissions::of(permissions.map(|one| format!("consular.{one}"))),
        ..testkit::principal::<&str>([])
    }
}

impl World {
    fn own_visas(&self, by: &Principal) -> VisaApplicationServiceClient<crate::world::Signed> {
        VisaApplicationServiceClient::new(self.signed(by))
    }

    fn own_passports(&self, by: &Principal) -> PassportApplicationServiceClient<crate::world::Signed> {
        PassportApplicationServiceClient::new(self.signed(by))
    }

    pub(crate) async fn begins(&self, by: &Principal, application: VisaApplication) -> Result<VisaApplication, Status> {
        let create = pb::CreateVisaApplicationRequest { visa_application: Some(application), ..Default::default() };
        Ok(self.own_visas(by).create_visa_application(create).await?.into_inner())
    }

    async fn sees(&self, by: &Principal, filter: &str) -> Result<Vec<VisaApplication>, Status> {
        let list = pb::ListVisaApplicationsRequest { filter: filter.into(), ..Default::default() };
        Ok(self.own_visas(by).list_visa_applications(list).await?.into_inner().visa_applications)
    }

    pub(crate) async fn reads(&self, by: &Principal, name: &str) -> Result<VisaApplication, Status> {
        let get = pb::GetVisaApplicationRequest { name: name.into(), as_of: None };
        Ok(self.own_visas(by).get_visa_application(get).await?.into_inner())
    }

    /// What someone began at home is lodged, checked and asked about by the office.
    pub(crate) async fn brought_to_checks(&self, name: &str) {
        self.costs("VISA_C", 9_000).await;
        let receipt = self.receipt_of("VISA_C", name, "IN", crate::travel_bench::POST).await.name;
        self.lodged_with(name, &receipt).await.unwrap();
        let mut office = self.visa_applications(CLERK);
        let prints =
            pb::RecordBiometricsRequest { biometrics: "biometrics/7".into(), ..about!(RecordBiometricsRequest, name) };
        office.record_biometrics(prints).await.unwrap();
        office.examine_admissibility(about!(ExamineAdmissibilityRequest, name)).await.unwrap();
        let screening = self.screened("Ravi Traveller", "1974-08-12", "Z1234567").await.name;
        let consulted = vec!["FR".to_owned()];
        let check =
            pb::CheckVisaApplicationRequest { screening, consulted, ..about!(CheckVisaApplicationRequest, name) };
        office.check_visa_application(check).await.unwrap();
        let outcome = "Contradicts the letter.".into();
        office
            .record_interview(pb::RecordInterviewRequest { outcome, ..about!(RecordInterviewRequest, name) })
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn an_account_applies_for_itself_and_another_finds_nothing() {
    let world = world().await;
    let (me, other) = (applicant("traveller"), applicant("other"));
    let forged = VisaApplication { holder: "people/other".into(), ..tourist("T-1") };
    let mine = world.begins(&me, forged).await.unwrap();
    assert_eq!((mine.holder.as_str(), mine.state()), ("people/traveller", State::Draft), "nobody applies for another");
    let own: Vec<_> = world.sees(&me, "").await.unwrap().into_iter().map(|one| one.name).collect();
    assert_eq!(own, std::slice::from_ref(&mine.name));
    // For others it is as one that was never made.
    assert!(world.sees(&other, "").await.unwrap().is_empty());
    assert!(world.sees(&other, "holder = \"people/traveller\"").await.unwrap().is_empty());
    let told = |refused: Status| (refused.code(), Fault::from(&refused).reason().to_owned());
    let never = told(world.reads(&other, "visaApplications/none").await.unwrap_err());
    assert_eq!(told(world.reads(&other, &mine.name).await.unwrap_err()), never);
    assert_eq!(never, (tonic::Code::NotFound, "NOT_FOUND".to_owned()));
    let retract = || about!(RetractVisaApplicationRequest, mine.name);
    assert_eq!(reason(world.own_visas(&other).retract_visa_application(retract()).await), "NOT_FOUND");
    let change = |by: &str| pb::UpdateVisaApplicationRequest {
        visa_application: Some(VisaApplication {
            name: mine.name.clone(),
            holder: by.into(),
            blank_pages: 8,
            ..Default::default()
        }),
        etag: mine.etag.clone(),
        ..Default::default()
    };
    assert_eq!(reason(world.own_visas(&other).update_visa_application(change("")).await), "NOT_FOUND");
    assert_eq!(reason(world.own_visas(&me).update_visa_application(change("people/other")).await), "INVALID_FIELDS");
    let changed = world.own_visas(&me).update_visa_application(change("")).await.unwrap().into_inner();
    assert_eq!(changed.blank_pages, 8);
    // An agency and a mission have none of their own, whatever they hold.
    for foreign in [
        Principal { agency: Some("example-agency".into()), ..me.clone() },
        Principal { mission: Some("missions/example".into()), ..me.clone() },
    ] {
        assert!(world.sees(&foreign, "").await.unwrap().is_empty());
    }
    let gone = world.own_visas(&me).retract_visa_application(retract()).await.unwrap().into_inner();
    assert_eq!(gone.state(), State::Retracted);
    // At the counter an officer begins it for somebody, who finds it at home.
    let for_other = VisaApplication { holder: "people/other".into(), ..tourist("T-2") };
    let name = world.drafted(for_other).await.unwrap();
    assert_eq!(world.reads(&other, &name).await.unwrap().holder, "people/other");
    assert_eq!(reason(world.reads(&me, &name).await), "NOT_FOUND");
}

#[tokio::test]
async fn what_the_office_knows_and_does_is_not_shown_to_who_applies() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let me = applicant("traveller");
    let name = world.begins(&me, tourist("T-1")).await.unwrap().name;
    let follow = pb::WatchVisaApplicationsRequest::default();
    let mut changes = world.own_visas(&me).watch_visa_applications(follow).await.unwrap().into_inner();
    world.brought_to_checks(&name).await;
    let whole = world.reads(&officer(CLERK), &name).await.unwrap();
    assert!(!whole.screening.is_empty() && whole.consultations.len() == 1 && !whole.interview.is_empty());
    let hides = |one: &VisaApplication| {
        one.screening.is_empty()
            && one.consultations.is_empty()
            && one.interview.is_empty()
            && one.derogation.is_empty()
    };
    let seen = world.reads(&me, &name).await.unwrap();
    assert_eq!((seen.state(), seen.biometrics.as_str()), (State::Checks, "biometrics/7"), "where it stands is told");
    assert_eq!(seen.decision_due_time, whole.decision_due_time, "and until when it is decided");
    assert!(hides(&seen));
    let then = pb::GetVisaApplicationRequest { name: name.clone(), as_of: whole.update_time };
    assert!(
        hides(&world.own_visas(&me).get_visa_application(then).await.unwrap().into_inner()),
        "nor of a past instant"
    );
    assert!(world.sees(&me, "").await.unwrap().iter().all(hides));
    let guess = format!("screening = \"{}\"", whole.screening);
    assert_eq!(reason(world.sees(&me, &guess).await), "INVALID_FILTER", "what is not shown is not guessed either");
    assert_eq!(world.sees(&officer(CLERK), &guess).await.unwrap().len(), 1);
    // Each step comes, and neither who did it nor what it was.
    for version in 2..=6 {
        let change = tokio::time::timeout(Duration::from_secs(20), changes.next()).await;
        let change = change.expect("a change comes").expect("the stream goes on").unwrap();
        let step = change.revision.unwrap();
        assert_eq!(
            (step.version, step.verb.as_str(), step.actor.as_str(), step.reason.as_str()),
            (version, "", "", "")
        );
        assert!(hides(&change.visa_application.unwrap()));
    }
    let history = about!(ListVisaApplicationRevisionsRequest, name);
    assert_eq!(reason(world.own_visas(&me).list_visa_application_revisions(history).await), "PERMISSION_DENIED");
    let retract =
        pb::RetractVisaApplicationRequest { request_id: "once".into(), ..about!(RetractVisaApplicationRequest, name) };
    for _ in 0..2 {
        let gone = world.own_visas(&me).retract_visa_application(retract.clone()).await.unwrap().into_inner();
        assert!(gone.state() == State::Retracted && hides(&gone), "nor in an answer, nor in the same given again");
    }
    assert_eq!(world.rows_of("outbox where kind = 'visaApplications' and doc->>'screening' <> ''").await, 0);
}

#[tokio::test]
async fn an_applicant_does_none_of_the_offices_work() {
    let world = world().await;
    let me = applicant("traveller");
    let name = world.begins(&me, tourist("T-1")).await.unwrap().name;
    let mut visas = world.own_visas(&me);
    for refused in [
        reason(visas.submit_visa_application(about!(SubmitVisaApplicationRequest, name)).await),
        reason(visas.record_biometrics(about!(RecordBiometricsRequest, name)).await),
        reason(visas.examine_admissibility(about!(ExamineAdmissibilityRequest, name)).await),
        reason(visas.check_visa_application(about!(CheckVisaApplicationRequest, name)).await),
        reason(visas.answer_consultation(about!(AnswerConsultationRequest, name)).await),
        reason(visas.record_interview(about!(RecordInterviewRequest, name)).await),
        reason(visas.provide_visa_information(about!(ProvideVisaInformationRequest, name)).await),
        reason(visas.extend_decision(about!(ExtendDecisionRequest, name)).await),
        reason(visas.grant_visa(about!(GrantVisaRequest, name)).await),
        reason(visas.refuse_visa(about!(RefuseVisaRequest, name)).await),
    ] {
        assert_eq!(refused, "PERMISSION_DENIED");
    }
    let own = pb::CreatePassportApplicationRequest {
        passport_application: Some(application(Type::First, "P-1")),
        ..Default::default()
    };
    let mut passports = world.own_passports(&me);
    let name = passports.create_passport_application(own).await.unwrap().into_inner().name;
    for refused in [
        reason(passports.submit_passport_application(about!(SubmitPassportApplicationRequest, name)).await),
        reason(passports.take_in_passport_application(about!(TakeInPassportApplicationRequest, name)).await),
        reason(passports.provide_passport_information(about!(ProvidePassportInformationRequest, name)).await),
        reason(passports.adjudicate_passport_application(about!(AdjudicatePassportApplicationRequest, name)).await),
        reason(passports.approve_passport_application(about!(ApprovePassportApplicationRequest, name)).await),
        reason(passports.deny_passport_application(about!(DenyPassportApplicationRequest, name)).await),
        reason(passports.decide_passport_hold(about!(DecidePassportHoldRequest, name)).await),
        reason(passports.deliver_passport(about!(DeliverPassportRequest, name)).await),
    ] {
        assert_eq!(refused, "PERMISSION_DENIED");
    }
    // How the accreditation of a member stands is nobody's to ask by an application.
    for member in ["members/known", ""] {
        let posting = VisaApplication {
            purpose: Purpose::MissionPosting.into(),
            note_verbale: "NV 7".into(),
            member: member.into(),
            ..tourist("T-2")
        };
        assert_eq!(reason(world.begins(&me, posting).await), "POSTING_THROUGH_OFFICE");
    }
    let named = VisaApplication { member: "members/known".into(), ..tourist("T-2") };
    assert_eq!(reason(world.begins(&me, named).await), "POSTING_THROUGH_OFFICE");
}

/// What holds it is that one account's calls come one after another: without `alone` more are begun (17, once).
#[tokio::test(flavor = "multi_thread")]
async fn an_account_begins_so_many_at_once_and_no_more() {
    let world = world().await;
    let me = applicant("traveller");
    let begun = join_all((0..30).map(|n| world.begins(&me, tourist(&format!("T-{n}"))))).await;
    let (kept, refused): (Vec<_>, Vec<_>) = begun.into_iter().partition(Result::is_ok);
    assert_eq!(kept.len(), 10);
    assert!(refused.into_iter().all(|one| reason(one) == "TOO_MANY_DRAFTS"));
    world.begins(&applicant("other"), tourist("T-40")).await.expect("another account has its own");
    let by_officer = VisaApplication { holder: "people/traveller".into(), ..tourist("T-41") };
    world.drafted(by_officer).await.expect("an officer begins what is asked for at the counter");
    for one in kept.into_iter().take(2) {
        let retract = about!(RetractVisaApplicationRequest, one.unwrap().name);
        world.own_visas(&me).retract_visa_application(retract).await.unwrap();
    }
    world.begins(&me, tourist("T-42")).await.expect("what was withdrawn no longer counts");
}

#[tokio::test]
async fn a_passport_is_applied_for_at_home_and_decided_on_by_the_office() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let (me, other) = (applicant("traveller"), applicant("other"));
    let asked = PassportApplication { holder: "people/other".into(), ..application(Type::First, "P-1") };
    let create = pb::CreatePassportApplicationRequest { passport_application: Some(asked), ..Default::default() };
    let mine = world.own_passports(&me).create_passport_application(create.clone()).await.unwrap().into_inner();
    assert_eq!((mine.holder.as_str(), mine.state()), ("people/traveller", Passport::Draft));
    let get = || pb::GetPassportApplicationRequest { name: mine.name.clone(), as_of: None };
    assert_eq!(reason(world.own_passports(&other).get_passport_application(get()).await), "NOT_FOUND");
    world.costs("PASSPORT_ADULT", 13_000).await;
    let receipt = world.receipt_of("PASSPORT_ADULT", &mine.name, "", crate::travel_bench::POST).await.name;
    world.submitted(&mine.name, &receipt).await.unwrap();
    world.taken_in(&mine.name).await;
    let screening = world.adjudicated(&mine.name).await;
    let whole = world.passport_applications(DECIDER).get_passport_application(get()).await.unwrap().into_inner();
    assert_eq!(whole.screening, screening);
    let seen = world.own_passports(&me).get_passport_application(get()).await.unwrap().into_inner();
    assert_eq!((seen.state(), seen.screening.as_str()), (Passport::Adjudication, ""));
    let withdraw = |name: &str| about!(WithdrawPassportApplicationRequest, name);
    let late = world.own_passports(&me).withdraw_passport_application(withdraw(&mine.name)).await;
    assert_eq!(reason(late), "WRONG_STATE", "it is before who decides");
    let again = world.own_passports(&me).create_passport_application(create).await.unwrap().into_inner().name;
    assert_eq!(reason(world.own_passports(&other).withdraw_passport_application(withdraw(&again)).await), "NOT_FOUND");
    let gone = world.own_passports(&me).withdraw_passport_application(withdraw(&again)).await.unwrap().into_inner();
    assert_eq!(gone.state(), Passport::Abandoned);
}
