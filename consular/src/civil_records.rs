//! Births, marriages and deaths of our citizens abroad (VCCR art. 5(f)): declared, compared with those of every post,
//! registered by another officer, certified by extracts, corrected by new editions.

use crate::certificate_codes::{code, is_code};
use crate::civil_candidates::alike;
use crate::civil_corrections::corrected;
use crate::civil_declarations::{proven, well_formed};
use crate::civil_duplicates::{key, suspects};
use crate::counter::practice;
use crate::lists::Lists;
use crate::register_numbers::{self, Next, short};
use crate::travel_papers::{self, TravelPapers};
use fault::{Fault, refuse_if};
use identity::{Called, Principal};
use proto::consular::v1::civil_record::{Finding, Kind, State};
use proto::consular::v1::civil_record_service_server::CivilRecordService;
use proto::consular::v1::{
    AnnulCivilRecordRequest, CertifyCivilRecordRequest, CivilCertificate, CivilDuplicate, CivilRecord,
    CompareCivilRecordRequest, CompleteCivilRecordRequest, CorrectCivilRecordRequest, CreateCivilRecordRequest,
    GetCivilRecordRequest, ListCivilRecordRevisionsRequest, ListCivilRecordRevisionsResponse, ListCivilRecordsRequest,
    ListCivilRecordsResponse, PrintCivilRecordRequest, Reason, RegisterCivilRecordRequest, RejectCivilRecordRequest,
    ReturnCivilRecordRequest, ReviewCivilRecordRequest, UpdateCivilRecordRequest, VerifyCivilCertificateRequest,
    VerifyCivilCertificateResponse, WatchCivilRecordsRequest, WatchCivilRecordsResponse,
};
use proto::google::api::HttpBody;
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible};
use std::sync::Arc;
use tonic::{Request, Response};

/// The records.
#[derive(Clone, Debug)]
pub struct CivilRecords {
    registry: Registry<Self>,
    lists: Arc<Lists>,
    papers: TravelPapers,
}

impl Keep for CivilRecords {
    type Record = CivilRecord;

    /// Our own people, each the register of the post they serve at. Of a duplicate that is another post's they learn
    /// the name; headquarters reads both.
    fn visible(to: &Principal) -> Visible {
        Visible::of_our_post(to)
    }

    fn admit(one: &mut CivilRecord, call: &mut Call) -> Result<(), Fault> {
        one.edition = 1;
        one.identity_key = key(one);
        well_formed(one, call.now())
    }

    fn amend(one: &mut CivilRecord, _: &CivilRecord, call: &mut Call) -> Result<(), Fault> {
        one.identity_key = key(one);
        well_formed(one, call.now())
    }

    fn constraint(name: &str) -> Option<Fault> {
        let words = "the same event is registered already, at this post or another";
        let ours = matches!(name, "civil_records_one_event" | "civil_records_one_foreign");
        ours.then(|| Fault::new(Reason::EventAlreadyRegistered, words))
    }
}

impl CivilRecords {
    /// The records that a registry keeps. Names are compared as on the lists; extracts are printed on these papers.
    pub fn new(registry: Registry<Self>, lists: Arc<Lists>, papers: TravelPapers) -> Self {
        Self { registry, lists, papers }
    }

    fn alike(&self, one: &CivilRecord, others: &[CivilRecord]) -> Vec<CivilDuplicate> {
        suspects(one, others, &self.lists.scorer, &practice().civil.likeness)
    }

    /// What was declared elsewhere since the comparison is compared once more, while nobody else registers anything.
    fn register(&self, one: &mut CivilRecord, (others, next): Around, call: &mut Call) -> Result<(), Fault> {
        let known = |name: &str| one.duplicates.iter().any(|duplicate| duplicate.civil_record == name);
        let registered: Vec<CivilRecord> = others.into_iter().filter(|other| other.number > 0).collect();
        let found = self.alike(one, &registered);
        let news = found.iter().any(|duplicate| !known(&duplicate.civil_record));
        refuse_if(
            news,
            Reason::EventAlreadyRegistered,
            "what may be the same event was registered since the comparison",
        )?;
        one.register_time = Some(call.timestamp());
        one.number = next.number;
        one.reference = format!("{} {}/{}", register_of(one), next.number, next.year);
        one.series = next.series;
        Ok(())
    }

    /// The extract of the edition in force, with this number among those of the record.
    async fn extract(&self, request: Request<PrintCivilRecordRequest>) -> Answer<HttpBody> {
        let wanted = request.get_ref().certificate;
        let one = self.registry.get(request).await?.into_inner();
        refuse_if(one.state() != State::CertificateIssued, House::WrongState, "no extract of this edition was issued")
            .map_err(|fault| fault.with("state", one.state().as_str_name()).with("allowed", "CERTIFICATE_ISSUED"))?;
        let mut certificates = one.certificates.iter().rev().filter(|certificate| certificate.edition == one.edition);
        let found = certificates.find(|certificate| wanted == 0 || certificate.number == wanted);
        let none = || Fault::new(Reason::CertificateUnknown, "no extract of the edition in force has this number");
        let order = travel_papers::extract(&self.papers, &one, found.ok_or_else(none)?)?;
        Ok(Response::new(self.papers.print(order).await?))
    }

    /// What the register says of an extract. Whatever is wrong, number or code, the work and the answer are the same.
    async fn verify(&self, request: Request<VerifyCivilCertificateRequest>) -> Answer<VerifyCivilCertificateResponse> {
        let called = Called::of(&request)?.clone();
        let ask = request.into_inner();
        registry::check(&ask)?;
        let record = ask.reference.rsplit_once('-').map_or(ask.reference.as_str(), |(record, _)| record);
        let found = self.registry.all(&[("reference", &[record])]).await?.pop().unwrap_or_default();
        let given = Some(found.name.clone()).filter(|name| !name.is_empty());
        self.registry.audit_given(&called, &ask, given.into_iter().collect()).await?;
        Ok(Response::new(told(&found, &ask)))
    }
}

/// What whoever has an extract in hand is told of it.
fn told(one: &CivilRecord, ask: &VerifyCivilCertificateRequest) -> VerifyCivilCertificateResponse {
    let mut answer = VerifyCivilCertificateResponse::default();
    let own = |certificate: &&CivilCertificate| certificate.reference == ask.reference;
    let certificate = one.certificates.iter().find(own).cloned().unwrap_or_default();
    if !is_code(&certificate.code, &ask.code) {
        answer.set_finding(Finding::NotInRegister);
        return answer;
    }
    let finding = match one.state() {
        State::Annulled => Finding::NoLongerGood,
        _ if certificate.edition == one.edition => Finding::Genuine,
        _ => Finding::Superseded,
    };
    answer.set_finding(finding);
    answer.date = certificate.date;
    answer
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
    // One at a time, at every post: of two that are alike, the second finds the first.
    reader.alone("the register of civil records").await?;
    let next = register_numbers::next::<CivilRecord>(reader, &register_of(one)).await?;
    Ok((alike(reader, one).await?, next))
}

/// The post's register of such events: `lyon B`.
fn register_of(one: &CivilRecord) -> String {
    let letter = match one.kind() {
        Kind::Birth => "B",
        Kind::Marriage => "M",
        Kind::Death | Kind::Unspecified => "D",
    };
    format!("{} {letter}", short(&one.post))
}

fn complete(one: &mut CivilRecord, _: CompleteCivilRecordRequest, _: &mut Call) -> Result<(), Fault> {
    proven(one, &practice().civil)
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
        one.identity_key = apart(one);
    }
    Ok(())
}

/// Two persons may share day and names: what an officer told apart is kept apart.
fn apart(one: &CivilRecord) -> String {
    format!("{} ({})", key(one), one.name)
}

/// The comparison and the review are of what was declared then.
fn send_back(one: &mut CivilRecord, request: ReturnCivilRecordRequest, _: &mut Call) -> Result<(), Fault> {
    one.objection = request.grounds;
    one.duplicates.clear();
    one.cleared.clear();
    one.identity_key = key(one);
    Ok(())
}

fn certify(one: &mut CivilRecord, request: CertifyCivilRecordRequest, call: &mut Call) -> Result<(), Fault> {
    let number = one.certificates.last().map_or(0, |last| last.number) + 1;
    one.certificates.push(CivilCertificate {
        number,
        reference: format!("{}-{number}", one.reference),
        edition: one.edition,
        date: call.days().date(call.now()).to_string(),
        officer: call.principal().subject.to_string(),
        applicant: request.applicant,
        code: code()?,
    });
    Ok(())
}

fn correct(one: &mut CivilRecord, request: CorrectCivilRecordRequest, call: &mut Call) -> Result<(), Fault> {
    let told_apart = one.identity_key != key(one);
    let mut correction = corrected(one, request)?;
    well_formed(one, call.now())?;
    one.identity_key = if told_apart { apart(one) } else { key(one) };
    correction.time = Some(call.timestamp());
    correction.officer = call.principal().subject.to_string();
    one.corrections.push(correction);
    Ok(())
}

async fn other(
    reader: &mut Reader<'_>,
    _: &CivilRecord,
    request: &AnnulCivilRecordRequest,
) -> Result<Option<CivilRecord>, Fault> {
    if request.duplicate_of.is_empty() { Ok(None) } else { reader.glance(&request.duplicate_of).await }
}

fn annul(
    one: &mut CivilRecord,
    request: AnnulCivilRecordRequest,
    other: Option<CivilRecord>,
    call: &mut Call,
) -> Result<(), Fault> {
    let stays = |other: &CivilRecord| {
        other.name != one.name
            && other.kind == one.kind
            && matches!(other.state(), State::Registered | State::CertificateIssued)
    };
    let gone = !request.duplicate_of.is_empty() && !other.is_some_and(|other| stays(&other));
    let words = "what stays is another record of such an event that is registered";
    refuse_if(gone, Reason::DuplicateUnfit, words)?;
    one.annulment = request.grounds;
    one.duplicate_of = request.duplicate_of;
    one.annul_time = Some(call.timestamp());
    Ok(())
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
                one.duplicates = self.alike(one, &others);
                Ok(())
            })
            .await
    }

    async fn review_civil_record(&self, request: Request<ReviewCivilRecordRequest>) -> Answer<CivilRecord> {
        self.registry.act(request, review).await
    }

    async fn return_civil_record(&self, request: Request<ReturnCivilRecordRequest>) -> Answer<CivilRecord> {
        self.registry.act(request, send_back).await
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

    async fn annul_civil_record(&self, request: Request<AnnulCivilRecordRequest>) -> Answer<CivilRecord> {
        self.registry.act_with(request, other, annul).await
    }

    async fn print_civil_record(&self, request: Request<PrintCivilRecordRequest>) -> Answer<HttpBody> {
        self.extract(request).await
    }

    async fn verify_civil_certificate(
        &self,
        request: Request<VerifyCivilCertificateRequest>,
    ) -> Answer<VerifyCivilCertificateResponse> {
        self.verify(request).await
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

    type WatchCivilRecordsStream = Feed<WatchCivilRecordsResponse>;

    async fn watch_civil_records(
        &self,
        request: Request<WatchCivilRecordsRequest>,
    ) -> Answer<Self::WatchCivilRecordsStream> {
        self.registry.watch(request).await
    }
}
