//! Under which name the user's crate knows `rf`.

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

/// The absolute path of the library, also when its dependency was renamed.
pub(crate) fn path() -> TokenStream {
    match crate_name("rf-actix") {
        // The package is `rf-actix`, its library `rf`: an unrenamed dependency is found under the package's name.
        Ok(FoundCrate::Name(name)) if name != "rf_actix" => {
            let name = format_ident!("{name}");
            quote!(::#name)
        }
        // Inside the library, its doctests and its examples `rf` is a name as well. Where nothing is found the
        // compiler's own "unresolved `rf`" says it best.
        _ => quote!(::rf),
    }
}
