//! Requests carry the caller a test chose.

use identity::{Called, METADATA_KEY};
use testkit::{called, principal, signed, verifier};

#[test]
fn a_signed_request_is_believed() {
    let caller = principal(["accreditation.missions.read"]);
    let request = signed(&caller, ());
    let token = request.metadata().get(METADATA_KEY).unwrap().to_str().unwrap();
    let believed = verifier().check(token, chrono::Utc::now()).unwrap();
    assert_eq!(*believed, caller);
}

#[test]
fn a_called_request_names_caller_and_method() {
    let caller = principal(["accreditation.missions.read"]);
    let request = called(&caller, "/legation.accreditation.v1.MissionService/GetMission", ());
    let found = Called::of(&request).unwrap();
    assert_eq!(*found.principal, caller);
    assert_eq!(found.method.name(), "GetMission");
    assert_ne!(principal(["a"]).subject, caller.subject, "four eyes need two people");
}
