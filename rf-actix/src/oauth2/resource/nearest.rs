//! What the handles leave in an app beside themselves.

/// Which kind of handle was handed over last on the way to a route: actix finds the nearest of one type, and cannot say
/// which of two types is nearer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nearest {
    Remote,
    Local,
}
