//! Which path finds which method.

use crate::{RULES, TRIAL, compile};
use proto::contract::{Contract, contract};
use std::sync::LazyLock;
use transcode::{Match, Routes, Tables, tables};

static REAL: LazyLock<Routes<'static>> = LazyLock::new(|| Routes::of(contract(), tables()).unwrap());
static SMALL_CONTRACT: LazyLock<Contract> = LazyLock::new(|| Contract::read(RULES.clone()));
pub(crate) static SMALL: LazyLock<Routes<'static>> = LazyLock::new(|| Routes::of(&SMALL_CONTRACT, &TRIAL).unwrap());

/// The method found and what its request says the path said, or what was found instead.
fn find(routes: &Routes<'_>, method: &str, path: &str) -> String {
    match routes.find(method, path) {
        Match::Found(found) => {
            let bound = found.bind("", b"", &[]).unwrap();
            let input = found.route().input();
            let shown = crate::json(input, &bound);
            let text = |field: &str| shown.pointer(field).and_then(|v| v.as_str()).filter(|text| !text.is_empty());
            let said = ["/name", "/mission/name", "/member/name", "/thing/name", "/id", "/path"].map(text);
            let said: Vec<_> = said.into_iter().flatten().collect();
            format!("{} {}", found.route().method().name(), said.join(" ")).trim_end().to_owned()
        }
        Match::NoRoute => "404".to_owned(),
        Match::NotAllowed { allow } => format!("405 {allow}"),
        Match::Unreadable => "400".to_owned(),
    }
}

#[test]
fn the_contract_can_be_routed() {
    assert_eq!(REAL.all().len(), contract().methods().iter().map(|method| method.bindings().len()).sum::<usize>());
    for route in REAL.all() {
        // Every template finds its own method.
        let path = route.binding().template.replace("**", "x").replace('*', "x");
        let path = path.split(['{', '}']).map(|part| part.split_once('=').map_or(part, |(_, pattern)| pattern));
        match REAL.find(route.binding().method, &path.collect::<String>()) {
            Match::Found(found) => assert_eq!(found.route().method().path(), route.method().path()),
            other => panic!("{} {}: {other:?}", route.binding().method, route.binding().template),
        }
    }
}

#[test]
fn paths_find_methods_and_say_what_they_bind() {
    let real = |method: &str, path: &str| find(&REAL, method, path);
    assert_eq!(real("GET", "/v1/accreditation/missions"), "ListMissions");
    assert_eq!(real("HEAD", "/v1/accreditation/missions"), "ListMissions");
    assert_eq!(real("GET", "/v1/accreditation/missions/fra"), "GetMission missions/fra");
    assert_eq!(real("PATCH", "/v1/accreditation/missions/fra"), "UpdateMission missions/fra");
    assert_eq!(real("GET", "/v1/accreditation/missions/fra/revisions"), "ListMissionRevisions missions/fra");
    assert_eq!(real("POST", "/v1/accreditation/missions/fra:open"), "Open missions/fra");
    assert_eq!(real("GET", "/v1/accreditation/missions:watch"), "WatchMissions");
    for nowhere in [
        "/v1/accreditation/missions/",
        "/v1/accreditation//missions",
        "/v1/accreditation/missions/a/b",
        "/v1/accreditation",
        "/v2/accreditation/missions",
        "v1/accreditation/missions",
        "/",
        "",
    ] {
        assert_eq!(real("POST", nowhere), "404", "{nowhere}");
    }
}

#[test]
fn a_wrong_method_is_told_the_right_ones() {
    let real = |method: &str, path: &str| find(&REAL, method, path);
    assert_eq!(real("PUT", "/v1/accreditation/missions/fra"), "405 DELETE, GET, HEAD, PATCH");
    assert_eq!(real("DELETE", "/v1/accreditation/missions"), "405 GET, HEAD, POST");
    // The path decides alone: a verb is a verb whatever the method.
    assert_eq!(real("GET", "/v1/accreditation/missions/fra:open"), "405 POST");
    assert_eq!(real("get", "/v1/accreditation/missions/fra"), "405 DELETE, GET, HEAD, PATCH");
}

#[test]
fn identifiers_may_have_colons() {
    let real = |method: &str, path: &str| find(&REAL, method, path);
    assert_eq!(real("GET", "/v1/accreditation/members/a:b"), "GetMember members/a:b");
    assert_eq!(real("GET", "/v1/accreditation/members/a:b:c:"), "GetMember members/a:b:c:");
    assert_eq!(real("POST", "/v1/accreditation/members/a:b:accredit"), "Accredit members/a:b");
    // Written %3A a colon never begins a verb.
    assert_eq!(real("GET", "/v1/accreditation/members/a%3Aaccredit"), "GetMember members/a:accredit");
    assert_eq!(real("POST", "/v1/accreditation/members/a%3Ab:accredit"), "Accredit members/a:b");
}

#[test]
fn captures_are_decoded_once() {
    let small = |path: &str| find(&SMALL, "GET", path);
    assert_eq!(small("/v1/ask/a%2Fb"), "Ask a/b");
    assert_eq!(small("/v1/ask/a%252Fb"), "Ask a%2Fb");
    assert_eq!(small("/v1/ask/%C3%A9+%20x"), "Ask é+ x");
    assert_eq!(small("/v1/ask/%ff"), "400");
    assert_eq!(small("/v1/ask/%2"), "400");
    assert_eq!(small("/v1/files/a/b%2Fc/d"), "Ask a/b/c/d");
    assert_eq!(small("/v1/files"), "Ask");
    assert_eq!(small("/v1/files/"), "Ask");
    assert_eq!(small("/v1/ask/x/in/5"), "Ask x");
    assert_eq!(small("/v1/ask/x/out/5"), "404");
}

#[test]
fn bindings_that_cannot_stand_are_named() {
    let pool = compile("collisions.proto");
    let (contract, tables) = (Contract::read(pool.clone()), Tables::of(&pool));
    let wrong = Routes::of(&contract, &tables).unwrap_err().0;
    let service = "/legation.collisions.v1.Collisions";
    assert_eq!(
        wrong,
        [
            format!("{service}/B: GET /v1/{{id}}/x collides with GET /v1/{{name=*}}/x of {service}/A"),
            format!("{service}/C: POST /v1/a:go collides with POST /v1/a:go of {service}/C"),
            format!("{service}/D: colour is no field that a path can bind"),
            format!("{service}/E: path and body both bind name"),
            format!("{service}/F: a GET or DELETE has a body"),
            format!("{service}/G: /v1/{{name=**}}/x: has a ** that is not its last segment"),
            format!("{service}/H: the path binds name twice"),
            format!("{service}/I: list is no field that a path can bind"),
        ]
    );
}
