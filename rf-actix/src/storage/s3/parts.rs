//! How a file is cut into parts.

use std::ops::Range;

/// The most parts an upload may have.
pub(super) const MAX_PARTS: u64 = 10_000;
/// The largest part, and the largest file that is copied in one request.
pub(super) const LARGEST: u64 = 5 << 30;
/// So many parts have one size. Also from the smallest allowed, 5 MiB, the sizes then reach 5 TiB.
const STEP: u64 = 900;
/// The size of a part that the service copies for itself: no byte of it passes here.
const COPIED: u64 = 512 << 20;

/// The size of the part of an upload whose length is not known before its end.
///
/// It doubles now and then: a small file needs little memory, and a large one still fits into 10,000 parts.
pub(super) fn size(first: u64, index: u64) -> u64 {
    let doublings = u32::try_from(index / STEP).unwrap_or(u32::MAX);
    2u64.checked_pow(doublings)
        .and_then(|factor| first.checked_mul(factor))
        .map_or(LARGEST, |size| size.min(LARGEST))
}

/// The ranges a file of known size is copied by.
pub(super) fn of_copy(size: u64) -> impl Iterator<Item = Range<u64>> {
    cut(0..size, COPIED.max(size.div_ceil(MAX_PARTS)))
}

/// A range in pieces, all of one size but the last.
pub(super) fn cut(range: Range<u64>, size: u64) -> impl Iterator<Item = Range<u64>> {
    let mut rest = range;
    std::iter::from_fn(move || {
        let piece = rest.start..rest.end.min(rest.start.saturating_add(size));
        rest.start = piece.end;
        (!piece.is_empty()).then_some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::{LARGEST, MAX_PARTS, cut, of_copy, size};

    const MIB: u64 = 1 << 20;
    const TIB: u64 = 1 << 40;

    #[test]
    fn ten_thousand_parts_hold_the_largest_file() {
        for first in [5 * MIB, 8 * MIB, 64 * MIB, LARGEST] {
            let sizes: Vec<_> = (0..MAX_PARTS).map(|index| size(first, index)).collect();
            assert!(sizes.iter().sum::<u64>() >= 5 * TIB, "{first}");
            assert!(sizes.iter().all(|size| (first..=LARGEST).contains(size)));
            assert!(sizes.is_sorted());
        }
    }

    #[test]
    fn a_file_of_five_gibibytes_has_parts_of_one_size() {
        assert!((0..640).all(|index| size(8 * MIB, index) == 8 * MIB));
    }

    #[test]
    fn a_copy_has_every_byte_once_in_few_parts() {
        for bytes in [LARGEST + 1, 5 * TIB, MAX_PARTS * LARGEST] {
            let pieces: Vec<_> = of_copy(bytes).collect();
            assert!(pieces.len() as u64 <= MAX_PARTS);
            assert_eq!((pieces[0].start, pieces[pieces.len() - 1].end), (0, bytes));
            assert!(pieces.windows(2).all(|pair| pair[0].end == pair[1].start));
            assert!(
                pieces
                    .iter()
                    .all(|piece| piece.end - piece.start <= LARGEST)
            );
        }
        assert_eq!(cut(3..3, 5).count(), 0);
    }
}
