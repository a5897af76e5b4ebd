//! Guidance to missions on protocol, privileges and immunities: articles with their law, and editions by the day they hold.

use chrono::NaiveDate;
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::accreditation::v1::guidance_article_service_server::GuidanceArticleService;
use proto::accreditation::v1::{
    ConsultGuidanceArticleRequest, CreateGuidanceArticleRequest, DeleteGuidanceArticleRequest,
    GetGuidanceArticleRequest, GuidanceArticle, GuidanceEdition, ListGuidanceArticleRevisionsRequest,
    ListGuidanceArticleRevisionsResponse, ListGuidanceArticlesRequest, ListGuidanceArticlesResponse,
    PublishGuidanceArticleRequest, Reason, ReviseGuidanceArticleRequest, UpdateGuidanceArticleRequest,
    WatchGuidanceArticlesRequest, WatchGuidanceArticlesResponse, WithdrawGuidanceArticleRequest,
};
use registry::{Answer, Call, Feed, Keep, Registry, Visible, instant};
use std::sync::Arc;
use tonic::{Request, Response};

/// What `shown_to` says once others than its authors may read an article.
const READERS: &str = "readers";

/// The articles.
#[derive(Clone, Debug)]
pub struct GuidanceArticles {
    registry: Registry<Self>,
}

impl Keep for GuidanceArticles {
    type Record = GuidanceArticle;

    /// Missions and partner agencies read what was published; drafts are for those who write them.
    fn visible(to: &Principal) -> Visible {
        let outside = to.mission.is_some() || to.agency.is_some();
        if outside { Visible::having("shown_to", &Arc::from(READERS)) } else { Visible::All }
    }
}

impl GuidanceArticles {
    /// The articles that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

/// The first edition is the draft as it stands.
fn publish(article: &mut GuidanceArticle, _: PublishGuidanceArticleRequest, call: &mut Call) -> Result<(), Fault> {
    article.shown_to = READERS.to_owned();
    add_edition(article, String::new(), call);
    Ok(())
}

/// An edition takes the place of the one before it from a later day on: for the days before, that one still holds.
fn revise(article: &mut GuidanceArticle, request: ReviseGuidanceArticleRequest, call: &mut Call) -> Result<(), Fault> {
    let later = day(&request.effective_date) > day(&article.effective_date);
    refuse_if(!later, Reason::EditionNotLater, "an edition holds from a later day than the one before it")
        .map_err(|fault| fault.at("effectiveDate", format!("is not after {}", article.effective_date)))?;
    if let Some(last) = article.editions.last_mut() {
        last.until_date.clone_from(&request.effective_date);
    }
    article.effective_date = request.effective_date;
    article.body = request.body;
    if !request.title.is_empty() {
        article.title = request.title;
    }
    if !request.basis.is_empty() {
        article.basis = request.basis;
    }
    add_edition(article, request.note, call);
    Ok(())
}

fn withdraw(article: &mut GuidanceArticle, _: WithdrawGuidanceArticleRequest, call: &mut Call) -> Result<(), Fault> {
    article.withdraw_time = Some(call.timestamp());
    Ok(())
}

fn add_edition(article: &mut GuidanceArticle, note: String, call: &Call) {
    let number = article.editions.last().map_or(0, |last| last.number) + 1;
    article.editions.push(GuidanceEdition {
        number,
        effective_date: article.effective_date.clone(),
        until_date: String::new(),
        publish_time: Some(call.timestamp()),
        title: article.title.clone(),
        body: article.body.clone(),
        basis: article.basis.clone(),
        note,
    });
}

/// The edition that holds on a day: the latest that has begun by then, if the article was not withdrawn before.
fn in_force(article: &GuidanceArticle, on: NaiveDate, withdrawn: Option<NaiveDate>) -> Option<&GuidanceEdition> {
    if withdrawn.is_some_and(|withdrawn| withdrawn <= on) {
        return None;
    }
    article.editions.iter().rev().find(|edition| day(&edition.effective_date).is_some_and(|from| from <= on))
}

fn day(text: &str) -> Option<NaiveDate> {
    text.parse().ok()
}

#[tonic::async_trait]
impl GuidanceArticleService for GuidanceArticles {
    async fn get_guidance_article(&self, request: Request<GetGuidanceArticleRequest>) -> Answer<GuidanceArticle> {
        self.registry.get(request).await
    }

    async fn list_guidance_articles(
        &self,
        request: Request<ListGuidanceArticlesRequest>,
    ) -> Answer<ListGuidanceArticlesResponse> {
        self.registry.list(request).await
    }

    async fn create_guidance_article(&self, request: Request<CreateGuidanceArticleRequest>) -> Answer<GuidanceArticle> {
        self.registry.create(request).await
    }

    async fn update_guidance_article(&self, request: Request<UpdateGuidanceArticleRequest>) -> Answer<GuidanceArticle> {
        self.registry.update(request).await
    }

    async fn delete_guidance_article(&self, request: Request<DeleteGuidanceArticleRequest>) -> Answer<GuidanceArticle> {
        self.registry.delete(request).await
    }

    async fn publish_guidance_article(
        &self,
        request: Request<PublishGuidanceArticleRequest>,
    ) -> Answer<GuidanceArticle> {
        self.registry.act(request, publish).await
    }

    async fn revise_guidance_article(&self, request: Request<ReviseGuidanceArticleRequest>) -> Answer<GuidanceArticle> {
        self.registry.act(request, revise).await
    }

    async fn withdraw_guidance_article(
        &self,
        request: Request<WithdrawGuidanceArticleRequest>,
    ) -> Answer<GuidanceArticle> {
        self.registry.act(request, withdraw).await
    }

    async fn consult_guidance_article(
        &self,
        request: Request<ConsultGuidanceArticleRequest>,
    ) -> Answer<GuidanceEdition> {
        let wanted = day(&request.get_ref().date);
        let article = self.registry.get(request).await?.into_inner();
        let (zone, store) = (self.registry.store().home().timezone, self.registry.store());
        let on = wanted.unwrap_or_else(|| store.now().with_timezone(&zone).date_naive());
        let withdrawn = article.withdraw_time.as_ref().and_then(instant);
        let withdrawn = withdrawn.map(|at| at.with_timezone(&zone).date_naive());
        let none = || Fault::new(Reason::GuidanceNotInForce, format!("no edition of the article holds on {on}"));
        Ok(Response::new(in_force(&article, on, withdrawn).cloned().ok_or_else(none)?))
    }

    async fn list_guidance_article_revisions(
        &self,
        request: Request<ListGuidanceArticleRevisionsRequest>,
    ) -> Answer<ListGuidanceArticleRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchGuidanceArticlesStream = Feed<WatchGuidanceArticlesResponse>;

    async fn watch_guidance_articles(
        &self,
        request: Request<WatchGuidanceArticlesRequest>,
    ) -> Answer<Self::WatchGuidanceArticlesStream> {
        self.registry.watch(request).await
    }
}
