//! Reads typed settings from the environment, reports every error at once, and never prints a secret.
