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
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

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
    authorities: Vec<(Arc<str>, TrustAnchor<'static>)>,
    /// Their bytes, by which a change is noticed.
    read: Vec<Vec<u8>>,
}

/// A client's certificate that one of our authorities vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certified {
    /// The authority's name among ours.
    pub authority: Arc<str>,
    /// Whom it is for: its alternative names, DNS names and URIs.
    pub names: Vec<Box<str>>,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// One cannot be read, or key and certificate do not belong together.
    pub fn open(files: Files) -> anyhow::Result<Arc<Self>> {
        let now = ArcSwap::from_pointee(Loaded::read(&files)?);
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
        self.now.store(Arc::new(Loaded::read(&self.files)?));
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
        let vouches = |anchor: &TrustAnchor<'static>| {
            let anchors = std::slice::from_ref(anchor);
            own.verify_for_usage(algorithms, anchors, between, UnixTime::now(), KeyUsage::client_auth(), None, None)
                .is_ok()
        };
        let (authority, _) = loaded.authorities.iter().find(|(_, anchor)| vouches(anchor))?;
        let names = own.valid_dns_names().chain(own.valid_uri_names()).map(Into::into).collect();
        Some(Certified { authority: Arc::clone(authority), names })
    }
}

impl Files {
    fn bytes(&self) -> anyhow::Result<Vec<Vec<u8>>> {
        let paths = [&self.certificate, &self.key].into_iter().chain(self.authorities.values());
        paths.map(|path| std::fs::read(path).with_context(|| format!("read {}", path.display()))).collect()
    }
}

impl Loaded {
    fn read(files: &Files) -> anyhow::Result<Self> {
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
                authorities.push((name.as_str().into(), anchor));
                roots.add(certificate)?;
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
