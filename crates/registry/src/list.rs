//! List: a page of the records a caller may see, filtered, ordered, found by words; and the token of the next page.

use crate::asked::Asked;
use crate::codec::Sight;
use crate::column::Place;
use crate::filter::{self, Expr, Scope};
use crate::keep::{Keep, Visible};
use crate::order::{Order, Position, foreign};
use crate::registry::{Answer, Registry};
use crate::sql::{self, Sql};
use ::fault::Fault;
use proto::policy::v1::Reason;
use proto::shape::{Ask, Page};
use sqlx::Row as _;
use tonic::Request;

/// How many records a page has if the caller does not say.
const PAGE: i64 = 50;
/// The most records of a page.
const GREATEST_PAGE: i64 = 1_000;

/// A question to one kind of record, understood.
pub(crate) struct Question {
    pub(crate) visible: Visible,
    pub(crate) filter: Option<Expr>,
    pub(crate) scope: Scope,
    pub(crate) order: Order,
    pub(crate) q: String,
    pub(crate) show_deleted: bool,
    pub(crate) sight: Sight,
}

impl<K: Keep> Registry<K> {
    /// Lists records, page by page. A page begins where the one before it ended, whatever was added or removed
    /// meanwhile; its token is good for this caller and this question only.
    ///
    /// # Errors
    /// `INVALID_FIELDS`, `INVALID_FILTER`, `INVALID_PAGE_TOKEN`; `PERMISSION_DENIED` for words to be found in
    /// personal data by a caller who may not read it.
    pub async fn list<R: Ask, P: Page<K::Record>>(&self, request: Request<R>) -> Answer<P> {
        let asked = Asked::of(request)?;
        let page = self.page(&asked).await;
        let (records, next) = self.settled(&asked, page).await?;
        self.given(&asked, records.iter()).await?;
        Ok(tonic::Response::new(P::page(records, next)))
    }

    async fn page<R: Ask>(&self, asked: &Asked<R>) -> Result<(Vec<K::Record>, String), Fault> {
        asked.check()?;
        let question = self.question(asked)?;
        let seal = self.seal("page", asked);
        let after = match asked.ask.page_token() {
            "" => None,
            token => {
                let content = self.store().tokens().open(&seal, token).ok_or_else(foreign)?;
                Some(serde_json::from_slice(&content).map_err(|_| foreign())?)
            }
        };
        let size = page_size(asked.ask.page_size());
        let (records, last) = self.following(&question, after.as_ref(), size).await?;
        let next = last.map(|position| {
            let content = serde_json::to_vec(&position).expect("JSON can be written as JSON");
            self.store().tokens().seal(&seal, &content)
        });
        Ok((records, next.unwrap_or_default()))
    }

    /// What a request asks of the records.
    pub(crate) fn question<R: Ask>(&self, asked: &Asked<R>) -> Result<Question, Fault> {
        let (kind, sight, ask) = (self.kind(), asked.sight::<K>(), &asked.ask);
        let scope = Scope::new(&kind.columns, Place::Table, sight, self.store().vault());
        if !ask.q().is_empty() {
            ::fault::refuse_if(!kind.searchable, Reason::InvalidFilter, "these records have no words to be found")?;
            let hidden = kind.searches_personal && !sight.personal;
            ::fault::refuse_if(hidden, Reason::PermissionDenied, "words are looked for in personal data here")?;
        }
        Ok(Question {
            visible: K::visible(asked.principal()),
            filter: filter::parse(ask.filter())?,
            order: Order::parse(ask.order_by(), &scope)?,
            scope,
            q: ask.q().to_owned(),
            show_deleted: ask.show_deleted(),
            sight,
        })
    }

    /// What a token is good for: this question of this caller.
    pub(crate) fn seal<'a, R: Ask>(&'a self, purpose: &'a str, asked: &'a Asked<R>) -> [&'a str; 8] {
        let ask = &asked.ask;
        let deleted = if ask.show_deleted() { "with deleted" } else { "" };
        let caller = &asked.principal().subject;
        [purpose, self.kind().name, ask.name(), ask.filter(), ask.order_by(), ask.q(), deleted, caller]
    }

    /// The next records after a place, and the place of the last of them if there are more.
    pub(crate) async fn following(
        &self,
        question: &Question,
        after: Option<&Position>,
        size: i64,
    ) -> Result<(Vec<K::Record>, Option<Position>), Fault> {
        let kind = self.kind();
        let mut text = Sql::new("select name, ");
        text.push(&kind.texts.doc).push(", ");
        question.order.select(&mut text);
        text.push(" as position from ").push(&kind.texts.table).push(" where true");
        if !question.show_deleted {
            text.push(" and deleted_at is null");
        }
        text.visible(&question.visible, kind, Place::Table)?;
        if let Some(filter) = &question.filter {
            text.push(" and ");
            filter::compile(filter, &question.scope, &mut text)?;
        }
        if !question.q.is_empty() {
            text.push(" and search @@ sought(").bind(question.q.clone()).push(")");
        }
        if let Some(position) = after {
            question.order.after(position, &mut text)?;
        }
        question.order.order(&mut text);
        // One more than asked for tells whether there are more.
        text.push(" limit ").bind(size + 1);
        let query = if question.filter.is_some() { text.query_once() } else { text.query() };
        let mut rows = query.fetch_all(self.store().pool()).await.map_err(pg::fault)?;
        let size = usize::try_from(size).expect("the size of a page is positive");
        let more = rows.len() > size;
        rows.truncate(size);
        let last = match rows.last().filter(|_| more) {
            Some(row) => Some(serde_json::from_slice(sql::json(row, "position")?).map_err(|error| {
                Fault::new(Reason::Internal, "the place in a list cannot be read").caused_by(error)
            })?),
            None => None,
        };
        let records = rows
            .iter()
            .map(|row| self.read_row(row, row.try_get("name").map_err(pg::fault)?, question.sight))
            .collect::<Result<_, _>>()?;
        Ok((records, last))
    }
}

/// How many records a page has.
pub(crate) fn page_size(wanted: i32) -> i64 {
    if wanted <= 0 { PAGE } else { i64::from(wanted).min(GREATEST_PAGE) }
}
