//! Lists: pages that hold still, filters, orders, words; tokens that cannot be altered or lent.

use crate::world::{World, asked, embassy, officer, reason, world};
use identity::Principal;
use proto::accreditation::v1::{ListMissionsRequest, ListMissionsResponse, Mission};
use tonic::{Response, Status};

async fn list(
    world: &World,
    by: &Principal,
    request: ListMissionsRequest,
) -> Result<Response<ListMissionsResponse>, Status> {
    world.missions.list(asked(by, "MissionService/ListMissions", request)).await
}

async fn names(world: &World, request: ListMissionsRequest) -> Vec<String> {
    let page = list(world, &officer(), request).await.unwrap().into_inner();
    page.missions.into_iter().map(|mission| mission.name.trim_start_matches("missions/").to_owned()).collect()
}

async fn filtered(world: &World, filter: &str) -> Vec<String> {
    names(world, ListMissionsRequest { filter: filter.into(), ..Default::default() }).await
}

/// Walks all pages of two, adding a mission in the midst of it.
async fn walk(world: &World, order_by: &str) -> Vec<String> {
    let (officer, mut seen, mut token) = (officer(), Vec::new(), String::new());
    loop {
        let request =
            ListMissionsRequest { page_size: 2, page_token: token, order_by: order_by.into(), ..Default::default() };
        let page = list(world, &officer, request).await.unwrap().into_inner();
        assert!(page.missions.len() <= 2);
        seen.extend(page.missions.into_iter().map(|mission| mission.name));
        if page.next_page_token.is_empty() {
            return seen;
        }
        token = page.next_page_token;
        if seen.len() == 2 {
            // Before what was already shown, in either order.
            world.create(&officer, "aa", Mission { title: "Embassy of AA".into(), ..embassy("AU") }).await;
            world.create(&officer, "zz", Mission { title: "Embassy of ZZ".into(), ..embassy("AU") }).await;
        }
    }
}

#[tokio::test]
async fn pages_show_everything_once_whatever_is_added_meanwhile() {
    for order in
        ["", "name desc", "title", "title desc", "openTime, title", "openTime desc, createTime", "sending_state desc"]
    {
        let (world, officer) = (world().await, officer());
        for id in ["br", "ca", "de", "fr", "gb", "it", "jp"] {
            world.create(&officer, id, embassy(&id.to_uppercase())).await;
        }
        // Some have opened, so that the order knows values and their absence.
        for id in ["de", "gb", "jp"] {
            let open = "update missions set doc = doc || '{\"openTime\": \"2020-01-01T00:00:00Z\"}' where name = $1";
            sqlx::query(open).bind(format!("missions/{id}")).execute(&world.db.pool).await.unwrap();
        }
        let mut seen = walk(&world, order).await;
        let count = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), count, "{order}: a record was shown twice");
        let old = ["br", "ca", "de", "fr", "gb", "it", "jp"].map(|id| format!("missions/{id}"));
        assert!(old.iter().all(|name| seen.contains(name)), "{order}: {seen:?}");
    }
}

#[tokio::test]
async fn filters_find_what_they_say() {
    let (world, officer) = (world().await, officer());
    for (id, title) in [("fr", "Ambassade de France"), ("de", "Deutsche Botschaft"), ("ie", "Embassy of Ireland")] {
        world.create(&officer, id, Mission { title: title.into(), ..embassy(&id.to_uppercase()) }).await;
    }
    let known = Mission { external_id: "Q%1".into(), ..embassy("BR") };
    world.create(&officer, "br", known).await;
    for (filter, expected) in [
        ("sendingState = \"FR\" OR sending_state = DE", vec!["de", "fr"]),
        ("NOT sendingState = \"FR\" AND state = PROPOSED", vec!["br", "de", "ie"]),
        ("title:\"ambassade\"", vec!["fr"]),
        ("title:\"%\"", vec![]),
        ("externalId:\"Q%\"", vec!["br"]),
        ("externalId = \"\"", vec!["de", "fr", "ie"]),
        ("externalId != \"\"", vec!["br"]),
        ("-externalId:*", vec!["de", "fr", "ie"]),
        ("externalId != \"Q%1\"", vec!["de", "fr", "ie"]),
        ("openTime:*", vec![]),
        ("NOT openTime > \"2020-01-01T00:00:00Z\"", vec!["br", "de", "fr", "ie"]),
        ("openTime != \"2020-01-01T00:00:00Z\"", vec!["br", "de", "fr", "ie"]),
        (
            "createTime >= \"2026-01-05T09:00:00Z\" AND createTime < \"2026-01-05T09:00:01Z\"",
            vec!["br", "de", "fr", "ie"],
        ),
        ("sendingState > \"E\" AND (title = \"Ambassade de France\" OR name = \"missions/ie\")", vec!["fr", "ie"]),
    ] {
        assert_eq!(filtered(&world, filter).await, expected, "{filter}");
    }
    let bad = ListMissionsRequest { filter: "address = \"x\"".into(), ..Default::default() };
    assert_eq!(reason(list(&world, &officer, bad).await), "INVALID_FILTER");
    let bad = ListMissionsRequest { order_by: "phone".into(), ..Default::default() };
    assert_eq!(reason(list(&world, &officer, bad).await), "INVALID_FILTER");
}

#[tokio::test]
async fn words_are_found_without_their_accents() {
    let (world, officer) = (world().await, officer());
    world.create(&officer, "sn", Mission { title: "Ambassade du Sénégal".into(), ..embassy("SN") }).await;
    world.create(&officer, "fr", embassy("FR")).await;
    let find = async |q: &str| names(&world, ListMissionsRequest { q: q.into(), ..Default::default() }).await;
    assert_eq!(find("senegal ambassade").await, ["sn"]);
    assert_eq!(find("washington").await, ["fr", "sn"]);
    assert!(find("nowhere").await.is_empty());
    assert!(find("':* & | !").await.is_empty());
}

#[tokio::test]
async fn a_token_is_good_for_its_own_question_and_caller() {
    let (world, one, other) = (world().await, officer(), officer());
    for id in ["br", "ca", "de"] {
        world.create(&one, id, embassy(&id.to_uppercase())).await;
    }
    let request = ListMissionsRequest { page_size: 1, filter: "state = PROPOSED".into(), ..Default::default() };
    let token = list(&world, &one, request.clone()).await.unwrap().into_inner().next_page_token;
    let next = ListMissionsRequest { page_token: token.clone(), ..request };
    assert_eq!(list(&world, &one, next.clone()).await.unwrap().get_ref().missions[0].name, "missions/ca");
    assert_eq!(reason(list(&world, &other, next.clone()).await), "INVALID_PAGE_TOKEN");
    let elsewhere = ListMissionsRequest { filter: String::new(), ..next.clone() };
    assert_eq!(reason(list(&world, &one, elsewhere).await), "INVALID_PAGE_TOKEN");
    let mut letters: Vec<char> = token.chars().collect();
    let middle = letters.len() / 2;
    letters[middle] = if letters[middle] == 'A' { 'B' } else { 'A' };
    let altered = ListMissionsRequest { page_token: letters.into_iter().collect(), ..next };
    assert_eq!(reason(list(&world, &one, altered).await), "INVALID_PAGE_TOKEN");
}

#[tokio::test]
async fn deleted_records_are_listed_on_request_only() {
    let (world, officer) = (world().await, officer());
    world.create(&officer, "fr", embassy("FR")).await;
    let request = proto::accreditation::v1::DeleteMissionRequest { name: "missions/fr".into(), ..Default::default() };
    world.missions.delete(asked(&officer, "MissionService/DeleteMission", request)).await.unwrap();
    assert!(names(&world, ListMissionsRequest::default()).await.is_empty());
    assert_eq!(names(&world, ListMissionsRequest { show_deleted: true, ..Default::default() }).await, ["fr"]);
}
