//! Screenings: someone looked up on the lists in force, what was found, and what two officers made of it.

use crate::lists::Lists;
use crate::rescreening;
use crate::screening::{self as engine, Band, Birth, Index};
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::consular::v1::hit::Band as BandCode;
use proto::consular::v1::screening::{Proof, State};
use proto::consular::v1::screening_service_server::ScreeningService;
use proto::consular::v1::subject::{Kind, Sex};
use proto::consular::v1::{
    ClearScreeningRequest, ConfirmHitRequest, CreateScreeningRequest, Feature, GetScreeningRequest, Hit,
    ListScreeningRevisionsRequest, ListScreeningRevisionsResponse, ListScreeningsRequest, ListScreeningsResponse,
    ListVersion, ProposeClearanceRequest, Reason, ReturnProposalRequest, Screening, Subject,
};
use registry::{Answer, Call, Keep, Reader, Registry, Visible};
use std::sync::Arc;
use tonic::Request;

/// The most hits that are kept of one screening.
const MOST_HITS: usize = 50;

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

    /// Looks up again whom a list's change touches.
    ///
    /// # Errors
    /// The database's.
    pub async fn again(&self) -> Result<usize, Fault> {
        rescreening::again(&self.registry, &self.lists, |request, previous| self.create(request, previous)).await
    }

    /// Looks the subject up, in the transaction that keeps what was found.
    async fn create(&self, request: Request<CreateScreeningRequest>, previous: String) -> Answer<Screening> {
        let nothing = async |_: &mut Reader<'_>, _: &Screening| Ok(());
        let screen = |screening: &mut Screening, (): (), _: &mut Call| {
            let index = self.lists.index();
            refuse_if(index.versions().is_empty(), Reason::NoListInForce, "no watch list is in force")?;
            let subject = subject(screening.subject.as_ref().unwrap_or(&Subject::default()));
            let searchable = subject.names.iter().any(|name| !engine::fold(name).trim().is_empty());
            refuse_if(!searchable, Reason::NameNotSearchable, "none of the names has a letter")?;
            screening.hits = hits(&index, &self.lists.scorer, &subject);
            screening.lists = versions(&index);
            screening.previous.clone_from(&previous);
            screening.set_state(if screening.hits.is_empty() { State::Clear } else { State::Open });
            Ok(())
        };
        self.registry.create_with(request, nothing, screen).await
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

/// What the lists have, each hit with its list's version and its reasons.
pub(crate) fn hits(index: &Index, scorer: &engine::Scorer, subject: &engine::Subject) -> Vec<Hit> {
    #[expect(clippy::cast_possible_truncation, reason = "scores and log-odds are small")]
    let thousandths = |value: f64| (value * 1000.0).round() as i32;
    let feature = |feature: engine::Feature| Feature {
        feature: feature.name.to_owned(),
        contribution: thousandths(feature.contribution),
    };
    let found = index.search(scorer, subject, MOST_HITS).into_iter().map(|hit| Hit {
        list: hit.entry.list.clone(),
        version: index.versions().get(&hit.entry.list).cloned().unwrap_or_default(),
        entry: hit.entry.reference.clone(),
        matched_name: hit.name.to_owned(),
        score: thousandths(hit.score),
        band: match hit.band {
            Band::Strong => BandCode::Strong,
            Band::Possible => BandCode::Possible,
            Band::Weak => BandCode::Weak,
        }
        .into(),
        programmes: hit.entry.programmes.clone(),
        features: hit.features.into_iter().map(feature).collect(),
    });
    // A faint likeness is for who searches by hand; it keeps nobody from a visa.
    found.filter(|hit| hit.band() != BandCode::Weak).collect()
}

/// The lists that are searched, with their versions.
pub(crate) fn versions(index: &Index) -> Vec<ListVersion> {
    let version = |(list, version): (&String, &String)| ListVersion { list: list.clone(), version: version.clone() };
    index.versions().iter().map(version).collect()
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
        self.create(request, String::new()).await
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
}

fn propose(screening: &mut Screening, request: ProposeClearanceRequest, _: &mut Call) -> Result<(), Fault> {
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
