//! Get: a record as it is, or as the register showed it at a past instant.

use crate::asked::Asked;
use crate::codec::Sight;
use crate::column::Place;
use crate::keep::{Keep, Visible};
use crate::registry::{Answer, Registry};
use crate::sql::Sql;
use crate::time::instant;
use ::fault::Fault;
use chrono::{DateTime, Utc};
use proto::policy::v1::Reason;
use proto::shape::{Ask, Record as _};
use sqlx::Row as _;
use tonic::Request;

impl<K: Keep> Registry<K> {
    /// Reads a record, as it is or as of a past instant.
    ///
    /// # Errors
    /// `INVALID_FIELDS`; `NOT_FOUND` if there is none, or none the caller may see.
    pub async fn get<R: Ask>(&self, request: Request<R>) -> Answer<K::Record> {
        let asked = Asked::of(request)?;
        let found = self.found(&asked).await;
        let record = self.settled(&asked, found).await?;
        self.noted(&asked, record.name()).await?;
        Ok(tonic::Response::new(record))
    }

    async fn found<R: Ask>(&self, asked: &Asked<R>) -> Result<K::Record, Fault> {
        asked.check()?;
        let (name, visible) = (asked.ask.name(), K::visible(asked.principal()));
        let sight = asked.sight::<K>();
        let found = match asked.ask.as_of() {
            None => self.visible(name, &visible, sight).await?,
            Some(as_of) => {
                let wrong = || Fault::new(Reason::InvalidFields, "1 field is wrong").at("asOf", "is no instant");
                self.past(name, instant(as_of).ok_or_else(wrong)?, &visible, sight).await?
            }
        };
        found.ok_or_else(|| self.kind().not_found(name))
    }

    /// The record as of an instant, if it was there then and the caller may see it, both as it was and as it is now.
    async fn past(
        &self,
        name: &str,
        as_of: DateTime<Utc>,
        visible: &Visible,
        sight: Sight,
    ) -> Result<Option<K::Record>, Fault> {
        let kind = self.kind();
        let mut text = Sql::new("select h.* from (select verb, ");
        text.push(&kind.texts.doc).push(" from history where name = ").bind(name.to_owned());
        text.push(" and kind = ").bind(kind.name).push(" and at <= ").bind(as_of);
        text.push(" order by version desc limit 1) h where true").visible(visible, kind, Place::History)?;
        text.push(" and exists (select from ").push(&kind.texts.table).push(" where name = ").bind(name.to_owned());
        text.visible(visible, kind, Place::Table)?.push(")");
        let found = text.query().fetch_optional(self.store().pool()).await.map_err(pg::fault)?;
        let Some(row) = found else { return Ok(None) };
        let verb: &str = row.try_get("verb").map_err(pg::fault)?;
        if verb == "delete" {
            return Ok(None);
        }
        self.read_row(&row, name, sight).map(Some)
    }
}
