//! A note on paper: its parts by what kind of paper it is, with the courtesies of its language.

use super::Papers;
use super::forms::{Forms, Language, Part, filled};
use chrono::{Datelike as _, NaiveDate};
use config::Home;
use documents::{Order, Template};
use proto::accreditation::v1::note_verbale::{Direction, State};
use proto::accreditation::v1::{Mission, NoteVerbale};
use registry::instant;
use serde::Serialize;

/// How notes are set.
pub(crate) static TEMPLATE: Template =
    Template { name: "note", main: include_str!("../../templates/note.typ"), parts: &[] };

/// Languages that are written from right to left.
const RIGHT_TO_LEFT: [&str; 4] = ["ar", "fa", "he", "ur"];

/// A note to be printed, with what it names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Letter<'l> {
    /// The note.
    pub(crate) note: &'l NoteVerbale,
    /// The note it answers.
    pub(crate) answered: Option<&'l NoteVerbale>,
    /// The mission that it goes to or comes from; none for all of them.
    pub(crate) mission: Option<&'l Mission>,
    /// Whether it no longer holds.
    pub(crate) withdrawn: bool,
}

/// What stands on the paper, in this order. What is empty is not there.
#[derive(Debug, Default, Serialize)]
struct Paper {
    letterhead: Vec<String>,
    title: String,
    number: String,
    reply: String,
    salutation: String,
    opening: String,
    paragraphs: Vec<String>,
    close: String,
    place: String,
    seal: String,
    initials: String,
    signature: bool,
    addressee: Vec<String>,
    mark: String,
    language: String,
    right_to_left: bool,
    translation: Option<Translation>,
}

#[derive(Debug, Serialize)]
struct Translation {
    title: String,
    language: String,
    right_to_left: bool,
    paragraphs: Vec<String>,
}

/// A note to be printed: ours in its proper form, a mission's as the register has it.
pub(crate) fn order(papers: &Papers, letter: &Letter<'_>, home: &Home) -> Order {
    let note = letter.note;
    let at = note.send_time.as_ref().or(note.create_time.as_ref()).and_then(instant).unwrap_or_default();
    let date = at.with_timezone(&home.timezone).date_naive();
    let language = Forms::shipped().language_or_english(&note.language);
    let paper = match note.direction() {
        Direction::Incoming => copy(letter, language),
        Direction::Outgoing | Direction::Unspecified => ours(papers, letter, language, date, home),
    };
    let mark = match note.state() {
        State::Draft => language.draft.as_str(),
        _ if letter.withdrawn => language.withdrawn.as_str(),
        _ if papers.specimen() => language.specimen.as_str(),
        _ => "",
    };
    let reply = letter.answered.map(|answered| filled(&language.reply, &[("number", number(answered))]));
    let paper = Paper {
        title: language.title(note.r#type()).to_owned(),
        reply: reply.unwrap_or_default(),
        paragraphs: note.paragraphs.clone(),
        mark: mark.to_owned(),
        language: primary(&note.language),
        right_to_left: is_right_to_left(&note.language),
        translation: (!note.translation.is_empty()).then(|| Translation {
            title: language.translation.clone(),
            language: primary(&note.translation_language),
            right_to_left: is_right_to_left(&note.translation_language),
            paragraphs: note.translation.clone(),
        }),
        ..paper
    };
    Order::new(&TEMPLATE, &paper, &note.name, date)
}

/// The parts that the paper's form gives a note of ours.
fn ours(papers: &Papers, letter: &Letter<'_>, language: &Language, date: NaiveDate, home: &Home) -> Paper {
    let (note, head) = (letter.note, papers.letterhead());
    let kind = note.r#type();
    let has = |part: Part| Forms::shipped().has(kind, part);
    // In our own language the ministry has the name that the house gives it.
    let own = primary(&note.language) == primary(&home.language);
    let ministry = if own { &head.ministry } else { &language.ministry };
    let (mission, office, seat) = match letter.mission {
        Some(mission) => (mission.title.as_str(), language.office(mission.r#type()), mission.seat.as_str()),
        None => (language.everyone.as_str(), language.everyone_office.as_str(), ""),
    };
    let date = written(language, date);
    let words: [(&str, &str); 8] = [
        ("ministry", ministry),
        ("mission", mission),
        ("office", office),
        ("seat", seat),
        ("state", &head.state),
        ("capital", &home.capital),
        ("date", &date),
        ("number", &note.reference),
    ];
    let when = |part: Part, form: &str| if has(part) { filled(form, &words) } else { String::new() };
    let lines = |part: Part, lines: [&str; 2]| -> Vec<String> {
        let filled = lines.into_iter().map(|line| when(part, line));
        filled.filter(|line| !line.is_empty()).collect()
    };
    Paper {
        letterhead: lines(Part::Letterhead, ["{ministry}", "{state}"]),
        number: if note.reference.is_empty() { String::new() } else { when(Part::Number, &language.number) },
        salutation: when(Part::Salutation, &language.salutation),
        opening: when(Part::Opening, &language.opening),
        close: when(Part::Close, &language.close) + &when(Part::Salutation, &language.farewell),
        place: when(Part::Letterhead, &language.place),
        seal: when(Part::Seal, &language.seal),
        initials: if has(Part::Signature) { String::new() } else { when(Part::Seal, &language.initials) },
        signature: has(Part::Signature),
        addressee: lines(Part::Addressee, [&language.to, "{seat}"]),
        ..Paper::default()
    }
}

/// A mission's note, as the register has it: its courtesies are in its own words.
fn copy(letter: &Letter<'_>, language: &Language) -> Paper {
    let note = letter.note;
    let sender = letter.mission.map(|mission| mission.title.clone());
    Paper {
        letterhead: sender.into_iter().chain([language.copy.clone()]).collect(),
        number: filled(&language.number, &[("number", number(note))]),
        ..Paper::default()
    }
}

/// A note's number as its sender writes it: a mission's own, if it gave one.
fn number(note: &NoteVerbale) -> &str {
    if note.sender_number.is_empty() { &note.reference } else { &note.sender_number }
}

fn written(language: &Language, date: NaiveDate) -> String {
    let month = &language.months[date.month0() as usize];
    let (day, year) = (date.day().to_string(), date.year().to_string());
    filled(&language.date, &[("day", &day), ("month", month), ("year", &year)])
}

/// `fr` of `fr-CA`.
fn primary(tag: &str) -> String {
    tag.split('-').next().unwrap_or_default().to_ascii_lowercase()
}

fn is_right_to_left(tag: &str) -> bool {
    RIGHT_TO_LEFT.contains(&primary(tag).as_str())
}
