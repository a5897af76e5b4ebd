//! Accreditation, tested as one.

mod immunity;
