//! A circular on paper: a circular note to all missions.

use super::Papers;
use super::note::{self, Letter};
use config::Home;
use documents::Order;
use proto::accreditation::v1::circular::State;
use proto::accreditation::v1::note_verbale::{Direction, State as NoteState, Type};
use proto::accreditation::v1::{Circular, NoteVerbale};

/// A circular to be printed, in the form of a circular note.
pub(crate) fn order(papers: &Papers, circular: &Circular, home: &Home) -> Order {
    let state = if circular.state() == State::Draft { NoteState::Draft } else { NoteState::Sent };
    let note = NoteVerbale {
        name: circular.name.clone(),
        direction: Direction::Outgoing.into(),
        r#type: Type::CircularNote.into(),
        language: circular.language.clone(),
        paragraphs: circular.paragraphs.clone(),
        reference: circular.reference.clone(),
        send_time: circular.issue_time,
        create_time: circular.create_time,
        state: state.into(),
        ..NoteVerbale::default()
    };
    let withdrawn = circular.state() == State::Withdrawn;
    note::order(papers, &Letter { note: &note, answered: None, mission: None, withdrawn }, home)
}
