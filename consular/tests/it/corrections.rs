//! What the office corrects of what applicants declared: kept beside what stood there, checked anew, not by who decides.

use crate::own_applications::applicant;
use crate::passport_holds::order;
use crate::passports::application;
use crate::travel_bench::{CLERK, DECIDER, POST};
use crate::visa_applications::{BORN, PASSPORT, single, tourist};
use crate::world::{World, officer, reason, world};
use proto::consular::v1::passport_application::{DenialGround, State as Passport, Type};
use proto::consular::v1::visa_application::{RefusalGround, State};
use proto::consular::v1::{self as pb, ParentalConsent, PassportApplication, VisaApplication};
use tonic::Status;

/// Who decides if the decider may not.
const HEAD: &str = "people/head";
const GROUNDS: &str = "Certificate of birth 12/1974 of Zenith.";

macro_rules! about {
    ($request:ident, $name:expr) => {
        pb::$request { name: $name.to_owned(), ..Default::default() }
    };
}

/// A correction of a passport's application, of nothing yet.
fn slip(name: &str) -> pb::CorrectPassportApplicationRequest {
    pb::CorrectPassportApplicationRequest { grounds: GROUNDS.into(), ..about!(CorrectPassportApplicationRequest, name) }
}

/// The same of a visa's.
fn visa_slip(name: &str) -> pb::CorrectVisaApplicationRequest {
    pb::CorrectVisaApplicationRequest { grounds: GROUNDS.into(), ..about!(CorrectVisaApplicationRequest, name) }
}

impl World {
    async fn corrects(
        &self,
        by: &str,
        request: pb::CorrectPassportApplicationRequest,
    ) -> Result<PassportApplication, Status> {
        Ok(self.passport_applications(by).correct_passport_application(request).await?.into_inner())
    }

    async fn corrects_visa(
        &self,
        by: &str,
        request: pb::CorrectVisaApplicationRequest,
    ) -> Result<VisaApplication, Status> {
        Ok(self.visa_applications(by).correct_visa_application(request).await?.into_inner())
    }

    async fn put_before(&self, name: &str, screening: &str) -> Result<PassportApplication, Status> {
        let put = pb::AdjudicatePassportApplicationRequest {
            screening: screening.into(),
            ..about!(AdjudicatePassportApplicationRequest, name)
        };
        Ok(self.passport_applications(CLERK).adjudicate_passport_application(put).await?.into_inner())
    }

    async fn examined(&self, name: &str) -> VisaApplication {
        let examine = about!(ExamineAdmissibilityRequest, name);
        self.visa_applications(CLERK).examine_admissibility(examine).await.unwrap().into_inner()
    }

    async fn checked(&self, name: &str, screening: &str) -> Result<VisaApplication, Status> {
        let check = pb::CheckVisaApplicationRequest {
            screening: screening.into(),
            ..about!(CheckVisaApplicationRequest, name)
        };
        Ok(self.visa_applications(CLERK).check_visa_application(check).await?.into_inner())
    }
}

#[tokio::test]
async fn a_corrected_name_is_checked_anew_and_stands_beside_what_was_declared() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let name = world.apply(application(Type::First, "P-1")).await.unwrap().name;
    world.taken_in(&name).await;
    let former = world.adjudicated(&name).await;
    let groundless = pb::CorrectPassportApplicationRequest { grounds: String::new(), ..slip(&name) };
    assert_eq!(reason(world.corrects(CLERK, groundless).await), "INVALID_FIELDS");
    assert_eq!(reason(world.corrects(CLERK, slip(&name)).await), "NOTHING_CORRECTED");
    let right = pb::CorrectPassportApplicationRequest {
        given_names: Some("Anna Maria Luise".into()),
        birth_date: "1974-12-08".into(),
        birth_place: "Zenith".into(),
        ..slip(&name)
    };
    let corrected = world.corrects(CLERK, right).await.unwrap();
    assert_eq!((corrected.state(), corrected.screening.as_str()), (Passport::Intake, ""));
    assert_eq!((corrected.given_names.as_str(), corrected.birth_date.as_str()), ("Anna Maria Luise", "1974-12-08"));
    let [told] = &corrected.corrections[..] else { panic!("{:?}", corrected.corrections) };
    assert_eq!((told.officer.as_str(), told.grounds.as_str()), (CLERK, GROUNDS));
    assert_eq!(
        (&told.fields[..], &told.former[..]),
        (&["givenNames", "birthDate"].map(String::from)[..], &["Anna Maria", BORN].map(String::from)[..])
    );
    // The name check of somebody else is none, and nothing is decided without one.
    assert_eq!(reason(world.try_approve(&name).await), "WRONG_STATE");
    assert_eq!(reason(world.put_before(&name, &former).await), "SCREENING_OF_ANOTHER");
    let anew = world.screened("Anna Maria Luise EXAMPLE", "1974-12-08", "").await.name;
    world.put_before(&name, &anew).await.unwrap();
    world.try_approve(&name).await.unwrap();
    assert_eq!(reason(world.corrects(CLERK, slip(&name)).await), "WRONG_STATE", "it is decided");
    let ask = pb::ListPassportApplicationRevisionsRequest { name, ..Default::default() };
    let steps = world.passport_applications(CLERK).list_passport_application_revisions(ask).await.unwrap().into_inner();
    let verbs: Vec<_> = steps.revisions.iter().filter_map(|one| one.revision.clone()).map(|one| one.verb).collect();
    assert!(verbs.contains(&"correct".to_owned()), "{verbs:?}");
}

#[tokio::test]
async fn whoever_corrected_does_not_decide_whoever_corrects_after_them() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let name = world.apply(application(Type::First, "P-1")).await.unwrap().name;
    world.taken_in(&name).await;
    let at = |place: &str| pb::CorrectPassportApplicationRequest { birth_place: place.into(), ..slip(&name) };
    world.corrects(DECIDER, at("Nadir")).await.unwrap();
    world.corrects(CLERK, at("Zenith upon Nadir")).await.unwrap();
    world.adjudicated(&name).await;
    assert_eq!(reason(world.try_approve(&name).await), "SAME_PERSON");
    let deny = pb::DenyPassportApplicationRequest {
        ground: DenialGround::CourtOrder.into(),
        words: "A court forbids it.".into(),
        remedy: "Appeal to the court within a month.".into(),
        ..about!(DenyPassportApplicationRequest, name)
    };
    assert_eq!(reason(world.passport_applications(DECIDER).deny_passport_application(deny).await), "SAME_PERSON");
    let approve = about!(ApprovePassportApplicationRequest, name);
    world.passport_applications(HEAD).approve_passport_application(approve).await.unwrap();
}

#[tokio::test]
async fn a_decision_on_a_hold_falls_with_the_name_it_was_made_of() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let name = world.adjudicated_application(Type::First, "P-1").await;
    let hold = world.hold(order("P-1")).await.unwrap().name;
    world.decide_hold(HEAD, &name, &hold).await.unwrap();
    let place = pb::CorrectPassportApplicationRequest { birth_place: "Nadir".into(), ..slip(&name) };
    let kept = world.corrects(CLERK, place).await.unwrap();
    assert_eq!((kept.hold_decisions.len(), kept.screening.is_empty()), (1, false), "a place of birth finds nobody");
    let family = pb::CorrectPassportApplicationRequest { family_name: "Exemplar".into(), ..slip(&name) };
    assert!(world.corrects(CLERK, family).await.unwrap().hold_decisions.is_empty());
    let screening = world.screened("Anna Maria EXEMPLAR", BORN, "").await.name;
    world.put_before(&name, &screening).await.unwrap();
    assert_eq!(reason(world.decide_hold(CLERK, &name, &hold).await), "SAME_PERSON");
    assert_eq!(reason(world.try_approve(&name).await), "PASSPORT_HELD");
    world.decide_hold(HEAD, &name, &hold).await.unwrap();
    world.try_approve(&name).await.unwrap();
}

#[tokio::test]
async fn whoever_turns_out_a_child_needs_the_parents_and_another_fee() {
    let world = world().await;
    world.costs("PASSPORT_CHILD", 5_000).await;
    let name = world.apply(application(Type::First, "P-1")).await.unwrap().name;
    let child = || pb::CorrectPassportApplicationRequest { birth_date: "2014-08-12".into(), ..slip(&name) };
    assert_eq!(reason(world.corrects(CLERK, child()).await), "CONSENT_MISSING");
    let consent = |parent: &str| ParentalConsent {
        parent: parent.into(),
        given_date: "2026-05-01".into(),
        evidence: "in person".into(),
    };
    let consents = vec![consent("A Parent"), consent("Other Parent")];
    let agreed = || pb::CorrectPassportApplicationRequest { consents: consents.clone(), ..child() };
    assert_eq!(reason(world.corrects(CLERK, agreed()).await), "FEE_NOT_COVERED");
    let fee_receipt = world.receipt_of("PASSPORT_CHILD", &name, "", POST).await.name;
    let paid = pb::CorrectPassportApplicationRequest { fee_receipt: fee_receipt.clone(), ..agreed() };
    let corrected = world.corrects(CLERK, paid).await.unwrap();
    assert_eq!((corrected.state(), corrected.fee_receipt), (Passport::Submitted, fee_receipt));
    assert_eq!(corrected.corrections[0].fields, ["birthDate", "consents"]);
}

#[tokio::test]
async fn a_visa_corrected_in_its_checks_is_examined_and_checked_again() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let name = world.in_checks(tourist("T-1"), &["FR"]).await;
    let former = world.visa_application(&name).await.screening;
    let number = pb::CorrectVisaApplicationRequest { passport_number: "Z1234576".into(), ..visa_slip(&name) };
    let corrected = world.corrects_visa(DECIDER, number).await.unwrap();
    assert_eq!((corrected.state(), corrected.screening.as_str()), (State::Biometrics, ""));
    assert!(corrected.consultations.is_empty(), "they were asked about another document");
    assert_eq!(corrected.corrections[0].former, [PASSPORT]);
    world.clock.set("2026-05-12T04:00:00Z".parse().unwrap());
    assert_eq!(world.fired().await, 0, "nobody is waited for");
    assert_eq!(reason(world.granted(HEAD, single(&name)).await), "WRONG_STATE");
    assert_eq!(world.examined(&name).await.state(), State::Admissible);
    assert_eq!(reason(world.checked(&name, &former).await), "SCREENING_OF_ANOTHER");
    let anew = world.screened("Ravi Traveller", BORN, "Z1234576").await.name;
    world.checked(&name, &anew).await.unwrap();
    assert_eq!(reason(world.granted(DECIDER, single(&name)).await), "SAME_PERSON");
    let refuse = pb::RefuseVisaRequest {
        grounds: vec![RefusalGround::MeansInsufficient.into()],
        remedy: "Appeal to the court within a month.".into(),
        ..about!(RefuseVisaRequest, name)
    };
    assert_eq!(reason(world.visa_applications(DECIDER).refuse_visa(refuse).await), "SAME_PERSON");
    world.granted(HEAD, single(&name)).await.unwrap();
}

#[tokio::test]
async fn a_correction_of_the_journey_leaves_who_was_asked_and_the_time_for_the_decision() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let name = world.in_checks(tourist("T-1"), &["FR"]).await;
    let grounds = "A document is examined.".into();
    let extend = pb::ExtendDecisionRequest { grounds, ..about!(ExtendDecisionRequest, name) };
    let extended = world.visa_applications(DECIDER).extend_decision(extend).await.unwrap().into_inner();
    let backwards = pb::CorrectVisaApplicationRequest { departure_date: "2026-06-01".into(), ..visa_slip(&name) };
    assert_eq!(reason(world.corrects_visa(CLERK, backwards).await), "JOURNEY_IMPLAUSIBLE");
    let pages = pb::CorrectVisaApplicationRequest { blank_pages: Some(0), ..visa_slip(&name) };
    let corrected = world.corrects_visa(CLERK, pages).await.unwrap();
    assert_eq!((corrected.state(), corrected.consultations.len()), (State::Biometrics, 1));
    assert!(!corrected.screening.is_empty());
    // Whoever is silent has no objection also while it is examined again.
    world.clock.set("2026-05-12T04:00:00Z".parse().unwrap());
    assert_eq!(world.fired().await, 1);
    assert_eq!(world.visa_application(&name).await.consultations[0].reply(), pb::consultation::Reply::SilentConsent);
    let again = pb::CorrectVisaApplicationRequest { blank_pages: Some(2), ..visa_slip(&name) };
    world.corrects_visa(CLERK, again).await.unwrap();
    let examined = world.examined(&name).await;
    assert_eq!((examined.state(), examined.decision_due_time), (State::Admissible, extended.decision_due_time));
}

#[tokio::test]
async fn another_age_may_cost_another_fee_and_need_fingerprints() {
    let world = world().await;
    world.costs("VISA_CHILD", 4_500).await;
    let declared = world.lodged(tourist("T-1")).await.unwrap();
    let name = declared.name;
    let child = || pb::CorrectVisaApplicationRequest { birth_date: "2015-08-12".into(), ..visa_slip(&name) };
    assert_eq!(reason(world.corrects_visa(CLERK, child()).await), "FEE_NOT_COVERED");
    let fee_receipt = world.receipt_of("VISA_CHILD", &name, "IN", POST).await.name;
    let paid = pb::CorrectVisaApplicationRequest { fee_receipt: fee_receipt.clone(), ..child() };
    let corrected = world.corrects_visa(CLERK, paid).await.unwrap();
    assert_eq!((corrected.state(), corrected.fee, corrected.fee_receipt), (State::Submitted, 4_500, fee_receipt));
    // A child is not asked for fingerprints; whoever is none after all is.
    let exempt = world.visa_applications(CLERK).record_biometrics(about!(RecordBiometricsRequest, name)).await.unwrap();
    assert!(!exempt.into_inner().biometrics_exemption.is_empty());
    let grown = pb::CorrectVisaApplicationRequest {
        birth_date: BORN.into(),
        fee_receipt: world.receipt_of("VISA_C", &name, "IN", POST).await.name,
        ..visa_slip(&name)
    };
    let corrected = world.corrects_visa(CLERK, grown).await.unwrap();
    assert_eq!((corrected.state(), corrected.biometrics_exemption.as_str()), (State::Submitted, ""));
    let bare = world.visa_applications(CLERK).record_biometrics(about!(RecordBiometricsRequest, name)).await;
    assert_eq!(reason(bare), "BIOMETRICS_UNFIT");
}

#[tokio::test]
async fn an_account_sees_what_is_right_and_not_who_corrected_it() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let me = applicant("traveller");
    let name = world.begins(&me, tourist("T-1")).await.unwrap().name;
    world.brought_to_checks(&name).await;
    let right = pb::CorrectVisaApplicationRequest { given_names: Some("Ravi Kumar".into()), ..visa_slip(&name) };
    world.corrects_visa(CLERK, right).await.unwrap();
    let mine = world.reads(&me, &name).await.unwrap();
    assert_eq!((mine.given_names.as_str(), mine.corrections.len()), ("Ravi Kumar", 0));
    assert_eq!(world.reads(&officer(CLERK), &name).await.unwrap().corrections.len(), 1);
    // What stood there is as personal as what stands there.
    let sealed = world.count("visa_applications where doc::text like '%corrections%Ravi%'").await;
    assert_eq!(sealed, 0);
}
