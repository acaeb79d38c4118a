//! Whole-app tests over real sockets; see `tests/`.

pub mod s3;
