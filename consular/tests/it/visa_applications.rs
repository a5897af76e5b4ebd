//! Visa applications: lodging, admissibility, consultation, clocks, decision, diplomatic visas.

use crate::travel_bench::{CLERK, DECIDER, POST};
use crate::world::{World, reason, world};
use proto::consular::v1::consultation::Reply;
use proto::consular::v1::visa_application::{Purpose, RefusalGround, Sex, Shortcoming, State, VisaClass};
use proto::consular::v1::{self as pb, VisaApplication};
use registry::instant;
use tonic::Status;

pub(crate) const BORN: &str = "1974-08-12";
pub(crate) const PASSPORT: &str = "Z1234567";

/// Of a tourist who travels in July.
pub(crate) fn tourist(person: &str) -> VisaApplication {
    VisaApplication {
        visa_class: VisaClass::C.into(),
        purpose: Purpose::Tourism.into(),
        post: POST.into(),
        person: person.into(),
        family_name: "Traveller".into(),
        given_names: "Ravi".into(),
        birth_date: BORN.into(),
        sex: Sex::Male.into(),
        nationality: "IN".into(),
        passport_number: PASSPORT.into(),
        passport_issue_date: "2020-01-01".into(),
        passport_expire_date: "2030-01-01".into(),
        blank_pages: 10,
        arrival_date: "2026-07-01".into(),
        departure_date: "2026-07-20".into(),
        photo: "photos/1".into(),
        insurance_cover: 3_000_000,
        ..VisaApplication::default()
    }
}

macro_rules! about {
    ($request:ident, $name:expr) => {
        pb::$request { name: $name.to_owned(), ..Default::default() }
    };
}

impl World {
    pub(crate) async fn drafted(&self, application: VisaApplication) -> Result<String, Status> {
        let create = pb::CreateVisaApplicationRequest { visa_application: Some(application), ..Default::default() };
        Ok(self.visa_applications(CLERK).create_visa_application(create).await?.into_inner().name)
    }

    /// Lodged with this receipt.
    pub(crate) async fn lodged_with(&self, name: &str, receipt: &str) -> Result<VisaApplication, Status> {
        let submit =
            pb::SubmitVisaApplicationRequest { name: name.into(), fee_receipt: receipt.into(), ..Default::default() };
        Ok(self.visa_applications(CLERK).submit_visa_application(submit).await?.into_inner())
    }

    /// Paid for, if a fee is asked for, and lodged.
    pub(crate) async fn lodged(&self, application: VisaApplication) -> Result<VisaApplication, Status> {
        self.costs("VISA_C", 9_000).await;
        let free = application.purpose() == Purpose::MissionPosting || application.birth_date.as_str() > "2021";
        let code = if application.birth_date.as_str() > "2014-05-04" { "VISA_CHILD" } else { "VISA_C" };
        let nationality = application.nationality.clone();
        let name = self.drafted(application).await?;
        if free {
            return self.lodged_with(&name, "").await;
        }
        self.costs(code, 4_500).await;
        let receipt = self.receipt_of(code, &name, &nationality, POST).await;
        self.lodged_with(&name, &receipt.name).await
    }

    async fn fingerprinted(&self, name: &str, taken: &str) -> Result<VisaApplication, Status> {
        let note = pb::RecordBiometricsRequest {
            name: name.into(),
            biometrics: "biometrics/7".into(),
            taken_date: taken.into(),
            ..Default::default()
        };
        Ok(self.visa_applications(CLERK).record_biometrics(note).await?.into_inner())
    }

    /// Admissible.
    async fn admissible(&self, application: VisaApplication) -> String {
        let name = self.lodged(application).await.unwrap().name;
        self.fingerprinted(&name, "").await.unwrap();
        let examine = about!(ExamineAdmissibilityRequest, name);
        let examined = self.visa_applications(CLERK).examine_admissibility(examine).await.unwrap().into_inner();
        assert_eq!(examined.state(), State::Admissible, "{:?}", examined.shortcomings);
        name
    }

    /// In its checks, with a name check and these consulted.
    pub(crate) async fn in_checks(&self, application: VisaApplication, consulted: &[&str]) -> String {
        let who = format!("{} {}", application.given_names, application.family_name);
        let screening = self.screened(&who, &application.birth_date, &application.passport_number).await.name;
        let name = self.admissible(application).await;
        let check = pb::CheckVisaApplicationRequest {
            name: name.clone(),
            screening,
            consulted: consulted.iter().map(|one| (*one).to_owned()).collect(),
            ..Default::default()
        };
        self.visa_applications(CLERK).check_visa_application(check).await.unwrap();
        name
    }

    pub(crate) async fn granted(&self, by: &str, request: pb::GrantVisaRequest) -> Result<VisaApplication, Status> {
        Ok(self.visa_applications(by).grant_visa(request).await?.into_inner())
    }

    pub(crate) async fn visa_application(&self, name: &str) -> VisaApplication {
        let get = pb::GetVisaApplicationRequest { name: name.into(), as_of: None };
        self.visa_applications(CLERK).get_visa_application(get).await.unwrap().into_inner()
    }
}

/// One entry, twenty days, in July.
pub(crate) fn single(name: &str) -> pb::GrantVisaRequest {
    pb::GrantVisaRequest {
        name: name.into(),
        entries: 1,
        stay_days: 20,
        valid_from: "2026-07-01".into(),
        valid_until: "2026-07-20".into(),
        ..Default::default()
    }
}

#[tokio::test]
async fn an_application_is_lodged_in_its_window_with_its_fee() {
    let world = world().await;
    let early =
        VisaApplication { arrival_date: "2026-11-05".into(), departure_date: "2026-11-20".into(), ..tourist("T-1") };
    assert_eq!(reason(world.lodged(early.clone()).await), "LODGING_OUTSIDE_WINDOW");
    let sailor = VisaApplication { seafarer: true, ..early };
    assert_eq!(world.lodged(sailor).await.unwrap().state(), State::Submitted, "nine months for seafarers");
    let late = VisaApplication { arrival_date: "2026-05-18".into(), ..tourist("T-1") };
    assert_eq!(reason(world.lodged(late.clone()).await), "LODGING_OUTSIDE_WINDOW");
    let excused = VisaApplication { late_reason: "A funeral.".into(), ..late };
    world.lodged(excused).await.unwrap();
    let unpaid = world.drafted(tourist("T-1")).await.unwrap();
    assert_eq!(reason(world.lodged_with(&unpaid, "").await), "VISA_FEE_UNPAID");
    let lodged = world.lodged(tourist("T-1")).await.unwrap();
    assert_eq!((lodged.fee, lodged.lodged_month.as_str()), (9000, "2026-05"));
    assert_eq!((lodged.fee_currency.as_str(), lodged.fee_basis.as_str()), ("USD", "Short stay"));
    let child = VisaApplication { birth_date: "2022-01-01".into(), ..tourist("T-2") };
    assert_eq!(world.lodged(child).await.unwrap().fee, 0);
}

#[tokio::test]
async fn fingerprints_serve_for_59_months() {
    let world = world().await;
    let name = world.lodged(tourist("T-1")).await.unwrap().name;
    // 4 May 2026 less 59 months is 4 June 2021.
    assert_eq!(reason(world.fingerprinted(&name, "2021-06-03").await), "BIOMETRICS_UNFIT");
    assert_eq!(reason(world.fingerprinted(&name, "2026-05-05").await), "BIOMETRICS_UNFIT", "in the future");
    let none = world.visa_applications(CLERK).record_biometrics(about!(RecordBiometricsRequest, name)).await;
    assert_eq!(reason(none), "BIOMETRICS_UNFIT");
    assert_eq!(world.fingerprinted(&name, "2021-06-04").await.unwrap().biometrics_date, "2021-06-04");
    let child = VisaApplication { birth_date: "2014-05-05".into(), ..tourist("T-2") };
    let name = world.lodged(child).await.unwrap().name;
    let none = world.visa_applications(CLERK).record_biometrics(about!(RecordBiometricsRequest, name)).await.unwrap();
    assert_eq!(none.into_inner().biometrics_exemption, "under 12 (art. 13(7)(a))");
}

#[tokio::test]
async fn what_is_not_admissible_is_given_back_with_everything_that_is_missing() {
    let world = world().await;
    let poor = VisaApplication {
        blank_pages: 1,
        passport_expire_date: "2026-10-01".into(),
        photo: String::new(),
        ..tourist("T-1")
    };
    let name = world.lodged(poor).await.unwrap().name;
    world.fingerprinted(&name, "").await.unwrap();
    let examine = about!(ExamineAdmissibilityRequest, name);
    let examined = world.visa_applications(CLERK).examine_admissibility(examine).await.unwrap().into_inner();
    assert_eq!(examined.state(), State::Inadmissible);
    let found: Vec<_> = examined.shortcomings().collect();
    assert_eq!(found, [Shortcoming::PassportExpiresEarly, Shortcoming::PassportPages, Shortcoming::NoPhoto]);
}

#[tokio::test]
async fn whoever_is_silent_for_seven_days_has_no_objection() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let name = world.in_checks(tourist("T-1"), &["FR", "DE"]).await;
    let answer = |authority: &str, objects| pb::AnswerConsultationRequest {
        name: name.clone(),
        authority: authority.into(),
        objects,
        ..Default::default()
    };
    let mut applications = world.visa_applications(CLERK);
    assert_eq!(reason(applications.answer_consultation(answer("IT", false)).await), "CONSULTATION_UNKNOWN");
    applications.answer_consultation(answer("FR", false)).await.unwrap();
    assert_eq!(reason(applications.answer_consultation(answer("FR", true)).await), "CONSULTATION_UNKNOWN", "once");
    assert_eq!(reason(world.granted(DECIDER, single(&name)).await), "CONSULTATION_OUTSTANDING");
    world.clock.set("2026-05-12T03:59:59Z".parse().unwrap());
    assert_eq!(world.fired().await, 0, "the seventh day counts whole");
    world.clock.set("2026-05-12T04:00:00Z".parse().unwrap());
    assert_eq!(world.fired().await, 1);
    let kept = world.visa_application(&name).await;
    let replies: Vec<_> = kept.consultations.iter().map(|one| (one.authority.as_str(), one.reply())).collect();
    assert_eq!(replies, [("DE", Reply::SilentConsent), ("FR", Reply::NoObjection)]);
    world.granted(DECIDER, single(&name)).await.unwrap();
    let other = world.in_checks(tourist("T-2"), &["DE"]).await;
    let objects = pb::AnswerConsultationRequest { name: other.clone(), ..answer("DE", true) };
    applications.answer_consultation(objects).await.unwrap();
    assert_eq!(reason(world.granted(DECIDER, single(&other)).await), "CONSULTATION_OBJECTED");
}

#[tokio::test]
async fn it_is_decided_in_fifteen_days_or_extended_once_to_forty_five() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let name = world.in_checks(tourist("T-1"), &[]).await;
    let due = |one: &VisaApplication| one.decision_due_time.as_ref().and_then(instant).unwrap().to_rfc3339();
    assert_eq!(due(&world.visa_application(&name).await), "2026-05-20T04:00:00+00:00", "to the end of the 19th");
    world.clock.set("2026-05-20T04:00:00Z".parse().unwrap());
    assert_eq!(world.fired().await, 1);
    assert!(world.visa_application(&name).await.overdue);
    let extend = || pb::ExtendDecisionRequest {
        name: name.clone(),
        grounds: "A document is examined.".into(),
        ..Default::default()
    };
    let extended = world.visa_applications(DECIDER).extend_decision(extend()).await.unwrap().into_inner();
    assert_eq!((due(&extended).as_str(), extended.overdue), ("2026-06-19T04:00:00+00:00", false));
    assert_eq!(reason(world.visa_applications(DECIDER).extend_decision(extend()).await), "DECISION_ALREADY_EXTENDED");
}

#[tokio::test]
async fn who_does_not_answer_for_a_year_is_given_up() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let name = world.in_checks(tourist("T-1"), &[]).await;
    let ask =
        pb::RequestVisaInformationRequest { name: name.clone(), wanted: "A letter.".into(), ..Default::default() };
    world.visa_applications(CLERK).request_visa_information(ask).await.unwrap();
    // One timer after the other: of two on one record, the second may find it taken.
    world.clock.set("2026-05-20T04:00:00Z".parse().unwrap());
    assert_eq!(world.fired().await, 1, "the time for the decision");
    world.clock.set("2027-05-05T04:00:00Z".parse().unwrap());
    assert_eq!(world.fired().await, 1);
    assert_eq!(world.visa_application(&name).await.state(), State::Lapsed);
}

#[tokio::test]
async fn a_decision_is_anothers_and_has_its_grounds() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let name = world.in_checks(tourist("T-1"), &[]).await;
    assert_eq!(reason(world.granted(CLERK, single(&name)).await), "SAME_PERSON");
    let refuse = |grounds: &[RefusalGround]| pb::RefuseVisaRequest {
        name: name.clone(),
        grounds: grounds.iter().map(|one| i32::from(*one)).collect(),
        remedy: "Appeal to the court within a month.".into(),
        ..Default::default()
    };
    assert_eq!(reason(world.visa_applications(DECIDER).refuse_visa(refuse(&[])).await), "INVALID_FIELDS");
    let grounds = [RefusalGround::MeansInsufficient, RefusalGround::DoubtIntentToLeave];
    let refused = world.visa_applications(DECIDER).refuse_visa(refuse(&grounds)).await.unwrap().into_inner();
    assert_eq!((refused.state(), refused.decided_month.as_str()), (State::Refused, "2026-05"));
    assert_eq!(refused.refusal_grounds().collect::<Vec<_>>(), grounds);
}

#[tokio::test]
async fn a_hit_stands_in_the_way_of_a_visa() {
    let world = world().await;
    world.list_of(&[("TRAVELLER, Ravi", "DOB 12 Aug 1974.")]).await;
    let nameless = world.admissible(tourist("T-2")).await;
    let without = world.screened("Ravi Traveller", BORN, "").await.name;
    let check = pb::CheckVisaApplicationRequest { name: nameless, screening: without, ..Default::default() };
    let refused = world.visa_applications(CLERK).check_visa_application(check).await;
    assert_eq!(reason(refused), "SCREENING_OF_ANOTHER", "without the number of the passport");
    let name = world.in_checks(tourist("T-1"), &[]).await;
    assert_eq!(reason(world.granted(DECIDER, single(&name)).await), "HIT_UNRESOLVED");
    let screening = world.visa_application(&name).await.screening;
    world.cleared(&screening).await;
    world.granted(DECIDER, single(&name)).await.unwrap();
}

#[tokio::test]
async fn what_is_granted_stays_within_the_rules() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let name = world.in_checks(tourist("T-1"), &[]).await;
    for wrong in [
        pb::GrantVisaRequest { stay_days: 91, ..single(&name) },
        pb::GrantVisaRequest { valid_until: "2026-06-30".into(), ..single(&name) },
        pb::GrantVisaRequest { entries: 0, valid_until: "2031-07-01".into(), ..single(&name) },
        pb::GrantVisaRequest { entries: 0, valid_until: "2030-01-02".into(), ..single(&name) },
    ] {
        assert_eq!(reason(world.granted(DECIDER, wrong).await), "VISA_TERMS_UNFIT");
    }
    let granted = world.granted(DECIDER, single(&name)).await.unwrap();
    assert_eq!(
        (granted.state(), granted.valid_until.as_str()),
        (State::Granted, "2026-08-04"),
        "fifteen days of grace"
    );
}

#[tokio::test]
async fn whoever_comes_for_a_short_stay_is_insured_for_thirty_thousand_euro() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let cover = |person: &str, insurance_cover| VisaApplication { insurance_cover, ..tourist(person) };
    let short = world.in_checks(cover("T-1", 2_999_999), &[]).await;
    assert_eq!(reason(world.granted(DECIDER, single(&short)).await), "INSURANCE_TOO_LOW");
    let enough = world.in_checks(cover("T-2", 3_000_000), &[]).await;
    world.granted(DECIDER, single(&enough)).await.unwrap();
    // A seafarer is insured by profession.
    let sailor = world.in_checks(VisaApplication { seafarer: true, ..cover("T-3", 0) }, &[]).await;
    world.granted(DECIDER, single(&sailor)).await.unwrap();
}

#[tokio::test]
async fn a_diplomatic_visa_is_asked_for_by_note_and_costs_nothing() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let posted = VisaApplication {
        visa_class: VisaClass::D.into(),
        purpose: Purpose::MissionPosting.into(),
        arrival_date: "2026-05-10".into(),
        departure_date: "2029-05-01".into(),
        ..tourist("T-1")
    };
    world.heard(1, "NOTIFIED", false).await;
    let unnoted = VisaApplication { member: "members/example".into(), ..posted.clone() };
    assert_eq!(reason(world.drafted(unnoted).await), "NOTE_VERBALE_MISSING");
    let noted = VisaApplication { note_verbale: "17/2026".into(), member: "members/example".into(), ..posted };
    let lodged = world.lodged(noted.clone()).await.unwrap();
    assert_eq!((lodged.fee, lodged.state()), (0, State::Submitted), "six days before the arrival");
    let exempt = pb::RecordBiometricsRequest {
        name: lodged.name.clone(),
        exemption: "Diplomatic agent (art. 13(7)(c)).".into(),
        ..Default::default()
    };
    world.visa_applications(CLERK).record_biometrics(exempt).await.unwrap();
    let examine = about!(ExamineAdmissibilityRequest, lodged.name);
    let examined = world.visa_applications(CLERK).examine_admissibility(examine).await.unwrap().into_inner();
    assert_eq!(examined.state(), State::Admissible, "{:?}", examined.shortcomings);
}
