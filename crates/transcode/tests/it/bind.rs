//! What path, body, query and headers make of a request, and where they contradict one another.

use crate::routes::SMALL;
use crate::{json, lines};
use proptest::prelude::*;
use transcode::{Match, Refusal};

fn bind(method: &str, url: &str, body: &str, headers: &[(&str, &str)]) -> Result<Vec<u8>, Refusal> {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let Match::Found(found) = SMALL.find(method, path) else { panic!("no route for {method} {path}") };
    found.bind(query, body.as_bytes(), headers)
}

fn bound(method: &str, url: &str, body: &str, headers: &[(&str, &str)]) -> serde_json::Value {
    let name = if method == "PATCH" { "UpdateThingRequest" } else { "AskRequest" };
    let bytes = bind(method, url, body, headers).unwrap_or_else(|refusal| panic!("{refusal:?}"));
    json(crate::trial(name), &bytes)
}

fn refused(method: &str, url: &str, body: &str, headers: &[(&str, &str)]) -> Vec<String> {
    match bind(method, url, body, headers) {
        Err(Refusal::Violations(violations)) => lines(&violations),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_query_binds_fields_of_every_kind() {
    let url = "/v1/ask/7?pageSize=5&tags=a+b&colors=RED&tags=c%2Bd&colors=2&since=2026-01-01T00:00:00Z\
               &filter.q=x&filter.range.to=9&deep=true&right=-5&filter.range.from=1";
    let request = bound("GET", url, "", &[]);
    assert_eq!(request["id"], "7");
    assert_eq!(request["pageSize"], 5);
    assert_eq!(request["tags"], serde_json::json!(["a b", "c+d"]));
    assert_eq!(request["colors"], serde_json::json!(["RED", "GREEN"]));
    assert_eq!(request["since"], "2026-01-01T00:00:00Z");
    assert_eq!(request["filter"]["q"], "x");
    assert_eq!(request["filter"]["range"], serde_json::json!({"from": "1", "to": "9"}));
    assert_eq!(request["deep"], true);
    assert_eq!(request["right"], "-5");
    // Names of the contract, empty values, a bare key, a path that leads inside.
    assert_eq!(bound("GET", "/v1/ask/7?page_size=5&&left=&", "", &[])["left"], "");
    assert_eq!(bound("GET", "/v1/ask/7?left", "", &[])["left"], "");
    assert_eq!(bound("GET", "/v1/ask/7/in/5?filter.range.to=6", "", &[])["filter"]["range"]["from"], "5");
}

#[test]
fn every_wrong_parameter_is_named() {
    let url = "/v1/ask/7?colour=1&id=8&pageSize=x&pageSize=2&labels=a&part=b&part.note=n&colors=PINK&left=a&right=1\
               &left=b&%zz=1&tags=%ff&filter=x&deep=1&filter.range.from=1.5&tags=%00&since=now";
    assert_eq!(
        refused("GET", url, "", &[]),
        [
            "colour: is not a parameter of Ask",
            "id: is given in the path",
            "pageSize: must be a whole number",
            "pageSize: is given more than once",
            "labels: cannot be given in the query",
            "part: cannot be given in the query",
            "colors: has no value \"PINK\"; it has RED, GREEN",
            "right: is given beside another parameter that excludes it",
            "left: is given more than once",
            "%zz: is not percent-encoded UTF-8",
            "tags: is not percent-encoded UTF-8",
            "filter: cannot be given in the query",
            "deep: must be true or false",
            "filter.range.from: must be a whole number",
            "tags: must not contain the character NUL",
            "since: must be an instant of RFC 3339 such as 2026-11-21T08:30:00Z",
        ]
    );
}

#[test]
fn a_body_is_the_request_or_a_field_or_nothing() {
    assert_eq!(bound("POST", "/v1/ask/7:tell", r#"{"pageSize": 5}"#, &[])["pageSize"], 5);
    assert_eq!(bound("POST", "/v1/ask/7:tell", "", &[])["id"], "7");
    assert_eq!(bound("POST", "/v1/ask/7:quiet?pageSize=5", " \n", &[])["pageSize"], 5);
    assert_eq!(refused("POST", "/v1/ask/7:quiet", "{}", &[]), [": there must be no body"]);
    assert_eq!(refused("GET", "/v1/ask/7", "x", &[]), [": there must be no body"]);
    let wrong = refused("POST", "/v1/ask/7:tell?tags=a", r#"{"pageSize": "x", "id": "8"}"#, &[]);
    assert_eq!(
        wrong,
        ["pageSize: must be a whole number", "id: is not what the path says", "tags: belongs in the body"]
    );
    assert!(matches!(bind("POST", "/v1/ask/7:tell", "{", &[]), Err(Refusal::Malformed(_))));
    // The path wants what is there already.
    assert_eq!(bound("POST", "/v1/ask/7:tell", r#"{"id": "7"}"#, &[])["id"], "7");
}

#[test]
fn violations_of_a_body_name_the_request_s_field() {
    let wrong = refused("PATCH", "/v1/things/1?thing.title=x", r#"{"title": 5, "name": "things/2"}"#, &[]);
    assert_eq!(
        wrong,
        [
            "thing.title: must be text, not a number",
            "thing.name: is not what the path says",
            "thing.title: belongs in the body"
        ]
    );
}

#[test]
fn a_patch_without_a_mask_means_what_it_sends() {
    let body = r#"{"name": "things/1", "title": "x", "part": {"note": null, "version": 5}}"#;
    let request = bound("PATCH", "/v1/things/1?allowMissing=true", body, &[]);
    assert_eq!(request["updateMask"], "title,part.note");
    assert_eq!(request["thing"]["name"], "things/1");
    assert_eq!(request["thing"]["title"], "x");
    assert_eq!(request["allowMissing"], true);
    for query in
        ["updateMask=title", "update_mask=title", "updateMask=title,partsByName", "updateMask=title,parts_by_name"]
    {
        let mask = bound("PATCH", &format!("/v1/things/1?{query}"), body, &[])["updateMask"].clone();
        assert!(mask == "title" || mask == "title,partsByName", "{mask}");
    }
    // The path's part goes into the body's message, so that there is one of it.
    let bytes = bind("PATCH", "/v1/things/1", r#"{"title": "x"}"#, &[]).unwrap();
    let title_and_name = b"\x0a\x0d\x12\x01x\x0a\x08things/1";
    assert!(bytes.starts_with(title_and_name), "{bytes:?}");
    let no_body = bound("PATCH", "/v1/things/1", "", &[]);
    assert_eq!((&no_body["thing"]["name"], no_body.get("updateMask")), (&"things/1".into(), None));
}

#[test]
fn headers_and_the_rest_agree() {
    let headers = [("request_id", "5e1"), ("etag", "7"), ("page_token", "x")];
    let request = bound("PATCH", "/v1/things/1", "{}", &headers);
    assert_eq!((&request["requestId"], &request["etag"]), (&"5e1".into(), &"7".into()));
    assert_eq!(bound("PATCH", "/v1/things/1?requestId=5e1", "{}", &headers)["requestId"], "5e1");
    let wrong = refused("PATCH", "/v1/things/1?requestId=other", "{}", &headers);
    assert_eq!(wrong, ["requestId: is not what the header says"]);
    let wrong = refused("PATCH", "/v1/things/1", "{}", &[("etag", "a\0b")]);
    assert_eq!(wrong, ["etag: must not contain the character NUL (in the header)"]);
}

proptest! {
    #[test]
    fn no_query_makes_it_panic(query in "(tags|left|right|filter.range.to|since|[a-z.&=%+;0-9é]){0,12}", body in "[{}\"a:1,]{0,6}") {
        for (method, path) in [("GET", "/v1/ask/7"), ("POST", "/v1/ask/7:tell"), ("PATCH", "/v1/things/1")] {
            if let Ok(bytes) = bind(method, &format!("{path}?{query}"), &body, &[]) {
                let name = if method == "PATCH" { "UpdateThingRequest" } else { "AskRequest" };
                prop_assert!(crate::trial(name).to_json(&bytes, &mut Vec::new()).is_ok());
            }
        }
    }
}
