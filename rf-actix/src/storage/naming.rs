//! What files are called: names that strangers chose, made harmless, or names of our own.

use super::{
    detect::{self, Detected},
    key::Key,
};
use std::time::SystemTime;

/// The longest name kept, in bytes; an extension counts.
const LONGEST: usize = 200;

/// What the files of a form are called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Naming {
    /// As the sender says, made harmless; a file of that name is replaced.
    #[default]
    Original,
    /// A time-ordered UUID (RFC 9562 §5.7) and the extension.
    Uuid,
    /// The SHA-256 of the content, in hexadecimal, and the extension: the same content is kept once.
    Hash,
    /// The date (UTC) as folders, then as [`Uuid`](Self::Uuid): `2026/11/25/<uuid>.png`.
    Dated,
}

/// The name a file is kept under. The digest is that of the content.
pub(super) fn name_for(naming: Naming, sent: &str, content: Detected, digest: &[u8]) -> String {
    let unique = || uuid::Uuid::now_v7().to_string();
    let stem = match naming {
        Naming::Original => return harmless(sent),
        Naming::Uuid => unique(),
        Naming::Hash => hex::encode(digest),
        Naming::Dated => format!("{}/{}", folders(SystemTime::now()), unique()),
    };
    match extension(sent, content) {
        Some(extension) => format!("{stem}.{extension}"),
        None => stem,
    }
}

/// `2026/11/25`, in UTC.
fn folders(moment: SystemTime) -> String {
    let written = humantime::format_rfc3339_seconds(moment).to_string();
    let (date, _) = written.split_once('T').unwrap_or((&written, ""));
    date.replace('-', "/")
}

/// The last segment of what was sent, without control characters and marks that reorder what is shown.
pub(super) fn harmless(sent: &str) -> String {
    let name = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut name: String = name
        .chars()
        .filter(|&c| !c.is_control() && !reorders(c))
        .collect();
    if name.len() > LONGEST {
        let extension = name
            .rsplit_once('.')
            .map(|(_, extension)| format!(".{extension}"))
            .filter(|e| e.len() <= 16);
        let extension = extension.unwrap_or_default();
        let mut end = LONGEST - extension.len();
        while !name.is_char_boundary(end) {
            end -= 1;
        }
        name.truncate(end);
        name.push_str(&extension);
    }
    let name = name.trim_end_matches(['.', ' ']);
    if Key::parse(name).is_ok() {
        return name.to_owned();
    }
    // A device, a drive or a name of ours; or nothing at all is left.
    let prefixed = format!("_{}", name.replace(':', "_"));
    if !name.is_empty() && Key::parse(prefixed.as_str()).is_ok() {
        return prefixed;
    }
    uuid::Uuid::now_v7().to_string()
}

/// Bidirectional controls (Unicode UAX #9): `photo\u{202e}gpj.exe` is shown as `photoexe.jpg`.
fn reorders(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The extension of the sent name if it tells the type the content has, else the one the bytes tell.
fn extension(sent: &str, content: Detected) -> Option<String> {
    if detect::by_name(sent) == content.content_type
        && let Some((_, extension)) = sent.rsplit_once('.')
        && extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
    {
        return Some(extension.to_ascii_lowercase());
    }
    content.extension.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::{Detected, Key, Naming, SystemTime, folders, harmless, name_for};
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn a_dated_name_stands_in_folders_of_its_day() {
        for (seconds, date) in [
            (0, "1970/01/01"),
            (951_782_399, "2000/02/28"),
            (951_782_400, "2000/02/29"),
            (1_795_651_199, "2026/11/25"),
            (1_795_651_200, "2026/11/26"),
        ] {
            assert_eq!(folders(UNIX_EPOCH + Duration::from_secs(seconds)), date);
        }
        let png = Detected {
            content_type: "image/png",
            extension: Some("png"),
        };
        let before = folders(SystemTime::now());
        let name = name_for(Naming::Dated, "../me.PNG", png, &[]);
        let after = folders(SystemTime::now());
        let (folder, file) = name.rsplit_once('/').unwrap_or_default();
        assert!(folder == before || folder == after, "{name}");
        assert_eq!(file.strip_suffix(".png").map(str::len), Some(36));
        assert!(Key::parse(name.as_str()).is_ok());
    }

    #[test]
    fn hostile_names_become_harmless() {
        for (sent, kept) in [
            ("../../etc/passwd", "passwd"),
            ("C:\\fakepath\\photo.jpg", "photo.jpg"),
            ("photo\u{202e}gpj.exe", "photogpj.exe"),
            ("a\r\nb.txt", "ab.txt"),
            ("name. . .", "name"),
            ("nul.txt", "_nul.txt"),
            (".rf-staging", "_.rf-staging"),
            ("c:x", "_c_x"),
            ("ünï 😀.png", "ünï 😀.png"),
        ] {
            assert_eq!(harmless(sent), kept, "{sent:?}");
        }
        for nameless in ["", "..", "/", "a/..", "\u{202e}", " "] {
            assert_eq!(harmless(nameless).len(), 36, "{nameless:?}");
        }
        let long = harmless(&format!("{}.png", "é".repeat(3000)));
        assert!(long.len() <= 200 && long.ends_with(".png") && Key::parse(long.as_str()).is_ok());
    }

    #[test]
    fn names_by_content_keep_a_true_extension_only() {
        let png = Detected {
            content_type: "image/png",
            extension: Some("png"),
        };
        assert_eq!(name_for(Naming::Hash, "a.PNG", png, &[0xab]), "ab.png");
        assert_eq!(name_for(Naming::Hash, "a.exe", png, &[0xab]), "ab.png");
        let css = Detected {
            content_type: "text/css",
            extension: None,
        };
        assert!(name_for(Naming::Uuid, "x.css", css, &[]).ends_with(".css"));
        assert_eq!(name_for(Naming::Uuid, "x", css, &[]).len(), 36);
    }
}
