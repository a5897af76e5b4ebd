//! The post that serves a stay: that of the consular district, another when the stay moves, and the one an officer gives.

use crate::registrations::{HUALIEN, citizen, journey};
use crate::world::{World, officer, reason, world};
use futures::StreamExt as _;
use identity::Principal;
use proto::consular::v1::registration::Stay;
use proto::consular::v1::{self as pb, Registration};
use proto::google::r#type::LatLng;
use proto::registry::v1::ImportOutcome;
use tonic::Status;

/// A journey to a country of which `consular/data/districts.toml` has two districts.
fn to_the(subdivision: &str) -> Registration {
    let stay = Stay {
        country: "XA".into(),
        subdivision: subdivision.into(),
        location: None,
        ..journey(HUALIEN).stays[0].clone()
    };
    Registration { stays: vec![stay], ..journey(HUALIEN) }
}

impl World {
    async fn moves(&self, by: &Principal, name: &str, change: impl Fn(&mut Stay)) -> Result<Registration, Status> {
        let mut registration = self.registration_of(name).await;
        change(&mut registration.stays[0]);
        let request = pb::UpdateRegistrationRequest {
            etag: registration.etag.clone(),
            registration: Some(registration),
            update_mask: Some(prost_types::FieldMask { paths: vec!["stays".into()] }),
            ..Default::default()
        };
        Ok(self.registrations(by).update_registration(request).await?.into_inner())
    }

    async fn served_by(&self, post: &str) -> Vec<String> {
        let ask = pb::LocateRegistrationsRequest { post: post.into(), day: "2026-05-10".into(), ..Default::default() };
        self.locate(ask).await.names
    }
}

#[tokio::test]
async fn the_post_of_the_district_serves_a_stay_wherever_it_moves_unless_an_officer_says_otherwise() {
    let world = world().await;
    let me = citizen("traveller");
    let registered = world.registered(&me, to_the("XA-N")).await;
    let name = registered.name;
    let (whole, north) = ("posts/example", "posts/example-north");
    assert_eq!(registered.posts, [north]);
    assert_eq!((world.served_by(north).await, world.served_by(whole).await.len()), (vec![name.clone()], 0));
    let moved = world.moves(&me, &name, |stay| stay.subdivision = "XA-S".into()).await.unwrap();
    assert_eq!(moved.posts, [whole]);
    assert_eq!((world.served_by(whole).await, world.served_by(north).await.len()), (vec![name.clone()], 0));
    let lies = |stay: &mut Stay| {
        stay.subdivision.clear();
        stay.location = Some(LatLng { latitude: 11.0, longitude: 22.0 });
    };
    assert_eq!(world.moves(&me, &name, lies).await.unwrap().posts, [north], "by where it lies");
    // An officer has another post serve it, and the registrant's next change leaves that as it is.
    let own = "posts/embassy";
    world.moves(&officer("people/officer"), &name, |stay| stay.post = own.into()).await.unwrap();
    let moved = world.moves(&me, &name, |stay| stay.city = "Other".into()).await.unwrap();
    assert_eq!((moved.posts, world.served_by(own).await), (vec![own.to_owned()], vec![name.clone()]));
    let abroad = world.moves(&me, &name, |stay| stay.subdivision = "XB-1".into()).await;
    assert_eq!(reason(abroad), "INVALID_FIELDS");
}

#[tokio::test]
async fn a_line_of_another_register_sent_again_changes_nothing_in_a_district() {
    let world = world().await;
    let line = pb::ImportRegistrationsRequest {
        registration_id: "a-1".into(),
        registration: Some(Registration { external_id: "a-1".into(), ..to_the("XA-N") }),
    };
    for expected in [ImportOutcome::Created, ImportOutcome::Unchanged] {
        let lines = futures::stream::iter([line.clone()]);
        let mut registrations = world.registrations(&officer("people/officer"));
        let answers = registrations.import_registrations(lines).await.unwrap().into_inner();
        let answers: Vec<_> = answers.map(Result::unwrap).collect().await;
        assert_eq!(answers[0].outcome(), expected);
    }
    assert_eq!(world.registration_of("registrations/a-1").await.posts, ["posts/example-north"]);
}
