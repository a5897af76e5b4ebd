//! What is sealed of one member, sealed anew for each of its copies, as the service would: a key of its own, wrapped.

use super::rig::Rig;
use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use vault::{DataKey, Vault};

/// What opens of the member that is copied.
pub(super) struct Original {
    vault: Vault,
    /// What is sealed, and the version it belongs to: its copies have the same.
    hidden: Vec<u8>,
    etag: String,
}

impl Original {
    /// Opens the sealed part of a member.
    pub(super) fn open(rig: &Rig, keys: &str, member: &str) -> Result<Self> {
        let one = |what: &str, table: &str, column: &str| -> Result<String> {
            let text = format!("select {what} from {table} where {column} = '{member}'");
            let found = rig.cluster.postgres().query("accreditation", "accreditation", &text)?;
            found.into_iter().next().with_context(|| format!("{member} has no {what}"))
        };
        let vault = Vault::parse(keys)?;
        let etag = one("doc->>'etag'", "members", "name")?;
        let envelope = STANDARD.decode(one("doc->>'sealed'", "members", "name")?)?;
        let wrapped =
            STANDARD.decode(one("translate(encode(wrapped, 'base64'), E'\\n', '')", "data_keys", "record")?)?;
        let hidden = vault.unwrap(member, &wrapped)?.open(&place(member, &etag), &envelope)?;
        Ok(Self { vault, hidden, etag })
    }

    /// For copies with these names: the id of the wrapping key, the wrapped keys and the sealed parts, as arrays of SQL.
    pub(super) fn sealed(&self, names: impl Iterator<Item = String>) -> Result<[String; 3]> {
        let (mut keys, mut parts) = (Vec::new(), Vec::new());
        for name in names {
            let key = DataKey::random()?;
            keys.push(STANDARD.encode(self.vault.wrap(&name, &key)?.bytes));
            parts.push(STANDARD.encode(key.seal(&place(&name, &self.etag), &self.hidden)?));
        }
        Ok([self.vault.ids().swap_remove(0), format!("{{{}}}", keys.join(",")), format!("{{{}}}", parts.join(","))])
    }
}

/// What the registry binds the sealed part of a document to.
fn place<'t>(name: &'t str, etag: &'t str) -> [&'t str; 3] {
    ["document", name, etag]
}
