//! Sealed fields: what of a record lies as ciphertext, and how a record is taken apart for the database and put together.
//!
//! A document in the database is the record without its sealed fields, and beside them `sealed`: those fields as they go
//! over the wire, sealed under the record's data key for this name and version alone; and `blind`: what stands for those
//! that must be found by their value. Protobuf puts a message together from its parts as they come, so neither a value nor
//! a version can be moved to another place, and nothing is said of the fields' number or lengths but their sum.

use crate::codec::Sight;
use crate::column;
use crate::doc::Doc;
use crate::exchange::{Code, Codes};
use crate::kind::Kind;
use crate::secret::Secret;
use ::fault::Fault;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, encode_key, encode_varint, skip_field};
use proto::contract::Resource;
use proto::policy::v1::Reason;
use proto::shape::Record;
use std::io::Write as _;
use vault::{Vault, Wrapped};

/// Keys of a document that are none of the record's fields.
pub(crate) const BESIDE: [&str; 2] = ["sealed", "blind"];
/// Where a sealed part lies.
pub(crate) const DOCUMENT: &str = "document";
const ANSWER: &str = "answer";
/// The number under which a kept answer carries its sealed part: the greatest there is, which no message has.
const ENVELOPE: u32 = (1 << 29) - 1;

/// The sealed fields of one kind of record.
#[derive(Debug)]
pub(crate) struct Sealed(Vec<Field>);

/// One of them.
#[derive(Debug)]
struct Field {
    number: u32,
    json: &'static str,
    /// The column that holds blind values, quoted.
    column: String,
    personal: bool,
    classified: bool,
    /// What its blind values are bound to, if it can be compared.
    blind: Option<String>,
}

/// A record as it is written: see the module.
pub(crate) struct Parts {
    pub(crate) doc: Doc,
    /// The record's data key, if it is new.
    pub(crate) data_key: Option<Wrapped>,
    /// Its blind values in two ways, while the index key is exchanged.
    pub(crate) codes: Option<Codes>,
    /// Whether anything of it is sealed.
    pub(crate) sealed: bool,
}

/// A record on the wire, taken apart.
struct Split {
    /// What lies open.
    open: Vec<u8>,
    /// What is sealed.
    hidden: Vec<u8>,
    /// What stands for values of the latter, by their names in documents.
    blind: Blind,
    /// The same in two ways, while the index key is exchanged.
    codes: Vec<Code>,
}

/// Blind values by the names of their fields in documents.
type Blind = Vec<(&'static str, String)>;

impl Sealed {
    /// Those of a resource, if it has any.
    pub(crate) fn of(resource: &'static Resource) -> Option<Self> {
        let fields = resource.fields().iter().filter(|field| field.policy().sealed);
        let sealed = fields.map(|field| Field {
            number: field.descriptor().number(),
            json: field.descriptor().json_name(),
            column: format!("\"{}\"", field.descriptor().name()),
            personal: field.policy().personal,
            classified: field.policy().classified,
            blind: field.policy().filterable.then(|| column::blind_place(resource, field)),
        });
        let sealed: Vec<_> = sealed.collect();
        assert!(
            sealed.is_empty() || !resource.policy().append_only,
            "{}: records that are appended many at once have no sealed fields",
            resource.collection()
        );
        (!sealed.is_empty()).then_some(Self(sealed))
    }

    /// The names of the fields in documents.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|field| field.json)
    }

    /// Whether any of them is found by its value.
    pub(crate) fn is_compared(&self) -> bool {
        self.0.iter().any(|field| field.blind.is_some())
    }

    /// What stands for the values of a sealed part that is open, by the index key that compares now.
    pub(crate) fn compared(&self, hidden: &[u8], vault: &Vault) -> Result<Blind, Fault> {
        self.split(hidden, vault).map(|split| split.blind)
    }

    /// Whether one with this sight may read any of them.
    fn shown(&self, sight: Sight) -> bool {
        let shown = |field: &Field| (!field.personal || sight.personal) && (!field.classified || sight.classified);
        self.0.iter().any(shown)
    }

    fn split(&self, wire: &[u8], vault: &Vault) -> Result<Split, Fault> {
        let (mut open, mut hidden) = (Vec::with_capacity(wire.len()), Vec::new());
        let (mut blind, mut codes) = (Vec::new(), Vec::new());
        each(wire, |number, content, whole| {
            let Some(field) = self.0.iter().find(|field| field.number == number) else {
                open.extend_from_slice(whole);
                return;
            };
            hidden.extend_from_slice(whole);
            if let (Some(place), Ok(value)) = (&field.blind, std::str::from_utf8(content)) {
                let now = vault.blind(place, value);
                if vault.exchanges_index() {
                    let all = vault.blinds(place, value);
                    codes.push(Code { json: field.json, column: field.column.clone(), now: now.clone(), all });
                }
                blind.push((field.json, now));
            }
        })?;
        Ok(Split { open, hidden, blind, codes })
    }
}

impl Kind {
    /// Whether records have sealed fields.
    pub(crate) fn seals(&self) -> bool {
        self.sealed.is_some()
    }

    /// The record as it is written, under its data key.
    pub(crate) fn parts<T: Record>(&self, record: &T, secret: Secret, vault: Option<&Vault>) -> Result<Parts, Fault> {
        let wire = record.encode_to_vec();
        let Some(sealed) = &self.sealed else {
            return Ok(Parts { doc: self.codec.written(&wire)?, data_key: None, codes: None, sealed: false });
        };
        let vault = vault.ok_or_else(|| no_vault(self))?;
        // Read first: if another key begins to compare meanwhile, the mark does not fit and the change is begun again.
        let mark = vault.index_mark();
        let Split { open, hidden, blind, codes } = sealed.split(&wire, vault)?;
        let mut doc = self.codec.written_json(&open)?;
        if hidden.is_empty() {
            return Ok(Parts { doc: Doc::new(doc), data_key: None, codes: None, sealed: false });
        }
        let name = record.name();
        let (key, data_key) = match secret {
            Secret::Known(key) => (key, None),
            Secret::New(key) => (key, Some(vault.wrap(name, &key).map_err(broken)?)),
            Secret::Erased(_) => {
                let words = "what was personal in this record was erased, and nothing personal is written to it again";
                return Err(Fault::new(Reason::WrongState, words).with("name", name));
            }
            Secret::None => return Err(Fault::new(Reason::Internal, "a record with sealed fields has no key")),
        };
        beside(&mut doc, &key.seal(&place(DOCUMENT, record), &hidden).map_err(broken)?, &blind);
        let codes = (!codes.is_empty()).then_some(Codes { mark, codes });
        Ok(Parts { doc: Doc::new(doc), data_key, codes, sealed: true })
    }

    /// A record as the answer to be given again. One with a sealed part is sealed whole, and what is left open names it:
    /// so nothing is left of it in answers either when it is erased.
    pub(crate) fn kept_answer<T: Record>(&self, record: &T, secret: Secret, sealed: bool) -> Result<Vec<u8>, Fault> {
        let wire = record.encode_to_vec();
        let (true, Secret::Known(key)) = (sealed, secret.known()) else { return Ok(wire) };
        let envelope = key.seal(&place(ANSWER, record), &wire).map_err(broken)?;
        let mut named = T::default();
        named.set_name(record.name().to_owned());
        named.set_etag(record.etag().to_owned());
        let mut kept = named.encode_to_vec();
        encode_key(ENVELOPE, WireType::LengthDelimited, &mut kept);
        encode_varint(envelope.len() as u64, &mut kept);
        kept.extend_from_slice(&envelope);
        Ok(kept)
    }

    /// The record that a document says, as far as it may be seen; sealed fields that were erased are empty.
    pub(crate) fn record<T: Record>(&self, json: &[u8], secret: Secret, sight: Sight) -> Result<T, Fault> {
        if !self.seals() {
            return self.codec.record(json, sight);
        }
        let (record, found) = self.codec.record_beside::<T>(json, sight, &BESIDE)?;
        let envelope = found.iter().find(|(place, _)| *place == 0).map(|(_, text)| text.trim_matches('"'));
        let envelope = envelope.map(|text| STANDARD.decode(text).map_err(|_| broken(vault::Broken::Sealed)));
        self.whole(DOCUMENT, record, envelope.transpose()?.as_deref(), secret, sight)
    }

    /// The record that a kept answer names, and what is sealed of it.
    pub(crate) fn answer<T: Record>(&self, wire: &[u8]) -> Result<(T, Option<Vec<u8>>), Fault> {
        let unreadable = |error| Fault::new(Reason::Internal, "a stored answer cannot be read").caused_by(error);
        let record = T::decode(wire).map_err(unreadable)?;
        let mut envelope = None;
        if self.seals() {
            each(wire, |number, content, _| {
                if number == ENVELOPE {
                    envelope = Some(content.to_vec());
                }
            })?;
        }
        Ok((record, envelope))
    }

    /// The record of a kept answer, with what was sealed of it.
    pub(crate) fn whole_answer<T: Record>(&self, named: T, envelope: &[u8], secret: Secret) -> Result<T, Fault> {
        self.whole(ANSWER, named, Some(envelope), secret, Sight::WHOLE)
    }

    fn whole<T: Record>(
        &self,
        lies: &str,
        mut record: T,
        envelope: Option<&[u8]>,
        secret: Secret,
        sight: Sight,
    ) -> Result<T, Fault> {
        if let Secret::Erased(at) = secret {
            record.set_erase_time(crate::time::timestamp(at));
            return Ok(record);
        }
        let Some(envelope) = envelope.filter(|_| self.sealed.as_ref().is_some_and(|sealed| sealed.shown(sight))) else {
            return Ok(record);
        };
        let Secret::Known(key) = secret else {
            return Err(Fault::new(Reason::Internal, format!("{} is sealed, and its key is gone", record.name())));
        };
        let hidden = key.open(&place(lies, &record), envelope).map_err(broken)?;
        self.codec.add(&mut record, &hidden, sight)?;
        Ok(record)
    }
}

/// What a sealed part is bound to: where it lies, the record's name, and its version with its identity.
fn place<'r, T: Record>(lies: &'r str, record: &'r T) -> [&'r str; 3] {
    [lies, record.name(), record.etag()]
}

/// Puts the sealed part and the blind values into a document, which ends with its brace. None of it needs escapes.
fn beside(doc: &mut Vec<u8>, envelope: &[u8], blind: &[(&str, String)]) {
    let fails = "a vector takes all that is written";
    doc.pop();
    write!(doc, r#","sealed":"{}""#, STANDARD.encode(envelope)).expect(fails);
    for (n, (json, value)) in blind.iter().enumerate() {
        let before = if n == 0 { r#","blind":{"# } else { "," };
        write!(doc, r#"{before}"{json}":"{value}""#).expect(fails);
    }
    doc.extend_from_slice(if blind.is_empty() { b"}" } else { b"}}" });
}

/// Shows every field of a message on the wire: its number, its content if it has a length, and the whole of it.
fn each(wire: &[u8], mut show: impl FnMut(u32, &[u8], &[u8])) -> Result<(), Fault> {
    let unreadable = |error| Fault::new(Reason::Internal, "a record on the wire cannot be read").caused_by(error);
    let mut rest = wire;
    while !rest.is_empty() {
        let before = rest;
        let (number, kind) = decode_key(&mut rest).map_err(unreadable)?;
        let mut content = rest;
        skip_field(kind, number, &mut rest, DecodeContext::default()).map_err(unreadable)?;
        let (left, whole) = (rest.len(), &before[..before.len() - rest.len()]);
        if kind == WireType::LengthDelimited {
            decode_varint(&mut content).map_err(unreadable)?;
            show(number, &content[..content.len() - left], whole);
        } else {
            show(number, &[], whole);
        }
    }
    Ok(())
}

/// What does not open is never told in more words: whoever altered it learns nothing.
pub(crate) fn broken(error: vault::Broken) -> Fault {
    Fault::new(Reason::Internal, "a sealed part of a record cannot be written or read").caused_by(error)
}

pub(crate) fn no_vault(kind: &Kind) -> Fault {
    Fault::new(Reason::Internal, format!("{} have sealed fields, and there are no sealing keys", kind.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proto::accreditation::v1::{Incident, Member, Mission, Particulars, incident};
    use vault::DataKey;

    fn vault() -> Vault {
        Vault::parse(&vault::generate().unwrap()).unwrap()
    }

    fn shown<T: Record + std::fmt::Debug>(record: &T, secret: Secret, sight: Sight) -> T {
        let kind = Kind::of_record::<T>();
        let parts = kind.parts(record, secret, Some(&vault())).unwrap();
        let kept = kind.kept_answer(record, secret, parts.sealed).unwrap();
        let answer = match kind.answer::<T>(&kept).unwrap() {
            (answer, None) => answer,
            (named, Some(envelope)) => kind.whole_answer(named, &envelope, secret.known()).unwrap(),
        };
        assert_eq!(&answer, record, "the answer kept for a repetition");
        kind.record(parts.doc.json(), secret.known(), sight).unwrap()
    }

    fn member() -> impl Strategy<Value = Member> {
        // What is looked for is like nothing that lies open: the same few letters may stand in both by chance.
        let texts = ("\\PC{0,12}", "\\PC{0,12}", "(photos/\\PC{0,40})?", any::<Option<(String, i32)>>());
        (texts, any::<(bool, u32)>()).prop_map(|((name, born, photo, particulars), (present, hours))| Member {
            name: "members/a".into(),
            etag: "1-a".into(),
            family_name: name.clone(),
            birth_date: born,
            passport_number: name,
            photo,
            already_present: present,
            particulars: particulars.map(|(visa_class, weekly_hours)| Particulars {
                visa_class: visa_class.replace('\0', ""),
                weekly_hours: weekly_hours.wrapping_add_unsigned(hours),
                ..Particulars::default()
            }),
            ..Member::default()
        })
    }

    proptest! {
        #[test]
        fn what_is_sealed_comes_back_whole_and_lies_nowhere_open(member in member()) {
            let secret = Secret::New(DataKey::random().unwrap());
            prop_assert_eq!(&shown(&member, secret, Sight::WHOLE), &member);
            let hidden = shown(&member, secret, Sight::PUBLIC);
            prop_assert_eq!((hidden.birth_date.as_str(), hidden.already_present), ("", member.already_present));
            let parts = Kind::of_record::<Member>().parts(&member, secret, Some(&vault())).unwrap();
            let json = String::from_utf8(parts.doc.json().to_vec()).unwrap();
            prop_assert!(member.photo.is_empty() || !json.contains(&member.photo));
            let kept = Kind::of_record::<Member>().kept_answer(&member, secret, parts.sealed).unwrap();
            let is_open = |text: &str| kept.windows(text.len()).any(|bytes| bytes == text.as_bytes());
            prop_assert!(!parts.sealed || [&member.photo, &member.family_name].iter().all(|text| text.len() < 4 || !is_open(text)));
        }
    }

    #[test]
    fn a_record_with_nothing_to_seal_has_no_key_and_one_that_seals_nothing_pays_nothing() {
        let bare = Member { name: "members/a".into(), family_name: "Example".into(), ..Member::default() };
        let secret = Secret::New(DataKey::random().unwrap());
        let parts = Kind::of_record::<Member>().parts(&bare, secret, Some(&vault())).unwrap();
        assert!(parts.data_key.is_none());
        assert!(!String::from_utf8_lossy(parts.doc.json()).contains("sealed"));
        let mission = Mission { title: "Embassy".into(), ..Mission::default() };
        assert_eq!(shown(&mission, Secret::None, Sight::WHOLE), mission);
        assert!(!Kind::of_record::<Mission>().seals());
    }

    #[test]
    fn what_is_sealed_of_one_version_opens_in_no_other() {
        let kind = Kind::of_record::<Incident>();
        let incident =
            Incident { name: "incidents/a".into(), etag: "1-a".into(), offence: "theft".into(), ..Incident::default() };
        let key = DataKey::random().unwrap();
        let parts = kind.parts(&incident, Secret::New(key), Some(&vault())).unwrap();
        let json = String::from_utf8(parts.doc.json().to_vec()).unwrap();
        let read = |json: &str, secret| kind.record::<Incident>(json.as_bytes(), secret, Sight::WHOLE);
        assert_eq!(read(&json, Secret::Known(key)).unwrap(), incident);
        assert_eq!(incident.state(), incident::State::Unspecified);
        for moved in [json.replace("1-a", "2-a"), json.replace("incidents/a", "incidents/b")] {
            assert_eq!(read(&moved, Secret::Known(key)).unwrap_err().reason(), "INTERNAL");
        }
        assert_eq!(read(&json, Secret::Known(DataKey::random().unwrap())).unwrap_err().reason(), "INTERNAL");
        assert_eq!(read(&json, Secret::None).unwrap_err().reason(), "INTERNAL");
        assert_eq!(read(&json, Secret::Erased(chrono::Utc::now())).unwrap().offence, "");
    }
}
