//! Apostilles: ten items, a register numbered without gaps, and an answer to whoever has one in hand (Hague Convention of
//! 5 October 1961, art. 1, 3 to 5, 7).

use crate::apostille_convention::{is_covered, parties};
use crate::certificate_codes::{code, is_code};
use crate::register_numbers::{self, Next};
use crate::service_fees::{Bill, Services};
use crate::specimen_signatures::{Signature, compare};
use crate::travel_papers::{self, TravelPapers};
use fault::{Fault, refuse_if};
use identity::{Called, Principal};
use proto::consular::v1::apostille::{Finding, State};
use proto::consular::v1::apostille_service_server::ApostilleService;
use proto::consular::v1::{
    Apostille, CheckApostilleRequest, CreateApostilleRequest, GetApostilleRequest, IssueApostilleRequest,
    ListApostilleRevisionsRequest, ListApostilleRevisionsResponse, ListApostillesRequest, ListApostillesResponse,
    PayApostilleRequest, PrintApostilleRequest, Reason, Receipt, RefuseApostilleRequest, RevokeApostilleRequest,
    SpecimenSignature, VerifyApostilleRequest, VerifyApostilleResponse, WatchApostillesRequest,
    WatchApostillesResponse,
};
use proto::google::api::HttpBody;
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible};
use tonic::{Request, Response};

/// The apostilles.
#[derive(Clone, Debug)]
pub struct Apostilles {
    registry: Registry<Self>,
    papers: TravelPapers,
}

impl Keep for Apostilles {
    type Record = Apostille;

    /// Our own people who may read apostilles read all; others ask the register by number and date.
    fn visible(to: &Principal) -> Visible {
        Visible::ours_alone(to)
    }

    fn admit(one: &mut Apostille, call: &mut Call) -> Result<(), Fault> {
        let words = "the convention does not apply to such a document (art. 1)";
        refuse_if(!is_covered(one.kind()), Reason::NotPublic, words)?;
        let today = call.days().date(call.now());
        let bound = parties().binds(&call.home().state, &one.destination, today);
        let words = "no apostille is accepted there: the convention is not in force between us";
        refuse_if(!bound, Reason::LegalisationInstead, words)?;
        one.country.clone_from(&call.home().state);
        Ok(())
    }

    fn constraint(name: &str) -> Option<Fault> {
        let words = "the receipt has paid for another apostille";
        (name == "apostilles_one_receipt").then(|| Fault::new(Reason::ReceiptUnfit, words))
    }
}

impl Apostilles {
    /// The apostilles that a registry keeps, printed on these papers.
    pub fn new(registry: Registry<Self>, papers: TravelPapers) -> Self {
        Self { registry, papers }
    }

    /// The certificate of one that is good: what was revoked is not printed once more.
    async fn certificate(&self, request: Request<PrintApostilleRequest>) -> Answer<HttpBody> {
        let one = self.registry.get(request).await?.into_inner();
        refuse_if(one.state() != State::Issued, House::WrongState, "only an apostille that was issued is printed")
            .map_err(|fault| fault.with("state", one.state().as_str_name()).with("allowed", "ISSUED"))?;
        Ok(Response::new(self.papers.print(travel_papers::apostille(&self.papers, &one)?).await?))
    }

    /// What the register says. Whatever is wrong, number or date, the work and the answer are the same.
    async fn verify(&self, request: Request<VerifyApostilleRequest>) -> Answer<VerifyApostilleResponse> {
        let called = Called::of(&request)?.clone();
        let ask = request.into_inner();
        registry::check(&ask)?;
        let fields = [("reference", &[ask.reference.as_str()][..]), ("date", &[ask.date.as_str()][..])];
        let found = self.registry.all(&fields).await?.pop().filter(|one| one.number > 0);
        let store = self.registry.store();
        sqlx::query("insert into apostille_lookups (at, caller, reference, date, found) values ($1, $2, $3, $4, $5)")
            .bind(store.now())
            .bind(&*called.principal.subject)
            .bind(&ask.reference)
            .bind(&ask.date)
            .bind(found.is_some())
            .execute(store.pool())
            .await
            .map_err(pg::fault)?;
        let given = found.as_ref().map(|one| one.name.clone());
        self.registry.audit_given(&called, &ask, given.into_iter().collect()).await?;
        Ok(Response::new(told(&found.unwrap_or_default(), &ask.code)))
    }
}

/// What whoever has an apostille is told of it: whether it is genuine, and by its code what it says.
fn told(one: &Apostille, code: &str) -> VerifyApostilleResponse {
    let mut answer = VerifyApostilleResponse::default();
    answer.set_finding(match one.state() {
        State::Issued => Finding::Genuine,
        State::Revoked => Finding::NoLongerGood,
        _ => Finding::NotInRegister,
    });
    if is_code(&one.code, code) {
        answer.official.clone_from(&one.official);
        answer.capacity.clone_from(&one.capacity);
        answer.authority.clone_from(&one.authority);
        answer.document.clone_from(&one.document);
        answer.seal.clone_from(&one.seal);
    }
    answer
}

async fn specimen(
    reader: &mut Reader<'_>,
    _: &Apostille,
    request: &CheckApostilleRequest,
) -> Result<Option<SpecimenSignature>, Fault> {
    reader.share(&request.specimen).await
}

fn check(
    one: &mut Apostille,
    request: CheckApostilleRequest,
    specimen: Option<SpecimenSignature>,
    _: &mut Call,
) -> Result<(), Fault> {
    let (country, authority, official) = (one.country.as_str(), one.authority.as_str(), one.official.as_str());
    compare(specimen.as_ref(), Signature { country, authority, official, date: &one.document_date })?;
    one.specimen = request.specimen;
    Ok(())
}

async fn receipt(
    reader: &mut Reader<'_>,
    _: &Apostille,
    request: &PayApostilleRequest,
) -> Result<Option<Receipt>, Fault> {
    reader.share(&request.receipt).await
}

/// By a receipt for this apostille, of whatever post: none keeps apostilles.
fn is_paid(one: &Apostille, receipt: Option<&Receipt>) -> Result<(), Fault> {
    let service = &Services::shipped().apostille;
    let post = receipt.map_or("", |receipt| &receipt.post);
    Bill { subject: &one.name, post, service, code: &service.code, row: "" }.paid_by(receipt)
}

fn pay(one: &mut Apostille, request: PayApostilleRequest, receipt: Option<Receipt>, _: &mut Call) -> Result<(), Fault> {
    is_paid(one, receipt.as_ref())?;
    one.receipt = request.receipt;
    Ok(())
}

async fn numbers(
    reader: &mut Reader<'_>,
    one: &Apostille,
    _: &IssueApostilleRequest,
) -> Result<(Option<Receipt>, Next), Fault> {
    let receipt = reader.share(&one.receipt).await?;
    Ok((receipt, register_numbers::next::<Apostille>(reader, "apostilles").await?))
}

/// What was paid back meanwhile is not paid.
fn issue(
    one: &mut Apostille,
    _: IssueApostilleRequest,
    (receipt, next): (Option<Receipt>, Next),
    call: &mut Call,
) -> Result<(), Fault> {
    is_paid(one, receipt.as_ref())?;
    one.date = call.days().date(call.now()).to_string();
    one.issue_time = Some(call.timestamp());
    one.number = next.number;
    one.reference = format!("{}-{:06}", next.year, next.number);
    one.series = next.series;
    one.code = code()?;
    Ok(())
}

fn refuse(one: &mut Apostille, request: RefuseApostilleRequest, _: &mut Call) -> Result<(), Fault> {
    one.set_refusal(request.refusal());
    Ok(())
}

fn revoke(one: &mut Apostille, request: RevokeApostilleRequest, _: &mut Call) -> Result<(), Fault> {
    one.revocation = request.grounds;
    Ok(())
}

#[tonic::async_trait]
impl ApostilleService for Apostilles {
    async fn get_apostille(&self, request: Request<GetApostilleRequest>) -> Answer<Apostille> {
        self.registry.get(request).await
    }

    async fn list_apostilles(&self, request: Request<ListApostillesRequest>) -> Answer<ListApostillesResponse> {
        self.registry.list(request).await
    }

    async fn create_apostille(&self, request: Request<CreateApostilleRequest>) -> Answer<Apostille> {
        self.registry.create(request).await
    }

    async fn check_apostille(&self, request: Request<CheckApostilleRequest>) -> Answer<Apostille> {
        self.registry.act_with(request, specimen, check).await
    }

    async fn pay_apostille(&self, request: Request<PayApostilleRequest>) -> Answer<Apostille> {
        self.registry.act_with(request, receipt, pay).await
    }

    async fn issue_apostille(&self, request: Request<IssueApostilleRequest>) -> Answer<Apostille> {
        self.registry.act_with(request, numbers, issue).await
    }

    async fn refuse_apostille(&self, request: Request<RefuseApostilleRequest>) -> Answer<Apostille> {
        self.registry.act(request, refuse).await
    }

    async fn revoke_apostille(&self, request: Request<RevokeApostilleRequest>) -> Answer<Apostille> {
        self.registry.act(request, revoke).await
    }

    async fn print_apostille(&self, request: Request<PrintApostilleRequest>) -> Answer<HttpBody> {
        self.certificate(request).await
    }

    async fn verify_apostille(&self, request: Request<VerifyApostilleRequest>) -> Answer<VerifyApostilleResponse> {
        self.verify(request).await
    }

    async fn list_apostille_revisions(
        &self,
        request: Request<ListApostilleRevisionsRequest>,
    ) -> Answer<ListApostilleRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchApostillesStream = Feed<WatchApostillesResponse>;

    async fn watch_apostilles(&self, request: Request<WatchApostillesRequest>) -> Answer<Self::WatchApostillesStream> {
        self.registry.watch(request).await
    }
}
