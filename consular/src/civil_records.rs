//! Births, marriages and deaths of our citizens abroad (VCCR art. 5(f)): declared, compared with those of every post,
//! registered by another officer, corrected by new editions.

use crate::civil_duplicates::{DAYS_APART, key, suspects};
use crate::counter::practice;
use crate::lists::Lists;
use crate::register_numbers::{self, Next, short};
use chrono::{NaiveDate, TimeDelta};
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::consular::v1::civil_document::Kind as Paper;
use proto::consular::v1::civil_record::Kind;
use proto::consular::v1::civil_record_service_server::CivilRecordService;
use proto::consular::v1::{
    CertifyCivilRecordRequest, CivilCorrection, CivilPerson, CivilRecord, CompareCivilRecordRequest,
    CompleteCivilRecordRequest, CorrectCivilRecordRequest, CreateCivilRecordRequest, GetCivilRecordRequest,
    ListCivilRecordRevisionsRequest, ListCivilRecordRevisionsResponse, ListCivilRecordsRequest,
    ListCivilRecordsResponse, Reason, RegisterCivilRecordRequest, RejectCivilRecordRequest, ReviewCivilRecordRequest,
    UpdateCivilRecordRequest,
};
use registry::{Answer, Call, Keep, Reader, Registry, Visible};
use std::sync::Arc;
use tonic::Request;

/// The states in which a record may turn out to be of the same event.
const LIVE: [&str; 6] = ["DECLARED", "DOCUMENTS_COMPLETE", "COMPARED", "REVIEWED", "REGISTERED", "CERTIFICATE_ISSUED"];

/// The records.
#[derive(Clone, Debug)]
pub struct CivilRecords {
    registry: Registry<Self>,
    lists: Arc<Lists>,
}

impl Keep for CivilRecords {
    type Record = CivilRecord;

    /// Our own people who may read the register read all of it: a duplicate may be another post's.
    fn visible(to: &Principal) -> Visible {
        if to.mission.is_some() || to.agency.is_some() { Visible::None } else { Visible::All }
    }

    fn admit(one: &mut CivilRecord, call: &mut Call) -> Result<(), Fault> {
        one.edition = 1;
        well_formed(one, call)
    }

    fn amend(one: &mut CivilRecord, _: &CivilRecord, call: &mut Call) -> Result<(), Fault> {
        well_formed(one, call)
    }

    fn constraint(name: &str) -> Option<Fault> {
        let words = "the same event is registered already, at this post or another";
        let ours = matches!(name, "civil_records_one_event" | "civil_records_one_foreign");
        ours.then(|| Fault::new(Reason::EventAlreadyRegistered, words))
    }
}

/// The persons are those whom such an event has, and it has happened.
fn well_formed(one: &mut CivilRecord, call: &mut Call) -> Result<(), Fault> {
    let own = one.subject.as_ref().is_some_and(|child| child.birth_date == one.event_date);
    let fits = match one.kind() {
        Kind::Birth => own && !one.parents.is_empty() && one.spouse.is_none(),
        Kind::Marriage => one.spouse.is_some() && one.parents.is_empty(),
        Kind::Death => one.spouse.is_none() && one.parents.is_empty(),
        Kind::Unspecified => false,
    };
    let words = "a birth has a child born that day and parents, a marriage two spouses, a death one person";
    refuse_if(!fits, Reason::PersonsUnfit, words)?;
    let ahead = one.event_date.parse::<NaiveDate>().is_ok_and(|day| day > call.days().date(call.now()));
    refuse_if(ahead, Reason::EventAhead, "what is declared has happened")?;
    one.identity_key = key(one);
    Ok(())
}

impl CivilRecords {
    /// The records that a registry keeps; names are compared as on the lists.
    pub fn new(registry: Registry<Self>, lists: Arc<Lists>) -> Self {
        Self { registry, lists }
    }

    fn compare(&self, one: &mut CivilRecord, others: &[CivilRecord]) {
        one.duplicates = suspects(one, others, &self.lists.scorer);
    }

    /// What was declared elsewhere since the comparison is compared once more, while nobody else registers anything.
    fn register(&self, one: &mut CivilRecord, (others, next): Around, call: &mut Call) -> Result<(), Fault> {
        let known = |name: &str| one.duplicates.iter().any(|duplicate| duplicate.civil_record == name);
        let registered: Vec<CivilRecord> = others.into_iter().filter(|other| other.number > 0).collect();
        let found = suspects(one, &registered, &self.lists.scorer);
        let news = found.iter().any(|duplicate| !known(&duplicate.civil_record));
        refuse_if(
            news,
            Reason::EventAlreadyRegistered,
            "what may be the same event was registered since the comparison",
        )?;
        one.register_time = Some(call.timestamp());
        one.number = next.number;
        one.reference = format!("{}/{}", next.series, next.number);
        one.series = next.series;
        Ok(())
    }
}

/// The records of every post that may be of the same event.
async fn alike(reader: &mut Reader<'_>, one: &CivilRecord) -> Result<Vec<CivilRecord>, Fault> {
    let kind = one.kind().as_str_name();
    let day: NaiveDate = one.event_date.parse().unwrap_or_default();
    let days: Vec<String> =
        (-DAYS_APART..=DAYS_APART).map(|apart| (day + TimeDelta::days(apart)).to_string()).collect();
    let days: Vec<&str> = days.iter().map(String::as_str).collect();
    let mut found = reader.all(&[("kind", &[kind]), ("event_date", &days), ("state", &LIVE)]).await?;
    if !one.foreign_number.is_empty() {
        let (number, country) = (one.foreign_number.as_str(), one.country.as_str());
        let entry = [("kind", &[kind][..]), ("foreign_number", &[number]), ("country", &[country]), ("state", &LIVE)];
        let same: Vec<CivilRecord> = reader.all(&entry).await?;
        found.extend(same);
        found.sort_by(|one, other| one.name.cmp(&other.name));
        found.dedup_by(|one, other| one.name == other.name);
    }
    Ok(found)
}

async fn candidates(
    reader: &mut Reader<'_>,
    one: &CivilRecord,
    _: &CompareCivilRecordRequest,
) -> Result<Vec<CivilRecord>, Fault> {
    alike(reader, one).await
}

/// What may be the same event, and the next number.
type Around = (Vec<CivilRecord>, Next);

async fn around(reader: &mut Reader<'_>, one: &CivilRecord, _: &RegisterCivilRecordRequest) -> Result<Around, Fault> {
    reader.alone("the register of civil records").await?;
    let letter = match one.kind() {
        Kind::Birth => "B",
        Kind::Marriage => "M",
        _ => "D",
    };
    let next = register_numbers::next::<CivilRecord>(reader, &format!("{} {letter}", short(&one.post))).await?;
    Ok((alike(reader, one).await?, next))
}

/// The papers are there, and for a birth also what makes the child our citizen.
fn complete(one: &mut CivilRecord, _: CompleteCivilRecordRequest, _: &mut Call) -> Result<(), Fault> {
    let practice = &practice().civil;
    let has = |name: &str| one.documents.iter().any(|paper| paper.kind().as_str_name() == name);
    let kind = one.kind().as_str_name();
    let needed = practice.papers.iter().filter(|rule| rule.kind == kind).flat_map(|rule| &rule.needed);
    let missing: Vec<&str> = needed.map(String::as_str).filter(|paper| !has(paper)).collect();
    refuse_if(!missing.is_empty(), Reason::PapersMissing, "papers are missing")
        .map_err(|fault| fault.with("missing", missing.join(", ")))?;
    if one.kind() != Kind::Birth {
        return Ok(());
    }
    let citizens: Vec<_> = one.parents.iter().filter(|parent| parent.citizen).collect();
    let proven = one.documents.iter().any(|paper| paper.kind() == Paper::ProofOfPresence);
    let transmitted = match citizens[..] {
        [] => false,
        [parent] => parent.presence_days >= practice.transmission.presence_days && proven,
        _ => true,
    };
    let words =
        "a child is our citizen by two parents who are, or by one who was present here long enough and proves it";
    refuse_if(!transmitted, Reason::NotTransmitted, words)
}

fn review(one: &mut CivilRecord, request: ReviewCivilRecordRequest, _: &mut Call) -> Result<(), Fault> {
    let certain = one.duplicates.iter().any(|duplicate| duplicate.certain);
    let words = "the same entry of a foreign register is the same event";
    refuse_if(certain, Reason::EventAlreadyRegistered, words)?;
    let suspected = !one.duplicates.is_empty();
    let silent = suspected && request.grounds.trim().is_empty();
    refuse_if(silent, Reason::DuplicatesUnexplained, "why no other record is of the same event is said")?;
    if suspected {
        one.cleared = request.grounds;
        // Two persons may share day and names: what an officer told apart is kept apart.
        one.identity_key = format!("{} ({})", key(one), one.name);
    }
    Ok(())
}

fn certify(one: &mut CivilRecord, _: CertifyCivilRecordRequest, call: &mut Call) -> Result<(), Fault> {
    one.certificates += 1;
    one.certificate_time = Some(call.timestamp());
    Ok(())
}

/// What was wrong is told beside what is right.
fn correct(one: &mut CivilRecord, request: CorrectCivilRecordRequest, call: &mut Call) -> Result<(), Fault> {
    let apart = one.identity_key != key(one);
    let mut former: Vec<(&str, String)> = Vec::new();
    let mut text = |field: &'static str, old: &mut String, new: String| {
        if !new.is_empty() && *old != new {
            former.push((field, std::mem::replace(old, new)));
        }
    };
    text("eventDate", &mut one.event_date, request.event_date);
    text("place", &mut one.place, request.place);
    for (field, old, new) in
        [("subject", &mut one.subject, request.subject), ("spouse", &mut one.spouse, request.spouse)]
    {
        if new.is_some() && *old != new {
            former.push((field, old.as_ref().map(in_words).unwrap_or_default()));
            *old = new;
        }
    }
    refuse_if(former.is_empty(), Reason::NothingCorrected, "a correction says something else than the register")?;
    well_formed(one, call)?;
    if apart {
        one.identity_key = format!("{} ({})", one.identity_key, one.name);
    }
    one.edition += 1;
    let (fields, former) = former.into_iter().map(|(field, old)| (field.to_owned(), old)).unzip();
    one.corrections.push(CivilCorrection {
        time: Some(call.timestamp()),
        officer: call.principal().subject.to_string(),
        grounds: request.grounds,
        fields,
        former,
        edition: one.edition,
    });
    Ok(())
}

fn in_words(person: &CivilPerson) -> String {
    let CivilPerson { family_name, given_names, birth_date, birth_place, nationality } = person;
    [family_name, given_names, birth_date, birth_place, nationality].map(String::as_str).join(", ")
}

fn reject(one: &mut CivilRecord, request: RejectCivilRecordRequest, _: &mut Call) -> Result<(), Fault> {
    one.rejection = request.grounds;
    Ok(())
}

#[tonic::async_trait]
impl CivilRecordService for CivilRecords {
    async fn get_civil_record(&self, request: Request<GetCivilRecordRequest>) -> Answer<CivilRecord> {
        self.registry.get(request).await
    }

    async fn list_civil_records(&self, request: Request<ListCivilRecordsRequest>) -> Answer<ListCivilRecordsResponse> {
        self.registry.list(request).await
    }

    async fn create_civil_record(&self, request: Request<CreateCivilRecordRequest>) -> Answer<CivilRecord> {
        self.registry.create(request).await
    }

    async fn update_civil_record(&self, request: Request<UpdateCivilRecordRequest>) -> Answer<CivilRecord> {
        self.registry.update(request).await
    }

    async fn complete_civil_record(&self, request: Request<CompleteCivilRecordRequest>) -> Answer<CivilRecord> {
        self.registry.act(request, complete).await
    }

    async fn compare_civil_record(&self, request: Request<CompareCivilRecordRequest>) -> Answer<CivilRecord> {
        self.registry
            .act_with(request, candidates, |one, _, others, _| {
                self.compare(one, &others);
                Ok(())
            })
            .await
    }

    async fn review_civil_record(&self, request: Request<ReviewCivilRecordRequest>) -> Answer<CivilRecord> {
        self.registry.act(request, review).await
    }

    async fn register_civil_record(&self, request: Request<RegisterCivilRecordRequest>) -> Answer<CivilRecord> {
        self.registry.act_with(request, around, |one, _, around, call| self.register(one, around, call)).await
    }

    async fn certify_civil_record(&self, request: Request<CertifyCivilRecordRequest>) -> Answer<CivilRecord> {
        self.registry.act(request, certify).await
    }

    async fn correct_civil_record(&self, request: Request<CorrectCivilRecordRequest>) -> Answer<CivilRecord> {
        self.registry.act(request, correct).await
    }

    async fn reject_civil_record(&self, request: Request<RejectCivilRecordRequest>) -> Answer<CivilRecord> {
        self.registry.act(request, reject).await
    }

    async fn list_civil_record_revisions(
        &self,
        request: Request<ListCivilRecordRevisionsRequest>,
    ) -> Answer<ListCivilRecordRevisionsResponse> {
        self.registry.revisions(request).await
    }
}
