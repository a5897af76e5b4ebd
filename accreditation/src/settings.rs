//! Accreditation's settings, read from `ACCREDITATION_…`.

use config::SecretString;
use std::path::PathBuf;

config::settings! {
    /// Accreditation. The prefix is `ACCREDITATION`.
    pub struct Settings {
        /// The service's own database.
        pub database: serve::Database,
        /// Redis, where events go: `redis://host:6379`.
        pub redis_url: SecretString,
        /// What is printed, and what it says of the house.
        pub papers: crate::papers::Settings,
        /// The file with the numbers of our practice, such as the days of grace; those that are shipped if unset.
        pub terms: Option<PathBuf>,
        /// The file with the checks that our practice makes on notifications; those that are shipped if unset.
        pub notification: Option<PathBuf>,
        /// How events are published and the audit log is sealed.
        pub relay: events::relay::Settings,
    }
}
