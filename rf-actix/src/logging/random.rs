//! Random bytes of the system, drawn for many ids at once: asking for them costs more than all else about an id.

use std::cell::RefCell;

/// For some thirty requests.
const DRAWN: usize = 1024;

struct Pool {
    bytes: [u8; DRAWN],
    /// Where the bytes begin that nobody has had.
    next: usize,
    /// Whose they are: a process that is forked begins with a copy of them.
    process: u32,
}

impl Pool {
    const fn empty() -> Self {
        Self {
            bytes: [0; DRAWN],
            next: DRAWN,
            process: 0,
        }
    }

    fn draw<const N: usize>(&mut self, process: u32) -> [u8; N] {
        const { assert!(N <= DRAWN) };
        if self.process != process || DRAWN - self.next < N {
            fill(&mut self.bytes);
            (self.process, self.next) = (process, 0);
        }
        let mut drawn = [0; N];
        drawn.copy_from_slice(&self.bytes[self.next..self.next + N]);
        self.next += N;
        drawn
    }
}

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool::empty()) };
}

/// Bytes that nobody else gets, and nobody can foretell.
pub(super) fn random<const N: usize>() -> [u8; N] {
    let process = std::process::id();
    POOL.try_with(|pool| pool.borrow_mut().draw(process))
        .unwrap_or_else(|_| Pool::empty().draw(process))
}

fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the system has random numbers");
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_bytes_are_drawn_twice() {
        let drawn: HashSet<[u8; 34]> = (0..1000).map(|_| random()).collect();
        assert_eq!(drawn.len(), 1000);
    }

    #[test]
    fn a_forked_process_does_not_go_on_with_what_its_parent_drew() {
        let mut parent = Pool::empty();
        parent.draw::<34>(1);
        let mut child = Pool {
            bytes: parent.bytes,
            ..parent
        };
        assert_ne!(parent.draw::<34>(1), child.draw::<34>(2));
    }
}
