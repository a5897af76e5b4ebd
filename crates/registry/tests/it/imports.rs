//! Imports: each line answered in its turn, made, brought up to date, left alone or refused.

use crate::world::{World, asked, embassy, officer, world};
use fault::Fault;
use futures::StreamExt as _;
use identity::Principal;
use proto::accreditation::v1::{ImportMissionsRequest, ImportMissionsResponse, Mission, mission::State};
use proto::registry::v1::ImportOutcome::{self, Created, Rejected, Unchanged, Updated};
use registry::{Call, Feed};
use tonic::Status;

fn line(id: &str, mission: Mission) -> Result<ImportMissionsRequest, Status> {
    Ok(ImportMissionsRequest { mission_id: id.into(), mission: Some(mission) })
}

async fn import(
    world: &World,
    by: &Principal,
    lines: Vec<Result<ImportMissionsRequest, Status>>,
) -> Vec<Result<ImportMissionsResponse, Status>> {
    let prepare = |mission: &mut Mission, call: &mut Call| -> Result<(), Fault> {
        mission.open_time = Some(call.timestamp());
        Ok(())
    };
    let request = asked(by, "MissionService/ImportMissions", futures::stream::iter(lines));
    let feed: Feed<ImportMissionsResponse> = world.missions.import(request, prepare).await.unwrap().into_inner();
    feed.collect().await
}

fn outcomes(answers: &[Result<ImportMissionsResponse, Status>]) -> Vec<ImportOutcome> {
    answers.iter().map(|answer| answer.as_ref().unwrap().outcome()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_import_changes_nothing() {
    let (world, officer) = (world().await, officer());
    let lines = || (0..30).map(|n| line(&format!("m{n}"), embassy("FR"))).collect::<Vec<_>>();
    let answers = import(&world, &officer, lines()).await;
    assert_eq!(outcomes(&answers), [Created; 30]);
    let numbers: Vec<_> = answers.iter().map(|answer| answer.as_ref().unwrap().line).collect();
    assert_eq!(numbers, (1..=30).collect::<Vec<_>>());
    let mission = world.missions.load("missions/m7").await.unwrap().unwrap();
    assert_eq!((mission.state(), mission.open_time), (State::Open, mission.create_time));
    let written = world.count("history").await;
    assert_eq!(outcomes(&import(&world, &officer, lines()).await), [Unchanged; 30]);
    assert_eq!((world.count("history").await, world.count("outbox").await), (written, written));
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_are_updated_or_refused_each_for_itself_and_the_stream_goes_on() {
    let (world, officer) = (world().await, officer());
    import(&world, &officer, vec![line("fr", embassy("FR")), line("de", embassy("DE"))]).await;
    let lines = vec![
        line("fr", Mission { title: "Ambassade".into(), ..embassy("FR") }),
        line("de", embassy("AT")),
        line("us", embassy("US")),
        line("", embassy("SE")),
        line("x", Mission { title: String::new(), seat: "a\0".into(), ..embassy("SE") }),
        line("se", embassy("SE")),
    ];
    let answers = import(&world, &officer, lines).await;
    assert_eq!(outcomes(&answers), [Updated, Rejected, Rejected, Rejected, Rejected, Created]);
    let failure = |n: usize| answers[n].as_ref().unwrap().failure.clone().unwrap();
    assert_eq!(failure(1).violations[0].field, "mission.sendingState");
    assert_eq!(failure(2).reason, "SENDING_STATE_IS_OURS");
    assert_eq!(failure(3).violations[0].field, "missionId");
    assert_eq!(failure(4).violations.len(), 2);
    assert_eq!(world.missions.load("missions/fr").await.unwrap().unwrap().title, "Ambassade");
    assert_eq!(world.count("history where verb = 'import'").await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_with_one_id_take_their_turns() {
    let (world, officer) = (world().await, officer());
    let titles: Vec<_> = (0..40).map(|n| format!("Embassy {n}")).collect();
    let lines = titles.iter().map(|title| line("fr", Mission { title: title.clone(), ..embassy("FR") })).collect();
    let answers = outcomes(&import(&world, &officer, lines).await);
    assert_eq!(answers[0], Created);
    assert_eq!(answers[1..], [Updated; 39]);
    assert_eq!(world.missions.load("missions/fr").await.unwrap().unwrap().title, "Embassy 39");
}

#[tokio::test]
async fn a_stream_that_breaks_ends_after_what_was_whole() {
    let (world, officer) = (world().await, officer());
    let lines = vec![line("fr", embassy("FR")), Err(Status::invalid_argument("the JSON of line 2 is broken"))];
    let answers = import(&world, &officer, lines).await;
    assert_eq!(outcomes(&answers[..1]), [Created]);
    assert!(answers[1].is_err());
}
