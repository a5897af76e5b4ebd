//! What people confide to the register of citizens lies in no table of the database for a thief to read.

use crate::registrations::{HUALIEN, citizen, journey};
use crate::world::world;
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
