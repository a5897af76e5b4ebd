//! Passports: made of a book in stock, worth what the register says at this instant, and never valid again once lost.

use crate::blank_books::{self, BlankBooks};
use crate::passport_applications::PassportApplications;
use crate::screenings::Screenings;
use crate::travel::zone::{self, Holder};
use crate::travel::{Passports, day};
use crate::travel_papers::copies::{self, Copied};
use crate::travel_papers::{self, TravelPapers};
use crate::{clearance, hold_decisions};
use calendar::{Clock, Length};
use fault::{Fault, refuse_if};
use identity::{Called, Principal};
use proto::consular::v1::blank_book::Kind as Blank;
use proto::consular::v1::passport_application::{State as Application, Type};
use proto::consular::v1::travel_document::{Kind, State};
use proto::consular::v1::travel_document_service_server::TravelDocumentService;
use proto::consular::v1::verify_travel_document_response::Finding;
use proto::consular::v1::{
    CancelTravelDocumentRequest, CreateTravelDocumentRequest, GetTravelDocumentRequest,
    ListTravelDocumentRevisionsRequest, ListTravelDocumentRevisionsResponse, ListTravelDocumentsRequest,
    ListTravelDocumentsResponse, PassportApplication, PassportHold, PrintTravelDocumentRequest, Reason,
    ReportLossRequest, ReportTheftRequest, RevokeTravelDocumentRequest, Screening, SealTravelDocumentRequest,
    SealedCopy, TravelDocument, VerifyTravelDocumentRequest, VerifyTravelDocumentResponse, WatchTravelDocumentsRequest,
    WatchTravelDocumentsResponse,
};
use proto::google::api::HttpBody;
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Held, Keep, Reader, Registry, Visible, timestamp};
use tonic::{Request, Response};

/// The end of the last day of validity.
pub(crate) const EXPIRY: &str = "expiry";
/// What the zone of a passport begins with.
const DOCUMENT_CODE: &str = "P";

/// The passports.
#[derive(Clone, Debug)]
pub struct TravelDocuments {
    registry: Registry<Self>,
    applications: Registry<PassportApplications>,
    screenings: Registry<Screenings>,
    papers: TravelPapers,
}

impl Keep for TravelDocuments {
    type Record = TravelDocument;

    /// Our own officers; whoever else has a passport in hand asks what it is worth.
    fn visible(to: &Principal) -> Visible {
        Visible::ours_alone(to)
    }

    /// Its last day is over; the contract says what that leads to.
    fn fire(_: &mut TravelDocument, _: &str, _: &mut Call) -> Result<(), Fault> {
        Ok(())
    }

    fn constraint(name: &str) -> Option<Fault> {
        let fault = |reason, words: &str| Some(Fault::new(reason, words));
        match name {
            "travel_documents_one_active" => {
                fault(Reason::PassportAlreadyActive, "the holder has a valid passport of this kind")
            }
            "travel_documents_irreversible" => {
                fault(Reason::PassportOutOfUse, "a passport that is out of use stays so")
            }
            "travel_documents_one_a_blank" | "travel_documents_pkey" => {
                fault(Reason::BlankUnfit, "a passport was made of this book already")
            }
            _ => None,
        }
    }
}

impl TravelDocuments {
    /// The passports that a registry keeps.
    pub fn new(
        registry: Registry<Self>,
        applications: Registry<PassportApplications>,
        screenings: Registry<Screenings>,
        papers: TravelPapers,
    ) -> Self {
        Self { registry, applications, screenings, papers }
    }

    /// What the passport with this number is worth, read from the register itself and from no copy.
    async fn answer(&self, request: Request<VerifyTravelDocumentRequest>) -> Answer<VerifyTravelDocumentResponse> {
        let called = Called::of(&request)?.clone();
        let ask = request.into_inner();
        registry::check(&ask)?;
        let number = ask.name.strip_prefix("travelDocuments/").unwrap_or_default().to_ascii_uppercase();
        let found = self.registry.load(&format!("travelDocuments/{number}")).await?;
        let store = self.registry.store();
        let answer = worth(found.as_ref(), &store.home().state, store.days().date(store.now()));
        let answer = VerifyTravelDocumentResponse { verify_time: Some(timestamp(store.now())), ..answer };
        self.registry.audit_read(&called, &ask).await?;
        Ok(Response::new(answer))
    }
}

impl TravelDocuments {
    /// The data page, while the passport is not out of use. The lists may have changed since it was made, so that the newest
    /// name check is asked about again.
    async fn page(&self, request: Request<PrintTravelDocumentRequest>) -> Answer<HttpBody> {
        let document = self.registry.get(request).await?.into_inner();
        let out = !matches!(document.state(), State::Produced | State::Active);
        refuse_if(out, House::WrongState, "the page of a passport that is out of use is not printed")
            .map_err(|fault| fault.with("state", document.state().as_str_name()).with("allowed", "PRODUCED, ACTIVE"))?;
        let application = self.applications.load(&document.application).await?.unwrap_or_default();
        clearance::settled(clearance::newest_of(&self.screenings, &application.screening).await?.as_ref())?;
        Ok(Response::new(self.papers.print(travel_papers::passport(&self.papers, &document)?).await?))
    }

    /// A sealed copy, of a passport in its holder's hands whose time is not over, should its timer be late.
    async fn copy(&self, request: Request<SealTravelDocumentRequest>) -> Answer<SealedCopy> {
        let document = self.registry.get(request).await?.into_inner();
        refuse_if(document.state() != State::Active, House::WrongState, "no copy is given of a passport not in force")
            .map_err(|fault| fault.with("state", document.state().as_str_name()).with("allowed", "ACTIVE"))?;
        let store = self.registry.store();
        let today = store.days().date(store.now());
        let over = is_over(&document, today);
        refuse_if(over, Reason::DocumentNotInForce, "the last day of the passport is over")?;
        let message = copies::passport(&document, today);
        Ok(Response::new(self.papers.sealed_copy(Copied::Passport, &message)?))
    }
}

/// What a passport is worth on a day: by the register, and by the calendar, should its timer be late.
fn worth(document: Option<&TravelDocument>, home: &str, today: chrono::NaiveDate) -> VerifyTravelDocumentResponse {
    let Some(document) = document else {
        return told(VerifyTravelDocumentResponse::default(), Finding::UnknownNumber);
    };
    let finding = match document.state() {
        State::Lost => Finding::ReportedLost,
        State::Stolen => Finding::ReportedStolen,
        State::Revoked => Finding::RevokedByIssuer,
        State::Cancelled => Finding::ReplacedOrReturned,
        State::Expired => Finding::ValidityOver,
        State::Produced | State::Unspecified => Finding::NotDelivered,
        State::Active if is_over(document, today) => Finding::ValidityOver,
        State::Active => Finding::Valid,
    };
    let answer = VerifyTravelDocumentResponse {
        issuer: zone::code(home),
        kind: document.kind,
        expire_date: document.expire_date.clone(),
        report_time: document.report_time,
        ..Default::default()
    };
    told(answer, finding)
}

/// By the calendar.
pub(crate) fn is_over(document: &TravelDocument, today: chrono::NaiveDate) -> bool {
    document.expire_date.parse().is_ok_and(|last: chrono::NaiveDate| last < today)
}

fn told(mut answer: VerifyTravelDocumentResponse, finding: Finding) -> VerifyTravelDocumentResponse {
    answer.set_finding(finding);
    answer.valid = finding == Finding::Valid;
    answer.advice = match finding {
        Finding::Valid => "The passport is valid. Compare the photograph with whoever presents it.",
        Finding::UnknownNumber => "No passport of ours has this number. Read it again; if it is well read, the document is not ours.",
        Finding::NotDelivered => "The passport was never handed to its holder. Keep it, and tell the issuing authority.",
        Finding::ReportedLost | Finding::ReportedStolen => {
            "The passport is stopped, also if its holder has found it. Keep it, make sure who presents it, and tell the issuing authority."
        }
        Finding::RevokedByIssuer => "The passport is revoked. Keep it, and tell the issuing authority.",
        Finding::ValidityOver => "The passport has expired.",
        Finding::ReplacedOrReturned => "The passport was replaced or given back. Keep it, and tell the issuing authority.",
        Finding::Unspecified => "",
    }
    .to_owned();
    answer
}

#[tonic::async_trait]
impl TravelDocumentService for TravelDocuments {
    async fn get_travel_document(&self, request: Request<GetTravelDocumentRequest>) -> Answer<TravelDocument> {
        self.registry.get(request).await
    }

    async fn list_travel_documents(
        &self,
        request: Request<ListTravelDocumentsRequest>,
    ) -> Answer<ListTravelDocumentsResponse> {
        self.registry.list(request).await
    }

    async fn create_travel_document(&self, request: Request<CreateTravelDocumentRequest>) -> Answer<TravelDocument> {
        let produce = |document: &mut _, materials, call: &mut _| produce(document, materials, &self.papers, call);
        self.registry.create_with(request, materials, produce).await
    }

    async fn report_loss(&self, request: Request<ReportLossRequest>) -> Answer<TravelDocument> {
        self.registry.act(request, lose).await
    }

    async fn report_theft(&self, request: Request<ReportTheftRequest>) -> Answer<TravelDocument> {
        self.registry.act(request, steal).await
    }

    async fn revoke_travel_document(&self, request: Request<RevokeTravelDocumentRequest>) -> Answer<TravelDocument> {
        self.registry.act(request, revoke).await
    }

    async fn cancel_travel_document(&self, request: Request<CancelTravelDocumentRequest>) -> Answer<TravelDocument> {
        self.registry.act(request, cancel).await
    }

    async fn verify_travel_document(
        &self,
        request: Request<VerifyTravelDocumentRequest>,
    ) -> Answer<VerifyTravelDocumentResponse> {
        self.answer(request).await
    }

    async fn print_travel_document(&self, request: Request<PrintTravelDocumentRequest>) -> Answer<HttpBody> {
        self.page(request).await
    }

    async fn list_travel_document_revisions(
        &self,
        request: Request<ListTravelDocumentRevisionsRequest>,
    ) -> Answer<ListTravelDocumentRevisionsResponse> {
        self.registry.revisions(request).await
    }

    async fn seal_travel_document(&self, request: Request<SealTravelDocumentRequest>) -> Answer<SealedCopy> {
        self.copy(request).await
    }

    type WatchTravelDocumentsStream = Feed<WatchTravelDocumentsResponse>;

    async fn watch_travel_documents(
        &self,
        request: Request<WatchTravelDocumentsRequest>,
    ) -> Answer<Self::WatchTravelDocumentsStream> {
        self.registry.watch(request).await
    }
}

/// What a passport is made from.
struct Materials {
    application: Vec<Held<PassportApplications>>,
    blank: Vec<Held<BlankBooks>>,
    screening: Option<Screening>,
    holds: Vec<PassportHold>,
}

async fn materials(reader: &mut Reader<'_>, document: &TravelDocument) -> Result<Materials, Fault> {
    let application = reader.hold::<PassportApplications>(&[("name", &[document.application.as_str()])]).await?;
    let check = application.first().map(|application| application.screening.clone()).unwrap_or_default();
    let blank = reader.hold(&[("name", &[document.blank.as_str()])]).await?;
    let holds = match application.first() {
        Some(application) => hold_decisions::standing(reader, application).await?,
        None => Vec::new(),
    };
    Ok(Materials { application, blank, screening: clearance::newest(reader, &check).await?, holds })
}

fn produce(
    document: &mut TravelDocument,
    materials: Materials,
    papers: &TravelPapers,
    call: &mut Call,
) -> Result<(), Fault> {
    let Some(application) = materials.application.into_iter().next() else {
        let fault = Fault::new(House::BrokenReference, "there is no such application");
        return Err(fault.at("travelDocument.application", "does not exist"));
    };
    let ready = application.state() == Application::Approved;
    refuse_if(!ready, Reason::DocumentAlreadyMade, "a passport is made of an application that is approved, once")?;
    clearance::settled(materials.screening.as_ref())?;
    hold_decisions::none_stands(&materials.holds)?;
    let blank = blank_books::usable(materials.blank, Blank::PassportBook, &application.post)?;
    document.name = format!("travelDocuments/{}", blank.number);
    document.number.clone_from(&blank.number);
    describe(document, &application, call)?;
    document.seal = papers.seal_passport(document, call.days().date(call.now()))?;
    blank_books::issue(blank, &document.name, call)?;
    let name = document.name.clone();
    call.follow(application, "personalise", |application, _| {
        application.document = name;
        Ok(())
    })
}

/// What stands in the passport, from the application.
fn describe(document: &mut TravelDocument, application: &PassportApplication, call: &mut Call) -> Result<(), Fault> {
    let issued = call.days().date(call.now());
    let last = Passports::shipped().last_day(application.r#type(), day(&application.birth_date)?, issued);
    document.set_kind(match application.r#type() {
        Type::Diplomatic => Kind::DiplomaticPassport,
        Type::Service => Kind::ServicePassport,
        _ => Kind::Ordinary,
    });
    document.second = application.r#type() == Type::Second;
    document.post.clone_from(&application.post);
    document.person.clone_from(&application.person);
    document.family_name.clone_from(&application.family_name);
    document.given_names.clone_from(&application.given_names);
    document.birth_date.clone_from(&application.birth_date);
    document.birth_place.clone_from(&application.birth_place);
    document.photo.clone_from(&application.photo);
    document.sex = application.sex;
    document.issue_date = issued.to_string();
    document.expire_date = last.to_string();
    let home = call.home().state.clone();
    let holder = Holder {
        family_name: &application.family_name,
        given_names: &application.given_names,
        birth_date: &application.birth_date,
        sex: application.sex,
        nationality: &home,
    };
    document.zone =
        zone::lines(mrz::Format::Td3, DOCUMENT_CODE, &home, holder, &document.number, &document.expire_date)?;
    let left = call.days().end_of(last) - call.now();
    let clock = Clock::new(call.now(), Length::Exactly(left.to_std().unwrap_or_default()));
    call.timers().set(EXPIRY, clock);
    Ok(())
}

fn lose(document: &mut TravelDocument, request: ReportLossRequest, call: &mut Call) -> Result<(), Fault> {
    stop(document, request.place, request.police_reference, call);
    Ok(())
}

fn steal(document: &mut TravelDocument, request: ReportTheftRequest, call: &mut Call) -> Result<(), Fault> {
    stop(document, request.place, request.police_reference, call);
    Ok(())
}

/// It is no longer valid from this instant.
fn stop(document: &mut TravelDocument, place: String, police_reference: String, call: &mut Call) {
    document.report_time = Some(call.timestamp());
    document.report_place = place;
    document.police_reference = police_reference;
    call.timers().clear(EXPIRY);
}

fn revoke(document: &mut TravelDocument, request: RevokeTravelDocumentRequest, call: &mut Call) -> Result<(), Fault> {
    document.grounds = request.grounds;
    call.timers().clear(EXPIRY);
    Ok(())
}

fn cancel(document: &mut TravelDocument, request: CancelTravelDocumentRequest, call: &mut Call) -> Result<(), Fault> {
    document.grounds = request.grounds;
    call.timers().clear(EXPIRY);
    Ok(())
}
