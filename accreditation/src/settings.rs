//! Accreditation's settings, read from `ACCREDITATION_…`.

use config::{ExposeSecret as _, SecretString};
use std::num::NonZeroU32;
use std::path::PathBuf;

config::settings! {
    /// Accreditation. The prefix is `ACCREDITATION`.
    pub struct Settings {
        /// The service's own database.
        pub database: Database,
        /// Redis, where events go: `redis://host:6379`.
        pub redis_url: SecretString,
        /// What is printed, and what it says of the house.
        pub papers: crate::papers::Settings,
        /// The file with the numbers of our practice, such as the days of grace; those that are shipped if unset.
        pub terms: Option<PathBuf>,
        /// How events are published and the audit log is sealed.
        pub relay: events::relay::Settings,
    }
}

config::settings! {
    /// The service's own database. The prefix is `ACCREDITATION_DATABASE`.
    pub struct Database {
        /// Where it is: `postgres://user:password@host:5432/accreditation`.
        pub url: SecretString,
        /// The most connections.
        pub connections: NonZeroU32 = 16,
        /// Brings the schema up to date at start. Of several processes that start at once, one does.
        pub migrate: bool = true,
    }
}

impl Database {
    /// The pool's settings.
    pub fn pool(&self) -> pg::Settings {
        let max_connections = self.connections.get();
        pg::Settings {
            max_connections,
            application_name: "accreditation".into(),
            ..pg::Settings::new(self.url.expose_secret())
        }
    }
}
