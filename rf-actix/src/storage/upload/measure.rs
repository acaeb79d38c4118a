//! The dimensions of images, from their headers: no pixel is decoded.

use crate::storage::error::Error;

/// So many first bytes must tell the dimensions; pictures of cameras have profiles and previews before them.
pub(super) const FAR: usize = 256 * 1024;

/// The most pixels of the sides of an image.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Dimensions {
    pub(super) width: Option<u32>,
    pub(super) height: Option<u32>,
}

impl Dimensions {
    /// Whether a file of this type is to be measured.
    pub(super) fn concern(self, content_type: &str) -> bool {
        (self.width.is_some() || self.height.is_some()) && content_type.starts_with("image/")
    }

    /// Judges an image by its first bytes; `None` when they do not tell yet.
    pub(super) fn judge(self, head: &[u8]) -> Option<Result<(), Error>> {
        let size = imagesize::blob_size(head).ok()?;
        let within = |what, pixels: usize, limit: Option<u32>| match limit {
            Some(limit) if pixels as u64 > u64::from(limit) => Err(Error::TooLarge {
                what,
                limit: limit.into(),
            }),
            _ => Ok(()),
        };
        Some(
            within("the width of the image", size.width, self.width)
                .and_then(|()| within("the height of the image", size.height, self.height)),
        )
    }
}

/// An image that does not say how large it is could be of any size.
pub(super) fn unmeasured(content_type: &str) -> Error {
    let found = format!("{content_type} that does not tell its dimensions");
    Error::media_type(found, "an image with a readable header")
}

#[cfg(test)]
mod tests {
    use super::{Dimensions, Error};

    /// A GIF of 300 × 200 pixels, or what its header says of it.
    const GIF: &[u8] = b"GIF89a\x2c\x01\xc8\x00\x80\x00\x00";

    #[test]
    fn an_image_is_measured_by_its_header() {
        let limits = |width, height| Dimensions { width, height };
        for (fits, limits) in [
            (true, limits(Some(300), Some(200))),
            (true, limits(None, Some(200))),
            (true, limits(Some(300), None)),
            (false, limits(Some(299), Some(200))),
            (false, limits(Some(300), Some(199))),
            (false, limits(None, Some(199))),
        ] {
            let judged = limits.judge(GIF);
            assert_eq!(
                judged.is_some_and(|judged| judged.is_ok()),
                fits,
                "{limits:?}"
            );
        }
        let judged = limits(Some(1), None).judge(GIF);
        assert!(matches!(
            judged,
            Some(Err(Error::TooLarge { limit: 1, .. }))
        ));
        assert!(limits(Some(1), None).judge(&GIF[..8]).is_none());
    }

    #[test]
    fn only_images_are_measured_and_only_under_a_limit() {
        let limited = Dimensions {
            width: Some(1),
            height: None,
        };
        assert!(limited.concern("image/png"));
        assert!(!limited.concern("application/pdf"));
        assert!(!Dimensions::default().concern("image/png"));
    }
}
