//! From a request to a disk: raw bodies and multipart forms, streamed, checked, and visible only when complete; and
//! files taken away.

mod condition;
mod delete;
mod form;
mod inspect;
mod intake;
mod measure;
mod policy;
mod raw;

pub use form::{StagedUpload, UploadForm};
pub(super) use form::{broken, sent_name};
pub use inspect::{Inspector, ScanContext};
pub(super) use intake::{Intake, take_in, take_part};
pub use policy::UploadPolicy;
