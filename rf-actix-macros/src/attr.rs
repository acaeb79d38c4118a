//! What stands between an attribute's parentheses.

use crate::valid;
use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::{
    DeriveInput, Error, Ident, LitInt, LitStr, Path, Result, Token,
    meta::ParseNestedMeta,
    parenthesized,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
    token::Paren,
};

const SCOPE_SHAPE: &str =
    "write one scope, \"files:read\", or several: all(\"files:read\", \"files:write\"), any(…)";

/// `"a"`, `all("a", "b")` or `any("a", "b")`; each scope may be a constant instead.
#[derive(Debug)]
pub(crate) struct ScopeArgs {
    pub(crate) quantifier: Quantifier,
    pub(crate) scopes: Vec<ScopeArg>,
}

/// `"files:read"`, or a constant such as `scope::FILES_READ`, of which the compiler knows every letter.
#[derive(Debug)]
pub(crate) enum ScopeArg {
    Literal(LitStr),
    Constant(Path),
}

impl Parse for ScopeArg {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.peek(LitStr) {
            return input.parse().map(Self::Literal);
        }
        input.call(Path::parse_mod_style).map(Self::Constant)
    }
}

impl ToTokens for ScopeArg {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Literal(literal) => literal.to_tokens(tokens),
            Self::Constant(path) => path.to_tokens(tokens),
        }
    }
}

/// Whether every scope is needed or one of them is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quantifier {
    All,
    Any,
}

impl Parse for ScopeArgs {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.is_empty() {
            return Err(Error::new(input.span(), SCOPE_SHAPE));
        }
        // `all` and `any` are words before a parenthesis, and constants like any other elsewhere.
        let args = if input.peek(Ident) && input.peek2(Paren) {
            let word: Ident = input.parse()?;
            let quantifier = match word.to_string().as_str() {
                "all" => Quantifier::All,
                "any" => Quantifier::Any,
                _ => return Err(Error::new(word.span(), SCOPE_SHAPE)),
            };
            let list;
            parenthesized!(list in input);
            let scopes = Punctuated::<ScopeArg, Token![,]>::parse_terminated(&list)?;
            if scopes.is_empty() {
                return Err(Error::new(word.span(), SCOPE_SHAPE));
            }
            Self {
                quantifier,
                scopes: scopes.into_iter().collect(),
            }
        } else {
            let first: ScopeArg = input
                .parse()
                .map_err(|error| Error::new(error.span(), SCOPE_SHAPE))?;
            if input.peek(Token![,]) {
                let _: Token![,] = input.parse()?;
                return Err(Error::new(
                    input.span(),
                    "are all of these needed, or is any enough? write all(…) or any(…) round them",
                ));
            }
            if !input.is_empty() {
                return Err(Error::new_spanned(first, SCOPE_SHAPE));
            }
            Self {
                quantifier: Quantifier::All,
                scopes: vec![first],
            }
        };
        if !input.is_empty() {
            return Err(Error::new(input.span(), SCOPE_SHAPE));
        }
        args.validated()
    }
}

impl ScopeArgs {
    /// The arguments of the one `#[scope(…)]` of a `#[derive(ScopeGuard)]`.
    pub(crate) fn of(input: &DeriveInput) -> Result<Self> {
        let mut found = input
            .attrs
            .iter()
            .filter(|attribute| attribute.path().is_ident("scope"));
        let Some(first) = found.next() else {
            return Err(Error::new(
                input.ident.span(),
                "which scope does it guard? write #[scope(\"files:read\")] on the struct",
            ));
        };
        if let Some(second) = found.next() {
            return Err(Error::new_spanned(
                second,
                "one #[scope(…)] is enough: put all scopes in one all(…) or any(…)",
            ));
        }
        first.parse_args()
    }

    /// Reports every bad scope, each at its own place.
    fn validated(self) -> Result<Self> {
        let complaints = self
            .scopes
            .iter()
            .filter_map(|scope| match scope {
                ScopeArg::Literal(literal) => Some(literal),
                ScopeArg::Constant(_) => None,
            })
            .filter_map(|literal| {
                valid::scope(&literal.value())
                    .err()
                    .map(|complaint| Error::new(literal.span(), complaint))
            })
            .reduce(|mut all, next| {
                all.combine(next);
                all
            });
        complaints.map_or(Ok(self), Err)
    }
}

/// `name = "avatars", max_size = "5MiB", accept = "image/*", max_width = 4096, naming = "hash"`.
#[derive(Debug, Default)]
pub(crate) struct DiskArgs {
    pub(crate) name: Option<String>,
    pub(crate) max_size: Option<u64>,
    pub(crate) accept: Option<Vec<String>>,
    pub(crate) max_width: Option<u32>,
    pub(crate) max_height: Option<u32>,
    pub(crate) naming: Option<&'static str>,
}

impl DiskArgs {
    /// The arguments of all `#[disk(…)]` of a `#[derive(Disk)]`.
    pub(crate) fn of(input: &DeriveInput) -> Result<Self> {
        let mut args = Self::default();
        for attribute in &input.attrs {
            if attribute.path().is_ident("disk") {
                attribute.parse_nested_meta(|meta| args.take(&meta))?;
            }
        }
        if args.name.is_none() {
            return Err(Error::new(
                input.ident.span(),
                "which disk is it? write #[disk(name = \"avatars\")] on the struct",
            ));
        }
        Ok(args)
    }

    fn take(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let key = meta.path.get_ident().map(Ident::to_string);
        match key.as_deref() {
            Some("name") => {
                let text = text(meta)?;
                checked(&text, valid::disk_name)?;
                once(&mut self.name, text.value(), meta)
            }
            Some("max_size") => {
                let value = meta.value()?;
                let (text, span) = if value.peek(LitInt) {
                    let literal: LitInt = value.parse()?;
                    (literal.base10_parse::<u64>()?.to_string(), literal.span())
                } else {
                    let literal: LitStr = value.parse()?;
                    (literal.value(), literal.span())
                };
                let bytes = valid::size(&text).map_err(|complaint| Error::new(span, complaint))?;
                once(&mut self.max_size, bytes, meta)
            }
            Some("accept") => {
                let ranges = checked(&text(meta)?, valid::media_types)?;
                once(&mut self.accept, ranges, meta)
            }
            Some("max_width") => once(&mut self.max_width, pixels(meta)?, meta),
            Some("max_height") => once(&mut self.max_height, pixels(meta)?, meta),
            Some("naming") => {
                let naming = checked(&text(meta)?, valid::naming)?;
                once(&mut self.naming, naming, meta)
            }
            _ => Err(meta.error(
                "unknown key, known are name, max_size, accept, max_width, max_height and naming",
            )),
        }
    }
}

fn text(meta: &ParseNestedMeta<'_>) -> Result<LitStr> {
    meta.value()?.parse()
}

fn pixels(meta: &ParseNestedMeta<'_>) -> Result<u32> {
    let literal: LitInt = meta.value()?.parse()?;
    valid::pixels(literal.base10_parse()?)
        .map_err(|complaint| Error::new(literal.span(), complaint))
}

fn checked<T>(
    literal: &LitStr,
    rule: impl FnOnce(&str) -> std::result::Result<T, String>,
) -> Result<T> {
    let span: Span = literal.span();
    rule(&literal.value()).map_err(|complaint| Error::new(span, complaint))
}

fn once<T>(slot: &mut Option<T>, value: T, meta: &ParseNestedMeta<'_>) -> Result<()> {
    if slot.is_some() {
        return Err(meta.error("said twice"));
    }
    *slot = Some(value);
    Ok(())
}
