//! Allocations a call of each of those who are compared, one a line. Apart from the rest, because counting is a burden on
//! every allocation of the program that is counted.

#[path = "../sides.rs"]
mod sides;

use sides::{BURST, all};

type Fault = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Fault> {
    for mut side in all()? {
        // Buffers and caches are there after a burst.
        side.log(BURST);
        side.settle();
        let counted = allocation_counter::measure(|| side.log(100));
        side.settle();
        println!("{}", counted.count_total as f64 / 100.0);
    }
    Ok(())
}
