//! What people confide to the register of citizens lies in no table of the database for a thief to read.

use crate::registrations::{HUALIEN, citizen, journey};
use crate::world::{reason, world};
use proto::consular::v1::{self as pb, Registration};

#[tokio::test]
async fn what_a_registrant_confides_lies_nowhere_open() {
    let world = world().await;
    let me = citizen("traveller");
    let told = Registration { passport_number: "L898902C3".into(), ..journey(HUALIEN) };
    let name = world.registered(&me, told.clone()).await.name;
    let all = world.db.dump().await;
    assert!(all.contains(&told.family_name));
    let confided = told.contact_persons.iter().map(|person| person.display_name.as_str());
    for secret in confided.chain([told.birth_date.as_str(), "L898902C3"]) {
        assert!(!secret.is_empty() && !all.contains(secret), "{secret} lies open");
    }
    let shown = world.registration_of(&name).await;
    assert_eq!((shown.birth_date, shown.contact_persons), (told.birth_date, told.contact_persons));

    let destroyed = "data_keys where wrapped is null and erased_at is not null";
    assert_eq!(world.rows_of(destroyed).await, 0);
    let withdraw = pb::WithdrawRegistrationRequest { name: name.clone(), ..Default::default() };
    world.registrations(&me).withdraw_registration(withdraw).await.unwrap();
    let erase = pb::EraseRegistrationRequest { name: name.clone(), ..Default::default() };
    world.registrations(&me).erase_registration(erase).await.unwrap();
    assert_eq!(world.rows_of(destroyed).await, 1, "nor does a copy of the tables open any more");
    let left =
        "(select doc from history union all select doc from registrations) d where doc ?| array['sealed', 'blind']";
    assert_eq!(world.rows_of(left).await, 0);
    assert!(world.registration_of(&name).await.erase_time.is_some(), "it says when");
}

#[tokio::test]
async fn what_is_kept_by_consent_is_not_kept_without_it() {
    let world = world().await;
    let me = citizen("traveller");
    let active = world.registered(&me, journey(HUALIEN)).await;
    let silent = pb::UpdateRegistrationRequest {
        registration: Some(Registration { consents: Vec::new(), ..active.clone() }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["consents".into()] }),
        etag: active.etag.clone(),
        ..Default::default()
    };
    assert_eq!(reason(world.registrations(&me).update_registration(silent).await), "CONSENT_MISSING");
    let withdraw = pb::WithdrawRegistrationRequest { name: active.name, ..Default::default() };
    world.registrations(&me).withdraw_registration(withdraw).await.unwrap();
}
