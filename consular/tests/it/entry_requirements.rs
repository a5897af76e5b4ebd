//! Who needs a visa where: rules, their versions, a whole matrix taken in.

use crate::world::{officer, reason, world};
use chrono::TimeDelta;
use proto::consular::v1::entry_requirement::Requirement;
use proto::consular::v1::{self as pb, EntryRequirement};
use proto::registry::v1::ImportOutcome;
use tonic::Status;

fn rule(nationality: &str, destination: &str, requirement: Requirement) -> EntryRequirement {
    EntryRequirement {
        nationality: nationality.into(),
        destination: destination.into(),
        requirement: requirement.into(),
        effective_date: "2022-12-21".into(),
        source: "Example data set (MIT)".into(),
        ..EntryRequirement::default()
    }
}

fn create(rule: EntryRequirement) -> pb::CreateEntryRequirementRequest {
    let entry_requirement_id = format!("{}-{}", rule.nationality, rule.destination).to_lowercase();
    pb::CreateEntryRequirementRequest { entry_requirement: Some(rule), entry_requirement_id, ..Default::default() }
}

#[tokio::test]
async fn a_rule_is_kept_once_and_makes_sense() {
    let world = world().await;
    let mut rules = world.entry_requirements(&officer("people/officer"));
    let free = EntryRequirement { stay_days: 90, ..rule("FR", "US", Requirement::VisaFree) };
    let kept = rules.create_entry_requirement(create(free.clone())).await.unwrap().into_inner();
    assert_eq!(kept.name, "entryRequirements/fr-us");
    let again = pb::CreateEntryRequirementRequest { entry_requirement_id: "other".into(), ..create(free) };
    assert_eq!(reason(rules.create_entry_requirement(again).await), "REQUIREMENT_ALREADY_KEPT");
    let own = rules.create_entry_requirement(create(rule("FR", "FR", Requirement::VisaFree))).await;
    assert_eq!(reason(own), "NATIONALITY_IS_DESTINATION");
    let stay = EntryRequirement { stay_days: 30, ..rule("FR", "IN", Requirement::VisaRequired) };
    assert_eq!(reason(rules.create_entry_requirement(create(stay)).await), "STAY_MISPLACED");
    let change = pb::UpdateEntryRequirementRequest {
        entry_requirement: Some(EntryRequirement { requirement: Requirement::VisaRequired.into(), ..kept.clone() }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["requirement".into()] }),
        etag: kept.etag,
        ..Default::default()
    };
    assert_eq!(reason(rules.update_entry_requirement(change).await), "STAY_MISPLACED", "its days stayed");
}

#[tokio::test]
async fn the_rule_of_a_past_day_is_still_read() {
    let world = world().await;
    let mut rules = world.entry_requirements(&officer("people/officer"));
    let kept =
        rules.create_entry_requirement(create(rule("FR", "IN", Requirement::VisaRequired))).await.unwrap().into_inner();
    let before = kept.create_time;
    world.clock.advance(TimeDelta::days(30));
    let new = EntryRequirement {
        requirement: Requirement::EVisa.into(),
        effective_date: "2026-06-01".into(),
        ..kept.clone()
    };
    let change = pb::UpdateEntryRequirementRequest {
        entry_requirement: Some(new),
        update_mask: Some(prost_types::FieldMask { paths: vec!["requirement".into(), "effective_date".into()] }),
        etag: kept.etag.clone(),
        ..Default::default()
    };
    let changed = rules.update_entry_requirement(change).await.unwrap().into_inner();
    assert_eq!(changed.requirement(), Requirement::EVisa);
    let then = pb::GetEntryRequirementRequest { name: kept.name.clone(), as_of: before };
    assert_eq!(rules.get_entry_requirement(then).await.unwrap().into_inner().requirement(), Requirement::VisaRequired);
    let history = pb::ListEntryRequirementRevisionsRequest { name: kept.name, ..Default::default() };
    let versions = rules.list_entry_requirement_revisions(history).await.unwrap().into_inner().revisions;
    assert_eq!(versions.len(), 2);
}

#[tokio::test]
async fn a_matrix_taken_in_again_changes_what_changed() {
    let world = world().await;
    let mut rules = world.entry_requirements(&officer("people/officer"));
    let line = |rule: EntryRequirement| pb::ImportEntryRequirementsRequest {
        entry_requirement_id: format!("{}-{}", rule.nationality, rule.destination).to_lowercase(),
        entry_requirement: Some(rule),
    };
    let matrix = |india: Requirement| {
        vec![
            line(rule("FR", "US", Requirement::VisaFree)),
            line(rule("FR", "IN", india)),
            line(rule("FR", "FR", Requirement::VisaFree)),
        ]
    };
    use ImportOutcome::{Created, Rejected, Unchanged, Updated};
    for (india, expected) in [
        (Requirement::VisaRequired, [Created, Created, Rejected]),
        (Requirement::VisaRequired, [Unchanged, Unchanged, Rejected]),
        (Requirement::EVisa, [Unchanged, Updated, Rejected]),
    ] {
        let stream = rules.import_entry_requirements(futures::stream::iter(matrix(india))).await.unwrap().into_inner();
        let answers: Vec<Result<pb::ImportEntryRequirementsResponse, Status>> =
            futures::StreamExt::collect(stream).await;
        let outcomes: Vec<_> = answers.into_iter().map(|answer| answer.unwrap().outcome()).collect();
        assert_eq!(outcomes, expected);
    }
    let filter = "nationality = \"FR\" AND requirement = E_VISA".to_owned();
    let page = rules.list_entry_requirements(pb::ListEntryRequirementsRequest { filter, ..Default::default() }).await;
    assert_eq!(page.unwrap().into_inner().entry_requirements.len(), 1);
}
