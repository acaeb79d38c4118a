//! The dashboard and the rules ask for nothing that is not there.

use std::collections::BTreeSet;

const GUIDE: &str = include_str!("../../../rf-actix/src/docs/metrics.md");
const DASHBOARD: &str = include_str!("../../../examples/observability/grafana/dashboard.json");
const RULES: &str = include_str!("../../../examples/observability/prometheus/rules.yml");

/// The families of the guide, which another test holds to the code.
fn families() -> BTreeSet<&'static str> {
    let names = GUIDE.lines().filter_map(|line| {
        let (name, _) = line.strip_prefix("| `")?.split_once("` |")?;
        (!name.contains(' ')).then_some(name)
    });
    names.collect()
}

/// Everything in these expressions that looks like the name of a family: a word with an underscore that is not a label,
/// a function or a recorded series.
fn asked<'a>(expressions: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    const OTHER: [&str; 6] = [
        "histogram_quantile",
        "error_type",
        "trace_id",
        "no_space",
        "permission_denied",
        "rate_limited",
    ];
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':' || c == '$';
    let words = expressions.flat_map(|text| text.split(move |c: char| !inside(c)));
    let names = words.filter(|word| {
        word.contains('_')
            && word.starts_with(|c: char| c.is_ascii_lowercase())
            && !word.contains(':')
            && !OTHER.contains(word)
    });
    names.map(str::to_owned).collect()
}

fn assert_known(asked: &BTreeSet<String>) {
    let families = families();
    assert!(asked.len() > 5, "{asked:?}");
    for name in asked {
        let parts = ["_bucket", "_sum", "_count"];
        let base = parts.iter().find_map(|part| name.strip_suffix(part));
        let known = |name: &str| families.contains(name);
        assert!(
            known(name) || base.is_some_and(known),
            "{name} is no family of the guide"
        );
    }
}

#[test]
fn every_family_of_the_dashboard_exists_and_no_two_panels_share_an_id() {
    let dashboard: serde_json::Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let expressions = panels
        .iter()
        .filter_map(|panel| panel["targets"].as_array())
        .flatten()
        .map(|target| target["expr"].as_str().unwrap());
    assert_known(&asked(expressions));
    let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].as_u64()).collect();
    assert_eq!(ids.len(), panels.len(), "two panels have the same id");
}

#[test]
fn every_family_of_the_rules_exists() {
    let mut expressions = Vec::new();
    let mut lines = RULES.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((_, expression)) = line.split_once("expr: ") else {
            continue;
        };
        if expression != "|" {
            expressions.push(expression);
            continue;
        }
        while let Some(line) = lines.next_if(|line| line.starts_with("          ")) {
            expressions.push(line);
        }
    }
    assert_known(&asked(expressions.into_iter()));
}
