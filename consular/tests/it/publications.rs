//! Publications that look cut off, thresholds of one list, hits looked at one by one, and searches by hand.

use crate::travel_bench::{CLERK, DECIDER};
use crate::watch_lists::{line, person};
use crate::world::{World, officer, reason, world};
use identity::{Permissions, Principal};
use proto::consular::v1::hit::Band;
use proto::consular::v1::screening::State;
use proto::consular::v1::subject::Sex;
use proto::consular::v1::{self as pb, Hit, Screening, Subject, WatchList};
use tonic::{Code, Status};

impl World {
    async fn load_all_the_same(&self, name: &str, reason: &str) -> Result<WatchList, Status> {
        let load = pb::LoadWatchListRequest {
            name: name.into(),
            accept_loss: true,
            reason: reason.into(),
            ..Default::default()
        };
        Ok(self.watch_lists(&officer("people/keeper")).load_watch_list(load).await?.into_inner())
    }

    /// From which score on entries of a list are hits.
    async fn threshold(&self, name: &str, least_score: i32) {
        let mut lists = self.watch_lists(&officer("people/keeper"));
        let get = pb::GetWatchListRequest { name: name.into(), as_of: None };
        let update = pb::UpdateWatchListRequest {
            etag: lists.get_watch_list(get).await.unwrap().into_inner().etag,
            watch_list: Some(WatchList { name: name.into(), least_score, ..WatchList::default() }),
            update_mask: Some(prost_types::FieldMask { paths: vec!["least_score".into()] }),
            ..Default::default()
        };
        lists.update_watch_list(update).await.unwrap();
    }

    async fn dismiss(&self, name: &str, hit: &Hit) -> Result<Screening, Status> {
        let dismiss = pb::DismissHitRequest {
            name: name.into(),
            list: hit.list.clone(),
            entry: hit.entry.clone(),
            grounds: "The entry is of a man of 70.".into(),
            ..Default::default()
        };
        Ok(self.screenings(&officer(CLERK)).dismiss_hit(dismiss).await?.into_inner())
    }

    async fn propose_clear(&self, name: &str) -> Result<Screening, Status> {
        let grounds = "Another face than the file has.".into();
        let propose = pb::ProposeClearanceRequest { name: name.into(), grounds, ..Default::default() };
        Ok(self.screenings(&officer(CLERK)).propose_clearance(propose).await?.into_inner())
    }
}

/// So many lines.
fn lines(count: u32) -> String {
    (1..=count).map(|number| line(number, &format!("SAMPLE{number}, Other{number}"), "")).collect()
}

#[tokio::test]
async fn a_publication_that_looks_cut_off_is_taken_with_a_reason_alone() {
    let world = world().await;
    let name = world.register().await;
    world.publish(&lines(100));
    let whole = world.load(&name).await.unwrap();
    assert_eq!((whole.entries, whole.names, whole.end_marked), (100, 100, false));
    // Cut off at the end of a line: nothing in the file says so.
    world.publish(&lines(60));
    let refused = world.load(&name).await.unwrap_err();
    assert!(refused.message().contains("60 entries"), "{refused}");
    assert_eq!(reason::<WatchList>(Err(refused)), "LIST_CUT_OFF");
    let found = world.screen(person("Other100 Sample100")).await.unwrap();
    assert_eq!((found.hits.len(), &found.hits[0].version), (1, &whole.version), "the version before it is searched");
    assert_eq!(reason(world.load_all_the_same(&name, " ").await), "LIST_LOSS_UNEXPLAINED");
    let taken = world.load_all_the_same(&name, "The publisher has ended a programme.").await.unwrap();
    assert_eq!((taken.entries, taken.removed), (60, 40));
    assert!(taken.accepted_loss.contains("The publisher has ended a programme."), "{}", taken.accepted_loss);
    let revisions = pb::ListWatchListRevisionsRequest { name: name.clone(), ..Default::default() };
    let keeper = officer("people/keeper");
    let history = world.watch_lists(&keeper).list_watch_list_revisions(revisions).await.unwrap().into_inner();
    let step = history.revisions[0].revision.as_ref().unwrap();
    assert_eq!((step.actor.as_str(), step.reason.as_str()), ("people/keeper", "The publisher has ended a programme."));
    world.publish(&lines(58));
    assert_eq!(world.load(&name).await.unwrap().accepted_loss, "", "a few are taken back without a word");
}

#[tokio::test]
async fn an_end_that_was_marked_is_asked_for_again() {
    let world = world().await;
    let name = world.register().await;
    world.publish(&lines(3));
    for file in ["sdn.csv", "alt.csv", "add.csv"] {
        let path = world.lists_folder.join("example").join(file);
        let marked = std::fs::read_to_string(&path).unwrap() + "\u{1a}\r\n";
        std::fs::write(path, marked).unwrap();
    }
    assert!(world.load(&name).await.unwrap().end_marked);
    world.publish(&lines(3));
    assert_eq!(reason(world.load(&name).await), "LIST_CUT_OFF");
}

#[tokio::test]
async fn a_list_has_a_threshold_of_its_own() {
    let world = world().await;
    let name = world.register().await;
    world.publish(&line(1, "EXAMPLE, Person", "Passport A123456 (Iran)."));
    world.load(&name).await.unwrap();
    let asked = || person("Persona Exampel");
    let score = world.screen(asked()).await.unwrap().hits[0].score;
    assert!((500..999).contains(&score), "{score}");
    world.threshold(&name, score + 1).await;
    let clear = world.screen(asked()).await.unwrap();
    assert_eq!(clear.state(), State::Clear);
    let numbered = Subject { document_numbers: vec!["A123456".into()], ..asked() };
    assert_eq!(world.screen(numbered).await.unwrap().state(), State::Open, "a document's number counts all the same");
    assert_eq!(world.again().await, 0, "what was found stays as it was decided");
    world.threshold(&name, score).await;
    assert_eq!(world.screen(asked()).await.unwrap().state(), State::Open);
    assert_eq!(world.again().await, 1, "who was clear by the threshold alone is looked up again");
}

#[tokio::test]
async fn each_strong_hit_of_several_is_looked_at_by_itself() {
    let world = world().await;
    let name = world.register().await;
    let born = "DOB 12 Aug 1954.";
    world
        .publish(&(line(1, "EXAMPLE, Person", born) + &line(2, "EXAMPLE, Persona", born) + &line(3, "EXAMPLE, P", "")));
    world.load(&name).await.unwrap();
    let asked = Subject { birth_date: "1954-08-12".into(), ..person("Person Example") };
    let screening = world.screen(asked).await.unwrap();
    let strong: Vec<_> = screening.hits.iter().filter(|hit| hit.band() == Band::Strong).cloned().collect();
    assert_eq!(strong.len(), 2, "{:?}", screening.hits);
    assert_eq!(reason(world.propose_clear(&screening.name).await), "HIT_NOT_ASSESSED");
    world.dismiss(&screening.name, &strong[0]).await.unwrap();
    assert_eq!(reason(world.propose_clear(&screening.name).await), "HIT_NOT_ASSESSED");
    let unknown = Hit { entry: "9".into(), ..strong[0].clone() };
    assert_eq!(reason(world.dismiss(&screening.name, &unknown).await), "HIT_UNKNOWN");
    let dismissed = world.dismiss(&screening.name, &strong[1]).await.unwrap();
    let hit = dismissed.hits.iter().find(|hit| hit.entry == strong[1].entry).unwrap();
    assert_eq!((hit.dismiss_officer.as_str(), hit.dismissal.is_empty()), (CLERK, false));
    world.propose_clear(&screening.name).await.unwrap();
    let clear = pb::ClearScreeningRequest { name: screening.name, ..Default::default() };
    world.screenings(&officer(DECIDER)).clear_screening(clear).await.unwrap();
}

#[tokio::test]
async fn a_search_by_hand_shows_faint_likenesses_keeps_nothing_and_is_recorded() {
    let world = world().await;
    let name = world.register().await;
    world.publish(&line(1, "EXAMPLE, Person", "DOB 12 Aug 1954; Gender Male."));
    world.load(&name).await.unwrap();
    let asked = || Subject { birth_date: "1990-01-01".into(), sex: Sex::Female.into(), ..person("Person Example") };
    let ask = |reason: &str| pb::SearchScreeningsRequest { subject: Some(asked()), reason: reason.into() };
    assert!(world.screen(asked()).await.unwrap().hits.is_empty(), "too faint to keep anybody from a visa");
    let searcher = officer("people/searcher");
    assert_eq!(reason(world.screenings(&searcher).search_screenings(ask("")).await), "INVALID_FIELDS");
    let kept = "select count(*) from screenings";
    let before: i64 = sqlx::query_scalar(kept).fetch_one(&world.db.pool).await.unwrap();
    let found =
        world.screenings(&searcher).search_screenings(ask("A question of the police.")).await.unwrap().into_inner();
    assert_eq!((found.hits.len(), found.hits[0].band()), (1, Band::Weak));
    assert!(!found.hits[0].features.is_empty() && !found.lists.is_empty());
    let after: i64 = sqlx::query_scalar(kept).fetch_one(&world.db.pool).await.unwrap();
    assert_eq!(before, after);
    let noted = "select count(*) from audit where actor = 'people/searcher' and outcome = 'OK' and reason = 'A question of the police.'";
    let noted: i64 = sqlx::query_scalar(noted).fetch_one(&world.db.pool).await.unwrap();
    assert_eq!(noted, 1);
    let blind = Principal { permissions: Permissions::of(["consular.screenings.search"]), ..searcher };
    let found = world.screenings(&blind).search_screenings(ask("Another question.")).await.unwrap().into_inner();
    assert_eq!(found.hits[0].matched_name, "", "names are personal");
    let clerk = Principal { permissions: Permissions::of(["consular.screenings.read"]), ..blind };
    let refused = world.screenings(&clerk).search_screenings(ask("A third question.")).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
}
