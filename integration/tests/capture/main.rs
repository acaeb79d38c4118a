//! Records as tests of applications see them, and what a database's slow statements leave in them.

mod parallel;
mod slow_query;
