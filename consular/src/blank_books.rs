//! The stock of blanks: each number received once, issued once or destroyed by two persons, and the count of the safe.

use crate::blank_consignments::{blanks, numbers};
use fault::Fault;
use identity::Principal;
use proto::consular::v1::blank_book::{Kind, SpoilCause, State};
use proto::consular::v1::blank_book_service_server::BlankBookService;
use proto::consular::v1::{
    BlankBook, CondemnBlankBookRequest, CreateBlankBookRequest, DestroyBlankBookRequest, GetBlankBookRequest,
    ListBlankBookRevisionsRequest, ListBlankBookRevisionsResponse, ListBlankBooksRequest, ListBlankBooksResponse,
    Reason, ReceiveBlankBooksRequest, ReceiveBlankBooksResponse, ReconcileBlankBooksRequest,
    ReconcileBlankBooksResponse, SpoilBlankBookRequest, WatchBlankBooksRequest, WatchBlankBooksResponse,
};
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Held, Keep, Registry, Visible};
use tonic::{Request, Response};

/// The blanks.
#[derive(Clone, Debug)]
pub struct BlankBooks {
    registry: Registry<Self>,
}

impl Keep for BlankBooks {
    type Record = BlankBook;

    /// Where blanks lie is our own officers' to know.
    fn visible(to: &Principal) -> Visible {
        Visible::of_our_post(to)
    }

    fn admit(blank: &mut BlankBook, _: &mut Call) -> Result<(), Fault> {
        blank.name = format!("blankBooks/{}", blank.number);
        Ok(())
    }

    fn constraint(name: &str) -> Option<Fault> {
        let words = "a blank of this number was received already";
        matches!(name, "blank_books_number" | "blank_books_pkey")
            .then(|| Fault::new(Reason::BlankAlreadyReceived, words))
    }
}

impl BlankBooks {
    /// The blanks that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }

    /// Every blank of a consignment; a request sent again is answered as the first time.
    async fn receive(&self, request: Request<ReceiveBlankBooksRequest>) -> Answer<ReceiveBlankBooksResponse> {
        let received = self.registry.create_several(request, blanks).await?;
        let number = numbers(&received.first_number, &received.last_number)?.len();
        let received = i32::try_from(number).map_err(|_| Fault::new(House::Internal, "too many blanks"))?;
        Ok(Response::new(ReceiveBlankBooksResponse { received }))
    }

    /// The ledger beside the count: what was received is issued, spoilt, destroyed or on hand.
    async fn reconcile(
        &self,
        request: Request<ReconcileBlankBooksRequest>,
    ) -> Result<ReconcileBlankBooksResponse, Fault> {
        let ask = request.into_inner();
        registry::check(&ask)?;
        let kind = ask.kind().as_str_name();
        let count = async |states: &[&str]| {
            self.registry.count(&[("post", &[ask.post.as_str()]), ("kind", &[kind]), ("state", states)]).await
        };
        let on_hand = count(&[State::Received.as_str_name()]).await?;
        let issued = count(&[State::Issued.as_str_name()]).await?;
        let spoiled = count(&[State::Spoiled.as_str_name(), State::Condemned.as_str_name()]).await?;
        let destroyed = count(&[State::Destroyed.as_str_name()]).await?;
        let expected = on_hand + spoiled;
        let difference = i64::from(ask.counted) - expected;
        Ok(ReconcileBlankBooksResponse {
            received: on_hand + issued + spoiled + destroyed,
            issued,
            spoiled,
            destroyed,
            on_hand,
            expected,
            difference,
            reconciles: difference == 0,
        })
    }
}

/// The blank that a document is made of, if it is one of this kind in this post's stock.
///
/// # Errors
/// `BLANK_UNFIT`.
pub(crate) fn usable(found: Vec<Held<BlankBooks>>, kind: Kind, post: &str) -> Result<Held<BlankBooks>, Fault> {
    let unfit = |words: &str| Fault::new(Reason::BlankUnfit, words).at("blank", words);
    let blank = found.into_iter().next().ok_or_else(|| unfit("there is no such blank"))?;
    refuse(blank.kind() != kind, &unfit, "the blank is of another kind")?;
    refuse(blank.post != post, &unfit, "the blank lies at another post")?;
    refuse(blank.state() != State::Received, &unfit, "the blank is not in stock")?;
    Ok(blank)
}

fn refuse(unfit: bool, fault: &impl Fn(&str) -> Fault, words: &str) -> Result<(), Fault> {
    if unfit { Err(fault(words)) } else { Ok(()) }
}

/// Makes a document of a blank, as part of the change that makes the document.
///
/// # Errors
/// The registry's.
pub(crate) fn issue(blank: Held<BlankBooks>, document: &str, call: &mut Call) -> Result<(), Fault> {
    call.follow(blank, "issue", |blank, _| {
        document.clone_into(&mut blank.document);
        Ok(())
    })
}

/// Notes that what was made of these blanks has not passed inspection.
///
/// # Errors
/// The registry's.
pub(crate) fn fail(blanks: Vec<Held<BlankBooks>>, call: &mut Call) -> Result<(), Fault> {
    blanks.into_iter().try_for_each(|blank| {
        call.follow(blank, "fail", |blank, _| {
            blank.set_spoil_cause(SpoilCause::FailedInspection);
            Ok(())
        })
    })
}

#[tonic::async_trait]
impl BlankBookService for BlankBooks {
    async fn get_blank_book(&self, request: Request<GetBlankBookRequest>) -> Answer<BlankBook> {
        self.registry.get(request).await
    }

    async fn list_blank_books(&self, request: Request<ListBlankBooksRequest>) -> Answer<ListBlankBooksResponse> {
        self.registry.list(request).await
    }

    async fn create_blank_book(&self, request: Request<CreateBlankBookRequest>) -> Answer<BlankBook> {
        self.registry.create(request).await
    }

    async fn receive_blank_books(
        &self,
        request: Request<ReceiveBlankBooksRequest>,
    ) -> Answer<ReceiveBlankBooksResponse> {
        self.receive(request).await
    }

    async fn spoil_blank_book(&self, request: Request<SpoilBlankBookRequest>) -> Answer<BlankBook> {
        self.registry.act(request, spoil).await
    }

    async fn condemn_blank_book(&self, request: Request<CondemnBlankBookRequest>) -> Answer<BlankBook> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn destroy_blank_book(&self, request: Request<DestroyBlankBookRequest>) -> Answer<BlankBook> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn reconcile_blank_books(
        &self,
        request: Request<ReconcileBlankBooksRequest>,
    ) -> Answer<ReconcileBlankBooksResponse> {
        Ok(Response::new(self.reconcile(request).await?))
    }

    async fn list_blank_book_revisions(
        &self,
        request: Request<ListBlankBookRevisionsRequest>,
    ) -> Answer<ListBlankBookRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchBlankBooksStream = Feed<WatchBlankBooksResponse>;

    async fn watch_blank_books(&self, request: Request<WatchBlankBooksRequest>) -> Answer<Self::WatchBlankBooksStream> {
        self.registry.watch(request).await
    }
}

fn spoil(blank: &mut BlankBook, request: SpoilBlankBookRequest, _: &mut Call) -> Result<(), Fault> {
    blank.spoil_cause = request.cause;
    Ok(())
}
