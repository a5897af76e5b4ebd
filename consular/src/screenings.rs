//! Screenings: someone looked up on the lists in force, what was found, and what two officers made of it.

use crate::lists::{Lists, Searched};
use crate::{name_check_reviews, rescreening};
use chrono::{DateTime, TimeDelta, Utc};
use fault::{Fault, refuse_if};
use identity::{Called, Principal};
use proto::consular::v1::hit::Band as BandCode;
use proto::consular::v1::screening::{Proof, State};
use proto::consular::v1::screening_service_server::ScreeningService;
use proto::consular::v1::subject::{Kind, Sex};
use proto::consular::v1::{
    ClearScreeningRequest, ConfirmHitRequest, CreateScreeningRequest, DismissHitRequest, GetScreeningRequest, Hit,
    ListScreeningRevisionsRequest, ListScreeningRevisionsResponse, ListScreeningsRequest, ListScreeningsResponse,
    ProposeClearanceRequest, Reason, ReturnProposalRequest, Screening, SearchScreeningsRequest,
    SearchScreeningsResponse, Subject, WatchScreeningsRequest, WatchScreeningsResponse,
};
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible};
use screening::{self as engine, Birth};
use std::collections::BTreeMap;
use std::sync::Arc;
use tonic::{Request, Response};

/// Longer than any call lasts, and than the clocks of two processes differ: a screening that is older is in the
/// register, or never will be.
const UNDER_WAY: TimeDelta = TimeDelta::hours(1);

/// The screenings.
#[derive(Clone, Debug)]
pub struct Screenings {
    registry: Registry<Self>,
    lists: Arc<Lists>,
}

impl Keep for Screenings {
    type Record = Screening;

    /// Our own officers alone: a partner is told clear or not clear by whoever asked, never what was found.
    fn visible(to: &Principal) -> Visible {
        Visible::ours_alone(to)
    }

    fn constraint(name: &str) -> Option<Fault> {
        let words = "the screening has its next one already";
        (name == "screenings_one_next").then(|| Fault::new(proto::policy::v1::Reason::AlreadyExists, words))
    }
}

impl Screenings {
    /// The screenings that a registry keeps, on these lists.
    pub fn new(registry: Registry<Self>, lists: Arc<Lists>) -> Self {
        Self { registry, lists }
    }

    /// Looks up again whom a list's change touches, and opens reviews of the documents that they have.
    ///
    /// # Errors
    /// The database's.
    pub async fn again(&self) -> Result<usize, Fault> {
        let now = self.lists.now(self.registry.store()).await?;
        self.again_on(&now, DateTime::UNIX_EPOCH).await
    }

    /// The same; if these editions of the lists were asked about already, only who was looked up of late: a screening
    /// that was under way when a list changed was compared with the one before, and not yet there when everyone was
    /// asked about. The editions that are now, and how many were looked up again.
    ///
    /// # Errors
    /// The database's.
    pub async fn again_after(
        &self,
        asked: &BTreeMap<String, String>,
    ) -> Result<(BTreeMap<String, String>, usize), Fault> {
        let store = self.registry.store();
        let now = self.lists.now(store).await?;
        let editions = now.editions();
        let since = if editions == *asked { store.now() - UNDER_WAY } else { DateTime::UNIX_EPOCH };
        let screened = self.again_on(&now, since).await?;
        Ok((editions, screened))
    }

    async fn again_on(&self, now: &Searched, since: DateTime<Utc>) -> Result<usize, Fault> {
        let screen = |request, previous| self.create(request, Some(previous));
        let screened = rescreening::again(&self.registry, &self.lists, now, since, screen).await?;
        name_check_reviews::open_due(self.registry.store()).await?;
        Ok(screened)
    }

    /// Looks the subject up on the lists as they are when it asks, and keeps what was found.
    async fn create(&self, request: Request<CreateScreeningRequest>, previous: Option<Screening>) -> Answer<Screening> {
        registry::check(request.get_ref())?;
        let asked = request.get_ref().screening.clone().unwrap_or_default().subject.unwrap_or_default();
        let (now, found) = self.looked_up(&asked, false).await?;
        let nothing = async |_: &mut Reader<'_>, _: &Screening| Ok(());
        let screen = |screening: &mut Screening, (): (), _: &mut Call| {
            refuse_if(!now.is_in_force(), Reason::NoListInForce, "no watch list is in force")?;
            searchable(&asked)?;
            screening.hits.clone_from(&found);
            screening.lists = now.versions();
            if let Some(previous) = &previous {
                screening.previous.clone_from(&previous.name);
                carry_over(previous, &mut screening.hits);
            }
            screening.set_state(if screening.hits.is_empty() { State::Clear } else { State::Open });
            Ok(())
        };
        self.registry.create_with(request, nothing, screen).await
    }

    async fn looked_up(&self, asked: &Subject, faint: bool) -> Result<(Searched, Vec<Hit>), Fault> {
        let store = self.registry.store();
        let now = self.lists.now(store).await?;
        let found = now.hits(store, &self.lists.scorer, &subject(asked), |_| true, faint).await?;
        Ok((now, found))
    }

    /// What the lists have, for who searches by hand; that it was asked, by whom and why, stands in the audit log.
    async fn search(&self, request: Request<SearchScreeningsRequest>) -> Answer<SearchScreeningsResponse> {
        let called = Called::of(&request)?.clone();
        let ask = request.into_inner();
        registry::check(&ask)?;
        let asked = ask.subject.clone().unwrap_or_default();
        searchable(&asked)?;
        let (now, mut hits) = self.looked_up(&asked, true).await?;
        refuse_if(!now.is_in_force(), Reason::NoListInForce, "no watch list is in force")?;
        if !called.principal.may_read_personal("consular") {
            hits.iter_mut().for_each(|hit| hit.matched_name.clear());
        }
        self.registry.audit_read(&called, &ask).await?;
        Ok(Response::new(SearchScreeningsResponse { hits, lists: now.versions() }))
    }
}

/// What has no letter cannot be looked up, and is not clear.
fn searchable(asked: &Subject) -> Result<(), Fault> {
    let lettered = asked.names.iter().any(|name| !engine::fold(name).trim().is_empty());
    refuse_if(!lettered, Reason::NameNotSearchable, "none of the names has a letter")
}

/// What two officers have said of a hit stands for it, as long as it weighs no more than it did.
fn carry_over(previous: &Screening, hits: &mut [Hit]) {
    let cleared = previous.state() == State::Cleared;
    for hit in hits {
        let same = |known: &&Hit| known.list == hit.list && known.entry == hit.entry && known.band >= hit.band;
        let Some(known) = previous.hits.iter().find(same).filter(|_| cleared) else { continue };
        let whole = if known.dismissal.is_empty() { &previous.grounds } else { &known.dismissal };
        hit.dismissal.clone_from(whole);
        hit.dismiss_officer.clone_from(&known.dismiss_officer);
        hit.dismiss_time = known.dismiss_time;
    }
}

/// Who is looked for, as the engine takes it.
pub(crate) fn subject(asked: &Subject) -> engine::Subject {
    engine::Subject {
        kind: match asked.kind() {
            Kind::Body => engine::Kind::Body,
            Kind::Vessel => engine::Kind::Vessel,
            Kind::Aircraft => engine::Kind::Aircraft,
            Kind::Person | Kind::Unspecified => engine::Kind::Person,
        },
        names: asked.names.clone(),
        birth: asked.birth_date.parse().ok().map(Birth::on),
        nationalities: asked.nationalities.clone(),
        sex: match asked.sex() {
            Sex::Female => Some(engine::Sex::Female),
            Sex::Male => Some(engine::Sex::Male),
            Sex::Unspecified => None,
        },
        documents: asked.document_numbers.clone(),
    }
}

#[tonic::async_trait]
impl ScreeningService for Screenings {
    async fn get_screening(&self, request: Request<GetScreeningRequest>) -> Answer<Screening> {
        self.registry.get(request).await
    }

    async fn list_screenings(&self, request: Request<ListScreeningsRequest>) -> Answer<ListScreeningsResponse> {
        self.registry.list(request).await
    }

    async fn create_screening(&self, request: Request<CreateScreeningRequest>) -> Answer<Screening> {
        self.create(request, None).await
    }

    async fn search_screenings(&self, request: Request<SearchScreeningsRequest>) -> Answer<SearchScreeningsResponse> {
        self.search(request).await
    }

    async fn dismiss_hit(&self, request: Request<DismissHitRequest>) -> Answer<Screening> {
        self.registry.act(request, dismiss).await
    }

    async fn propose_clearance(&self, request: Request<ProposeClearanceRequest>) -> Answer<Screening> {
        self.registry.act(request, propose).await
    }

    async fn return_proposal(&self, request: Request<ReturnProposalRequest>) -> Answer<Screening> {
        self.registry.act(request, take_back).await
    }

    async fn clear_screening(&self, request: Request<ClearScreeningRequest>) -> Answer<Screening> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn confirm_hit(&self, request: Request<ConfirmHitRequest>) -> Answer<Screening> {
        self.registry.act(request, confirm).await
    }

    async fn list_screening_revisions(
        &self,
        request: Request<ListScreeningRevisionsRequest>,
    ) -> Answer<ListScreeningRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchScreeningsStream = Feed<WatchScreeningsResponse>;

    async fn watch_screenings(&self, request: Request<WatchScreeningsRequest>) -> Answer<Self::WatchScreeningsStream> {
        self.registry.watch(request).await
    }
}

/// One hit, looked at by itself.
fn dismiss(screening: &mut Screening, request: DismissHitRequest, call: &mut Call) -> Result<(), Fault> {
    let wanted = |hit: &&mut Hit| hit.list == request.list && hit.entry == request.entry;
    let unknown = || Fault::new(Reason::HitUnknown, "the screening has no such hit");
    let hit = screening.hits.iter_mut().find(wanted).ok_or_else(unknown)?;
    hit.dismissal = request.grounds;
    hit.dismiss_officer = call.principal().subject.as_ref().to_owned();
    hit.dismiss_time = Some(call.timestamp());
    Ok(())
}

/// One text does for a hit that stands alone, and for those that are only possible; each strong one of several has its own.
fn propose(screening: &mut Screening, request: ProposeClearanceRequest, _: &mut Call) -> Result<(), Fault> {
    let open = |hit: &Hit| hit.band() == BandCode::Strong && hit.dismissal.is_empty();
    let several = screening.hits.len() > 1 && screening.hits.iter().any(open);
    refuse_if(several, Reason::HitNotAssessed, "a strong hit of several was not looked at by itself")?;
    screening.grounds = request.grounds;
    Ok(())
}

fn take_back(screening: &mut Screening, _: ReturnProposalRequest, _: &mut Call) -> Result<(), Fault> {
    screening.grounds.clear();
    Ok(())
}

/// A name is shared by many: something beside it must say that the entry is the one in question, and nothing that was
/// found may say otherwise.
fn confirm(screening: &mut Screening, request: ConfirmHitRequest, _: &mut Call) -> Result<(), Fault> {
    let proof = request.proof();
    let wanted = |hit: &&Hit| hit.list == request.list && hit.entry == request.entry;
    let Some(hit) = screening.hits.iter().find(wanted) else {
        return Err(
            Fault::new(Reason::HitUnknown, "the screening has no such hit").at("entry", "is not among the hits")
        );
    };
    let words = "a name alone confirms nothing; say by what the entry is the one in question";
    refuse_if(proof == Proof::Unspecified, Reason::HitByNameAlone, words)?;
    let found = |feature: &str| hit.features.iter().any(|found| found.feature == feature);
    let contradicted = match proof {
        Proof::DocumentNumber => !found("document"),
        Proof::BirthDate => !found("birth_exact"),
        _ => false,
    };
    let words = "what was found does not bear this out; enter what is known of the subject and screen again";
    refuse_if(contradicted, Reason::ProofContradicted, words)?;
    screening.confirmed = format!("{} {}", hit.list, hit.entry);
    screening.set_proof(proof);
    Ok(())
}
