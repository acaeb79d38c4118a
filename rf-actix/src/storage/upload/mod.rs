//! From a request to a disk: raw bodies and multipart forms, streamed, checked, and visible only when complete; and
//! files taken away.

mod condition;
mod delete;
mod form;
mod intake;
mod name;
mod policy;
mod raw;

pub use form::{StagedUpload, UploadForm};
pub use policy::{Naming, UploadPolicy};
