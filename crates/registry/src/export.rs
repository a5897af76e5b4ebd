//! Export: every record the caller may see, one a message.

use crate::asked::Asked;
use crate::keep::Keep;
use crate::registry::{Answer, Feed, Registry};
use futures::{StreamExt as _, TryStreamExt as _};
use proto::shape::{Ask, Line};
use tonic::{Request, Status};

/// How many records are read at once.
const AT_ONCE: i64 = 500;

impl<K: Keep> Registry<K> {
    /// Sends every record that passes the request's filter, by name. What is added meanwhile behind the place reached
    /// is sent too.
    ///
    /// # Errors
    /// `INVALID_FILTER`. The stream ends with `UNAUTHENTICATED` when the caller's credential does.
    pub async fn export<R: Ask, L: Line<K::Record>>(&self, request: Request<R>) -> Answer<Feed<L>> {
        let asked = Asked::of(request)?;
        let question = match asked.check() {
            Ok(()) => self.question(&asked),
            Err(fault) => Err(fault),
        };
        let question = self.settled(&asked, question).await?;
        // What is wrong with the filter is told before the stream begins.
        let first = self.following(&question, None, AT_ONCE).await?;
        let begin = (self.clone(), asked, question, Some(first));
        let pages = futures::stream::try_unfold(begin, async |(registry, asked, question, page)| {
            let Some((records, last)) = page else { return Ok(None) };
            registry.still_known(&asked)?;
            // Before any of it is handed out.
            registry.given(&asked, records.iter()).await?;
            let next = match &last {
                Some(place) => Some(registry.following(&question, Some(place), AT_ONCE).await?),
                None => None,
            };
            let lines = futures::stream::iter(records.into_iter().map(|record| Ok(L::line(record))));
            Ok::<_, Status>(Some((lines, (registry, asked, question, next))))
        });
        Ok(tonic::Response::new(pages.try_flatten().boxed()))
    }
}
