//! Whole-app tests over real sockets; see `tests/`.
