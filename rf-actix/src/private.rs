//! What the macros expand to. Not public API.
