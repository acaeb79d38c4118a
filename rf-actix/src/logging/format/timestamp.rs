//! Times in lines: RFC 3339 in UTC, always 27 characters.

use std::time::{SystemTime, UNIX_EPOCH};

/// `2026-11-23T15:44:37.123456Z`: sorts as text, and parses everywhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timestamp([u8; 27]);

impl Timestamp {
    pub(crate) fn now() -> Self {
        Self::of(SystemTime::now())
    }

    /// Times before 1970 are written as 1970: clocks that are that wrong are no clocks.
    pub(crate) fn of(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let (seconds, micros) = (since.as_secs(), since.subsec_micros());
        let (year, month, day) = date(seconds / 86_400);
        let of_day = (seconds % 86_400) as u32;
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        digits(&mut text[0..4], year);
        digits(&mut text[5..7], month);
        digits(&mut text[8..10], day);
        digits(&mut text[11..13], of_day / 3600);
        digits(&mut text[14..16], of_day / 60 % 60);
        digits(&mut text[17..19], of_day % 60);
        digits(&mut text[20..26], micros);
        Self(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("digits and punctuation are ASCII")
    }
}

fn digits(to: &mut [u8], mut number: u32) {
    for place in to.iter_mut().rev() {
        *place = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// Year, month and day of a day since 1970 in the Gregorian calendar; years are counted from March so that the
/// leap day is a year's last.
fn date(days: u64) -> (u32, u32, u32) {
    let days = days + 719_468;
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year as u32, month as u32, day as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn text(seconds: u64, nanos: u32) -> String {
        Timestamp::of(UNIX_EPOCH + Duration::new(seconds, nanos))
            .as_str()
            .to_owned()
    }

    #[test]
    fn times_are_utc_of_fixed_width() {
        assert_eq!(text(0, 0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(text(1_709_164_800, 5_000), "2024-02-29T00:00:00.000005Z");
        assert_eq!(
            text(1_709_251_199, 999_999_999),
            "2024-02-29T23:59:59.999999Z"
        );
        assert_eq!(
            text(951_868_800, 120_000_000),
            "2000-03-01T00:00:00.120000Z"
        );
        assert_eq!(text(4_107_542_400, 0), "2100-03-01T00:00:00.000000Z");
        assert_eq!(text(1_735_689_599, 0), "2024-12-31T23:59:59.000000Z");
    }
}
