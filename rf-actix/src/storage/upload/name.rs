//! File names that strangers chose, made harmless.

use super::policy::Naming;
use crate::storage::{
    detect::{self, Detected},
    key::Key,
};

/// The longest name kept, in bytes; an extension counts.
const LONGEST: usize = 200;

/// The name a file of a form is kept under. The digest is that of the content.
pub(super) fn name_for(naming: Naming, sent: &str, content: Detected, digest: &[u8]) -> String {
    let stem = match naming {
        Naming::Original => return harmless(sent),
        Naming::Uuid => uuid::Uuid::now_v7().to_string(),
        Naming::Hash => hex::encode(digest),
    };
    match extension(sent, content) {
        Some(extension) => format!("{stem}.{extension}"),
        None => stem,
    }
}

/// The last segment of what was sent, without control characters and marks that reorder what is shown.
fn harmless(sent: &str) -> String {
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
    use super::{Detected, Key, Naming, harmless, name_for};

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
