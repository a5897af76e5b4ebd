//! How a registration ends: its registrant is reminded, and in the end all that is personal is forgotten.

use crate::parcels::{self, Parcel};
use fault::Fault;
use proto::consular::v1::Registration;
use proto::consular::v1::registration::State;
use registry::Reader;

/// Asks the registrant to confirm, at the address that was proven first; then at the others.
pub(crate) async fn remind(reader: &mut Reader<'_>, registration: &Registration) -> Result<(), Fault> {
    let proven = registration.verified.iter().map(|proven| &proven.address);
    let Some((channel, address, others)) = parcels::ways(proven) else { return Ok(()) };
    let parcel = Parcel {
        key: format!("reminders/{}/{}", registration.name, reader.now().timestamp_micros()),
        registration: registration.name.clone(),
        channel,
        address,
        others,
        language: registration.language.clone(),
        subject: "Is your registration still right?".to_owned(),
        body: "You have not confirmed your registration abroad for long. Please confirm or change it, so that we find you \
               if something happens."
            .to_owned(),
        ..Parcel::default()
    };
    parcels::put(reader.beside(), &parcel).await
}

/// Erases what stands of a registration beside the record: codes, parcels and what was delivered, and its history.
pub(crate) async fn forget(reader: &mut Reader<'_>, registration: &Registration) -> Result<(), Fault> {
    let blank = serde_json::json!({"name": registration.name, "state": State::Erased.as_str_name()});
    for text in [
        "delete from contact_codes where registration = $1",
        "update parcels set address = '', others = '{}', subject = '', body = '', state = \
             case when state = 'QUEUED' then 'CANCELLED' else state end where registration = $1",
        "update mailbox_messages set doc = doc || '{\"address\": \"\", \"subject\": \"\", \"body\": \"\"}' \
             where registration = $1",
    ] {
        sqlx::query(text).bind(&registration.name).execute(reader.beside()).await.map_err(pg::fault)?;
    }
    let history = sqlx::query(
        "update history set doc = $2 || jsonb_build_object('createTime', doc->'createTime', \
        'updateTime', doc->'updateTime', 'uid', doc->'uid', 'etag', doc->'etag') where kind = 'registrations' and name = $1",
    );
    let history = history.bind(&registration.name).bind(sqlx::types::Json(blank));
    history.execute(reader.beside()).await.map(drop).map_err(pg::fault)
}
