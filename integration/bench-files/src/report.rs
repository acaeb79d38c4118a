//! The table: `scenario | ours | peer | ratio | target | met`.

/// One side of a comparison: what its rounds gave, taken in turn with those of the others.
#[derive(Debug, Default, Clone)]
pub(crate) struct Rounds {
    figures: Vec<f64>,
    cpu: Vec<f64>,
}

/// What one round gave: by the clock, and by the CPU time it took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Round {
    pub(crate) figure: f64,
    pub(crate) by_cpu: f64,
}

impl Round {
    /// So many a second.
    pub(crate) fn rate(count: usize, clock: f64, cpu: f64) -> Self {
        Self {
            figure: count as f64 / clock,
            by_cpu: count as f64 / cpu,
        }
    }
}

impl Rounds {
    pub(crate) fn push(&mut self, round: Round) {
        self.figures.push(round.figure);
        self.cpu.push(round.by_cpu);
    }

    pub(crate) fn median(&self) -> f64 {
        median(self.figures.clone())
    }
}

/// The median of the ratios of rounds that stood side by side.
fn beside(ours: &[f64], theirs: &[f64]) -> f64 {
    median(ours.iter().zip(theirs).map(|(a, b)| a / b).collect())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => values[length / 2],
        length => f64::midpoint(values[length / 2 - 1], values[length / 2]),
    }
}

pub(crate) enum Target {
    AtLeast(f64),
    AtMost(f64),
}

/// `by CPU` is the ratio of what a second of CPU time gives: other work on the machine does not change it, and
/// waiting does not show in it.
pub(crate) fn head() {
    println!(
        "| {:<26} | {:<24} | {:>9} | {:>9} | {:>6} | {:>6} | {:>6} | met |",
        "scenario", "beside", "ours", "peer", "by CPU", "ratio", "target"
    );
    println!(
        "|{:-<28}|{:-<26}|{:->11}|{:->11}|{:->8}|{:->8}|{:->8}|-----|",
        "", "", "", "", "", "", ""
    );
}

/// One line of the table; without a target, for scale. Whether the target is met.
pub(crate) fn line(
    scenario: &str,
    peer: &str,
    ours: &Rounds,
    theirs: &Rounds,
    target: Option<Target>,
) -> bool {
    let ratio = beside(&ours.figures, &theirs.figures);
    let (met, target) = match target {
        Some(Target::AtLeast(least)) => (Some(ratio >= least), format!("≥ {least:.2}")),
        Some(Target::AtMost(most)) => (Some(ratio <= most), format!("≤ {most:.2}")),
        None => (None, String::new()),
    };
    println!(
        "| {scenario:<26} | {peer:<24} | {:>9} | {:>9} | {:>6.2} | {ratio:>6.2} | {target:>6} | {:<3} |",
        figure(ours.median()),
        figure(theirs.median()),
        beside(&ours.cpu, &theirs.cpu),
        met.map_or("", yes),
    );
    met.unwrap_or(true)
}

/// Why targets were missed, as profiles showed it. Nothing is said of those that are met.
#[allow(dead_code, reason = "not every bench has something to explain")]
#[derive(Default)]
pub(crate) struct Notes(Vec<String>);

#[allow(dead_code, reason = "not every bench has something to explain")]
impl Notes {
    /// Keeps the note of a line whose target was missed.
    pub(crate) fn unless(&mut self, met: bool, note: &str) {
        if !met {
            self.0.push(note.to_owned());
        }
    }

    /// Under the table.
    pub(crate) fn print(self) {
        for note in self.0 {
            println!("\n{note}");
        }
    }
}

fn yes(met: bool) -> &'static str {
    if met { "yes" } else { "NO" }
}

/// A line for what has an upper bound of its own, or none.
pub(crate) fn bound(scenario: &str, what: &str, value: f64, most: Option<f64>) {
    println!(
        "| {scenario:<26} | {what:<24} | {:>9} | {:>9} | {:>6} | {:>6} | {:>6} | {:<3} |",
        figure(value),
        "",
        "",
        "",
        most.map_or_else(String::new, |most| format!("≤ {most:.0}")),
        most.map_or("", |most| yes(value <= most)),
    );
}

fn figure(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}
