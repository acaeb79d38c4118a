//! The macros of rf-actix: `#[require_scope]`, `#[derive(ScopeGuard)]` and `#[derive(Disk)]`.
//!
//! Use them through the `rf` crate, which re-exports them and holds what they expand to. A macro is four steps,
//! each in its file: what stands in the attribute (`attr`), the item it stands on (`ast`), the rules for the
//! literals (`valid`), the code that is written (`expand`). Examples that compile are at `rf::oauth2` and
//! `rf::storage`: this crate does not know them.

mod ast;
mod attr;
mod expand;
mod krate;
mod valid;

use proc_macro::TokenStream;
use syn::{DeriveInput, ItemFn, parse_macro_input};

/// Lets only requests with the given scopes reach a handler.
///
/// ```text
/// use actix_web::{Responder, get};
/// use rf::{oauth2::AccessToken, require_scope};
///
/// #[get("/files")]
/// #[require_scope("files:read")]
/// async fn list(token: AccessToken) -> impl Responder {
///     format!("files of {}", token.subject())
/// }
/// ```
///
/// - `"files:read"` asks for one scope, `all("a", "b")` for each of several, `any("a", "b")` for one of them.
///   `"files:*"` asks for any scope of that family.
/// - It may stand above or below `#[get]`, `#[post]`, `#[routes]` …, and may be stacked: then all must agree.
/// - The token is checked before any extractor of the handler runs, so before a byte of the body is read.
/// - A scope that cannot be one (RFC 6749 §3.3) does not compile. Neither does a misspelt constant: a scope may be
///   written as one, `#[require_scope(all(scope::FILES_READ, scope::MAIL))]`; `rf::scopes!` declares them.
///
/// Without a token the answer is 401, with one that lacks a scope 403, both with a challenge (RFC 6750 §3).
#[proc_macro_attribute]
pub fn require_scope(args: TokenStream, item: TokenStream) -> TokenStream {
    let original = proc_macro2::TokenStream::from(item.clone());
    let expanded = syn::parse(args).and_then(|args| {
        let item: ItemFn = syn::parse(item).map_err(|error| {
            syn::Error::new(
                error.span(),
                "#[require_scope] stands on a request handler, an `async fn`",
            )
        })?;
        Ok(expand::require_scope(&args, &ast::Handler::new(item)?))
    });
    match expanded {
        Ok(tokens) => tokens.into(),
        // The handler stays, so that the one mistake is the only complaint.
        Err(error) => {
            let mut tokens = error.into_compile_error();
            tokens.extend(original);
            tokens.into()
        }
    }
}

/// Makes an extractor that lets only requests with the given scopes through.
///
/// ```text
/// use rf::{ScopeGuard, oauth2::AccessToken};
///
/// #[derive(ScopeGuard)]
/// #[scope("orders:read")]
/// struct ReadOrders(AccessToken); // derefs to the token
///
/// async fn orders(reader: ReadOrders) -> String {
///     format!("orders of {}", reader.subject())
/// }
/// ```
///
/// A unit struct works as well and keeps no token. `#[scope(…)]` takes what `#[require_scope(…)]` takes. Extractors
/// of one handler are polled together: where the token must be checked before a body is read, use
/// `#[require_scope]` or the extractor `Scoped<ReadOrders, T>`, which extracts `T` only after the guard agreed.
#[proc_macro_derive(ScopeGuard, attributes(scope))]
pub fn scope_guard(item: TokenStream) -> TokenStream {
    let input = parse_macro_input!(item as DeriveInput);
    ast::Guard::new(input)
        .map_or_else(syn::Error::into_compile_error, |guard| {
            expand::scope_guard(&guard)
        })
        .into()
}

/// Makes a named disk with an upload policy an extractor.
///
/// ```text
/// use rf::{Disk, storage::DiskHandle};
///
/// #[derive(Disk)]
/// #[disk(name = "avatars", max_size = "5MiB", accept = "image/*", naming = "hash")]
/// struct Avatars(DiskHandle); // derefs to the handle
/// ```
///
/// `name` is needed. `max_size` is a number of bytes or a text such as `"5MiB"`; `accept` is one or several media
/// types, separated by commas; `max_width` and `max_height` are the most pixels of an image; `naming` is `"hash"`,
/// `"uuid"`, `"dated"` or `"original"`.
#[proc_macro_derive(Disk, attributes(disk))]
pub fn disk(item: TokenStream) -> TokenStream {
    let input = parse_macro_input!(item as DeriveInput);
    ast::TypedDisk::new(input)
        .map_or_else(syn::Error::into_compile_error, |disk| expand::disk(&disk))
        .into()
}
