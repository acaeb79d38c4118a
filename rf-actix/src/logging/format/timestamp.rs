//! Times in lines: RFC 3339 in UTC, always 27 characters.

use std::{
    fmt::Write,
    time::{SystemTime, UNIX_EPOCH},
};

/// How much of a time stays the same for a second: `2026-11-23T15:44:37.`
const SECOND: usize = 20;

/// Writes times as `2026-11-23T15:44:37.123456Z`, which sorts as text and parses everywhere.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    /// What is written last, and in which second: most times come in the same one as the time before.
    text: String,
    second: u64,
}

impl Clock {
    pub(crate) fn now(&mut self) -> &str {
        self.at(SystemTime::now())
    }

    /// Times before 1970 are written as 1970: clocks that are that wrong are no clocks.
    pub(crate) fn at(&mut self, time: SystemTime) -> &str {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        if self.text.is_empty() || self.second != since.as_secs() {
            self.begin(since.as_secs());
        }
        self.text.truncate(SECOND);
        let micros = since.subsec_micros();
        let mut digits = *b"000000Z";
        for (place, part) in [micros / 10_000, micros / 100 % 100, micros % 100]
            .into_iter()
            .enumerate()
        {
            digits[2 * place] = b'0' + (part / 10) as u8;
            digits[2 * place + 1] = b'0' + (part % 10) as u8;
        }
        self.text
            .push_str(std::str::from_utf8(&digits).expect("digits and a letter are ASCII"));
        &self.text
    }

    fn begin(&mut self, second: u64) {
        let (year, month, day) = date(second / 86_400);
        let of_day = second % 86_400;
        let (hours, minutes, seconds) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        self.second = second;
        self.text.clear();
        // Writing to a string cannot fail.
        let _ = write!(
            self.text,
            "{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}."
        );
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
        Clock::default()
            .at(UNIX_EPOCH + Duration::new(seconds, nanos))
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

    #[test]
    fn a_clock_goes_on_and_back() {
        let mut clock = Clock::default();
        for (seconds, nanos, expected) in [
            (1_735_689_599, 999_999_000, "2024-12-31T23:59:59.999999Z"),
            (1_735_689_599, 7_000, "2024-12-31T23:59:59.000007Z"),
            (1_735_689_600, 10_000, "2025-01-01T00:00:00.000010Z"),
            (0, 0, "1970-01-01T00:00:00.000000Z"),
            (0, 123_456_000, "1970-01-01T00:00:00.123456Z"),
        ] {
            assert_eq!(
                clock.at(UNIX_EPOCH + Duration::new(seconds, nanos)),
                expected
            );
        }
    }
}
