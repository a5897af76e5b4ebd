//! Who calls: a credential becomes a caller, remembered for as short a time as revocation demands.

mod api_key;
mod bearer;
mod dev_issuer;
mod glass;
mod guesses;
mod header;
mod issuer;
mod jwt;
mod partners;
mod refusal;
mod snapshot;
mod strangers;
mod streams;

pub(crate) use api_key::{Bootstrap, InForce, KeyTable, is_key};
pub(crate) use bearer::People;
pub(crate) use dev_issuer::DevIssuer;
pub(crate) use glass::Glass;
pub(crate) use issuer::Issuer;
pub(crate) use jwt::Terms;
pub(crate) use partners::Partners;
pub(crate) use refusal::Refusal;

use crate::agencies;
use crate::network::Network;
use crate::rate::{Limits, Quota, Quotas, Share, Shares, Window, policy};
use crate::usage::{Ledger, Usage};
use api_key::ApiKeys;
use arc_swap::ArcSwap;
use chrono::Utc;
use guesses::Guesses;
use header::{bearer, is_key_text};
use http::{HeaderMap, HeaderValue};
use identity::{Principal, Signer};
use moka::Expiry;
use moka::future::Cache;
use ring::digest::{SHA256, digest};
use serve::Certified;
use snapshot::Snapshot;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};
use strangers::Strangers;
use streams::Streams;
use tokio::sync::Semaphore;

/// The longest that a token is used for a caller; under [`identity::LIFETIME`], so that it outlives the call.
const TOKEN_USED: Duration = Duration::from_secs(50);
/// The most streams a caller may have open, with all tokens or through all connections.
const MOST_STREAMS: usize = 64;
/// The most streams the callers of an agency may have open together.
const MOST_STREAMS_OF_AGENCY: usize = 256;
/// How long a caller is known who is not looked at: longer than any credential is good without another look.
const KNOWN_FOR: Duration = Duration::from_secs(90);
/// How long a bad credential is remembered as one.
const BAD_FOR: Duration = Duration::from_secs(1);
/// The most callers remembered.
const REMEMBERED: u64 = 50_000;

/// A caller whose credential was good a moment ago.
#[derive(Debug)]
pub(crate) struct Caller {
    /// Who it is and what it may do.
    pub principal: Arc<Principal>,
    /// Whether it is a partner agency: it may call only methods that the contract opens to partners.
    pub partner: bool,
    /// Its rate.
    pub window: Arc<Window>,
    /// What it may make in a month, if that is limited.
    pub quota: Option<Arc<Quota>>,
    /// Its rate and quota in words, as every answer tells them.
    pub policy: HeaderValue,
    /// Its part of the requests in flight, with all keys of its agency.
    pub share: Arc<Share>,
    /// Places for its open streams.
    pub streams: Arc<Semaphore>,
    /// Places for the open streams of its agency, if it has one.
    pub agency_streams: Option<Arc<Semaphore>>,
    /// Its calls, if it calls with a key.
    pub usage: Option<Arc<Usage>>,
    /// The authority and the name of the client certificate it must come with, if any.
    certificate: Option<(Box<str>, Box<str>)>,
    /// Where it may call from; anywhere if there are none.
    networks: Box<[Network]>,
    token: ArcSwap<Token>,
}

#[derive(Debug)]
struct Token {
    header: HeaderValue,
    made: Instant,
}

impl Token {
    fn mint(signer: &Signer, principal: &Principal) -> Self {
        let text = signer.mint(principal, Utc::now());
        // Not marked as sensitive: HTTP/2 would then send it whole with each call, instead of a reference to the last one.
        let header = HeaderValue::try_from(text).expect("a token is base64 and dots");
        Self { header, made: Instant::now() }
    }
}

impl Caller {
    /// Whether it may call from this address.
    pub(crate) fn may_call_from(&self, address: IpAddr) -> bool {
        self.networks.is_empty() || self.networks.iter().any(|network| network.holds(address))
    }

    /// Whether the connection's certificate is the one it must come with, and good still: a connection, and a stream, can last
    /// longer than a certificate and than our trust in who made it. Most need none.
    pub(crate) fn is_bound_to(&self, certified: Option<&Arc<Certified>>) -> bool {
        self.certificate
            .as_ref()
            .is_none_or(|(authority, name)| certified.is_some_and(|found| found.is_of(authority, name)))
    }

    /// Whether it may do and see whatever that one may: it is the same caller, with no less.
    pub(crate) fn holds_all_of(&self, other: &Self) -> bool {
        let (own, theirs) = (&*self.principal, &*other.principal);
        own.subject == theirs.subject
            && own.agency == theirs.agency
            && own.mission == theirs.mission
            && own.post == theirs.post
            && own.clearance >= theirs.clearance
            && own.permissions.cover(&theirs.permissions)
    }

    /// The token that tells services who calls. Signing costs more than the rest of a request's way through the
    /// gateway, so one token serves for [`TOKEN_USED`].
    pub(crate) fn token(&self, signer: &Signer) -> HeaderValue {
        let held = self.token.load();
        if held.made.elapsed() < TOKEN_USED {
            return held.header.clone();
        }
        let token = Token::mint(signer, &self.principal);
        let header = token.header.clone();
        self.token.store(Arc::new(token));
        header
    }
}

/// Whom a credential stands for, as one of the two kinds of credential found it.
#[derive(Debug)]
struct Found {
    principal: Principal,
    partner: bool,
    networks: Box<[Network]>,
    certificate: Option<(Box<str>, Box<str>)>,
    /// The most requests in a second, if not the house's.
    rate: Option<NonZeroU32>,
    /// The product with a quota, and how many requests a month it is.
    quota: Option<(Box<str>, u64)>,
    /// How long the credential need not be looked at again.
    good_for: Duration,
}

impl Found {
    /// One that is bound to no network and limited as the house limits everyone.
    fn plain(principal: Principal, partner: bool, good_for: Duration) -> Self {
        Self { principal, partner, networks: Box::default(), certificate: None, rate: None, quota: None, good_for }
    }
}

/// What limits callers.
#[derive(Debug)]
pub(crate) struct Bounds {
    /// How often.
    pub limits: Arc<Limits>,
    /// How often in a month.
    pub quotas: Arc<Quotas>,
    /// How many at a time.
    pub shares: Shares,
    /// For how long callers go on who were good when the database was last there.
    pub grace: Duration,
    /// How many requests may wait at a time until a credential is looked at that was not known lately; of keys and of
    /// tokens.
    pub strangers: usize,
}

/// SHA-256 of the whole credential: what is remembered is never the credential itself.
type Digest = [u8; 32];

#[derive(Clone, Debug)]
struct Verified {
    caller: Arc<Caller>,
    good_for: Duration,
}

/// Knows callers by their credentials.
#[derive(Debug)]
pub(crate) struct Callers {
    /// Credentials found good, each for its own time.
    verified: Cache<Digest, Verified>,
    /// Callers as last seen, so that a credential looked at again keeps its signed token and its rate.
    known: moka::sync::Cache<Digest, Arc<Caller>>,
    keys: ApiKeys,
    people: Option<People>,
    guesses: Guesses,
    strangers: Strangers,
    /// Credentials found bad just now, so that one that is sent again and again is looked up once a second.
    bad: moka::sync::Cache<Digest, ()>,
    /// Callers as they were last found good, if they may go on for a while when nobody can be asked.
    good: Option<Snapshot>,
    streams: Streams,
    bounds: Bounds,
    ledger: Arc<Ledger>,
    glass: Arc<Glass>,
    signer: Arc<Signer>,
}

struct GoodFor;

impl Expiry<Digest, Verified> for GoodFor {
    fn expire_after_create(&self, _: &Digest, verified: &Verified, _: Instant) -> Option<Duration> {
        Some(verified.good_for)
    }
}

impl Callers {
    /// Callers with keys of the table, the one key of the settings, and people of one issuer.
    pub(crate) fn new(
        table: KeyTable,
        bootstrap: Option<Bootstrap>,
        people: Option<People>,
        bounds: Bounds,
        ledger: Arc<Ledger>,
        glass: Arc<Glass>,
        signer: Arc<Signer>,
    ) -> Self {
        let verified = Cache::builder().max_capacity(REMEMBERED).expire_after(GoodFor).build();
        let known = moka::sync::Cache::builder().max_capacity(REMEMBERED).time_to_idle(KNOWN_FOR).build();
        let keys = ApiKeys::new(table, bootstrap);
        let bad = moka::sync::Cache::builder().max_capacity(REMEMBERED).time_to_live(BAD_FOR).build();
        let good = (!bounds.grace.is_zero()).then(|| Snapshot::new(bounds.grace));
        let (guesses, streams) = (Guesses::default(), Streams::default());
        let strangers = Strangers::new(bounds.strangers);
        Self { verified, known, keys, people, guesses, strangers, bad, good, streams, bounds, ledger, glass, signer }
    }

    /// Who sends these headers from that address.
    ///
    /// # Errors
    /// No good credential, or it cannot be checked for the moment; see [`Refusal`].
    pub(crate) async fn who(&self, headers: &HeaderMap, from: IpAddr) -> Result<Arc<Caller>, Refusal> {
        let text = bearer(headers).ok_or(Refusal::Unknown)?;
        let digest: Digest = digest(&SHA256, text.as_bytes()).as_ref().try_into().expect("SHA-256 has 32 bytes");
        let raised = |caller: Arc<Caller>| {
            let own = Arc::clone(&caller);
            self.glass.raise(caller, digest, |principal| Arc::new(self.with(&own, principal)))
        };
        if let Some(verified) = self.verified.get(&digest).await {
            return Ok(raised(verified.caller));
        }
        // Whom we knew just now is looked at all the same: others behind its address do not keep it out.
        if self.guesses.are_too_many(from) && !self.is_known(&digest) {
            return Err(Refusal::Guessing);
        }
        if self.bad.contains_key(&digest) {
            self.guesses.count(from);
            return Err(Refusal::Unknown);
        }
        self.looked(text, digest).await.map(|verified| raised(verified.caller)).inspect_err(|refusal| {
            if *refusal == Refusal::Unknown {
                self.guesses.count(from);
                self.bad.insert(digest, ());
            }
        })
    }

    /// One look for all who ask at once with the same credential; a failure is not remembered. Who was not known lately
    /// waits in a place among strangers, and whose token is signed by a key in hand does not wait.
    async fn looked(&self, text: &str, digest: Digest) -> Result<Verified, Refusal> {
        let mut look = pin!(self.verified.try_get_with(digest, self.look(text, digest)));
        let _place = if self.is_known(&digest) {
            None
        } else if is_key_text(text) {
            Some(self.strangers.key()?)
        } else if let Poll::Ready(looked) = futures::poll!(look.as_mut()) {
            return looked.map_err(|refusal| *refusal);
        } else {
            Some(self.strangers.token()?)
        };
        look.await.map_err(|refusal| *refusal)
    }

    /// Whether a credential was found good a while ago.
    fn is_known(&self, digest: &Digest) -> bool {
        self.known.contains_key(digest) || self.good.as_ref().is_some_and(|good| good.has(digest))
    }

    async fn look(&self, text: &str, digest: Digest) -> Result<Verified, Refusal> {
        let found = if is_key_text(text) {
            self.keys.find(text, &digest, self.known.contains_key(&digest)).await
        } else {
            let people = self.people.as_ref().ok_or(Refusal::Unknown)?;
            people.find(text).await
        };
        match (found, &self.good) {
            (Ok(found), good) => {
                let good_for = found.good_for;
                let verified = Verified { caller: self.caller(found, digest), good_for };
                good.iter().for_each(|good| good.note(digest, &verified.caller));
                Ok(verified)
            }
            (Err(Refusal::Away), Some(good)) => good.find(&digest).ok_or(Refusal::Away),
            (Err(refusal), good) => {
                good.iter().for_each(|good| good.forget(&digest));
                Err(refusal)
            }
        }
    }

    /// The caller as another principal, with everything else its own.
    fn with(&self, caller: &Caller, principal: Principal) -> Caller {
        Caller {
            token: ArcSwap::from_pointee(Token::mint(&self.signer, &principal)),
            principal: Arc::new(principal),
            partner: caller.partner,
            window: Arc::clone(&caller.window),
            quota: caller.quota.clone(),
            policy: caller.policy.clone(),
            share: Arc::clone(&caller.share),
            streams: Arc::clone(&caller.streams),
            agency_streams: caller.agency_streams.clone(),
            usage: caller.usage.clone(),
            networks: caller.networks.clone(),
            certificate: caller.certificate.clone(),
        }
    }

    fn caller(&self, found: Found, digest: Digest) -> Arc<Caller> {
        let same = |caller: &Arc<Caller>| {
            let quota = caller.quota.as_ref().map(|quota| (quota.product(), quota.limit()));
            *caller.principal == found.principal
                && caller.networks == found.networks
                && quota == found.quota.as_ref().map(|(product, limit)| (&**product, *limit))
                && caller.window.limit() == self.bounds.limits.of(found.rate)
        };
        if let Some(caller) = self.known.get(&digest).filter(same) {
            return caller;
        }
        let Bounds { limits, quotas, shares, .. } = &self.bounds;
        let principal = &found.principal;
        let window = limits.window(&principal.subject, found.rate);
        let holder = principal.agency.as_deref().map_or_else(|| principal.subject.to_string(), agencies::name);
        let quota = found.quota.map(|(product, limit)| quotas.of(&holder, &product, limit));
        let caller = Arc::new(Caller {
            token: ArcSwap::from_pointee(Token::mint(&self.signer, &found.principal)),
            policy: policy(&window, quota.as_deref()),
            window,
            quota,
            share: shares.of(&holder),
            streams: self.streams.of(&found.principal.subject, MOST_STREAMS),
            agency_streams: found.principal.agency.as_ref().map(|_| self.streams.of(&holder, MOST_STREAMS_OF_AGENCY)),
            usage: self.ledger.of(&found.principal.subject),
            principal: Arc::new(found.principal),
            partner: found.partner,
            networks: found.networks,
            certificate: found.certificate,
        });
        self.known.insert(digest, Arc::clone(&caller));
        caller
    }
}

#[cfg(test)]
impl Caller {
    /// A caller that holds these.
    pub(crate) fn of(permissions: identity::Permissions, partner: bool) -> Self {
        let principal = Principal { permissions, ..Principal::timer("none") };
        let limits =
            Limits::new(std::num::NonZeroU32::MIN, None, std::time::Duration::ZERO).expect("no address can be wrong");
        Self {
            token: ArcSwap::from_pointee(Token::mint(&Signer::generate(), &principal)),
            window: limits.window(&principal.subject, None),
            quota: None,
            policy: HeaderValue::from_static(""),
            share: Shares::new(1).of("none"),
            streams: Arc::new(Semaphore::new(MOST_STREAMS)),
            agency_streams: None,
            principal: Arc::new(principal),
            partner,
            usage: None,
            networks: Box::default(),
            certificate: None,
        }
    }
}
