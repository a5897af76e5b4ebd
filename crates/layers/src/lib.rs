//! Tower layers: deadline, own task, identity, metrics, shed, panic.
