//! The two sanctions lists: registered once, and each publication taken into force through the gateway.

use super::{House, LISTS, text};
use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

/// A list's name, format and title. Its publication lies in the folder of the same name.
const CARRIED: [(&str, &str, &str); 2] = [
    ("un-sc", "UN_XML", "Consolidated List of the United Nations Security Council"),
    ("ofac-sdn", "OFAC_DELIMITED", "Specially Designated Nationals (OFAC)"),
];

/// Takes both into force. Loaded again, they change nothing.
pub(super) async fn load(house: &House<'_>) -> Result<()> {
    let role = house.door.holder(&LISTS, "consular.watchLists.maintain").await?;
    println!("\nSanctions lists, taken into force by the {role}:");
    for (id, format, title) in CARRIED {
        let list = list(house, role, id, format, title).await?;
        if list["state"] == "RETIRED" {
            bail!("watchLists/{id} was retired; the demonstration cannot go on from there");
        }
        let loaded = house.post(role, &format!("watchLists/{id}:load"), &format!("load:{id}"), &json!({})).await;
        let loaded = loaded.context(
            "load the list; its publication must lie in the folder of lists of the service (CONSULAR_LISTS_FOLDER)",
        )?;
        println!("  {title}");
        println!(
            "    watchLists/{id}, version {}: {} entries ({} new, {} changed, {} gone since the version before)",
            text(&loaded, "version"),
            loaded["entries"],
            loaded["added"],
            loaded["changed"],
            loaded["removed"],
        );
    }
    Ok(())
}

/// The list as it is registered, or as it is registered now.
async fn list(house: &House<'_>, role: &str, id: &str, format: &str, title: &str) -> Result<Value> {
    match house.door.get(role, &format!("/v1/consular/watchLists/{id}"), &[]).await? {
        Ok(list) => Ok(list),
        Err(refusal) if refusal.reason() == "NOT_FOUND" => {
            let body = json!({ "title": title, "format": format, "folder": id });
            house.post(role, &format!("watchLists?watchListId={id}"), &format!("list:{id}"), &body).await
        }
        Err(refusal) => Err(refusal).context("read the list"),
    }
}
