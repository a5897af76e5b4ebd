//! TLS for a public door: certificate and key from files, read again when they change, and client certificates if there
//! are authorities that vouch for them.

use anyhow::{Context as _, ensure};
use arc_swap::ArcSwap;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, TrustAnchor, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use webpki::{Cert, EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_parser::parse_x509_certificate;

/// How often the files are looked at: a certificate that was renewed is shown that much later at most.
const LOOK: Duration = Duration::from_secs(10);

/// Where certificates are.
#[derive(Clone, Debug)]
pub struct Files {
    /// The door's certificate with those between it and its authority, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
    /// Authorities whose client certificates are believed, by the names we give them: each a certificate, PEM.
    pub authorities: BTreeMap<String, PathBuf>,
}

/// What a door shows and believes. It changes with the files.
pub struct Tls {
    files: Files,
    now: ArcSwap<Loaded>,
}

/// The files as they were read together.
struct Loaded {
    config: Arc<ServerConfig>,
    authorities: Vec<Arc<Authority>>,
    /// Their bytes, by which a change is noticed.
    read: Vec<Vec<u8>>,
}

/// An authority whose client certificates are believed.
#[derive(Debug)]
struct Authority {
    name: Box<str>,
    certificate: CertificateDer<'static>,
    anchor: TrustAnchor<'static>,
    /// Whether it is no more among those that were read last. Connections that it vouched for look here.
    withdrawn: AtomicBool,
}

/// A client's certificate that one of our authorities vouches for. A connection outlives the moment of its handshake by far, so
/// it is to be asked each time whether it still holds.
#[derive(Clone, Debug)]
pub struct Certified {
    authority: Arc<Authority>,
    names: Vec<Box<str>>,
    /// The seconds since 1970 between which it is valid, with those between it and its authority (RFC 5280, 4.1.2.5): both
    /// included.
    valid: (i64, i64),
}

impl Certified {
    /// Whether it is one of an authority of this name, for this DNS name or URI, as of now: neither it nor one between it and
    /// the authority has expired, and the authority is still one of ours. It costs a look at the clock.
    pub fn is_of(&self, authority: &str, name: &str) -> bool {
        let is_ours = !self.authority.withdrawn.load(Ordering::Relaxed);
        let (from, until) = self.valid;
        let now = i64::try_from(UnixTime::now().as_secs()).unwrap_or(i64::MAX);
        let named = *self.authority.name == *authority && self.names.iter().any(|own| **own == *name);
        named && is_ours && (from..=until).contains(&now)
    }
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// One cannot be read, or key and certificate do not belong together.
    pub fn open(files: Files) -> anyhow::Result<Arc<Self>> {
        let now = ArcSwap::from_pointee(Loaded::read(&files, &[])?);
        Ok(Arc::new(Self { files, now }))
    }

    /// Reads the files again if they changed. Those in use stay if the new ones are no good. Whether they changed.
    ///
    /// # Errors
    /// What is wrong with the new ones.
    pub fn reload(&self) -> anyhow::Result<bool> {
        if self.files.bytes()? == self.now.load().read {
            return Ok(false);
        }
        let old = self.now.load_full();
        let new = Arc::new(Loaded::read(&self.files, &old.authorities)?);
        self.now.store(Arc::clone(&new));
        // After the new ones are in use: who is vouched for by an old one meanwhile finds it withdrawn.
        let gone = |old: &&Arc<Authority>| !new.authorities.iter().any(|new| Arc::ptr_eq(old, new));
        old.authorities.iter().filter(gone).for_each(|old| old.withdrawn.store(true, Ordering::Relaxed));
        Ok(true)
    }

    /// Looks at the files until `shutdown`.
    pub async fn keep_fresh(self: Arc<Self>, shutdown: CancellationToken) {
        while shutdown.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
            match self.reload() {
                Ok(true) => tracing::info!("new certificates are in use"),
                Ok(false) => {}
                Err(error) => {
                    tracing::error!(error = format!("{error:#}"), "new certificates are no good; the old ones stay")
                }
            }
        }
    }

    /// What connections that begin now are shown.
    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.now.load().config)
    }

    /// Who vouches for a client's certificates, and for whom they are. The handshake has proved that one of our
    /// authorities does and that the client has the key.
    pub(crate) fn certified(&self, chain: &[CertificateDer<'_>]) -> Option<Certified> {
        let (own, between) = chain.split_first()?;
        let own = EndEntityCert::try_from(own).ok()?;
        let loaded = self.now.load();
        let algorithms = rustls::crypto::ring::default_provider().signature_verification_algorithms.all;
        let usage = KeyUsage::client_auth;
        let vouches = |authority: &Arc<Authority>| {
            let anchors = std::slice::from_ref(&authority.anchor);
            let path = own.verify_for_usage(algorithms, anchors, between, UnixTime::now(), usage(), None, None).ok()?;
            path.intermediate_certificates().map(validity).try_fold(validity(&own)?, |(from, until), other| {
                let (others_from, others_until) = other?;
                Some((from.max(others_from), until.min(others_until)))
            })
        };
        let found = loaded.authorities.iter().find_map(|authority| Some((authority, vouches(authority)?)));
        let (authority, valid) = found?;
        let names = own.valid_dns_names().chain(own.valid_uri_names()).map(Into::into).collect();
        Some(Certified { authority: Arc::clone(authority), names, valid })
    }
}

/// The seconds since 1970 between which a certificate is valid.
fn validity(certificate: &Cert<'_>) -> Option<(i64, i64)> {
    let der = certificate.der();
    let (_, read) = parse_x509_certificate(&der).ok()?;
    Some((read.validity().not_before.timestamp(), read.validity().not_after.timestamp()))
}

impl Files {
    fn bytes(&self) -> anyhow::Result<Vec<Vec<u8>>> {
        let paths = [&self.certificate, &self.key].into_iter().chain(self.authorities.values());
        paths.map(|path| std::fs::read(path).with_context(|| format!("read {}", path.display()))).collect()
    }
}

impl Loaded {
    /// Reads them. An authority that there was already is the same one.
    fn read(files: &Files, old: &[Arc<Authority>]) -> anyhow::Result<Self> {
        let read = files.bytes()?;
        let certificates = |bytes: &[u8], path: &PathBuf| -> anyhow::Result<Vec<CertificateDer<'static>>> {
            let read = CertificateDer::pem_slice_iter(bytes).collect::<Result<Vec<_>, _>>();
            let read = read.with_context(|| format!("{} has no certificates", path.display()))?;
            ensure!(!read.is_empty(), "{} has no certificate", path.display());
            Ok(read)
        };
        let chain = certificates(&read[0], &files.certificate)?;
        let key = PrivateKeyDer::from_pem_slice(&read[1]);
        let key = key.with_context(|| format!("{} has no private key", files.key.display()))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let (mut roots, mut authorities) = (RootCertStore::empty(), Vec::new());
        for ((name, path), bytes) in files.authorities.iter().zip(&read[2..]) {
            for certificate in certificates(bytes, path)? {
                let anchor = anchor_from_trusted_cert(&certificate);
                let anchor = anchor.with_context(|| format!("{} is no authority", path.display()))?.to_owned();
                roots.add(certificate.clone())?;
                let same = |old: &&Arc<Authority>| *old.name == **name && old.certificate == certificate;
                authorities.push(old.iter().find(same).cloned().unwrap_or_else(|| {
                    Arc::new(Authority { name: name.as_str().into(), certificate, anchor, withdrawn: false.into() })
                }));
            }
        }
        let builder =
            ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
        let builder = if authorities.is_empty() {
            builder.with_no_client_auth()
        } else {
            // Others call with keys that are not bound to a certificate.
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).allow_unauthenticated();
            builder.with_client_cert_verifier(verifier.build()?)
        };
        let mut config = builder.with_single_cert(chain, key).context("certificate and key do not fit")?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { config: Arc::new(config), authorities, read })
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("files", &self.files).finish_non_exhaustive()
    }
}
