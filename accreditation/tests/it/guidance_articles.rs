//! Guidance: drafts unseen, editions by the day they hold, found by words.

use crate::world::{Signed, World, decider, police, reason, registrar, staff_of, world};
use identity::{Permissions, Principal};
use proto::accreditation::v1::guidance_article_service_client::GuidanceArticleServiceClient;
use proto::accreditation::v1::{self as pb, GuidanceArticle, GuidanceEdition, LegalBasis, guidance_article::State};
use tonic::{Response, Status};

/// Someone of a mission, or a partner, who reads guidance.
fn reader(of: Principal) -> Principal {
    Principal { permissions: Permissions::of(["accreditation.guidanceArticles.read"]), ..of }
}

pub(crate) fn article() -> GuidanceArticle {
    GuidanceArticle {
        topic: "vehicles".into(),
        language: "en".into(),
        title: "Traffic citations".into(),
        body: "A diplomatic agent may be cited, not detained. Fines are paid by those who drive.".into(),
        basis: vec![LegalBasis { instrument: "VCDR".into(), provision: "art. 41.1".into() }],
        effective_date: "2026-05-01".into(),
        ..GuidanceArticle::default()
    }
}

impl World {
    pub(crate) fn guidance(&self, by: &Principal) -> GuidanceArticleServiceClient<Signed> {
        GuidanceArticleServiceClient::new(self.signed(by))
    }

    pub(crate) async fn written(&self, article: GuidanceArticle) -> String {
        let request = pb::CreateGuidanceArticleRequest { guidance_article: Some(article), ..Default::default() };
        self.guidance(&registrar()).create_guidance_article(request).await.unwrap().into_inner().name
    }

    pub(crate) async fn published(&self, article: GuidanceArticle) -> String {
        let name = self.written(article).await;
        let request = pb::PublishGuidanceArticleRequest { name: name.clone(), ..Default::default() };
        self.guidance(&decider()).publish_guidance_article(request).await.unwrap();
        name
    }

    pub(crate) async fn revise(&self, name: &str, from: &str, body: &str) -> Result<GuidanceArticle, Status> {
        let request = pb::ReviseGuidanceArticleRequest {
            name: name.into(),
            effective_date: from.into(),
            body: body.into(),
            note: "Points are counted.".into(),
            ..Default::default()
        };
        self.guidance(&decider()).revise_guidance_article(request).await.map(Response::into_inner)
    }

    pub(crate) async fn consult(&self, by: &Principal, name: &str, date: &str) -> Result<GuidanceEdition, Status> {
        let request = pb::ConsultGuidanceArticleRequest { name: name.into(), date: date.into() };
        self.guidance(by).consult_guidance_article(request).await.map(Response::into_inner)
    }
}

#[tokio::test]
async fn missions_and_partners_read_what_was_published_and_no_draft() {
    let world = world().await;
    world.embassy("FR").await;
    let name = world.written(article()).await;
    let get = || pb::GetGuidanceArticleRequest { name: name.clone(), as_of: None };
    for outside in [reader(staff_of("fr")), reader(police("mpd"))] {
        assert_eq!(reason(world.guidance(&outside).get_guidance_article(get()).await), "NOT_FOUND");
    }
    let request = pb::PublishGuidanceArticleRequest { name: name.clone(), ..Default::default() };
    world.guidance(&decider()).publish_guidance_article(request).await.unwrap();
    for outside in [reader(staff_of("fr")), reader(police("mpd"))] {
        let read = world.guidance(&outside).get_guidance_article(get()).await.unwrap().into_inner();
        assert_eq!((read.state(), read.editions.len()), (State::Published, 1));
        assert_eq!(read.basis[0].provision, "art. 41.1");
    }
}

#[tokio::test]
async fn the_edition_that_holds_is_a_matter_of_the_day() {
    let world = world().await;
    let name = world.published(article()).await;
    let revised = world.revise(&name, "2026-07-01", "Eight points lead to a review.").await.unwrap();
    assert_eq!((revised.editions[0].until_date.as_str(), revised.editions[1].number), ("2026-07-01", 2));
    let officer = registrar();
    assert_eq!(world.consult(&officer, &name, "2026-06-30").await.unwrap().number, 1);
    assert_eq!(world.consult(&officer, &name, "2026-07-01").await.unwrap().number, 2);
    assert_eq!(world.consult(&officer, &name, "").await.unwrap().number, 1, "today is the fourth of May");
    assert_eq!(reason(world.consult(&officer, &name, "2026-04-30").await), "GUIDANCE_NOT_IN_FORCE");
    for not_later in ["2026-07-01", "2026-06-01"] {
        assert_eq!(reason(world.revise(&name, not_later, "Again.").await), "EDITION_NOT_LATER");
    }
    let request = pb::WithdrawGuidanceArticleRequest { name: name.clone(), ..Default::default() };
    world.guidance(&decider()).withdraw_guidance_article(request).await.unwrap();
    assert_eq!(world.consult(&officer, &name, "2026-05-03").await.unwrap().number, 1, "it held before");
    assert_eq!(reason(world.consult(&officer, &name, "2026-05-04").await), "GUIDANCE_NOT_IN_FORCE");
}

#[tokio::test]
async fn articles_are_found_by_words_of_their_text() {
    let world = world().await;
    let name = world.published(article()).await;
    world
        .published(GuidanceArticle { title: "Customs".into(), body: "Goods for the mission.".into(), ..article() })
        .await;
    let found = async |q: &str| {
        let request = pb::ListGuidanceArticlesRequest { q: q.into(), ..Default::default() };
        let page = world.guidance(&registrar()).list_guidance_articles(request).await.unwrap().into_inner();
        page.guidance_articles.into_iter().map(|article| article.name).collect::<Vec<_>>()
    };
    assert_eq!(found("detained").await, std::slice::from_ref(&name));
    assert_eq!(found("citations").await, [name]);
    assert!(found("embargo").await.is_empty());
}
