//! Partner agencies as their own people call for them: whether they may at present, for what, how often, from where.

use super::Refusal;
use crate::agencies;
use crate::network::Network;
use config::Value as _;
use sqlx::{PgPool, Row as _};
use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::time::Duration;

/// An agency with the products that it was assigned, a row each.
const TERMS: &str = "
    select array(select jsonb_array_elements_text(coalesce(a.doc->'allowedNetworks', '[]'))) as networks,
        coalesce(p.name, '') as product, array(select jsonb_array_elements_text(p.doc->'permissions')) as permissions,
        coalesce((p.doc->>'requestsPerSecond')::int, 0) as per_second,
        coalesce((p.doc->>'requestsPerMonth')::bigint, 0) as per_month
    from agencies a left join products p on p.deleted_at is null and a.doc->'products' ? p.name
    where a.name = $1 and a.state = 'ACTIVE' and a.deleted_at is null
        and (a.agreement_end_time is null or a.agreement_end_time > clock_timestamp())";

/// Agencies, as they stand in the gateway's database.
#[derive(Clone, Debug)]
pub(crate) struct Partners {
    pool: PgPool,
}

/// What an agency's people are bound to besides their roles.
#[derive(Debug, Default)]
pub(super) struct Terms {
    /// What its products allow.
    pub permissions: BTreeSet<String>,
    /// Where they may call from; anywhere if there are none.
    pub networks: Box<[Network]>,
    /// The most requests of one of them in a second: the least of what its products say.
    pub rate: Option<NonZeroU32>,
    /// The product with the smallest quota, and how many requests a month it is: a person calls for all of them.
    pub quota: Option<(Box<str>, u64)>,
}

impl Partners {
    /// How long an agency that may call is not looked at again: as with keys, one that is suspended is refused within a
    /// second.
    pub(super) const GOOD_FOR: Duration = Duration::from_millis(500);

    pub(crate) fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// What the people of the agency with this id are bound to.
    ///
    /// # Errors
    /// No such agency may call; or that cannot be known for the moment, and then nobody of it does.
    pub(super) async fn terms(&self, id: &str) -> Result<Terms, Refusal> {
        let rows = sqlx::query(TERMS).bind(agencies::name(id)).fetch_all(&self.pool).await.map_err(away)?;
        let first = rows.first().ok_or(Refusal::Unknown)?;
        let networks: Vec<String> = first.try_get("networks").map_err(away)?;
        // One that cannot be read lets nobody in: it was refused when it was written, so someone altered it.
        let networks = networks.iter().map(|text| Network::parse(text)).collect::<Result<_, _>>();
        let mut terms = Terms { networks: networks.map_err(|_| Refusal::Unknown)?, ..Terms::default() };
        for row in &rows {
            terms.permissions.extend(row.try_get::<Vec<String>, _>("permissions").map_err(away)?);
            let rate = u32::try_from(row.try_get::<i32, _>("per_second").map_err(away)?).ok().and_then(NonZeroU32::new);
            terms.rate = [terms.rate, rate].into_iter().flatten().min();
            let quota = u64::try_from(row.try_get::<i64, _>("per_month").map_err(away)?).unwrap_or(0);
            if quota > 0 && terms.quota.as_ref().is_none_or(|(_, smallest)| quota < *smallest) {
                terms.quota = Some((row.try_get::<String, _>("product").map_err(away)?.into(), quota));
            }
        }
        Ok(terms)
    }
}

fn away(error: sqlx::Error) -> Refusal {
    tracing::error!(%error, "cannot look up an agency");
    Refusal::Away
}
