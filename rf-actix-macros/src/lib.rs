//! The macros of rf-actix. Use them through the `rf` crate.

use proc_macro::TokenStream;

/// Placeholder.
#[proc_macro_attribute]
pub fn require_scope(_args: TokenStream, item: TokenStream) -> TokenStream {
    item
}

/// Placeholder.
#[proc_macro_derive(ScopeGuard, attributes(scope))]
pub fn scope_guard(_item: TokenStream) -> TokenStream {
    TokenStream::new()
}

/// Placeholder.
#[proc_macro_derive(Disk, attributes(disk))]
pub fn disk(_item: TokenStream) -> TokenStream {
    TokenStream::new()
}
