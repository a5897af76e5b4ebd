//! Watch lists: loaded whole or not at all, versions that decisions name, re-screening of whom a change touches.

use crate::world::{World, officer, reason, world};
use identity::{Permissions, Principal};
use proto::consular::v1::screening::{Proof, State};
use proto::consular::v1::subject::Kind;
use proto::consular::v1::watch_list::Format;
use proto::consular::v1::{self as pb, Screening, Subject, WatchList};

/// A line of `sdn.csv`.
pub(crate) fn line(number: u32, name: &str, remarks: &str) -> String {
    format!("{number},\"{name}\",\"individual\",\"TEST\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,\"{remarks}\"\n")
}

impl World {
    /// Puts a publication into the folder `example`.
    pub(crate) fn publish(&self, sdn: &str) {
        let folder = self.lists_folder.join("example");
        std::fs::create_dir_all(&folder).unwrap();
        for (file, content) in [("sdn.csv", sdn), ("alt.csv", ""), ("add.csv", "")] {
            std::fs::write(folder.join(file), content).unwrap();
        }
    }

    pub(crate) async fn register(&self) -> String {
        let list = WatchList {
            title: "Example list".into(),
            format: Format::OfacDelimited.into(),
            folder: "example".into(),
            ..WatchList::default()
        };
        let request = pb::CreateWatchListRequest {
            watch_list: Some(list),
            watch_list_id: "example".into(),
            ..Default::default()
        };
        self.watch_lists(&officer("people/keeper")).create_watch_list(request).await.unwrap().into_inner().name
    }

    pub(crate) async fn load(&self, name: &str) -> Result<WatchList, tonic::Status> {
        let request = pb::LoadWatchListRequest { name: name.into(), ..Default::default() };
        Ok(self.watch_lists(&officer("people/keeper")).load_watch_list(request).await?.into_inner())
    }

    pub(crate) async fn screen(&self, subject: Subject) -> Result<Screening, tonic::Status> {
        let screening = Screening { subject: Some(subject), occasion: "visa".into(), ..Screening::default() };
        let request = pb::CreateScreeningRequest { screening: Some(screening), ..Default::default() };
        Ok(self.screenings(&officer("people/first")).create_screening(request).await?.into_inner())
    }
}

pub(crate) fn person(name: &str) -> Subject {
    Subject { kind: Kind::Person.into(), names: vec![name.into()], ..Subject::default() }
}

#[tokio::test]
async fn a_broken_publication_changes_nothing() {
    let world = world().await;
    let name = world.register().await;
    world.publish(&line(1, "EXAMPLE, Person", "DOB 12 Aug 1954."));
    let first = world.load(&name).await.unwrap();
    assert_eq!((first.entries, first.added, first.changed, first.removed), (1, 1, 0, 0));
    world.publish(&format!("{}2,broken\n", line(1, "EXAMPLE, Person", "DOB 12 Aug 1954.")));
    let refused = world.load(&name).await.unwrap_err();
    assert!(refused.message().contains("sdn.csv, line 2: there are 2 columns"), "{refused}");
    assert_eq!(reason::<WatchList>(Err(refused)), "LIST_BROKEN");
    let screening = world.screen(person("Person Example")).await.unwrap();
    assert_eq!((screening.state(), screening.hits[0].version.as_str()), (State::Open, first.version.as_str()));
    world.publish(&(line(1, "EXAMPLE, Person", "DOB 13 Aug 1954.") + &line(3, "SAMPLE, Other", "")));
    let second = world.load(&name).await.unwrap();
    assert_eq!((second.entries, second.added, second.changed, second.removed), (2, 1, 1, 0));
    assert_ne!(second.version, first.version);
    world.publish(&line(3, "SAMPLE, Other", ""));
    let third = world.load(&name).await.unwrap();
    assert_eq!((third.entries, third.added, third.changed, third.removed), (1, 0, 0, 1));
}

#[tokio::test]
async fn another_process_takes_over_what_was_loaded() {
    let world = world().await;
    let name = world.register().await;
    world.publish(&line(1, "EXAMPLE, Person", ""));
    world.load(&name).await.unwrap();
    let other = std::sync::Arc::new(consular::Lists::below("/nowhere".into()).unwrap());
    assert!(other.refresh(&world.db.pool).await.unwrap(), "from the database, not from the folder");
    assert!(!other.refresh(&world.db.pool).await.unwrap(), "there is nothing new");
    let request = pb::RetireWatchListRequest { name, ..Default::default() };
    world.watch_lists(&officer("people/keeper")).retire_watch_list(request).await.unwrap();
    assert_eq!(reason(world.screen(person("Person Example")).await), "NO_LIST_IN_FORCE");
}

#[tokio::test]
async fn two_officers_clear_and_no_name_alone_confirms() {
    let world = world().await;
    let name = world.register().await;
    world.publish(&line(1, "EXAMPLE, Person", "DOB 12 Aug 1954; Passport A123456 (Iran)."));
    world.load(&name).await.unwrap();
    let screening = world.screen(person("Person Example")).await.unwrap();
    let hit = screening.hits[0].clone();
    assert!(!screening.lists.is_empty() && !hit.features.is_empty(), "a decision has its lists and reasons");
    assert_eq!((hit.band(), hit.entry.as_str()), (pb::hit::Band::Possible, "1"));
    let (first, second) = (officer("people/first"), officer("people/second"));

    let confirm = |name: &str, entry: &str, proof: Proof| pb::ConfirmHitRequest {
        name: name.into(),
        list: hit.list.clone(),
        entry: entry.into(),
        proof: proof.into(),
        ..Default::default()
    };
    for (entry, proof, refused) in [
        ("1", Proof::Unspecified, "HIT_BY_NAME_ALONE"),
        ("2", Proof::Biometrics, "HIT_UNKNOWN"),
        ("1", Proof::BirthDate, "PROOF_CONTRADICTED"),
        ("1", Proof::DocumentNumber, "PROOF_CONTRADICTED"),
    ] {
        let answer = world.screenings(&first).confirm_hit(confirm(&screening.name, entry, proof)).await;
        assert_eq!(reason(answer), refused);
    }
    let propose = pb::ProposeClearanceRequest {
        name: screening.name.clone(),
        grounds: "Another date of birth and another face.".into(),
        ..Default::default()
    };
    world.screenings(&first).propose_clearance(propose).await.unwrap();
    let clear = pb::ClearScreeningRequest { name: screening.name.clone(), ..Default::default() };
    assert_eq!(reason(world.screenings(&first).clear_screening(clear.clone()).await), "SAME_PERSON");
    let cleared = world.screenings(&second).clear_screening(clear).await.unwrap().into_inner();
    assert_eq!((cleared.state(), cleared.lists), (State::Cleared, screening.lists));

    let known = Subject {
        birth_date: "1954-08-12".into(),
        document_numbers: vec!["a-123456".into()],
        ..person("Person Example")
    };
    let strong = world.screen(known).await.unwrap();
    assert_eq!((strong.hits[0].score, strong.hits[0].band()), (1000, pb::hit::Band::Strong));
    let confirmed = world.screenings(&first).confirm_hit(confirm(&strong.name, "1", Proof::DocumentNumber)).await;
    let confirmed = confirmed.unwrap().into_inner();
    assert_eq!((confirmed.state(), confirmed.confirmed.as_str()), (State::Confirmed, "watchLists/example 1"));
}

#[tokio::test]
async fn whom_a_new_version_touches_is_looked_up_again_once() {
    let world = world().await;
    let name = world.register().await;
    world.publish(&line(1, "EXAMPLE, Person", ""));
    world.load(&name).await.unwrap();
    let clear = world.screen(person("Ana Sample")).await.unwrap();
    let untouched = world.screen(person("Somebody Otherwise")).await.unwrap();
    assert_eq!((clear.state(), untouched.state()), (State::Clear, State::Clear));
    assert_eq!(world.again().await, 0, "nothing has changed");
    world.publish(&(line(1, "EXAMPLE, Person", "") + &line(2, "SAMPLE, Ana", "")));
    world.load(&name).await.unwrap();
    assert_eq!(world.again().await, 1);
    assert_eq!(world.again().await, 0, "it has its next one");
    let filter = format!("previous = \"{}\"", clear.name);
    let request = pb::ListScreeningsRequest { filter, ..Default::default() };
    let page = world.screenings(&officer("people/first")).list_screenings(request).await.unwrap().into_inner();
    assert_eq!((page.screenings[0].state(), page.screenings[0].hits[0].entry.as_str()), (State::Open, "2"));
    let request = pb::GetScreeningRequest { name: clear.name.clone(), as_of: None };
    let stands = world.screenings(&officer("people/first")).get_screening(request).await.unwrap().into_inner();
    assert_eq!(stands, clear, "what was decided stands");
}

#[tokio::test]
async fn what_cannot_be_looked_up_is_not_clear() {
    let world = world().await;
    assert_eq!(reason(world.screen(person("Person Example")).await), "NO_LIST_IN_FORCE");
    let name = world.register().await;
    world.publish(&line(1, "EXAMPLE, Person", ""));
    world.load(&name).await.unwrap();
    assert_eq!(reason(world.screen(person("... ---")).await), "NAME_NOT_SEARCHABLE");
}

#[tokio::test]
async fn what_was_found_stays_with_our_own_officers() {
    let world = world().await;
    let name = world.register().await;
    world.publish(&line(1, "EXAMPLE, Person", ""));
    world.load(&name).await.unwrap();
    let screening = world.screen(person("Person Example")).await.unwrap();
    let get = pb::GetScreeningRequest { name: screening.name.clone(), as_of: None };

    let partner = Principal { agency: Some("border".into()), ..officer("apiKeys/border") };
    assert_eq!(reason(world.screenings(&partner).get_screening(get.clone()).await), "NOT_FOUND");
    let page = world.screenings(&partner).list_screenings(pb::ListScreeningsRequest::default()).await.unwrap();
    assert!(page.into_inner().screenings.is_empty());

    let clerk =
        Principal { permissions: Permissions::of(["consular.screenings.read"]), ..testkit::principal::<&str>([]) };
    let seen = world.screenings(&clerk).get_screening(get).await.unwrap().into_inner();
    assert_eq!((seen.state(), seen.subject, seen.hits.len()), (State::Open, None, 0), "blank without the right to it");
    let told = "select count(*) from outbox where kind = 'screenings' and doc::text ilike '%person%'";
    let told: i64 = sqlx::query_scalar(told).fetch_one(&world.db.pool).await.unwrap();
    assert_eq!(told, 0, "no event says who was looked for or found");
}
