//! Named channels: outputs of their own, for records that are not for everybody.

use super::{Error, Level, OutputOptions, filter::is_under};

/// The channel of everything that is logged on none.
pub(crate) const DEFAULT: &str = "default";

/// A channel with outputs of its own, or a stack of others.
///
/// ```
/// use rf::logging::{Channel, Logger, Output, Overflow, slog};
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("audit.log");
/// let audit = Channel::new("audit").output(Output::file(path).overflow(Overflow::Block));
/// let logger = Logger::builder().channel(audit).build()?;
/// let audit = logger.channel("audit")?;
/// slog::info!(audit.slog(), "role granted"; "to" => "maria", "role" => "admin");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A record of a channel goes to the outputs of the channel, in the context of the current request, and has the field
/// `channel`. Without a [`level`](Self::level) of its own the logger's level and directives hold for it.
#[derive(Debug)]
#[must_use = "a channel does nothing until a builder has it"]
pub struct Channel {
    name: String,
    level: Option<Level>,
    outputs: Vec<OutputOptions>,
    also: Vec<String>,
    targets: Vec<String>,
}

impl Channel {
    /// A channel that goes nowhere yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            level: None,
            outputs: Vec::new(),
            also: Vec::new(),
            targets: Vec::new(),
        }
    }

    /// The least important level of this channel, whatever the logger's level and directives are.
    pub fn level(mut self, level: Level) -> Self {
        self.level = Some(level);
        self
    }

    /// Adds a place for the lines of this channel.
    pub fn output(mut self, output: impl Into<OutputOptions>) -> Self {
        self.outputs.push(output.into());
        self
    }

    /// Goes to the outputs of another channel too; `default` is the logger itself. So channels are stacked.
    pub fn also(mut self, channel: impl Into<String>) -> Self {
        self.also.push(channel.into());
        self
    }

    /// Gets a copy of what is logged under this target elsewhere, for example of `rf::oauth2`: all that this channel's
    /// own [`level`](Self::level) lets through, or else what the logger's does. Sampling leaves nothing out of it.
    pub fn target(mut self, target: impl Into<String>) -> Self {
        self.targets.push(target.into());
        self
    }
}

/// A channel as the pipeline has it.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) name: String,
    /// Instead of the filter.
    pub(crate) level: Option<Level>,
    /// Which outputs, and the least important level they get on this way.
    pub(crate) outputs: Vec<(usize, Level)>,
    /// What is copied from the default channel.
    targets: Vec<String>,
}

impl Route {
    /// Whether such a record is copied here; without a level of its own only what the filter `passes`.
    pub(crate) fn copies(&self, level: Level, target: &str, passes: bool) -> bool {
        self.level.map_or(passes, |least| level <= least)
            && self.targets.iter().any(|prefix| is_under(target, prefix))
    }

    /// The least important level that it copies, whatever the filter says.
    pub(crate) fn copied(&self) -> Option<Level> {
        self.level.filter(|_| !self.targets.is_empty())
    }
}

/// The channels with their stacks resolved, the default one first, and the outputs of all of them.
pub(crate) fn resolve(
    default: Vec<OutputOptions>,
    channels: Vec<Channel>,
) -> Result<(Vec<Route>, Vec<OutputOptions>), Error> {
    let mut outputs = Vec::new();
    let mut all = vec![Channel {
        outputs: default,
        ..Channel::new(DEFAULT)
    }];
    for channel in channels {
        let known = |other: &Channel| other.name == channel.name;
        if channel.name.is_empty() || all.iter().any(known) {
            return Err(refused(
                &channel.name,
                "is no name for a channel, every channel needs one of its own, and `default` is the logger",
            ));
        }
        all.push(channel);
    }
    let own: Vec<Vec<usize>> = all
        .iter_mut()
        .map(|channel| {
            let own = std::mem::take(&mut channel.outputs);
            let first = outputs.len();
            outputs.extend(own);
            (first..outputs.len()).collect()
        })
        .collect();
    let routes = (0..all.len())
        .map(|at| {
            let mut reached = Vec::new();
            reach(&all, &own, at, Level::Trace, &mut Vec::new(), &mut reached)?;
            if reached.is_empty() {
                return Err(refused(
                    &all[at].name,
                    "goes nowhere, give it an output or another channel",
                ));
            }
            Ok(reached)
        })
        .collect::<Result<Vec<_>, Error>>()?;
    let routes = all
        .into_iter()
        .zip(routes)
        .map(|(channel, outputs)| Route {
            name: channel.name,
            level: channel.level,
            outputs,
            targets: channel.targets,
        })
        .collect();
    Ok((routes, outputs))
}

/// Collects the outputs of a channel and of those it stacks, each once.
fn reach(
    all: &[Channel],
    own: &[Vec<usize>],
    at: usize,
    least: Level,
    way: &mut Vec<usize>,
    reached: &mut Vec<(usize, Level)>,
) -> Result<(), Error> {
    let channel = &all[at];
    if way.contains(&at) {
        return Err(refused(&channel.name, "is stacked on itself"));
    }
    way.push(at);
    let least = channel.level.map_or(least, |level| level.min(least));
    for output in &own[at] {
        match reached.iter_mut().find(|(known, _)| known == output) {
            Some((_, known)) => *known = least.max(*known),
            None => reached.push((*output, least)),
        }
    }
    for name in &channel.also {
        let other = all.iter().position(|other| other.name == *name);
        let other = other.ok_or_else(|| {
            refused(
                &channel.name,
                &format!("is stacked on {name:?}, and there is no such channel"),
            )
        })?;
        reach(all, own, other, least, way, reached)?;
    }
    way.pop();
    Ok(())
}

fn refused(channel: &str, reason: &str) -> Error {
    Error::Channel {
        name: channel.to_owned(),
        reason: reason.to_owned(),
    }
}
