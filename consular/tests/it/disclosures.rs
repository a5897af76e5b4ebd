//! What is told of a case, to whom, and by whose consent; and that it is kept.

use crate::assistance::{CONSUL, arrest, case, fact};
use crate::world::{World, officer, reason, world};
use identity::{Permissions, Principal};
use proto::consular::v1::assistance_case::Type;
use proto::consular::v1::assistance_task::Kind;
use proto::consular::v1::case_consent::Giver;
use proto::consular::v1::case_disclosure::{Asker, Ground, Measure, Topic};
use proto::consular::v1::case_party::Role;
use proto::consular::v1::{self as pb, AssistanceCase, CaseConsent, CaseDisclosure, CaseParty, case_fact};
use tonic::Status;

/// What the family asks.
pub(crate) fn asks(name: &str, topic: Topic) -> pb::DiscloseCaseRequest {
    pb::DiscloseCaseRequest {
        name: name.into(),
        asker: Asker::NextOfKin.into(),
        asker_name: "Example, Mary".into(),
        identity_proven: true,
        topic: topic.into(),
        answer: "Held at police station 4.".into(),
        ..Default::default()
    }
}

impl World {
    pub(crate) async fn disclose(&self, request: pb::DiscloseCaseRequest) -> Result<CaseDisclosure, Status> {
        let case = self.cases(&officer(CONSUL)).disclose_case(request).await?.into_inner();
        Ok(case.disclosures.last().unwrap().clone())
    }

    pub(crate) async fn consent(&self, name: &str, consent: CaseConsent) -> Result<AssistanceCase, Status> {
        let record = pb::RecordCaseConsentRequest { name: name.into(), consent: Some(consent), ..Default::default() };
        Ok(self.cases(&officer(CONSUL)).record_case_consent(record).await?.into_inner())
    }
}

pub(crate) fn to_kin(topics: &[Topic]) -> CaseConsent {
    CaseConsent {
        audience: Asker::NextOfKin.into(),
        topics: topics.iter().map(|topic| i32::from(*topic)).collect(),
        given_by: Giver::Person.into(),
        evidence: "Form signed at the first visit".into(),
        ..CaseConsent::default()
    }
}

#[tokio::test]
async fn without_consent_parliament_and_family_hear_neither_yes_nor_no_and_it_is_kept() {
    let world = world().await;
    let name = world.open_case(arrest()).await.unwrap().name;
    let parliament = pb::DiscloseCaseRequest { asker: Asker::Parliament.into(), ..asks(&name, Topic::Life) };
    let told = world.disclose(parliament).await.unwrap();
    assert_eq!((told.measure(), told.ground()), (Measure::NeitherYesNorNo, Ground::NoConsent));
    assert_eq!(told.told, consular::whereabouts::NOTHING, "the words for one we have never heard of");
    let family = world.disclose(asks(&name, Topic::Whereabouts)).await.unwrap();
    assert_eq!((family.measure(), family.number, family.officer.as_str()), (Measure::NeitherYesNorNo, 2, CONSUL));
    assert!(!family.told.contains("police station"));
}

#[tokio::test]
async fn a_consent_has_its_scope_and_its_end() {
    let world = world().await;
    let name = world.open_case(arrest()).await.unwrap().name;
    let by_guardian = CaseConsent { given_by: Giver::PersonsGuardian.into(), ..to_kin(&[Topic::Welfare]) };
    assert_eq!(reason(world.consent(&name, by_guardian).await), "CASE_CONSENT_UNFIT");
    let consented = world.consent(&name, to_kin(&[Topic::Whereabouts])).await.unwrap();
    assert_eq!(consented.consents[0].number, 1);
    let told = world.disclose(asks(&name, Topic::Whereabouts)).await.unwrap();
    assert_eq!((told.measure(), told.ground(), told.consent), (Measure::Tell, Ground::ConsentGiven, 1));
    assert_eq!(told.told, "Held at police station 4.");
    let mute = pb::DiscloseCaseRequest { answer: " ".into(), ..asks(&name, Topic::Whereabouts) };
    assert_eq!(reason(world.disclose(mute).await), "CASE_ANSWER_MISSING");
    let charge = world.disclose(asks(&name, Topic::Proceedings)).await.unwrap();
    assert_eq!((charge.measure(), charge.told.contains("police")), (Measure::AliveOnly, false));
    let withdraw = |number| pb::WithdrawCaseConsentRequest { name: name.clone(), number, ..Default::default() };
    let mut cases = world.cases(&officer(CONSUL));
    assert_eq!(reason(cases.withdraw_case_consent(withdraw(2)).await), "CASE_CONSENT_UNKNOWN");
    cases.withdraw_case_consent(withdraw(1)).await.unwrap();
    assert_eq!(reason(cases.withdraw_case_consent(withdraw(1)).await), "CASE_CONSENT_UNKNOWN");
    let after = world.disclose(asks(&name, Topic::Whereabouts)).await.unwrap();
    assert_eq!(after.measure(), Measure::NeitherYesNorNo);
    let kept = cases
        .get_assistance_case(pb::GetAssistanceCaseRequest { name, ..Default::default() })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(kept.disclosures.len(), 3, "what was told before stays, with the consent it was told under");
    assert_eq!((kept.disclosures[0].consent, kept.consents.len()), (1, 1));
}

#[tokio::test]
async fn for_a_child_the_guardian_agrees_and_one_without_gets_the_task() {
    let world = world().await;
    let child = AssistanceCase {
        birth_date: "2015-01-31".into(),
        ..case(Type::Hospital, vec![fact(case_fact::Kind::Place, "Ward 3")])
    };
    let alone = world.open_case(child.clone()).await.unwrap().name;
    assert!(world.open_tasks(&alone).await.contains(&Kind::Guardian));
    let agreed = CaseConsent { given_by: Giver::PersonsGuardian.into(), ..to_kin(&[Topic::Health]) };
    assert_eq!(reason(world.consent(&alone, agreed.clone()).await), "CASE_CONSENT_UNFIT", "nobody decides yet");
    let guardian =
        CaseParty { role: Role::Guardian.into(), display_name: "Example, Mary".into(), ..CaseParty::default() };
    let kept = world.open_case(AssistanceCase { parties: vec![guardian], ..child }).await.unwrap().name;
    assert!(!world.open_tasks(&kept).await.contains(&Kind::Guardian));
    assert_eq!(reason(world.consent(&kept, to_kin(&[Topic::Health])).await), "CASE_CONSENT_UNFIT", "not the child");
    world.consent(&kept, agreed).await.unwrap();
    let told = pb::DiscloseCaseRequest { asker: Asker::Guardian.into(), ..asks(&kept, Topic::Health) };
    assert_eq!(world.disclose(told).await.unwrap().ground(), Ground::Guardianship);
}

#[tokio::test]
async fn for_life_or_safety_a_supervisor_tells_that_the_person_is_alive_and_the_grounds_are_kept() {
    let world = world().await;
    let hunted_by = CaseParty {
        role: Role::NextOfKin.into(),
        display_name: "Example, John".into(),
        adverse: true,
        ..CaseParty::default()
    };
    let name = world.open_case(AssistanceCase { parties: vec![hunted_by], ..arrest() }).await.unwrap().name;
    let ask = |who: &str| pb::DiscloseCaseForSafetyRequest {
        name: name.clone(),
        asker: Asker::NextOfKin.into(),
        asker_name: who.into(),
        grounds: "A transplant for the child.".into(),
        ..Default::default()
    };
    let junior = Principal { permissions: Permissions::of(["consular.assistanceCases.disclose"]), ..officer(CONSUL) };
    let refused = world.cases(&junior).disclose_case_for_safety(ask("Example, Mary")).await;
    assert_eq!(reason(refused), "PERMISSION_DENIED");
    let mut head = world.cases(&officer("people/head"));
    let told = head.disclose_case_for_safety(ask("Example, Mary")).await.unwrap().into_inner().disclosures.remove(0);
    assert_eq!((told.measure(), told.ground()), (Measure::AliveOnly, Ground::LifeOrSafety));
    assert_eq!(told.rule, "A transplant for the child.");
    let adverse = head.disclose_case_for_safety(ask("example, john")).await.unwrap().into_inner().disclosures.remove(1);
    assert_eq!((adverse.measure(), adverse.ground()), (Measure::NeitherYesNorNo, Ground::AdverseParty));
}
