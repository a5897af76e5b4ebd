//! Verbs: states, four eyes, etags, replays, deletion.

use crate::world::{World, asked, embassy, officer, reason, world};
use fault::Fault;
use futures::future::join_all;
use identity::Principal;
use proto::accreditation::v1::{ConsentRequest, DeleteMissionRequest, Mission, RequestConsentRequest, mission::State};
use tonic::{Response, Status};

async fn request_consent(
    world: &World,
    by: &Principal,
    request: RequestConsentRequest,
) -> Result<Response<Mission>, Status> {
    let request = RequestConsentRequest { name: "missions/fr".into(), ..request };
    world.missions.act(asked(by, "MissionService/RequestConsent", request), |_, _, _| Ok(())).await
}

async fn consent(world: &World, by: &Principal) -> Result<Response<Mission>, Status> {
    let request = ConsentRequest { name: "missions/fr".into(), reason: "note 12/26".into(), ..Default::default() };
    let verb = |mission: &mut Mission, ask: ConsentRequest, call: &mut registry::Call| {
        assert_eq!((call.reason(), ask.reason.as_str()), ("note 12/26", "note 12/26"));
        mission.open_time = Some(call.timestamp());
        Ok(())
    };
    world.missions.act(asked(by, "MissionService/Consent", request), verb).await
}

#[tokio::test]
async fn a_verb_leads_where_its_rule_says_and_is_remembered() {
    let (world, one, other) = (world().await, officer(), officer());
    world.create(&one, "fr", embassy("FR")).await;
    let asked = request_consent(&world, &one, RequestConsentRequest::default()).await.unwrap().into_inner();
    assert_eq!(asked.state(), State::ConsentReview);
    let given = consent(&world, &other).await.unwrap().into_inner();
    assert_eq!(given.state(), State::Consented);
    assert_eq!(given.open_time, given.update_time);
    let remembered = "history where verb = 'consent' and version = 3 and reason = 'note 12/26'";
    assert_eq!(world.count(remembered).await, 1);
}

#[tokio::test]
async fn a_wrong_state_names_the_right_ones() {
    let (world, officer) = (world().await, officer());
    world.create(&officer, "fr", embassy("FR")).await;
    let fault = Fault::from(&consent(&world, &officer).await.unwrap_err());
    assert_eq!(fault.reason(), "WRONG_STATE");
    let metadata: Vec<_> = fault.metadata().collect();
    assert_eq!(metadata, [("allowed", "CONSENT_REVIEW"), ("state", "PROPOSED")]);
    assert_eq!(world.count("history").await, 1);
}

#[tokio::test]
async fn four_eyes_see_the_last_who_did_the_earlier_step() {
    let (world, one, other) = (world().await, officer(), officer());
    world.create(&one, "fr", embassy("FR")).await;
    request_consent(&world, &one, RequestConsentRequest::default()).await.unwrap();
    assert_eq!(reason(consent(&world, &one).await), "SAME_PERSON");
    assert_eq!(world.count(&format!("audit where outcome = 'SAME_PERSON' and actor = '{}'", one.subject)).await, 1);
    consent(&world, &other).await.unwrap();
}

#[tokio::test]
async fn a_stale_etag_is_refused_and_a_missing_record_not_found() {
    let (world, officer) = (world().await, officer());
    assert_eq!(reason(request_consent(&world, &officer, RequestConsentRequest::default()).await), "NOT_FOUND");
    let mission = world.create(&officer, "fr", embassy("FR")).await;
    let stale = RequestConsentRequest { etag: "0-00000000".into(), ..Default::default() };
    assert_eq!(reason(request_consent(&world, &officer, stale).await), "STALE_ETAG");
    let current = RequestConsentRequest { etag: mission.etag, ..Default::default() };
    request_consent(&world, &officer, current).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verb_with_a_key_has_one_effect_and_a_replay_is_no_wrong_state() {
    let (world, officer) = (world().await, officer());
    world.create(&officer, "fr", embassy("FR")).await;
    let keyed = RequestConsentRequest { request_id: "k".into(), ..Default::default() };
    let answers = join_all((0..20).map(|_| request_consent(&world, &officer, keyed.clone()))).await;
    let answers: Vec<_> = answers.into_iter().map(|answer| answer.unwrap().into_inner()).collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(world.count("history").await, 2);
    let other = RequestConsentRequest { reason: "another".into(), ..keyed };
    assert_eq!(reason(request_consent(&world, &officer, other).await), "IDEMPOTENCY_KEY_REUSED");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_verbs_at_once_one_finds_the_state() {
    let (world, officer) = (world().await, officer());
    world.create(&officer, "fr", embassy("FR")).await;
    let calls = (0..8).map(|_| request_consent(&world, &officer, RequestConsentRequest::default()));
    let answers = join_all(calls).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    for refused in answers.into_iter().filter(Result::is_err) {
        assert_eq!(reason(refused), "WRONG_STATE");
    }
}

#[tokio::test]
async fn a_deleted_record_is_gone_but_its_name_and_history_stay() {
    let (world, officer) = (world().await, officer());
    world.create(&officer, "fr", embassy("FR")).await;
    let request = DeleteMissionRequest { name: "missions/fr".into(), ..Default::default() };
    let delete = || world.missions.delete(asked(&officer, "MissionService/DeleteMission", request.clone()));
    let deleted = delete().await.unwrap().into_inner();
    assert_eq!(deleted.delete_time, deleted.update_time);
    assert_eq!(reason(world.get(&officer, "missions/fr").await), "NOT_FOUND");
    assert_eq!(reason(delete().await), "NOT_FOUND");
    assert_eq!(world.count("history where verb = 'delete'").await, 1);
    assert_eq!(world.count("outbox where verb = 'delete'").await, 1);
}
