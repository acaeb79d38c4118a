//! Which names the Prometheus data model allows.
//!
//! See <https://prometheus.io/docs/concepts/data_model/>.

use super::error::Error;

/// The value of every label of the series that takes what is over the cap.
pub(super) const OVERFLOW: &str = "overflow";

/// Refuses a metric name that Prometheus could not scrape.
pub(super) fn check_metric(name: &str) -> Result<(), Error> {
    if starts_well(name, |c| c == '_' || c == ':') {
        Ok(())
    } else {
        Err(Error::Name { name: name.into() })
    }
}

/// Refuses a namespace, which may be empty.
pub(super) fn check_namespace(namespace: &str) -> Result<(), Error> {
    if namespace.is_empty() || starts_well(namespace, |c| c == '_') {
        Ok(())
    } else {
        Err(Error::Namespace {
            namespace: namespace.into(),
        })
    }
}

/// Refuses label names that are malformed, reserved (`__…`, `le`, `quantile`), repeated, or in `constant`.
pub(super) fn check_labels<'a>(
    name: &str,
    labels: &[&'a str],
    constant: impl Iterator<Item = &'a str> + Clone,
) -> Result<(), Error> {
    for (at, label) in labels.iter().enumerate() {
        let reserved = label.starts_with("__") || matches!(*label, "le" | "quantile");
        if reserved || !starts_well(label, |c| c == '_') {
            return Err(Error::Label {
                name: name.into(),
                label: (*label).into(),
            });
        }
        if labels[..at].contains(label) || constant.clone().any(|taken| taken == *label) {
            return Err(Error::RepeatedLabel {
                name: name.into(),
                label: (*label).into(),
            });
        }
    }
    Ok(())
}

/// Refuses bucket bounds that are not finite and strictly rising. Bounds are inclusive; `+Inf` is implied.
pub(super) fn check_buckets(name: &str, buckets: &[f64]) -> Result<(), Error> {
    let refuse = |reason| {
        Err(Error::Buckets {
            name: name.into(),
            reason,
        })
    };
    if buckets.is_empty() {
        return refuse("write at least one upper bound");
    }
    if !buckets.iter().all(|bound| bound.is_finite()) {
        return refuse("every bound must be a finite number, +Inf is added by itself");
    }
    if buckets.windows(2).any(|pair| pair[0] >= pair[1]) {
        return refuse("every bound must be greater than the one before it");
    }
    Ok(())
}

fn starts_well(name: &str, extra: impl Fn(char) -> bool) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || extra(c))
        && name.chars().all(|c| c.is_ascii_alphanumeric() || extra(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_name_is_one_prometheus_can_scrape() {
        for good in ["a", "_a", "http:requests_total", "A9"] {
            assert_eq!(check_metric(good), Ok(()), "{good}");
        }
        for bad in ["", "9a", "a-b", "a b", "é", "a.b", "a\n"] {
            assert!(check_metric(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn reserved_malformed_and_repeated_labels_are_refused() {
        let check = |labels: &[&'static str]| check_labels("m", labels, ["zone"].into_iter());
        assert_eq!(check(&["disk", "op"]), Ok(()));
        for bad in ["", "le", "quantile", "__name__", "a:b", "1st"] {
            assert!(matches!(check(&[bad]), Err(Error::Label { .. })), "{bad}");
        }
        assert!(matches!(
            check(&["a", "a"]),
            Err(Error::RepeatedLabel { .. })
        ));
        assert!(matches!(check(&["zone"]), Err(Error::RepeatedLabel { .. })));
    }

    #[test]
    fn buckets_rise_and_are_finite() {
        assert_eq!(check_buckets("h", &[-1.0, 0.0, 2.5]), Ok(()));
        for bad in [
            &[][..],
            &[1.0, 1.0],
            &[2.0, 1.0],
            &[f64::NAN],
            &[1.0, f64::INFINITY],
        ] {
            assert!(check_buckets("h", bad).is_err(), "{bad:?}");
        }
    }
}
