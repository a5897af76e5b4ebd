//! Runs a service: order of start, readiness, health, reflection, drain, admin port.
