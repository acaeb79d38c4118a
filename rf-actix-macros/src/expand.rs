//! The code that is written for the user.

use crate::{
    ast::{Guard, Handler, TypedDisk},
    attr::{Quantifier, ScopeArgs},
    krate,
};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use std::hash::{DefaultHasher, Hash, Hasher};
use syn::{Type, spanned::Spanned};

/// How many members actix-web extracts from one tuple.
const TUPLE: usize = 12;

/// The handler behind one argument that authorises first and extracts the handler's own arguments after.
///
/// A guard as an extra first argument would be wrong: actix creates all extractors and polls them together, so
/// a bad body can answer before a missing token does.
pub(crate) fn require_scope(args: &ScopeArgs, handler: &Handler) -> TokenStream {
    let rf = krate::path();
    let requirement = requirement(&rf, args);
    let signature = &handler.item.sig;
    let (name, inputs, output) = (&signature.ident, &signature.inputs, &signature.output);
    let (visibility, block) = (&handler.item.vis, &handler.item.block);
    let marker = marker(args, handler);
    let (outer, inner) = (handler.outer_attributes(), handler.inner_attributes());
    let conditions: Vec<_> = handler.conditions().collect();

    let types: Vec<&Type> = handler.extractors().collect();
    let names: Vec<Ident> = (0..types.len())
        .map(|index| Ident::new(&format!("__rf_{index}"), Span::mixed_site()))
        .collect();
    let (tuple, pattern) = (nested(&types), nested(&names));
    let scoped = Ident::new("__rf_scoped", Span::mixed_site());

    quote! {
        #(#conditions)*
        #[doc(hidden)]
        #[allow(
            dead_code, missing_debug_implementations, missing_docs, non_camel_case_types, unreachable_pub,
            reason = "carries the scopes of a handler in its signature"
        )]
        #visibility enum #marker {}

        #(#conditions)*
        impl #rf::oauth2::ScopeGuard for #marker {
            const REQUIRED: #rf::oauth2::ScopeRequirement = #requirement;
        }

        #(#outer)*
        #visibility async fn #name(#scoped: #rf::oauth2::Scoped<#marker, #tuple>) #output {
            #(#inner)*
            async fn #name(#inputs) #output #block
            let #pattern = #scoped.into_inner();
            #name(#(#names),*).await
        }
    }
}

pub(crate) fn scope_guard(guard: &Guard) -> TokenStream {
    let rf = krate::path();
    let name = &guard.name;
    let requirement = requirement(&rf, &guard.scopes);
    let (build, token) = match &guard.token {
        None => (quote!(|_| #name), TokenStream::new()),
        Some(token) => (
            quote!(#name),
            // The span of the field, so that a wrong type is reported where it stands.
            quote_spanned! {token.span()=>
                #[automatically_derived]
                impl ::core::ops::Deref for #name {
                    type Target = #rf::oauth2::AccessToken;

                    fn deref(&self) -> &#rf::oauth2::AccessToken {
                        let token: &#token = &self.0;
                        token
                    }
                }
            },
        ),
    };
    quote! {
        #[automatically_derived]
        impl #rf::oauth2::ScopeGuard for #name {
            const REQUIRED: #rf::oauth2::ScopeRequirement = #requirement;
        }

        #[automatically_derived]
        impl #rf::private::FromRequest for #name {
            type Error = #rf::private::Error;
            type Future = #rf::private::Extraction<Self>;

            fn from_request(
                request: &#rf::private::HttpRequest,
                _: &mut #rf::private::Payload,
            ) -> Self::Future {
                #rf::private::scope_guard(request, #build)
            }
        }

        #token
    }
}

pub(crate) fn disk(disk: &TypedDisk) -> TokenStream {
    let rf = krate::path();
    let (struct_name, handle) = (&disk.name, &disk.handle);
    let name = &disk.args.name;
    let max_size = disk.args.max_size.iter();
    let accept = disk.args.accept.iter().flatten();
    let (max_width, max_height) = (disk.args.max_width.iter(), disk.args.max_height.iter());
    let naming = disk
        .args
        .naming
        .iter()
        .map(|variant| Ident::new(variant, Span::call_site()));
    // The span of the field, so that a wrong type is reported where it stands.
    let from_handle = quote_spanned! {handle.span()=>
        fn from_handle(handle: #rf::storage::DiskHandle) -> Self {
            let handle: #handle = handle;
            Self(handle)
        }
    };
    quote! {
        #[automatically_derived]
        impl #rf::storage::TypedDisk for #struct_name {
            const NAME: &'static str = #name;

            fn policy() -> #rf::storage::UploadPolicy {
                #rf::storage::UploadPolicy::new()
                    #(.max_size(#max_size))*
                    #(.accept(#accept))*
                    #(.max_width(#max_width))*
                    #(.max_height(#max_height))*
                    #(.naming(#rf::storage::Naming::#naming))*
            }

            #from_handle

            fn handle(&self) -> &#rf::storage::DiskHandle {
                &self.0
            }
        }

        #[automatically_derived]
        impl ::core::ops::Deref for #struct_name {
            type Target = #rf::storage::DiskHandle;

            fn deref(&self) -> &#rf::storage::DiskHandle {
                &self.0
            }
        }

        #[automatically_derived]
        impl #rf::private::FromRequest for #struct_name {
            type Error = #rf::private::Error;
            type Future = #rf::private::Ready<::core::result::Result<Self, Self::Error>>;

            fn from_request(
                request: &#rf::private::HttpRequest,
                _: &mut #rf::private::Payload,
            ) -> Self::Future {
                #rf::private::ready(#rf::storage::typed_disk(request))
            }
        }
    }
}

fn requirement(rf: &TokenStream, args: &ScopeArgs) -> TokenStream {
    let scopes = &args.scopes;
    let quantifier = match args.quantifier {
        Quantifier::All => format_ident!("All"),
        Quantifier::Any => format_ident!("Any"),
    };
    quote!(#rf::oauth2::ScopeRequirement::#quantifier(&[#(#scopes),*]))
}

/// A tuple of at most twelve members, whatever their number, by nesting.
fn nested(members: &[impl ToTokens]) -> TokenStream {
    if members.len() <= TUPLE {
        return quote!((#(#members,)*));
    }
    let groups: Vec<TokenStream> = members.chunks(TUPLE).map(nested).collect();
    nested(&groups)
}

/// A name of its own for each handler and, since stacked guards change the arguments, for each guard of it.
fn marker(args: &ScopeArgs, handler: &Handler) -> Ident {
    let mut hasher = DefaultHasher::new();
    requirement(&TokenStream::new(), args)
        .to_string()
        .hash(&mut hasher);
    handler
        .item
        .sig
        .to_token_stream()
        .to_string()
        .hash(&mut hasher);
    format_ident!(
        "__rf_scope_{}_{:016x}",
        handler.item.sig.ident,
        hasher.finish()
    )
}
