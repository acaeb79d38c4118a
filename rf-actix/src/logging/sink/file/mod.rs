//! Files: appended to, found again when they were moved away, rotated by size and by day.

mod archive;
mod housekeeper;
mod rules;
mod sink;

#[cfg(test)]
mod tests;

pub(crate) use self::{
    rules::{FileRules, Zone},
    sink::FileSink,
};
