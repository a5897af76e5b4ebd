//! Legalisations: the last link of a chain, where no apostille will do; compared with a specimen, paid, issued by another.

use crate::apostille_convention::{is_covered, parties};
use crate::register_numbers::{self, Next, short};
use crate::service_fees::{Bill, Services};
use crate::specimen_signatures::{Signature, compare};
use crate::travel_papers::{self, TravelPapers};
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::consular::v1::apostille::DocumentKind;
use proto::consular::v1::legalisation::State;
use proto::consular::v1::legalisation_service_server::LegalisationService;
use proto::consular::v1::{
    CheckLegalisationRequest, CreateLegalisationRequest, GetLegalisationRequest, IssueLegalisationRequest,
    Legalisation, ListLegalisationRevisionsRequest, ListLegalisationRevisionsResponse, ListLegalisationsRequest,
    ListLegalisationsResponse, PayLegalisationRequest, PrintLegalisationRequest, Reason, Receipt,
    RefuseLegalisationRequest, SpecimenSignature, WatchLegalisationsRequest, WatchLegalisationsResponse,
};
use proto::google::api::HttpBody;
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible};
use tonic::{Request, Response};

/// The legalisations.
#[derive(Clone, Debug)]
pub struct Legalisations {
    registry: Registry<Self>,
    papers: TravelPapers,
}

impl Keep for Legalisations {
    type Record = Legalisation;

    /// Our own people, each the legalisations of the post they serve at.
    fn visible(to: &Principal) -> Visible {
        Visible::of_our_post(to)
    }

    fn admit(one: &mut Legalisation, call: &mut Call) -> Result<(), Fault> {
        refuse_if(
            one.kind() == DocumentKind::Private,
            Reason::NotPublic,
            "a private document has no signature to legalise",
        )?;
        let today = call.days().date(call.now());
        let enough = is_covered(one.kind()) && parties().binds(&one.country, &one.destination, today);
        refuse_if(enough, Reason::ApostilleInstead, "between these states an apostille is enough")?;
        let mut dates = vec![one.document_date.as_str()];
        dates.extend(one.links.iter().map(|link| link.date.as_str()));
        let in_order = dates.is_sorted() && dates.last().is_some_and(|last| *last <= today.to_string().as_str());
        refuse_if(!in_order, Reason::ChainBroken, "each link of the chain is of the day of the one before, or later")
    }

    fn constraint(name: &str) -> Option<Fault> {
        let words = "the receipt has paid for another legalisation";
        (name == "legalisations_one_receipt").then(|| Fault::new(Reason::ReceiptUnfit, words))
    }
}

impl Legalisations {
    /// The legalisations that a registry keeps, printed on these papers.
    pub fn new(registry: Registry<Self>, papers: TravelPapers) -> Self {
        Self { registry, papers }
    }

    async fn paper(&self, request: Request<PrintLegalisationRequest>) -> Answer<HttpBody> {
        let one = self.registry.get(request).await?.into_inner();
        refuse_if(one.state() != State::Issued, House::WrongState, "only a legalisation that was issued is printed")
            .map_err(|fault| fault.with("state", one.state().as_str_name()).with("allowed", "ISSUED"))?;
        let zone = self.registry.store().days().zone();
        Ok(Response::new(self.papers.print(travel_papers::legalisation(&self.papers, &one, zone)?).await?))
    }
}

async fn specimen(
    reader: &mut Reader<'_>,
    _: &Legalisation,
    request: &CheckLegalisationRequest,
) -> Result<Option<SpecimenSignature>, Fault> {
    reader.share(&request.specimen).await
}

/// What is compared is the last signature: that under the document, or under the legalisation before ours.
fn check(
    one: &mut Legalisation,
    request: CheckLegalisationRequest,
    specimen: Option<SpecimenSignature>,
    _: &mut Call,
) -> Result<(), Fault> {
    let own = Signature {
        country: &one.country,
        authority: &one.authority,
        official: &one.official,
        date: &one.document_date,
    };
    let last = one.links.last().map_or(own, |link| Signature {
        authority: &link.authority,
        official: &link.official,
        date: &link.date,
        ..own
    });
    compare(specimen.as_ref(), last)?;
    one.specimen = request.specimen;
    Ok(())
}

async fn receipt(
    reader: &mut Reader<'_>,
    _: &Legalisation,
    request: &PayLegalisationRequest,
) -> Result<Option<Receipt>, Fault> {
    reader.share(&request.receipt).await
}

/// By a receipt of the post for this legalisation.
fn is_paid(one: &Legalisation, receipt: Option<&Receipt>) -> Result<(), Fault> {
    let service = &Services::shipped().legalisation;
    Bill { subject: &one.name, post: &one.post, service, code: &service.code, row: "" }.paid_by(receipt)
}

fn pay(
    one: &mut Legalisation,
    request: PayLegalisationRequest,
    receipt: Option<Receipt>,
    _: &mut Call,
) -> Result<(), Fault> {
    is_paid(one, receipt.as_ref())?;
    one.receipt = request.receipt;
    Ok(())
}

async fn numbers(
    reader: &mut Reader<'_>,
    one: &Legalisation,
    _: &IssueLegalisationRequest,
) -> Result<(Option<Receipt>, Next), Fault> {
    let receipt = reader.share(&one.receipt).await?;
    Ok((receipt, register_numbers::next::<Legalisation>(reader, &format!("{} L", short(&one.post))).await?))
}

/// What was paid back meanwhile is not paid.
fn issue(
    one: &mut Legalisation,
    _: IssueLegalisationRequest,
    (receipt, next): (Option<Receipt>, Next),
    call: &mut Call,
) -> Result<(), Fault> {
    is_paid(one, receipt.as_ref())?;
    one.issue_time = Some(call.timestamp());
    one.number = next.number;
    one.reference = format!("{} L {}/{}", short(&one.post), next.number, next.year);
    one.series = next.series;
    Ok(())
}

fn refuse(one: &mut Legalisation, request: RefuseLegalisationRequest, _: &mut Call) -> Result<(), Fault> {
    one.set_refusal(request.refusal());
    Ok(())
}

#[tonic::async_trait]
impl LegalisationService for Legalisations {
    async fn get_legalisation(&self, request: Request<GetLegalisationRequest>) -> Answer<Legalisation> {
        self.registry.get(request).await
    }

    async fn list_legalisations(
        &self,
        request: Request<ListLegalisationsRequest>,
    ) -> Answer<ListLegalisationsResponse> {
        self.registry.list(request).await
    }

    async fn create_legalisation(&self, request: Request<CreateLegalisationRequest>) -> Answer<Legalisation> {
        self.registry.create(request).await
    }

    async fn check_legalisation(&self, request: Request<CheckLegalisationRequest>) -> Answer<Legalisation> {
        self.registry.act_with(request, specimen, check).await
    }

    async fn pay_legalisation(&self, request: Request<PayLegalisationRequest>) -> Answer<Legalisation> {
        self.registry.act_with(request, receipt, pay).await
    }

    async fn issue_legalisation(&self, request: Request<IssueLegalisationRequest>) -> Answer<Legalisation> {
        self.registry.act_with(request, numbers, issue).await
    }

    async fn refuse_legalisation(&self, request: Request<RefuseLegalisationRequest>) -> Answer<Legalisation> {
        self.registry.act(request, refuse).await
    }

    async fn print_legalisation(&self, request: Request<PrintLegalisationRequest>) -> Answer<HttpBody> {
        self.paper(request).await
    }

    async fn list_legalisation_revisions(
        &self,
        request: Request<ListLegalisationRevisionsRequest>,
    ) -> Answer<ListLegalisationRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchLegalisationsStream = Feed<WatchLegalisationsResponse>;

    async fn watch_legalisations(
        &self,
        request: Request<WatchLegalisationsRequest>,
    ) -> Answer<Self::WatchLegalisationsStream> {
        self.registry.watch(request).await
    }
}
