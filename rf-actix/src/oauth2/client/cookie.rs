//! Values that may be longer than one cookie holds.

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite, time};

/// Browsers keep 4096 bytes of a cookie, its name and attributes included.
const PIECE: usize = 3800;
/// More than any provider's tokens need; servers take so much in their headers.
const PIECES: usize = 4;
pub(super) const LONGEST_VALUE: usize = PIECE * PIECES;

/// A cookie by name, in as many pieces as it takes.
#[derive(Debug)]
pub(super) struct Jar {
    name: String,
    secure: bool,
}

impl Jar {
    /// With https the prefix keeps subdomains and plain http from planting one (RFC 6265bis §4.1.3).
    pub(super) fn new(name: &str, secure: bool) -> Self {
        let prefix = if secure { "__Host-" } else { "" };
        Self {
            name: format!("{prefix}{name}"),
            secure,
        }
    }

    pub(super) fn piece(&self, number: usize) -> String {
        match number {
            0 => self.name.clone(),
            number => format!("{}.{number}", self.name),
        }
    }

    /// A jar for one of several values.
    pub(super) fn part(&self, name: &str) -> Self {
        Self {
            name: format!("{}.{name}", self.name),
            secure: self.secure,
        }
    }

    /// Those that the browser has.
    pub(super) fn parts(&self, req: &HttpRequest) -> Vec<Self> {
        let Ok(cookies) = req.cookies() else {
            return Vec::new();
        };
        let names = cookies.iter().filter_map(|cookie| {
            let name = cookie.name().strip_prefix(&self.name)?.strip_prefix('.')?;
            // The pieces of one have its number behind another dot.
            (!name.contains('.')).then(|| self.part(name))
        });
        names.collect()
    }

    pub(super) fn read(&self, req: &HttpRequest) -> Option<String> {
        let mut value = req.cookie(&self.piece(0))?.value().to_owned();
        for number in 1..PIECES {
            let Some(piece) = req.cookie(&self.piece(number)) else {
                break;
            };
            value.push_str(piece.value());
        }
        Some(value)
    }

    /// The cookies that keep `value`, and end what an older one had more; nothing when it is too long.
    pub(super) fn write(
        &self,
        req: &HttpRequest,
        value: &str,
        lifetime: time::Duration,
    ) -> Option<Vec<Cookie<'static>>> {
        let pieces: Vec<&str> = (value.as_bytes().chunks(PIECE))
            .map(|piece| std::str::from_utf8(piece).expect("a sealed value is ASCII"))
            .collect();
        if pieces.len() > PIECES {
            return None;
        }
        let mut cookies: Vec<_> = pieces
            .iter()
            .enumerate()
            .map(|(number, piece)| self.bake(number, piece, lifetime))
            .collect();
        cookies.extend(self.end_from(req, pieces.len()));
        Some(cookies)
    }

    pub(super) fn end(&self, req: &HttpRequest) -> Vec<Cookie<'static>> {
        self.end_from(req, 0).collect()
    }

    fn end_from<'a>(
        &'a self,
        req: &'a HttpRequest,
        first: usize,
    ) -> impl Iterator<Item = Cookie<'static>> + 'a {
        (first..PIECES)
            .filter(|number| req.cookie(&self.piece(*number)).is_some())
            .map(|number| self.bake(number, "", time::Duration::ZERO))
    }

    /// `Lax`: the way back from the provider comes from another site.
    fn bake(&self, number: usize, value: &str, lifetime: time::Duration) -> Cookie<'static> {
        Cookie::build(self.piece(number), value.to_owned())
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(self.secure)
            .max_age(lifetime)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn a_long_value_comes_back_whole_and_leaves_no_piece_behind() {
        let jar = Jar::new("s", true);
        let none = TestRequest::default().to_http_request();
        let long = "x".repeat(9000);
        let mut request = TestRequest::default();
        for cookie in jar.write(&none, &long, time::Duration::HOUR).unwrap() {
            assert!(cookie.name().starts_with("__Host-s") && cookie.to_string().len() < 4096);
            request = request.cookie(cookie);
        }
        let request = request.to_http_request();
        assert_eq!(jar.read(&request).unwrap(), long);
        let short = jar.write(&request, "short", time::Duration::HOUR).unwrap();
        let ended: Vec<_> = short
            .iter()
            .filter(|cookie| cookie.value().is_empty())
            .map(|cookie| cookie.name())
            .collect();
        assert_eq!(ended, ["__Host-s.1", "__Host-s.2"]);
        assert!(
            jar.write(&none, &"x".repeat(20_000), time::Duration::HOUR)
                .is_none()
        );
    }
}
