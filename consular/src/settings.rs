//! The consular service's settings, read from `CONSULAR_…`.

use config::SecretString;
use std::path::PathBuf;

config::settings! {
    /// The consular service. The prefix is `CONSULAR`.
    pub struct Settings {
        /// The service's own database.
        pub database: serve::Database,
        /// Redis, where events go: `redis://host:6379`.
        pub redis_url: SecretString,
        /// How events are published and the audit log is sealed.
        pub relay: events::relay::Settings,
        /// The folder below which publications of watch lists are put, each list's in a folder of its own.
        pub lists_folder: PathBuf = "lists",
        /// What travel documents are printed and sealed with.
        pub travel_papers: crate::travel_papers::Settings,
    }
}
