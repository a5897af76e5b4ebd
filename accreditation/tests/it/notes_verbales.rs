//! Notes verbales: numbered without gaps, seen by the right side, immutable once sent, printed in their form.

use crate::printed_cards::leave;
use crate::world::{World, at, decider, reason, registrar, staff_of, stamp, world};
use chrono::TimeDelta;
use identity::{Permissions, Principal};
use proto::accreditation::v1::note_verbale::{Direction, State, Type};
use proto::accreditation::v1::note_verbale_service_client::NoteVerbaleServiceClient;
use proto::accreditation::v1::{self as pb, NoteVerbale};
use tonic::{Response, Status};

/// A mission's own staff, who write notes.
pub(crate) fn writer_at(mission: &str) -> Principal {
    let permissions = ["notesVerbales.read", "notesVerbales.write", "notesVerbales.acknowledge", "personal.read"];
    let permissions = permissions.map(|permission| format!("accreditation.{permission}"));
    Principal { permissions: Permissions::of(permissions), ..staff_of(mission) }
}

pub(crate) fn note(mission: &str) -> NoteVerbale {
    NoteVerbale {
        mission: mission.into(),
        direction: Direction::Outgoing.into(),
        r#type: Type::NoteVerbale.into(),
        language: "en".into(),
        subject: "Parking before the chancery".into(),
        paragraphs: vec!["The space before the chancery is reserved from 1 June.".into()],
        ..NoteVerbale::default()
    }
}

pub(crate) fn lodged(mission: &str) -> NoteVerbale {
    NoteVerbale { direction: Direction::Incoming.into(), sender_number: "A-77".into(), ..note(mission) }
}

impl World {
    pub(crate) fn notes(&self, by: &Principal) -> NoteVerbaleServiceClient<crate::world::Signed> {
        NoteVerbaleServiceClient::new(self.signed(by))
    }

    pub(crate) async fn write(&self, by: &Principal, note: NoteVerbale) -> Result<NoteVerbale, Status> {
        let request = pb::CreateNoteVerbaleRequest { note_verbale: Some(note), ..Default::default() };
        self.notes(by).create_note_verbale(request).await.map(Response::into_inner)
    }

    pub(crate) async fn send(&self, name: &str) -> Result<NoteVerbale, Status> {
        let request = pb::SendNoteVerbaleRequest { name: name.into(), ..Default::default() };
        self.notes(&decider()).send_note_verbale(request).await.map(Response::into_inner)
    }

    pub(crate) async fn sent(&self, note: NoteVerbale) -> NoteVerbale {
        let draft = self.write(&registrar(), note).await.unwrap();
        self.send(&draft.name).await.unwrap()
    }

    pub(crate) async fn acknowledge(
        &self,
        by: &Principal,
        name: &str,
        time: Option<prost_types::Timestamp>,
    ) -> Result<NoteVerbale, Status> {
        let request = pb::AcknowledgeNoteVerbaleRequest { name: name.into(), receive_time: time, ..Default::default() };
        self.notes(by).acknowledge_note_verbale(request).await.map(Response::into_inner)
    }

    pub(crate) async fn see(&self, by: &Principal, name: &str) -> Result<NoteVerbale, Status> {
        let request = pb::GetNoteVerbaleRequest { name: name.into(), as_of: None };
        self.notes(by).get_note_verbale(request).await.map(Response::into_inner)
    }
}

#[tokio::test]
async fn a_note_is_drafted_numbered_sent_and_received() {
    let world = world().await;
    let france = world.embassy("FR").await;
    let draft = world.write(&registrar(), note(&france)).await.unwrap();
    assert_eq!((draft.state(), draft.number, draft.reference.as_str()), (State::Draft, 0, ""));
    let sent = world.send(&draft.name).await.unwrap();
    assert_eq!((sent.state(), sent.number, sent.reference.as_str()), (State::Sent, 1, "1/2026"));
    world.clock.advance(TimeDelta::hours(3));
    let received = world.acknowledge(&writer_at("fr"), &draft.name, None).await.unwrap();
    assert_eq!((received.state(), received.receive_time), (State::Received, stamp("2026-05-04T16:00:00Z")));
}

#[tokio::test]
async fn each_mission_direction_and_year_has_its_own_numbers() {
    let world = world().await;
    let (france, italy) = (world.embassy("FR").await, world.embassy("IT").await);
    assert_eq!(world.sent(note(&france)).await.reference, "1/2026");
    assert_eq!(world.sent(note(&italy)).await.reference, "1/2026");
    assert_eq!(world.sent(note(&france)).await.reference, "2/2026");
    assert_eq!(world.write(&writer_at("fr"), lodged(&france)).await.unwrap().reference, "1/2026");
    // In Washington it is still the old year.
    world.clock.set(at("2027-01-01T04:59:00Z"));
    assert_eq!(world.sent(note(&france)).await.reference, "3/2026");
    world.clock.set(at("2027-01-01T05:01:00Z"));
    assert_eq!(world.sent(note(&france)).await.reference, "1/2027");
}

/// A draft that is thrown away leaves no gap, since it had no number.
#[tokio::test]
async fn notes_sent_at_once_are_numbered_without_gaps() {
    let world = std::sync::Arc::new(world().await);
    let france = world.embassy("FR").await;
    let mut drafts = Vec::new();
    for _ in 0..12 {
        drafts.push(world.write(&registrar(), note(&france)).await.unwrap().name);
    }
    let thrown = drafts.pop().unwrap();
    let request = pb::DeleteNoteVerbaleRequest { name: thrown, ..Default::default() };
    world.notes(&registrar()).delete_note_verbale(request).await.unwrap();
    let sends = drafts.into_iter().map(|name| {
        let world = std::sync::Arc::clone(&world);
        tokio::spawn(async move { world.send(&name).await })
    });
    let mut numbers = Vec::new();
    for send in sends.collect::<Vec<_>>() {
        numbers.push(send.await.unwrap().unwrap().number);
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=11).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_was_sent_stands() {
    let world = world().await;
    let france = world.embassy("FR").await;
    let sent = world.sent(note(&france)).await;
    let changed = NoteVerbale { name: sent.name.clone(), subject: "Something else".into(), ..NoteVerbale::default() };
    let request = pb::UpdateNoteVerbaleRequest {
        note_verbale: Some(changed),
        update_mask: Some(prost_types::FieldMask { paths: vec!["subject".into()] }),
        etag: sent.etag.clone(),
        ..Default::default()
    };
    assert_eq!(reason(world.notes(&registrar()).update_note_verbale(request).await), "WRONG_STATE");
    let request = pb::DeleteNoteVerbaleRequest { name: sent.name.clone(), ..Default::default() };
    assert_eq!(reason(world.notes(&registrar()).delete_note_verbale(request).await), "WRONG_STATE");
    assert_eq!(reason(world.send(&sent.name).await), "WRONG_STATE");
    // Nor can whoever writes to the database by hand.
    let text = "update notes_verbales set doc = doc || '{\"subject\": \"Something else\"}' where name = $1";
    let refused = sqlx::query(text).bind(&sent.name).execute(&world.db.pool).await.unwrap_err();
    assert!(refused.to_string().contains("stands"), "{refused}");
}

#[tokio::test]
async fn a_mission_sees_its_notes_and_no_draft_of_ours() {
    let world = world().await;
    let (france, italy) = (world.embassy("FR").await, world.embassy("IT").await);
    let draft = world.write(&registrar(), note(&france)).await.unwrap().name;
    assert_eq!(reason(world.see(&writer_at("fr"), &draft).await), "NOT_FOUND");
    world.send(&draft).await.unwrap();
    assert_eq!(world.see(&writer_at("fr"), &draft).await.unwrap().subject, "Parking before the chancery");
    assert_eq!(reason(world.see(&writer_at("it"), &draft).await), "NOT_FOUND");
    let theirs = world.write(&writer_at("fr"), lodged(&france)).await.unwrap();
    assert_eq!(theirs.state(), State::Sent, "what a mission lodges is sent with that");
    let listed = world.notes(&writer_at("fr")).list_notes_verbales(pb::ListNotesVerbalesRequest::default()).await;
    assert_eq!(listed.unwrap().into_inner().notes_verbales.len(), 2);
    let listed = world.notes(&writer_at("it")).list_notes_verbales(pb::ListNotesVerbalesRequest::default()).await;
    assert_eq!(listed.unwrap().into_inner().notes_verbales.len(), 0);
    assert_eq!(reason(world.write(&writer_at("it"), lodged(&france)).await), "BROKEN_REFERENCE");
    assert_eq!(reason(world.write(&writer_at("it"), note(&italy)).await), "NOTE_NOT_OURS");
}

#[tokio::test]
async fn an_answer_names_a_note_that_was_sent_between_the_same_two() {
    let world = world().await;
    let (france, italy) = (world.embassy("FR").await, world.embassy("IT").await);
    let theirs = world.write(&writer_at("fr"), lodged(&france)).await.unwrap().name;
    let answer = |mission: &str, to: &str| NoteVerbale { in_reply_to: to.into(), ..note(mission) };
    let ours = world.sent(answer(&france, &theirs)).await;
    let request = pb::ListNotesVerbalesRequest { filter: format!("inReplyTo = \"{theirs}\""), ..Default::default() };
    let answers = world.notes(&writer_at("fr")).list_notes_verbales(request).await.unwrap().into_inner();
    assert_eq!(answers.notes_verbales[0].name, ours.name);
    let draft = world.write(&registrar(), note(&france)).await.unwrap().name;
    for (mission, to) in [(&italy, &theirs), (&france, &draft)] {
        assert_eq!(reason(world.write(&registrar(), answer(mission, to)).await), "NOTE_REPLY_UNFIT");
    }
    assert_eq!(reason(world.write(&registrar(), answer(&france, "notesVerbales/none")).await), "NOTE_REPLY_UNFIT");
}

#[tokio::test]
async fn a_note_is_acknowledged_by_whom_it_is_addressed_to_and_when_it_can_have_come() {
    let world = world().await;
    let france = world.embassy("FR").await;
    let theirs = world.write(&writer_at("fr"), lodged(&france)).await.unwrap().name;
    assert_eq!(reason(world.acknowledge(&writer_at("fr"), &theirs, None).await), "NOTE_NOT_ADDRESSED");
    for time in ["2026-05-04T12:59:59Z", "2026-05-04T13:00:01Z"] {
        assert_eq!(reason(world.acknowledge(&registrar(), &theirs, stamp(time)).await), "DATES_IMPLAUSIBLE", "{time}");
    }
    world.acknowledge(&registrar(), &theirs, None).await.unwrap();
    assert_eq!(reason(world.acknowledge(&registrar(), &theirs, None).await), "WRONG_STATE");
}

#[tokio::test]
async fn a_courtesy_translation_says_what_it_is() {
    let world = world().await;
    let france = world.embassy("FR").await;
    let translated = |flag: bool, language: &str| NoteVerbale {
        courtesy_translation: flag,
        translation_language: language.into(),
        translation: vec!["L’emplacement est réservé.".into()],
        ..note(&france)
    };
    for unfit in [translated(false, "fr"), translated(true, ""), translated(true, "en")] {
        assert_eq!(reason(world.write(&registrar(), unfit).await), "NOTE_TRANSLATION_UNFIT");
    }
    let flag_alone = NoteVerbale { translation: Vec::new(), ..translated(true, "") };
    assert_eq!(reason(world.write(&registrar(), flag_alone).await), "NOTE_TRANSLATION_UNFIT");
    world.write(&registrar(), translated(true, "fr")).await.unwrap();
    let klingon = NoteVerbale { language: "tlh".into(), ..note(&france) };
    assert_eq!(reason(world.write(&registrar(), klingon.clone()).await), "NOTE_LANGUAGE_UNKNOWN");
    // A mission writes in the language it likes.
    let theirs = NoteVerbale { direction: Direction::Incoming.into(), ..klingon };
    world.write(&registrar(), theirs).await.unwrap();
}

#[tokio::test]
async fn a_note_is_printed_the_same_each_time() {
    let world = world().await;
    let france = world.embassy("FR").await;
    let theirs = world.write(&writer_at("fr"), lodged(&france)).await.unwrap().name;
    let answer = NoteVerbale {
        in_reply_to: theirs,
        paragraphs: vec!["The space is reserved from 1 June.".into(), "It is marked by the city.".into()],
        courtesy_translation: true,
        translation_language: "fr".into(),
        translation: vec!["L’emplacement est réservé.".into(), "La ville le marque.".into()],
        ..note(&france)
    };
    let sent = world.sent(answer).await;
    let print = async || {
        let request = pb::PrintNoteVerbaleRequest { name: sent.name.clone() };
        world.notes(&writer_at("fr")).print_note_verbale(request).await.unwrap().into_inner()
    };
    let first = print().await;
    assert_eq!(first.content_type, "application/pdf");
    leave("note-verbale.pdf", &first.data);
    assert!(first.data.starts_with(b"%PDF-1.7"));
    world.clock.advance(TimeDelta::days(400));
    assert!(first.data == print().await.data, "whenever it is printed");
}
