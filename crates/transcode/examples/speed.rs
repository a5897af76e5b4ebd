//! Measures the transcoder against dynamic messages on one record of 1 KB and on a page of 50; nanoseconds a message.
//!
//! `cargo run -p transcode --example speed --release`

use prost::Message as _;
use prost_reflect::{DynamicMessage, SerializeOptions};
use proto::contract::contract;
use std::hint::black_box;
use std::time::Instant;
use transcode::{Match, Message, Routes, Tables, Which, tables};

/// A mission with most of its fields set: 1 KB on the wire.
const MISSION: &str = r#"{
    "name": "missions/fra-washington", "sendingState": "FR", "type": "EMBASSY",
    "title": "Embassy of the French Republic to the United States of America in Washington, District of Columbia", "seat": "Washington", "state": "OPEN",
    "address": {
        "revision": 0, "regionCode": "US", "languageCode": "en", "postalCode": "20007", "sortingCode": "",
        "administrativeArea": "District of Columbia", "locality": "Washington", "sublocality": "Georgetown",
        "addressLines": ["4101 Reservoir Road NW", "Chancery, main building, second floor",
            "Deliveries by the gate on Whitehaven Parkway, on working days between 09:00 and 16:30 only"],
        "recipients": ["His Excellency the Ambassador", "Chancery Section"], "organization": "Embassy of France"
    },
    "location": {"latitude": 38.9125, "longitude": -77.0789},
    "jurisdictions": ["Delaware", "District of Columbia", "Maryland", "North Carolina", "Virginia", "West Virginia",
        "Pennsylvania", "South Carolina", "Kentucky", "Tennessee", "the Commonwealth of the Northern Mariana Islands",
        "the Commonwealth of Puerto Rico", "the Territory of Guam", "American Samoa", "the United States Virgin Islands"],
    "phone": "+1 202 944 6000", "email": "chancery.washington-amba@diplomatie.example.fr",
    "website": "https://franceintheus.example.org/mission/washington?lang=en",
    "externalId": "embassies-2021-04/3127", "sizeLimit": 0,
    "openTime": "1978-05-17T09:00:00Z", "uid": "0190a5c2-7f3b-7c41-9f5e-2b8d6a1c4e90", "etag": "7f3c2a",
    "createTime": "2026-11-21T08:30:00.250Z", "updateTime": "2026-11-22T17:05:41.004512Z"
}"#;

fn main() {
    let mission = tables().message("legation.accreditation.v1.Mission").expect("the contract has missions");
    let page = tables().message("legation.accreditation.v1.ListMissionsResponse").expect("the contract lists them");
    let (mut one, mut json) = (Vec::new(), Vec::new());
    // Told in JSON that leaves the order of the wire to chance, then put in the order a service writes.
    mission.to_wire(MISSION.as_bytes(), &mut one).expect("the mission is right");
    one = dynamic(mission, &one).encode_to_vec();
    mission.to_json(&one, &mut json).expect("the mission is right");
    let missions = vec![String::from_utf8_lossy(&json); 50].join(",");
    let fifty_json = format!(r#"{{"missions":[{missions}],"nextPageToken":"x"}}"#).into_bytes();
    let mut fifty = Vec::new();
    page.to_wire(&fifty_json, &mut fifty).expect("the page is right");

    let start = Instant::now();
    let compiled = black_box(Tables::of(contract().pool()));
    println!("tables compiled in {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
    let routes = Routes::of(contract(), &compiled).expect("a test routes the contract");
    let get = ("GET", "/v1/accreditation/missions/fra-washington", "", "");
    let list = ("GET", "/v1/accreditation/missions", "pageSize=50&filter=state%3DOPEN&showDeleted=true", "");
    let patch = ("PATCH", "/v1/accreditation/missions/fra-washington", "", r#"{"seat":"Washington"}"#);
    for (method, path, query, body) in [get, list, patch] {
        let time = best(20_000, || match routes.find(black_box(method), black_box(path)) {
            Match::Found(found) => drop(black_box(found.bind(query, body.as_bytes(), &[]))),
            other => panic!("{other:?}"),
        });
        println!("  find and bind {time:>9.0} ns: {method} {path}?{query} {body}");
    }

    for (title, message, wire, json, times) in
        [("mission", mission, one, json, 20_000), ("page of 50", page, fifty, fifty_json, 600)]
    {
        println!("{title}: {} bytes on the wire, {} of JSON", wire.len(), json.len());
        let mut out = Vec::with_capacity(json.len() * 2);
        let ours = best(times, || {
            out.clear();
            message.to_json(black_box(&wire), &mut out).expect("it is right");
        });
        let theirs = best(times / 10, || drop(black_box(to_json(message, black_box(&wire)))));
        row("wire to JSON", ours, theirs);
        let ours = best(times, || {
            out.clear();
            message.to_wire(black_box(&json), &mut out).expect("it is right");
        });
        let theirs = best(times / 10, || drop(black_box(from_json(message, black_box(&json)).encode_to_vec())));
        row("JSON to wire", ours, theirs);
        println!("  check         {:>9.0} ns", best(times, || drop(black_box(message.check(black_box(&wire))))));
        let strip = best(times, || drop(black_box(message.strip_output_only(black_box(&wire)))));
        println!("  strip         {strip:>9.0} ns");
        let redact = best(times, || drop(black_box(message.redact(black_box(&wire), Which::ALL))));
        println!("  redact        {redact:>9.0} ns");
    }
}

fn dynamic(message: Message<'_>, wire: &[u8]) -> DynamicMessage {
    let pool = contract().pool();
    let descriptor = pool.get_message_by_name(message.full_name()).expect("it is in the pool");
    DynamicMessage::decode(descriptor, wire).expect("it is right")
}

fn to_json(message: Message<'_>, wire: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let options = SerializeOptions::new().skip_default_fields(false);
    let mut writer = serde_json::Serializer::new(&mut out);
    dynamic(message, wire).serialize_with_options(&mut writer, &options).expect("it has a JSON form");
    out
}

fn from_json(message: Message<'_>, json: &[u8]) -> DynamicMessage {
    let pool = contract().pool();
    let descriptor = pool.get_message_by_name(message.full_name()).expect("it is in the pool");
    DynamicMessage::deserialize(descriptor, &mut serde_json::Deserializer::from_slice(json)).expect("it is right")
}

/// Nanoseconds a call, the best of fifteen rounds.
fn best(times: u32, mut call: impl FnMut()) -> f64 {
    let round = |_| {
        let start = Instant::now();
        (0..times).for_each(|_| call());
        start.elapsed().as_nanos() as f64 / f64::from(times)
    };
    (0..15).map(round).fold(f64::INFINITY, f64::min)
}

fn row(what: &str, ours: f64, theirs: f64) {
    println!("  {what}  {ours:>9.0} ns, by dynamic messages {theirs:>9.0} ns: {:.1} times", theirs / ours);
}
