//! The public door: identity, keys, limits, transcoding, API docs.
