//! Watch lists: registered, brought up to date from their publishers' files, taken out of force.

use crate::lists::{GUARD, Lists, Size};
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::consular::v1::watch_list_service_server::WatchListService;
use proto::consular::v1::{
    CreateWatchListRequest, GetWatchListRequest, ListWatchListRevisionsRequest, ListWatchListRevisionsResponse,
    ListWatchListsRequest, ListWatchListsResponse, LoadWatchListRequest, Reason, RetireWatchListRequest,
    UpdateWatchListRequest, WatchList, WatchWatchListsRequest, WatchWatchListsResponse,
};
use registry::{Answer, Call, Feed, Keep, Registry, Visible};
use std::sync::Arc;
use tonic::Request;

/// The lists.
#[derive(Clone, Debug)]
pub struct WatchLists {
    registry: Registry<Self>,
    lists: Arc<Lists>,
}

impl Keep for WatchLists {
    type Record = WatchList;

    /// Our own officers; which lists we use is no one else's business.
    fn visible(to: &Principal) -> Visible {
        Visible::ours_alone(to)
    }
}

impl WatchLists {
    /// The lists that a registry keeps, and what of them is searched.
    pub fn new(registry: Registry<Self>, lists: Arc<Lists>) -> Self {
        Self { registry, lists }
    }

    /// Reads what lies in the list's folder; the registry says first whether it may be loaded at all.
    async fn load(&self, request: Request<LoadWatchListRequest>) -> Answer<WatchList> {
        registry::check(request.get_ref())?;
        let name = request.get_ref().name.clone();
        let known = self.registry.load(&name).await?.unwrap_or_default();
        let read = self.lists.read(&name, known.format(), &known.folder).await;
        let mut delta = (0, 0, 0);
        if let Ok(publication) = &read {
            delta = self.lists.delta(&name, &publication.entries).await;
            publication.keep(self.registry.store().pool()).await?;
        }
        let load = |list: &mut WatchList, request: LoadWatchListRequest, call: &mut Call| {
            let broken = |what: &str| Fault::new(Reason::ListBroken, format!("the publication is not taken: {what}"));
            let publication = read.as_ref().map_err(|unreadable| broken(&unreadable.0))?;
            let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
            let size = Size {
                entries: count(publication.entries.len()),
                names: count(publication.names()),
                end_marked: publication.end_marked,
            };
            list.accepted_loss = loss(list, size, &request)?;
            (list.names, list.end_marked) = (size.names, size.end_marked);
            list.version.clone_from(&publication.version);
            list.published.clone_from(&publication.published);
            list.load_time = Some(call.timestamp());
            list.entries = count(publication.entries.len());
            (list.added, list.changed, list.removed) = (count(delta.0), count(delta.1), count(delta.2));
            Ok(())
        };
        let answer = self.registry.act(request, load).await?;
        self.lists.refresh(self.registry.store().pool()).await?;
        Ok(answer)
    }
}

/// Why a publication is taken although it looks cut off; nothing if it does not.
fn loss(list: &WatchList, now: Size, request: &LoadWatchListRequest) -> Result<String, Fault> {
    let before = Size { entries: list.entries, names: list.names, end_marked: list.end_marked };
    let Some(suspicion) = GUARD.get().suspicion(before, now) else { return Ok(String::new()) };
    refuse_if(!request.accept_loss, Reason::ListCutOff, format!("the publication looks cut off: {suspicion}"))?;
    let silent = request.reason.trim().is_empty();
    refuse_if(silent, Reason::ListLossUnexplained, "nothing says why the publication is right all the same")
        .map_err(|fault| fault.at("reason", "is needed"))?;
    Ok(format!("{suspicion}: {}", request.reason))
}

#[tonic::async_trait]
impl WatchListService for WatchLists {
    async fn get_watch_list(&self, request: Request<GetWatchListRequest>) -> Answer<WatchList> {
        self.registry.get(request).await
    }

    async fn list_watch_lists(&self, request: Request<ListWatchListsRequest>) -> Answer<ListWatchListsResponse> {
        self.registry.list(request).await
    }

    async fn create_watch_list(&self, request: Request<CreateWatchListRequest>) -> Answer<WatchList> {
        self.registry.create(request).await
    }

    async fn update_watch_list(&self, request: Request<UpdateWatchListRequest>) -> Answer<WatchList> {
        let answer = self.registry.update(request).await?;
        self.lists.refresh(self.registry.store().pool()).await?;
        Ok(answer)
    }

    async fn load_watch_list(&self, request: Request<LoadWatchListRequest>) -> Answer<WatchList> {
        self.load(request).await
    }

    async fn retire_watch_list(&self, request: Request<RetireWatchListRequest>) -> Answer<WatchList> {
        let answer = self.registry.act(request, |_, _, _| Ok(())).await?;
        self.lists.refresh(self.registry.store().pool()).await?;
        Ok(answer)
    }

    async fn list_watch_list_revisions(
        &self,
        request: Request<ListWatchListRevisionsRequest>,
    ) -> Answer<ListWatchListRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchWatchListsStream = Feed<WatchWatchListsResponse>;

    async fn watch_watch_lists(&self, request: Request<WatchWatchListsRequest>) -> Answer<Self::WatchWatchListsStream> {
        self.registry.watch(request).await
    }
}
