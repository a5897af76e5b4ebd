//! The diplomatic list and the consular list: compiled in order of precedence, published in editions that never change.

use crate::consular_commissions::ConsularCommissions;
use crate::consular_precedence::PostClaim;
use crate::honorary_consuls::HonoraryConsuls;
use crate::members::Members;
use crate::missions::Missions;
use crate::order_of_precedence::{OrderOfPrecedence, every};
use crate::papers::Papers;
use crate::practice::Practice;
use crate::sections::{Material, Placed, compile};
use fault::Fault;
use identity::Principal;
use proto::accreditation::v1::diplomatic_list::{Kind, State};
use proto::accreditation::v1::diplomatic_list_service_server::DiplomaticListService;
use proto::accreditation::v1::{
    CompileDiplomaticListRequest, ConsularCommission, CreateDiplomaticListRequest, DeleteDiplomaticListRequest,
    DiplomaticList, GetDiplomaticListRequest, HonoraryConsul, ListDiplomaticListRevisionsRequest,
    ListDiplomaticListRevisionsResponse, ListDiplomaticListsRequest, ListDiplomaticListsResponse, ListEntry,
    ListSection, Mission, PrintDiplomaticListRequest, PublishDiplomaticListRequest, Reason,
    WatchDiplomaticListsRequest, WatchDiplomaticListsResponse,
};
use proto::google::api::HttpBody;
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Store, Visible, instant};
use std::collections::HashMap;
use tonic::Request;

/// States of missions that are listed.
const LISTED: [&str; 5] = ["ESTABLISHING", "OPEN", "RESTRICTED", "SUSPENDED", "CLOSING"];
/// States of members who are listed.
const ACCREDITED: [&str; 2] = ["ACCREDITED", "CHANGE_REVIEW"];

/// The lists.
#[derive(Clone, Debug)]
pub struct DiplomaticLists {
    registry: Registry<Self>,
    register: Register,
    papers: Papers,
}

/// What lists are compiled from.
#[derive(Clone, Debug)]
struct Register {
    missions: Registry<Missions>,
    members: Registry<Members>,
    commissions: Registry<ConsularCommissions>,
    honorary: Registry<HonoraryConsuls>,
    precedence: OrderOfPrecedence,
}

impl Keep for DiplomaticLists {
    type Record = DiplomaticList;

    /// What is published is public; drafts are for those who compile them.
    fn visible(to: &Principal) -> Visible {
        if to.mission.is_none() && to.may("accreditation.diplomaticLists.compile") {
            return Visible::All;
        }
        Visible::having("state", &State::Published.as_str_name().into())
    }

    fn constraint(name: &str) -> Option<Fault> {
        let words = "this list has an edition of this number already";
        (name == "diplomatic_lists_one_edition").then(|| Fault::new(Reason::EditionExists, words))
    }
}

impl DiplomaticLists {
    /// The lists that a registry keeps, compiled from the rest of the register.
    pub fn new(store: &Store, papers: Papers) -> Self {
        let register = Register {
            missions: store.keep(),
            members: store.keep(),
            commissions: store.keep(),
            honorary: store.keep(),
            precedence: OrderOfPrecedence::new(store),
        };
        Self { registry: store.keep(), register, papers }
    }

    fn practice(&self) -> &'static Practice {
        Practice::of(self.registry.store().home())
    }
}

#[tonic::async_trait]
impl DiplomaticListService for DiplomaticLists {
    async fn get_diplomatic_list(&self, request: Request<GetDiplomaticListRequest>) -> Answer<DiplomaticList> {
        self.registry.get(request).await
    }

    async fn print_diplomatic_list(&self, request: Request<PrintDiplomaticListRequest>) -> Answer<HttpBody> {
        let list = self.registry.get(request).await?.into_inner();
        let order = crate::papers::list::order(&self.papers, &list, self.registry.store().home());
        Ok(tonic::Response::new(self.papers.print(order).await?))
    }

    async fn list_diplomatic_lists(
        &self,
        request: Request<ListDiplomaticListsRequest>,
    ) -> Answer<ListDiplomaticListsResponse> {
        let mut answer: tonic::Response<ListDiplomaticListsResponse> = self.registry.list(request).await?;
        // A page of whole editions would be a book.
        answer.get_mut().diplomatic_lists.iter_mut().for_each(|list| list.sections.clear());
        Ok(answer)
    }

    async fn create_diplomatic_list(&self, request: Request<CreateDiplomaticListRequest>) -> Answer<DiplomaticList> {
        let kind = request.get_ref().diplomatic_list.as_ref().map_or(Kind::Unspecified, DiplomaticList::kind);
        let sections = compile(self.register.material(kind).await?, self.practice());
        let nothing = async |_: &mut Reader<'_>, _: &DiplomaticList| Ok(());
        let first = |list: &mut DiplomaticList, (), call: &mut Call| {
            fill(list, &sections, call);
            Ok(())
        };
        self.registry.create_with(request, nothing, first).await
    }

    async fn delete_diplomatic_list(&self, request: Request<DeleteDiplomaticListRequest>) -> Answer<DiplomaticList> {
        self.registry.delete(request).await
    }

    async fn compile_diplomatic_list(&self, request: Request<CompileDiplomaticListRequest>) -> Answer<DiplomaticList> {
        let list = self.registry.load(&request.get_ref().name).await?;
        let kind = list.map_or(Kind::Unspecified, |list| list.kind());
        let sections = compile(self.register.material(kind).await?, self.practice());
        let anew = |list: &mut DiplomaticList, _: CompileDiplomaticListRequest, call: &mut Call| {
            fill(list, &sections, call);
            Ok(())
        };
        self.registry.act(request, anew).await
    }

    async fn publish_diplomatic_list(&self, request: Request<PublishDiplomaticListRequest>) -> Answer<DiplomaticList> {
        self.registry.act(request, publish).await
    }

    async fn list_diplomatic_list_revisions(
        &self,
        request: Request<ListDiplomaticListRevisionsRequest>,
    ) -> Answer<ListDiplomaticListRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchDiplomaticListsStream = Feed<WatchDiplomaticListsResponse>;

    async fn watch_diplomatic_lists(
        &self,
        request: Request<WatchDiplomaticListsRequest>,
    ) -> Answer<Self::WatchDiplomaticListsStream> {
        self.registry.watch(request).await
    }
}

impl Register {
    /// What a list is compiled from, as the register is now.
    async fn material(&self, kind: Kind) -> Result<Material, Fault> {
        let (types, categories): (&[&str], &[&str]) = match kind {
            Kind::Consular => (
                &["CONSULATE_GENERAL", "CONSULATE", "VICE_CONSULATE", "CONSULAR_AGENCY", "HONORARY_POST"],
                &["HEAD_OF_CONSULAR_POST", "CONSULAR_OFFICER"],
            ),
            Kind::Diplomatic | Kind::Unspecified => (
                &["EMBASSY", "DELEGATION", "REPRESENTATIVE_OFFICE"],
                &["HEAD_OF_MISSION", "DIPLOMATIC_STAFF", "SERVICE_ATTACHE"],
            ),
        };
        let missions = every(&self.missions, &[("type", types), ("state", &LISTED)]).await?;
        let members = every(&self.members, &[("category", categories), ("state", &ACCREDITED)]).await?;
        let principals: Vec<_> = members.iter().map(|member| member.name.as_str()).collect();
        let kin = [("principal", principals.as_slice()), ("category", &["FAMILY_MEMBER"]), ("state", &ACCREDITED)];
        let family = every(&self.members, &kin).await?;
        let places = match kind {
            Kind::Consular => self.posts(&missions).await?,
            Kind::Diplomatic | Kind::Unspecified => self.heads().await?,
        };
        Ok(Material { missions, members, family, places })
    }

    async fn heads(&self) -> Result<Vec<Placed>, Fault> {
        let places = self.precedence.at(self.missions.store().now()).await?;
        let placed = |claim: crate::precedence::Claim| Placed {
            mission: claim.mission,
            record: claim.member,
            since: claim.since,
            apart: None,
        };
        Ok(places.into_iter().map(|place| placed(place.claim)).collect())
    }

    /// Heads of posts who are admitted, and honorary consuls who are recognised (VCCR art. 16).
    async fn posts(&self, missions: &[Mission]) -> Result<Vec<Placed>, Fault> {
        let titles: HashMap<&str, &str> =
            missions.iter().map(|mission| (mission.name.as_str(), mission.title.as_str())).collect();
        let admitted = ["PROVISIONAL", "EXEQUATUR_GRANTED"];
        let recognised = ["RECOGNISED", "RECERTIFICATION_DUE"];
        let career = every(&self.commissions, &[("state", &admitted)]).await?;
        let honorary = every(&self.honorary, &[("state", &recognised)]).await?;
        let career = career.iter().filter_map(|one| Some((career_claim(one, &titles)?, &one.mission, None)));
        let honorary = honorary
            .iter()
            .filter_map(|one| Some((honorary_claim(one, &titles)?, &one.mission, Some(honorary_entry(one)))));
        let mut claims: Vec<_> = career.chain(honorary).collect();
        claims.sort_by(|one, other| one.0.cmp(&other.0));
        let placed = |(claim, mission, apart): (PostClaim, &String, Option<ListEntry>)| Placed {
            mission: mission.clone(),
            record: claim.record,
            since: claim.admitted,
            apart,
        };
        Ok(claims.into_iter().map(placed).collect())
    }
}

fn career_claim(commission: &ConsularCommission, titles: &HashMap<&str, &str>) -> Option<PostClaim> {
    let admitted = commission.provisional_time.as_ref().or(commission.exequatur_time.as_ref());
    Some(PostClaim {
        class: commission.post_class,
        honorary: false,
        admitted: admitted.and_then(instant)?,
        presented: commission.receive_time.as_ref().and_then(instant)?,
        title: (*titles.get(commission.mission.as_str())?).to_owned(),
        record: commission.member.clone(),
    })
}

fn honorary_claim(consul: &HonoraryConsul, titles: &HashMap<&str, &str>) -> Option<PostClaim> {
    Some(PostClaim {
        class: consul.post_class,
        honorary: true,
        admitted: consul.recognise_time.as_ref().and_then(instant)?,
        presented: consul.create_time.as_ref().and_then(instant)?,
        title: (*titles.get(consul.mission.as_str())?).to_owned(),
        record: consul.name.clone(),
    })
}

fn honorary_entry(consul: &HonoraryConsul) -> ListEntry {
    ListEntry {
        record: consul.name.clone(),
        display_name: format!("{} {}", consul.given_names, consul.family_name),
        title: consul.post_class().as_str_name().to_owned(),
        ..ListEntry::default()
    }
}

/// What was compiled is put into the edition; it shows the register of the instant before.
fn fill(list: &mut DiplomaticList, sections: &[ListSection], call: &Call) {
    list.compile_time = Some(call.timestamp());
    let people: usize = sections.iter().map(|section| section.entries.len()).sum();
    list.entry_count = i32::try_from(people).unwrap_or(i32::MAX);
    list.sections = sections.to_vec();
}

fn publish(list: &mut DiplomaticList, _: PublishDiplomaticListRequest, call: &mut Call) -> Result<(), Fault> {
    list.publish_time = Some(call.timestamp());
    Ok(())
}
