//! Acts of consular officers as notaries (VCCR art. 5(f)): recorded as they are done, numbered without gaps, never changed.

use crate::register_numbers::{self, Next, short};
use crate::service_fees::{Bill, Services};
use crate::travel_papers::{self, TravelPapers};
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::consular::v1::identity_evidence::Kind as EvidenceKind;
use proto::consular::v1::notarial_act::State;
use proto::consular::v1::notarial_act_service_server::NotarialActService;
use proto::consular::v1::receipt::State as Paid;
use proto::consular::v1::{
    AnnulNotarialActRequest, CreateNotarialActRequest, GetNotarialActRequest, ListNotarialActRevisionsRequest,
    ListNotarialActRevisionsResponse, ListNotarialActsRequest, ListNotarialActsResponse, NotarialAct,
    PrintNotarialActRequest, Reason, Receipt, WatchNotarialActsRequest, WatchNotarialActsResponse,
};
use proto::google::api::HttpBody;
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible};
use tonic::{Request, Response};

/// How many witnesses stand for a person's identity.
const WITNESSES: usize = 2;

/// The acts.
#[derive(Clone, Debug)]
pub struct NotarialActs {
    registry: Registry<Self>,
    papers: TravelPapers,
}

impl Keep for NotarialActs {
    type Record = NotarialAct;

    /// Our own officers, each the register of the post they serve at.
    fn visible(to: &Principal) -> Visible {
        Visible::of_our_post(to)
    }

    /// A paper has its number, and two witnesses their names.
    fn admit(act: &mut NotarialAct, _: &mut Call) -> Result<(), Fault> {
        let evidence = act.evidence.clone().unwrap_or_default();
        let paper = !evidence.number.is_empty() && !evidence.issuer.is_empty();
        let fits = match evidence.kind() {
            EvidenceKind::Passport | EvidenceKind::IdentityCard => paper && evidence.witnesses.is_empty(),
            EvidenceKind::Witnesses => evidence.witnesses.len() >= WITNESSES && !paper,
            EvidenceKind::PersonallyKnown => !paper && evidence.witnesses.is_empty(),
            EvidenceKind::Unspecified => false,
        };
        let words = "a paper is named by number and issuer, witnesses are two at least";
        refuse_if(!fits, Reason::EvidenceUnfit, words)
    }

    fn constraint(name: &str) -> Option<Fault> {
        let words = "the receipt has paid for another act";
        (name == "notarial_acts_one_receipt").then(|| Fault::new(Reason::ReceiptAlreadyUsed, words))
    }
}

impl NotarialActs {
    /// The acts that a registry keeps, printed on these papers.
    pub fn new(registry: Registry<Self>, papers: TravelPapers) -> Self {
        Self { registry, papers }
    }

    async fn paper(&self, request: Request<PrintNotarialActRequest>) -> Answer<HttpBody> {
        let one = self.registry.get(request).await?.into_inner();
        refuse_if(one.state() != State::Recorded, House::WrongState, "only an act that stands is printed")
            .map_err(|fault| fault.with("state", one.state().as_str_name()).with("allowed", "RECORDED"))?;
        let zone = self.registry.store().days().zone();
        Ok(Response::new(self.papers.print(travel_papers::notarial_act(&self.papers, &one, zone)?).await?))
    }
}

async fn surroundings(reader: &mut Reader<'_>, act: &NotarialAct) -> Result<(Option<Receipt>, Next), Fault> {
    let receipt = match act.receipt.as_str() {
        "" => None,
        name => reader.share(name).await?,
    };
    Ok((receipt, register_numbers::next::<NotarialAct>(reader, &format!("{} N", short(&act.post))).await?))
}

fn record(act: &mut NotarialAct, (receipt, next): (Option<Receipt>, Next), call: &mut Call) -> Result<(), Fault> {
    if !act.receipt.is_empty() {
        is_paid(act, receipt.as_ref())?;
    }
    act.officer = call.principal().subject.to_string();
    act.act_time = Some(call.timestamp());
    act.number = next.number;
    act.reference = format!("{} N {}/{}", short(&act.post), next.number, next.year);
    act.series = next.series;
    Ok(())
}

/// The receipt was not refunded, names nothing else that it is for, and covers an act at the post. An act is recorded
/// as it is done, so that a receipt issued before names it only if its name was chosen before.
fn is_paid(act: &NotarialAct, receipt: Option<&Receipt>) -> Result<(), Fault> {
    let for_it = |receipt: &&Receipt| receipt.subject.is_empty() || receipt.subject == act.name;
    let receipt = receipt.filter(|receipt| receipt.state() == Paid::Issued).filter(for_it);
    let unfit = || Fault::new(Reason::ReceiptUnfit, "there is no receipt of the post that pays for this act");
    let service = &Services::shipped().notarial_act;
    let bill = Bill { subject: &act.name, post: &act.post, service, code: &service.code, row: "" };
    bill.covered_by(receipt.ok_or_else(unfit)?)
}

fn annul(act: &mut NotarialAct, request: AnnulNotarialActRequest, call: &mut Call) -> Result<(), Fault> {
    act.annulment = request.grounds;
    act.annul_time = Some(call.timestamp());
    Ok(())
}

#[tonic::async_trait]
impl NotarialActService for NotarialActs {
    async fn get_notarial_act(&self, request: Request<GetNotarialActRequest>) -> Answer<NotarialAct> {
        self.registry.get(request).await
    }

    async fn list_notarial_acts(&self, request: Request<ListNotarialActsRequest>) -> Answer<ListNotarialActsResponse> {
        self.registry.list(request).await
    }

    async fn create_notarial_act(&self, request: Request<CreateNotarialActRequest>) -> Answer<NotarialAct> {
        self.registry.create_with(request, surroundings, record).await
    }

    async fn annul_notarial_act(&self, request: Request<AnnulNotarialActRequest>) -> Answer<NotarialAct> {
        self.registry.act(request, annul).await
    }

    async fn print_notarial_act(&self, request: Request<PrintNotarialActRequest>) -> Answer<HttpBody> {
        self.paper(request).await
    }

    async fn list_notarial_act_revisions(
        &self,
        request: Request<ListNotarialActRevisionsRequest>,
    ) -> Answer<ListNotarialActRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchNotarialActsStream = Feed<WatchNotarialActsResponse>;

    async fn watch_notarial_acts(
        &self,
        request: Request<WatchNotarialActsRequest>,
    ) -> Answer<Self::WatchNotarialActsStream> {
        self.registry.watch(request).await
    }
}
