//! Visas, passports and emergency documents in use whose holder was newly found on a list: opened by screening again,
//! closed by an officer.

use crate::clearance;
use crate::rescreening::asked_by_nobody;
use fault::{Fault, Reason as _, refuse_if};
use identity::Principal;
use proto::consular::v1::emergency_travel_document::State as Emergency;
use proto::consular::v1::name_check_review_service_server::NameCheckReviewService;
use proto::consular::v1::travel_document::State as Passport;
use proto::consular::v1::visa::State as Sticker;
use proto::consular::v1::{
    CreateNameCheckReviewRequest, EmergencyTravelDocument, EndReviewedDocumentRequest, GetNameCheckReviewRequest,
    KeepReviewedDocumentRequest, ListNameCheckReviewRevisionsRequest, ListNameCheckReviewRevisionsResponse,
    ListNameCheckReviewsRequest, ListNameCheckReviewsResponse, NameCheckReview, Reason, Screening, TravelDocument,
    Visa, WatchNameCheckReviewsRequest, WatchNameCheckReviewsResponse,
};
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Store, Visible};
use sqlx::Row as _;
use tonic::Request;

/// Documents in use whose holder's newest screening came out of a change of the lists and is not settled, and that are not under
/// review for it. A process that stopped between the screening and the review leaves nothing that this does not find.
const CONCERNED: &str = "with recursive back (newest, name, previous) as (
        select name, name, previous from screenings s
        where state in ('OPEN', 'PROPOSED', 'CONFIRMED') and previous is not null and deleted_at is null
            and not exists (select from screenings next where next.previous = s.name)
        union all
        select back.newest, s.name, s.previous from back join screenings s on s.name = back.previous),
    issued (document, newest) as (
        select v.name, back.newest from back join visa_applications a on a.screening = back.name
            join visas v on v.application = a.name and v.state in ('PRINTED', 'VALID')
        union
        select d.name, back.newest from back join passport_applications a on a.screening = back.name
            join travel_documents d on d.application = a.name and d.state in ('PRODUCED', 'ACTIVE')
        union
        select e.name, back.newest from back
            join emergency_travel_documents e on e.screening = back.name and e.state = 'ISSUED')
    select document, newest from issued i where not exists
        (select from name_check_reviews r where r.document = i.document and r.screening = i.newest)
    order by document";

/// The reviews.
#[derive(Clone, Debug)]
pub struct NameCheckReviews {
    registry: Registry<Self>,
}

impl Keep for NameCheckReviews {
    type Record = NameCheckReview;

    /// Our own officers.
    fn visible(to: &Principal) -> Visible {
        Visible::of_our_post(to)
    }

    fn constraint(name: &str) -> Option<Fault> {
        let words = "the document is under review for this screening";
        (name == "name_check_reviews_once").then(|| Fault::new(Reason::ReviewUnfit, words))
    }
}

impl NameCheckReviews {
    /// The reviews that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

/// Opens a review of each document in use whose holder was newly found. How many.
///
/// # Errors
/// The database's.
pub(crate) async fn open_due(store: &Store) -> Result<usize, Fault> {
    let reviews = store.keep::<NameCheckReviews>();
    let rows = sqlx::query(CONCERNED).fetch_all(store.pool()).await.map_err(pg::fault)?;
    let mut opened = 0;
    for row in rows {
        let (document, screening) = (row.try_get(0).map_err(pg::fault)?, row.try_get(1).map_err(pg::fault)?);
        let review = NameCheckReview { document, screening, ..NameCheckReview::default() };
        let request = CreateNameCheckReviewRequest { name_check_review: Some(review), ..Default::default() };
        let path = "/legation.consular.v1.NameCheckReviewService/CreateNameCheckReview";
        match reviews.create_with(asked_by_nobody(path, request)?, concerned, open).await {
            Ok(_) => opened += 1,
            Err(status) => {
                // Another process was there first, or the document went out of use meanwhile.
                let fault = Fault::from(&status);
                let settled = [Reason::ReviewUnfit.name(), Reason::DocumentInOtherUse.name()];
                if !settled.contains(&fault.reason()) {
                    return Err(fault);
                }
            }
        }
    }
    Ok(opened)
}

#[tonic::async_trait]
impl NameCheckReviewService for NameCheckReviews {
    async fn get_name_check_review(&self, request: Request<GetNameCheckReviewRequest>) -> Answer<NameCheckReview> {
        self.registry.get(request).await
    }

    async fn list_name_check_reviews(
        &self,
        request: Request<ListNameCheckReviewsRequest>,
    ) -> Answer<ListNameCheckReviewsResponse> {
        self.registry.list(request).await
    }

    async fn create_name_check_review(
        &self,
        request: Request<CreateNameCheckReviewRequest>,
    ) -> Answer<NameCheckReview> {
        self.registry.create_with(request, concerned, open).await
    }

    async fn keep_reviewed_document(&self, request: Request<KeepReviewedDocumentRequest>) -> Answer<NameCheckReview> {
        self.registry.act_with(request, newest, keep).await
    }

    async fn end_reviewed_document(&self, request: Request<EndReviewedDocumentRequest>) -> Answer<NameCheckReview> {
        self.registry.act_with(request, still, end).await
    }

    async fn list_name_check_review_revisions(
        &self,
        request: Request<ListNameCheckReviewRevisionsRequest>,
    ) -> Answer<ListNameCheckReviewRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchNameCheckReviewsStream = Feed<WatchNameCheckReviewsResponse>;

    async fn watch_name_check_reviews(
        &self,
        request: Request<WatchNameCheckReviewsRequest>,
    ) -> Answer<Self::WatchNameCheckReviewsStream> {
        self.registry.watch(request).await
    }
}

/// A document: the post that issued it, and whether it is in use.
async fn document(reader: &mut Reader<'_>, name: &str) -> Result<(String, bool), Fault> {
    let missing = || Fault::new(House::BrokenReference, "there is no such document").at("document", "does not exist");
    if name.starts_with("visas/") {
        let visa = reader.share::<Visa>(name).await?.ok_or_else(missing)?;
        let used = matches!(visa.state(), Sticker::Printed | Sticker::Valid);
        return Ok((visa.post, used));
    }
    if name.starts_with("emergencyTravelDocuments/") {
        let document = reader.share::<EmergencyTravelDocument>(name).await?.ok_or_else(missing)?;
        return Ok((document.post.clone(), document.state() == Emergency::Issued));
    }
    let passport = reader.share::<TravelDocument>(name).await?.ok_or_else(missing)?;
    let used = matches!(passport.state(), Passport::Produced | Passport::Active);
    Ok((passport.post, used))
}

async fn concerned(
    reader: &mut Reader<'_>,
    review: &NameCheckReview,
) -> Result<((String, bool), Option<Screening>), Fault> {
    Ok((document(reader, &review.document).await?, reader.share(&review.screening).await?))
}

fn open(
    review: &mut NameCheckReview,
    ((post, used), screening): ((String, bool), Option<Screening>),
    _: &mut Call,
) -> Result<(), Fault> {
    let missing = || Fault::new(House::BrokenReference, "there is no such screening").at("screening", "does not exist");
    let found = !screening.ok_or_else(missing)?.hits.is_empty();
    refuse_if(!found, Reason::ReviewUnfit, "the screening has found nothing")?;
    refuse_if(!used, Reason::DocumentInOtherUse, "the document is not in use")?;
    review.post = post;
    Ok(())
}

async fn newest(
    reader: &mut Reader<'_>,
    review: &NameCheckReview,
    _: &KeepReviewedDocumentRequest,
) -> Result<Option<Screening>, Fault> {
    clearance::newest(reader, &review.screening).await
}

/// Not while the newest name check is unresolved.
fn keep(
    review: &mut NameCheckReview,
    request: KeepReviewedDocumentRequest,
    screening: Option<Screening>,
    _: &mut Call,
) -> Result<(), Fault> {
    clearance::settled(screening.as_ref())?;
    review.findings = request.findings;
    Ok(())
}

async fn still(
    reader: &mut Reader<'_>,
    review: &NameCheckReview,
    _: &EndReviewedDocumentRequest,
) -> Result<bool, Fault> {
    document(reader, &review.document).await.map(|(_, used)| used)
}

fn end(
    review: &mut NameCheckReview,
    request: EndReviewedDocumentRequest,
    used: bool,
    _: &mut Call,
) -> Result<(), Fault> {
    refuse_if(used, Reason::DocumentInOtherUse, "the document is in use still")?;
    review.findings = request.findings;
    Ok(())
}
