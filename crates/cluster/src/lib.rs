//! A private PostgreSQL cluster and a private Redis: found or installed, started, stopped.
