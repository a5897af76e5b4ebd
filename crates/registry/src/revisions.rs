//! Revisions: every step in the life of one record, newest first.

use crate::asked::Asked;
use crate::codec::Sight;
use crate::column::Place;
use crate::keep::{Keep, Visible};
use crate::list::page_size;
use crate::order::foreign;
use crate::registry::{Answer, Registry};
use crate::sql::Sql;
use crate::time::timestamp;
use ::fault::Fault;
use proto::registry::v1::Revision;
use proto::shape::{Ask, History};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use tonic::Request;

/// The steps of a page, newest first.
type Steps<T> = Vec<(Revision, T)>;

impl<K: Keep> Registry<K> {
    /// Lists the steps of one record, deleted or not.
    ///
    /// # Errors
    /// `NOT_FOUND`, `INVALID_PAGE_TOKEN`.
    pub async fn revisions<R: Ask, P: History<K::Record>>(&self, request: Request<R>) -> Answer<P> {
        let asked = Asked::of(request)?;
        let steps = self.steps(&asked).await;
        let (steps, next) = self.settled(&asked, steps).await?;
        self.noted(&asked, asked.ask.name()).await?;
        Ok(tonic::Response::new(P::page(steps, next)))
    }

    async fn steps<R: Ask>(&self, asked: &Asked<R>) -> Result<(Steps<K::Record>, String), Fault> {
        asked.check()?;
        let (name, seal) = (asked.ask.name(), self.seal("revisions", asked));
        let before = match asked.ask.page_token() {
            "" => None,
            token => {
                let content = self.store().tokens().open(&seal, token).ok_or_else(foreign)?;
                Some(i64::from_be_bytes(content.try_into().map_err(|_| foreign())?))
            }
        };
        let size = usize::try_from(page_size(asked.ask.page_size())).expect("the size of a page is positive");
        let visible = K::visible(asked.principal());
        let rows = self.versions(name, &visible, before, size + 1).await?;
        if rows.is_empty() && before.is_none() {
            return Err(self.kind().not_found(name));
        }
        let sight = asked.sight::<K>();
        let steps: Steps<_> = rows.iter().take(size).map(|row| self.step(row, sight)).collect::<Result<_, _>>()?;
        let more = rows.len() > size;
        let last = steps.last().filter(|_| more).map(|(revision, _)| revision.version.to_be_bytes());
        Ok((steps, last.map_or_else(String::new, |last| self.store().tokens().seal(&seal, &last))))
    }

    /// Versions that the caller may see, of a record that the caller may see.
    async fn versions(
        &self,
        name: &str,
        visible: &Visible,
        before: Option<i64>,
        most: usize,
    ) -> Result<Vec<PgRow>, Fault> {
        let kind = self.kind();
        let mut text = Sql::new("select name, version, verb, actor, reason, cause, at, ");
        text.push(&kind.texts.doc).push(" from history h where name = ").bind(name.to_owned());
        text.push(" and kind = ").bind(kind.name);
        if let Some(before) = before {
            text.push(" and version < ").bind(before);
        }
        text.visible(visible, kind, Place::History)?;
        text.push(" and exists (select from ").push(&kind.texts.table).push(" where name = ").bind(name.to_owned());
        text.visible(visible, kind, Place::Table)?;
        text.push(") order by version desc limit ").bind(i64::try_from(most).unwrap_or(i64::MAX));
        text.query().fetch_all(self.store().pool()).await.map_err(pg::fault)
    }

    /// A step and the record after it, from a row of the history.
    pub(crate) fn step(&self, row: &PgRow, sight: Sight) -> Result<(Revision, K::Record), Fault> {
        let revision = || -> Result<Revision, sqlx::Error> {
            Ok(Revision {
                version: row.try_get("version")?,
                verb: row.try_get("verb")?,
                actor: row.try_get("actor")?,
                time: Some(timestamp(row.try_get("at")?)),
                reason: row.try_get("reason")?,
                cause: row.try_get::<Option<_>, _>("cause")?.unwrap_or_default(),
            })
        };
        let record = self.read_row(row, row.try_get("name").map_err(pg::fault)?, sight)?;
        let revision = revision().map_err(pg::fault)?;
        // Who in the office did what and why is the office's own; what came of it stands in the record.
        let Revision { version, time, .. } = revision;
        let outside = || Revision { version, time, ..Revision::default() };
        Ok((if sight.internal { revision } else { outside() }, record))
    }
}
