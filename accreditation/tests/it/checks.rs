//! The checks of our practice on a notification: each refuses or marks what it is for, and nothing else.

use crate::world::{
    World, at, consulate, fields, officer, reason, registrar, relative, secretary, staff_of, strict, world,
};
use chrono::Datelike as _;
use proto::accreditation::v1::attachment::Kind;
use proto::accreditation::v1::finding::Outcome;
use proto::accreditation::v1::mission::State;
use proto::accreditation::v1::{
    self as pb, Attachment, Category, CategoryLimit, Charges, Member, Particulars, PassportType, Reason, Relation,
    Residence,
};
use proto::google::r#type::PostalAddress;
use tonic::Status;

/// The zone of the secretary's passport.
fn zone() -> String {
    let date = |text: &str| {
        let date: chrono::NaiveDate = text.parse().unwrap();
        let (month, day) = (u8::try_from(date.month()).unwrap(), u8::try_from(date.day()).unwrap());
        mrz::Date { year: Some(date.year()), month: Some(month), day: Some(day) }
    };
    let zone = mrz::Zone {
        format: mrz::Format::Td3,
        document_code: "P".into(),
        issuer: "FRA".into(),
        primary: "GARNIER".into(),
        secondary: "ELISE".into(),
        number: "20AB12345".into(),
        nationality: "FRA".into(),
        birth: date("1988-04-12"),
        sex: mrz::Sex::Female,
        expiry: date("2030-01-01"),
        optional: String::new(),
        more_optional: String::new(),
    };
    mrz::generate(&zone).unwrap().replace('\n', "")
}

/// A secretary of whom everything is declared as it should be.
fn complete(mission: &str) -> Member {
    let attachments = [Kind::Note, Kind::Passport, Kind::Visa];
    let attachment = |kind: Kind| Attachment { kind: kind.into(), reference: "files/1".into() };
    let declared = Particulars {
        visa_class: "A-1".into(),
        machine_readable_zone: zone(),
        passport_type: PassportType::DiplomaticPassport.into(),
        residence_address: Some(PostalAddress { postal_code: "20008".into(), ..PostalAddress::default() }),
        weekly_hours: 40,
        pending_charges: Charges::NonePending.into(),
        new_position: true,
        position_description: "Trade questions".into(),
        duty_start_date: "2026-04-24".into(),
        expected_departure_date: "2029-04-24".into(),
        photo_date: "2026-04-01".into(),
        attachments: attachments.map(attachment).to_vec(),
        ..Particulars::default()
    };
    Member { particulars: Some(declared), ..secretary(mission) }
}

fn declared(member: &mut Member) -> &mut Particulars {
    member.particulars.get_or_insert_default()
}

/// What makes a good notification defective.
type Spoil = fn(&mut Member);

/// What is wrong with one notification each, and nothing else.
const DEFECTS: [(Reason, Spoil); 16] = [
    (Reason::NameNotAsInPassport, |member| member.given_names = "Elsa".into()),
    (Reason::VisaClassUnfit, |member| declared(member).visa_class = "B-1".into()),
    (Reason::PassportTypeUnfit, |member| declared(member).set_passport_type(PassportType::OrdinaryPassport)),
    (Reason::ResidentDiplomat, |member| member.set_residence(Residence::PermanentResident)),
    (Reason::TitleNotRecognised, |member| member.title = "Deputy Chief of Culture".into()),
    (Reason::ResidenceOutsideCapital, |member| {
        declared(member).residence_address.get_or_insert_default().postal_code = "60601".into();
    }),
    (Reason::HoursTooFew, |member| declared(member).weekly_hours = 34),
    (Reason::ChargesNotCleared, |member| declared(member).set_pending_charges(Charges::SomePending)),
    (Reason::PositionNotDeclared, |member| declared(member).position_description.clear()),
    (Reason::WorkPermissionMissing, |member| member.set_category(Category::LocallyEngagedStaff)),
    (Reason::TransportNotDeclared, |member| {
        member.set_category(Category::AdministrativeAndTechnicalStaff);
        declared(member).visa_class = "A-2".into();
    }),
    (Reason::PhotoTooOld, |member| declared(member).photo_date = "2025-11-03".into()),
    (Reason::AttachmentMissing, |member| declared(member).attachments.truncate(2)),
    (Reason::PriorApprovalMissing, |member| member.set_category(Category::ServiceAttache)),
    (Reason::ServiceDatesImplausible, |member| declared(member).expected_departure_date = "2026-04-24".into()),
    (Reason::PredecessorActive, |member| declared(member).predecessor = "members/nobody".into()),
];

/// Does what a strict house refuses for this reason.
pub(crate) async fn provoke(reason: Reason) -> Result<(), Status> {
    let world = strict().await;
    let mission = world.embassy("FR").await;
    let whole = complete(&mission);
    if let Some((_, spoil)) = DEFECTS.iter().find(|(wanted, _)| *wanted == reason) {
        let mut member = whole;
        spoil(&mut member);
        return world.notify("a", member).await.map(drop);
    }
    match reason {
        Reason::SignedByTheHousehold => {
            let own = Member { person: "people/garnier".into(), ..whole };
            world.notify_as(&officer("people/garnier"), "a", own).await.map(drop)
        }
        Reason::CategoryFull => {
            let limits = vec![CategoryLimit { category: Category::DiplomaticStaff.into(), limit: 1 }];
            let request =
                pb::RestrictRequest { name: mission, size_limit: 9, category_limits: limits, ..Default::default() };
            world.missions(&registrar()).restrict(request).await?;
            world.notify("a", whole.clone()).await?;
            let mut other = Member { passport_number: "X1234".into(), birth_date: "1970-01-01".into(), ..whole };
            declared(&mut other).machine_readable_zone.clear();
            world.notify("b", other).await.map(drop)
        }
        Reason::PossibleDuplicate => {
            world.notify("a", whole.clone()).await?;
            let mut other = Member { passport_number: "X1234".into(), given_names: "ELISE".into(), ..whole };
            // Another passport, of which nothing but the number is filed.
            declared(&mut other).machine_readable_zone.clear();
            world.notify("b", other).await.map(drop)
        }
        Reason::HonoraryUnfit => {
            let post = world.mission("fr-chicago", consulate("FR"), State::Open).await;
            let consul = Member { category: Category::HonoraryConsularOfficer.into(), mission: post, ..whole };
            world.notify("a", consul).await.map(drop)
        }
        Reason::PersonUnknown => {
            let name = world.notify("a", whole).await?.name;
            let request = pb::LinkPersonRequest { name, person: "people/nobody".into(), ..Default::default() };
            world.members(&registrar()).link_person(request).await.map(drop)
        }
        _ => panic!("{reason:?} is no check's"),
    }
}

async fn findings(world: &World, name: &str) -> Vec<(String, Outcome)> {
    let request = pb::AssessMemberRequest { name: name.into() };
    let answer = world.members(&registrar()).assess_member(request).await.unwrap().into_inner();
    answer.findings.iter().map(|finding| (finding.check.clone(), finding.outcome())).collect()
}

#[tokio::test]
async fn one_of_whom_all_is_declared_meets_every_check() {
    let world = strict().await;
    let mission = world.embassy("FR").await;
    let name = world.notify("a", complete(&mission)).await.unwrap().name;
    assert!(world.member(&name).await.findings.is_empty());
    let found = findings(&world, &name).await;
    assert_eq!(found.len(), 20);
    assert!(found.iter().all(|(_, outcome)| matches!(outcome, Outcome::Met | Outcome::NotApplicable)), "{found:?}");
    assert!(found.iter().filter(|(_, outcome)| *outcome == Outcome::Met).count() >= 12, "{found:?}");
}

#[tokio::test]
async fn each_defect_is_refused_for_its_own_reason_at_its_own_field() {
    let world = strict().await;
    let mission = world.embassy("FR").await;
    for (wanted, spoil) in DEFECTS {
        let mut member = complete(&mission);
        spoil(&mut member);
        let refused = world.notify("a", member).await.expect_err(wanted.as_str_name());
        assert_eq!(reason::<Member>(Err(refused.clone())), wanted.as_str_name());
        assert_eq!(fields::<Member>(Err(refused)).len(), 1, "{wanted:?}: one defect, one field");
    }
}

#[tokio::test]
async fn what_our_practice_only_marks_is_accepted_and_told_to_the_reviewer_until_it_is_decided() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let mut member = complete(&mission);
    (declared(&mut member).weekly_hours, declared(&mut member).visa_class) = (20, "B-1".into());
    let name = world.notify("a", member).await.unwrap().name;
    let noted = world.member(&name).await.findings;
    let noted: Vec<_> = noted.iter().map(|finding| (finding.reason.as_str(), finding.field.as_str())).collect();
    let expected =
        [("VISA_CLASS_UNFIT", "member.particulars.visaClass"), ("HOURS_TOO_FEW", "member.particulars.weeklyHours")];
    assert_eq!(noted, expected);
    let kept = world.member(&name).await;
    let mut corrected = kept.clone();
    (declared(&mut corrected).weekly_hours, declared(&mut corrected).visa_class) = (40, "A-1".into());
    let request = pb::UpdateMemberRequest {
        member: Some(Member { name: name.clone(), particulars: corrected.particulars, ..Member::default() }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["particulars".into()] }),
        etag: kept.etag,
        ..Default::default()
    };
    world.members(&registrar()).update_member(request).await.unwrap();
    assert!(world.member(&name).await.findings.is_empty(), "a correction is held against the checks anew");
}

#[tokio::test]
async fn several_defects_are_told_at_once() {
    let world = strict().await;
    let mission = world.embassy("FR").await;
    let mut member = complete(&mission);
    (declared(&mut member).weekly_hours, declared(&mut member).visa_class) = (20, "B-1".into());
    let refused = world.notify("a", member).await;
    assert_eq!(fields(refused), ["member.particulars.visaClass", "member.particulars.weeklyHours"]);
}

#[tokio::test]
async fn a_successor_waits_until_the_predecessor_has_gone() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let predecessor = world.accredited("a", secretary(&mission)).await.name;
    let mut successor = complete(&mission);
    declared(&mut successor).predecessor.clone_from(&predecessor);
    assert_eq!(reason(world.notify("b", successor.clone()).await), "PREDECESSOR_ACTIVE");
    world.terminate(&predecessor, pb::member::EndCause::Recalled).await;
    world.notify("b", successor.clone()).await.unwrap();
    let elsewhere = world.embassy("BE").await;
    let foreign = Member { mission: elsewhere, nationality: "BE".into(), ..successor };
    assert_eq!(
        reason(world.notify("c", foreign).await),
        "PREDECESSOR_ACTIVE",
        "another mission's member is nobody here"
    );
}

#[tokio::test]
async fn two_records_of_one_person_are_linked_by_a_reviewer() {
    let world = world().await;
    let (mission, other) = (world.embassy("FR").await, world.embassy("BE").await);
    let first = world.notify("a", secretary(&mission)).await.unwrap();
    let again = Member {
        family_name: "GARNIER".into(),
        nationality: "FR".into(),
        nationality_consent: true,
        ..secretary(&other)
    };
    let second = world.notify("b", again).await.unwrap();
    assert_ne!(first.person, second.person);
    let duplicate = second.findings.iter().find(|finding| finding.check == "duplicate").unwrap();
    assert!(duplicate.words.contains(&first.person), "{}", duplicate.words);
    let request =
        pb::LinkPersonRequest { name: second.name.clone(), person: first.person.clone(), ..Default::default() };
    let linked = world.members(&registrar()).link_person(request).await.unwrap().into_inner();
    assert_eq!(linked.person, first.person);
    assert!(findings(&world, &second.name).await.contains(&("duplicate".into(), Outcome::Met)));
}

#[tokio::test]
async fn nobody_signs_for_himself_or_his_household_and_each_mission_files_for_itself_alone() {
    let world = world().await;
    let (mission, other) = (world.embassy("FR").await, world.embassy("BE").await);
    let signatory = staff_of("fr");
    let person = signatory.subject.to_string();
    let own = Member { person: "people/staff".into(), ..secretary(&mission) };
    let by = |subject: &str| identity::Principal { subject: subject.into(), ..signatory.clone() };
    assert_eq!(reason(world.notify_as(&by("people/staff"), "a", own.clone()).await), "SIGNED_BY_THE_HOUSEHOLD");
    let name = world.notify_as(&by("people/colleague"), "a", own).await.unwrap().name;
    let principal = world.member(&name).await;
    let spouse = Member { person: "people/spouse".into(), ..relative(&principal, Relation::Spouse) };
    assert_eq!(reason(world.notify_as(&by("people/staff"), "b", spouse.clone()).await), "SIGNED_BY_THE_HOUSEHOLD");
    world.notify_as(&by("people/colleague"), "b", spouse).await.unwrap();
    world.put("members", &name, serde_json::json!({ "state": "ACCREDITED" })).await;
    let change = pb::Fact {
        effective_time: Some(registry::timestamp(at("2026-05-01T00:00:00Z"))),
        residence: Residence::Foreign.into(),
        title: "Counsellor".into(),
    };
    let request = pb::NotifyChangeRequest { name: name.clone(), change: Some(change), ..Default::default() };
    let signed = async |subject: &str| world.members(&by(subject)).notify_change(request.clone()).await;
    assert_eq!(reason(signed("people/staff").await), "SIGNED_BY_THE_HOUSEHOLD", "his own promotion");
    assert_eq!(reason(signed("people/spouse").await), "SIGNED_BY_THE_HOUSEHOLD", "and the spouse's");
    signed("people/colleague").await.unwrap();
    assert_eq!(reason(world.notify_as(&by(&person), "c", secretary(&other)).await), "BROKEN_REFERENCE");
}
