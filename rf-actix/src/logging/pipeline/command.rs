//! What is asked of all outputs: to write what they have, to open their files again, to end.

use super::Pipeline;
use crate::logging::transport::{Command, Transport, is_writing};
use std::{
    io,
    sync::{
        Arc,
        atomic::Ordering::{Relaxed, SeqCst},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

/// How long the middleware's requests are waited for at shutdown.
const LAST_REQUESTS: Duration = Duration::from_secs(1);
const MOMENT: Duration = Duration::from_millis(100);

impl Pipeline {
    /// Gives every output a command, waits for all, and returns the first that failed.
    pub(crate) fn command(
        &self,
        command: Command,
        deadline: Instant,
    ) -> Result<(), (String, io::Error)> {
        self.tell_all();
        let done = self.each_output(deadline, move |output| output.command(command, deadline));
        if command == Command::Flush && !self.trackers.flush(deadline) {
            return done.and(Err(untracked()));
        }
        done
    }

    /// The same for what was logged, on outputs alone: nothing else is waited for.
    pub(crate) fn flush_outputs(&self, deadline: Instant) -> Result<(), (String, io::Error)> {
        self.each_output(deadline, move |output| {
            output.command(Command::Flush, deadline)
        })
    }

    fn tell_all(&self) {
        if !self.closed.load(Relaxed) && !is_writing() {
            for left_out in self.sampler.left_out() {
                self.tell(&left_out);
            }
        }
    }

    pub(crate) fn close(&self, timeout: Duration) -> Result<(), (String, io::Error)> {
        let requests = Instant::now() + timeout.min(LAST_REQUESTS);
        while self.in_flight.load(SeqCst) > 0 && Instant::now() < requests {
            thread::sleep(Duration::from_millis(1));
        }
        self.tell_all();
        self.closed.store(true, SeqCst);
        let deadline = Instant::now() + timeout;
        let done = self.each_output(deadline, move |output| output.close(deadline));
        if self.trackers.flush(deadline) {
            done
        } else {
            done.and(Err(untracked()))
        }
    }

    /// Asks something of all outputs at once, so that none waits for another one that hangs; the first failure counts.
    fn each_output(
        &self,
        deadline: Instant,
        ask: impl Fn(&Transport) -> io::Result<()> + Clone + Send + 'static,
    ) -> Result<(), (String, io::Error)> {
        if is_writing() {
            return Ok(());
        }
        let (sender, answers) = mpsc::channel();
        for (at, output) in self.outputs.iter().enumerate() {
            let (output, ask, sender) = (Arc::clone(output), ask.clone(), sender.clone());
            let asking = move || {
                let answer = ask(&output);
                // Dropped before the answer: whoever asked may drop the last handle next, and that joins the thread.
                drop(output);
                // Whoever asked may have given up waiting.
                let _ = sender.send((at, answer));
            };
            if let Err(error) = thread::Builder::new()
                .name("rf-log-flush".to_owned())
                .spawn(asking)
            {
                return Err((self.outputs[at].plan.name.clone(), error));
            }
        }
        drop(sender);
        let mut silent: Vec<usize> = (0..self.outputs.len()).collect();
        let mut failed = Ok(());
        while !silent.is_empty() {
            // A moment longer than the outputs themselves wait.
            let left = deadline.saturating_duration_since(Instant::now()) + MOMENT;
            let Ok((at, answer)) = answers.recv_timeout(left) else {
                break;
            };
            silent.retain(|silent| *silent != at);
            if let Err(error) = answer {
                failed = failed.and(Err((self.outputs[at].plan.name.clone(), error)));
            }
        }
        match silent.first() {
            Some(at) => failed.and(Err((
                self.outputs[*at].plan.name.clone(),
                io::Error::new(io::ErrorKind::TimedOut, "the output did not answer in time"),
            ))),
            None => failed,
        }
    }
}

fn untracked() -> (String, io::Error) {
    let slow = io::Error::new(
        io::ErrorKind::TimedOut,
        "errors could not be reported in time",
    );
    ("error tracking".to_owned(), slow)
}
