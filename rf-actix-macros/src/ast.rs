//! The items a macro may stand on, taken apart; all others are refused with what to write instead.

use crate::attr::{DiskArgs, ScopeArgs};
use syn::{
    Attribute, Data, DeriveInput, Error, Field, Fields, FnArg, Ident, ItemFn, Meta, PatType, Path,
    Result, Token, Type, punctuated::Punctuated,
};

/// A request handler.
#[derive(Debug)]
pub(crate) struct Handler {
    pub(crate) item: ItemFn,
}

impl Handler {
    pub(crate) fn new(item: ItemFn) -> Result<Self> {
        let signature = &item.sig;
        if signature.asyncness.is_none() {
            return Err(Error::new(
                signature.fn_token.span,
                "a handler is an `async fn`",
            ));
        }
        if !signature.generics.params.is_empty() {
            return Err(Error::new_spanned(
                &signature.generics,
                "a guarded handler cannot be generic: name the types it is used with",
            ));
        }
        for argument in &signature.inputs {
            match argument {
                FnArg::Receiver(receiver) => {
                    return Err(Error::new_spanned(
                        receiver,
                        "a handler is a free function: take the state as `web::Data<…>` instead of `self`",
                    ));
                }
                FnArg::Typed(argument) => Self::extractor(argument)?,
            }
        }
        Ok(Self { item })
    }

    fn extractor(argument: &PatType) -> Result<()> {
        if matches!(*argument.ty, Type::ImplTrait(_)) {
            return Err(Error::new_spanned(
                &argument.ty,
                "a guarded handler cannot be generic: name the extractor's type",
            ));
        }
        // The arguments become one tuple type, and a tuple has no conditional members.
        match argument.attrs.iter().find(|attribute| {
            attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr")
        }) {
            Some(conditional) => Err(Error::new_spanned(
                conditional,
                "an extractor of a guarded handler cannot be conditional: put the condition on the handler",
            )),
            None => Ok(()),
        }
    }

    pub(crate) fn extractors(&self) -> impl Iterator<Item = &Type> {
        self.item
            .sig
            .inputs
            .iter()
            .filter_map(|argument| match argument {
                FnArg::Typed(argument) => Some(&*argument.ty),
                FnArg::Receiver(_) => None,
            })
    }

    /// Attributes for the function that actix sees.
    pub(crate) fn outer_attributes(&self) -> impl Iterator<Item = &Attribute> {
        self.item
            .attrs
            .iter()
            .filter(|attribute| !is_about_body(attribute))
    }

    /// Attributes for the function the user wrote: those that speak of its arguments and its body.
    pub(crate) fn inner_attributes(&self) -> impl Iterator<Item = &Attribute> {
        self.item
            .attrs
            .iter()
            .filter(|attribute| is_about_body(attribute) || is_lint_level(attribute))
    }

    pub(crate) fn conditions(&self) -> impl Iterator<Item = &Attribute> {
        self.item
            .attrs
            .iter()
            .filter(|attribute| attribute.path().is_ident("cfg"))
    }
}

fn is_lint_level(attribute: &Attribute) -> bool {
    ["allow", "warn", "deny", "forbid"]
        .iter()
        .any(|level| attribute.path().is_ident(level))
}

fn is_about_body(attribute: &Attribute) -> bool {
    let about_body = |path: &Path| {
        // `#[instrument]` names arguments; an `#[expect]` on both functions would stay unfulfilled on one.
        let last = path.segments.last();
        last.is_some_and(|segment| segment.ident == "instrument" || segment.ident == "expect")
    };
    if !attribute.path().is_ident("cfg_attr") {
        return about_body(attribute.path());
    }
    let parts = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
    // The first of them is the condition.
    parts.is_ok_and(|parts| parts.iter().skip(1).any(|part| about_body(part.path())))
}

/// A struct with `#[derive(ScopeGuard)]`.
#[derive(Debug)]
pub(crate) struct Guard {
    pub(crate) name: Ident,
    pub(crate) scopes: ScopeArgs,
    /// The type of the token it keeps; a unit struct keeps none.
    pub(crate) token: Option<Type>,
}

impl Guard {
    pub(crate) fn new(input: DeriveInput) -> Result<Self> {
        const SHAPE: &str = "a scope guard is `struct ReadOrders;`, or `struct ReadOrders(AccessToken);` to keep the token";
        refuse_generics(&input, "a scope guard")?;
        let scopes = ScopeArgs::of(&input)?;
        let token = match single_field(&input, SHAPE)? {
            Shape::Unit => None,
            Shape::One(field) => Some(field.ty.clone()),
        };
        Ok(Self {
            name: input.ident,
            scopes,
            token,
        })
    }
}

/// A struct with `#[derive(Disk)]`.
#[derive(Debug)]
pub(crate) struct TypedDisk {
    pub(crate) name: Ident,
    pub(crate) args: DiskArgs,
    pub(crate) handle: Type,
}

impl TypedDisk {
    pub(crate) fn new(input: DeriveInput) -> Result<Self> {
        const SHAPE: &str = "a disk is `struct Avatars(DiskHandle);`";
        refuse_generics(&input, "a disk")?;
        let args = DiskArgs::of(&input)?;
        let Shape::One(field) = single_field(&input, SHAPE)? else {
            return Err(Error::new(input.ident.span(), SHAPE));
        };
        let handle = field.ty.clone();
        Ok(Self {
            name: input.ident,
            args,
            handle,
        })
    }
}

enum Shape<'a> {
    Unit,
    One(&'a Field),
}

fn single_field<'a>(input: &'a DeriveInput, shape: &str) -> Result<Shape<'a>> {
    if let Data::Struct(data) = &input.data {
        match &data.fields {
            Fields::Unit => return Ok(Shape::Unit),
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                return Ok(Shape::One(&fields.unnamed[0]));
            }
            _ => {}
        }
    }
    Err(Error::new(input.ident.span(), shape))
}

fn refuse_generics(input: &DeriveInput, what: &str) -> Result<()> {
    if input.generics.params.is_empty() {
        return Ok(());
    }
    Err(Error::new_spanned(
        &input.generics,
        format!("{what} cannot be generic"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    #[test]
    fn what_speaks_of_the_body_goes_to_it_on_a_condition_too() {
        for inner in [
            parse_quote!(#[tracing::instrument(skip(pool))]),
            parse_quote!(#[cfg_attr(all(), instrument(skip(pool)))]),
            parse_quote!(#[cfg_attr(test, doc = "x", expect(unused))]),
        ] {
            assert!(is_about_body(&inner));
        }
        for outer in [
            parse_quote!(#[get("/")]),
            parse_quote!(#[cfg_attr(instrument, get("/"))]),
            parse_quote!(#[cfg_attr]),
        ] {
            assert!(!is_about_body(&outer));
        }
    }
}
