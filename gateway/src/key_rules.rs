//! What a new API key is held against: its role, permissions, product, agency and networks, its end, and who makes it.

use crate::expiry::NUMBERS;
use crate::network::Network;
use crate::roles::{Known, Roles};
use chrono::{DateTime, Utc};
use config::Value as _;
use fault::{Fault, refuse_if};
use identity::{Permissions, Principal};
use proto::gateway::v1::{Agency, ApiKey, Product, Reason, agency, product};
use registry::instant;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a new key is held against.
#[derive(Debug)]
pub(crate) struct Rules {
    /// The roles there are.
    pub roles: Arc<Roles>,
    /// The permissions there are.
    pub known: Known,
    /// Authorities of client certificates that this gateway knows.
    pub authorities: BTreeSet<String>,
    /// The subject of the key of the settings, which may give away everything, since it makes the first of all others.
    pub bootstrap: Option<String>,
}

/// The records around a new key.
#[derive(Debug, Default)]
pub(crate) struct Around {
    /// The agency it is for; none if it does not exist, or the key is one of ours.
    pub agency: Option<Agency>,
    /// Its product; none if it does not exist or the key names none.
    pub product: Option<Product>,
    /// How many active keys the agency has for this product.
    pub live: i64,
}

impl Rules {
    /// What a key may do by its own permissions and its role's, as far as it may do so at all: a partner's never more
    /// than is open to partners, whatever was written down.
    pub(crate) fn held(&self, own: &[String], role: &str, internal: bool) -> Permissions {
        let of_role = self.roles.lasting(role).into_iter().flat_map(|role| role.permissions.iter());
        let all = own.iter().map(String::as_str).chain(of_role);
        Permissions::of(all.filter(|permission| internal || self.known.is_for_partners(permission)))
    }

    /// What a partner's own people may do: what their roles give them and partners may do at all, of the gateway's own
    /// methods (its keys, webhooks and jobs), and of the rest what the agency was assigned.
    pub(crate) fn held_by_people(&self, of_roles: &Permissions, of_products: &BTreeSet<String>) -> Permissions {
        let own = |permission: &&String| permission.starts_with("gateway.") || of_products.contains(*permission);
        let held = self.known.for_partners().filter(|permission| of_roles.allow(permission));
        Permissions::of(held.filter(own))
    }

    /// What it takes to make a key.
    pub(crate) fn admit(
        &self,
        key: &ApiKey,
        around: &Around,
        creator: &Principal,
        now: DateTime<Utc>,
    ) -> Result<(), Fault> {
        match &creator.agency {
            Some(agency) => its_own(key, agency)?,
            None => self.creator_covers(key, creator)?,
        }
        self.role_exists(key)?;
        self.permissions_fit(key)?;
        belongs(key, around)?;
        networks_fit("apiKey.allowedNetworks", &key.allowed_networks)?;
        self.certificate_fits(key)?;
        expiry_fits(key, now)
    }

    fn role_exists(&self, key: &ApiKey) -> Result<(), Fault> {
        let unknown = !key.role.is_empty() && self.roles.lasting(&key.role).is_none();
        refuse_if(unknown, Reason::UnknownRole, "there is no such role")
            .map_err(|fault| fault.at("apiKey.role", "is no role"))
    }

    /// Each permission exists, and a partner may hold it unless the key is our own. So with those of the role.
    fn permissions_fit(&self, key: &ApiKey) -> Result<(), Fault> {
        let mut fault = Fault::new(Reason::PermissionNotForPartners, "the key cannot hold all of these permissions");
        for (n, permission) in key.permissions.iter().enumerate() {
            if !self.known.knows(permission) {
                fault = fault.at(format!("apiKey.permissions[{n}]"), format!("there is no permission {permission}"));
            } else if !key.internal && !self.known.is_for_partners(permission) {
                fault = fault.at(format!("apiKey.permissions[{n}]"), format!("{permission} is not for partners"));
            }
        }
        let of_role = self.roles.lasting(&key.role).into_iter().flat_map(|role| role.permissions.iter());
        for permission in of_role.filter(|permission| !key.internal && !self.known.is_for_partners(permission)) {
            fault = fault.at("apiKey.role", format!("its permission {permission} is not for partners"));
        }
        if fault.violations().is_empty() { Ok(()) } else { Err(fault) }
    }

    /// A client certificate is named by its authority and its name, both of them, and the authority is known.
    fn certificate_fits(&self, key: &ApiKey) -> Result<(), Fault> {
        let (authority, name) = (&key.certificate_authority, &key.certificate_name);
        let whole = authority.is_empty() == name.is_empty();
        refuse_if(!whole, Reason::CertificateUnfit, "a client certificate has an authority and a name")?;
        let known = authority.is_empty() || self.authorities.contains(authority);
        refuse_if(!known, Reason::CertificateUnfit, "this gateway does not know the authority")
            .map_err(|fault| fault.at("apiKey.certificateAuthority", "is not known here"))
    }

    /// Nobody gives away what they do not hold. A product's permissions were given away when it was published, by two
    /// persons, and again when it was assigned.
    fn creator_covers(&self, key: &ApiKey, creator: &Principal) -> Result<(), Fault> {
        if self.bootstrap.as_deref() == Some(&*creator.subject) {
            return Ok(());
        }
        let given = self.held(&key.permissions, &key.role, key.internal);
        let beyond: Vec<_> = given.iter().filter(|one| !creator.permissions.cover(&Permissions::of([one]))).collect();
        let words = "the key would hold permissions that you do not hold yourself";
        refuse_if(!beyond.is_empty(), Reason::BeyondOwnPermissions, words)
            .map_err(|fault| fault.with("permissions", beyond.join(" ")))
    }
}

/// An agency's administrator makes keys of that agency, for its products.
fn its_own(key: &ApiKey, agency: &str) -> Result<(), Fault> {
    let words = "an agency's administrator makes keys of that agency and of no other";
    refuse_if(key.internal || key.agency != agency, Reason::BeyondOwnPermissions, words)?;
    let beside = !key.permissions.is_empty() || !key.role.is_empty() || key.product.is_empty();
    let words = "an agency's administrator gives a key a product, and neither permissions nor a role";
    refuse_if(beside, Reason::ProductUnfit, words)
}

/// A partner's key belongs to an agency that may call, and is for a product that it was assigned.
fn belongs(key: &ApiKey, around: &Around) -> Result<(), Fault> {
    if key.internal {
        let words = "a key of our own has permissions or a role, and no product";
        return refuse_if(!key.product.is_empty(), Reason::ProductUnfit, words)
            .map_err(|fault| fault.at("apiKey.product", "is for partners' keys"));
    }
    let agency = around.agency.as_ref().filter(|agency| agency.state() == agency::State::Active);
    let words = "no agency of this name may call at present";
    let agency =
        agency.ok_or_else(|| Fault::new(Reason::AgencyNotActive, words).at("apiKey.agency", "may not call"))?;
    if key.product.is_empty() {
        return Ok(());
    }
    let offered = around.product.as_ref().is_some_and(|product| product.state() == product::State::Published);
    let assigned = agency.products.contains(&key.product);
    refuse_if(!offered || !assigned, Reason::ProductNotAssigned, "the agency may not have keys for this product")
        .map_err(|fault| fault.at("apiKey.product", "is not offered to this agency"))?;
    let most = NUMBERS.most_per_product;
    let words = format!("the agency has {most} active keys for this product, which is as many as it may have");
    refuse_if(around.live >= most.into(), Reason::TooManyKeys, words)
}

/// The networks that a key or an agency's people may call from can be read as such.
pub(crate) fn networks_fit(field: &str, networks: &[String]) -> Result<(), Fault> {
    let mut fault = Fault::new(Reason::NetworkUnreadable, "not all of these are networks");
    for (n, text) in networks.iter().enumerate() {
        if Network::parse(text).is_err() {
            fault = fault.at(format!("{field}[{n}]"), "is no network");
        }
    }
    if fault.violations().is_empty() { Ok(()) } else { Err(fault) }
}

fn expiry_fits(key: &ApiKey, now: DateTime<Utc>) -> Result<(), Fault> {
    let (expires, longest) = (key.expire_time.as_ref().and_then(instant), NUMBERS.longest());
    let fits = expires.is_some_and(|expires| now < expires && expires <= now + longest);
    let words = format!("a key lasts until an instant to come, and for {} days at most", longest.num_days());
    refuse_if(!fits, Reason::ExpiryUnfit, words)
        .map_err(|fault| fault.at("apiKey.expireTime", "is too early or too late"))
}

/// The instant until which a key is good after its retirement: sooner than before, and to come.
pub(crate) fn sooner(key: &ApiKey, wanted: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<DateTime<Utc>, Fault> {
    let before = key.expire_time.as_ref().and_then(instant);
    let fits = wanted.filter(|wanted| now < *wanted && Some(*wanted) < before);
    let words = "a key retires at an instant to come, before the one it was made for";
    fits.ok_or_else(|| Fault::new(Reason::ExpiryUnfit, words).at("expireTime", "is too early or too late"))
}
