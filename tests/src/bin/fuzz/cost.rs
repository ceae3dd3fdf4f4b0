//! What reading an input cost: processor time of this thread, and memory of the process.

use std::fmt;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Time and memory.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    bytes: u64,
    nanos: u64,
    memory: u64,
}

/// Time that any input may take, since 64 MB may come out of a short one, and for each byte more: some
/// fifty times what is usual where little is optimised. What grows with the square of its length is
/// beyond it at 200 KB.
const BASE_NANOS: u64 = 10_000_000_000;
const NANOS_PER_BYTE: u64 = 10_000;

/// Memory for any input, and for each byte more: a gzip file may hold a thousand times as much.
const BASE_MEMORY: u64 = 96 << 20;
const MEMORY_PER_BYTE: u64 = 200;

impl Cost {
    /// What `work` costs for an input of so many bytes. Where the system does not tell, nothing.
    pub fn of<T>(bytes: u64, work: impl FnOnce() -> T) -> (T, Self) {
        // Proc(5): from now on the peak is that of what follows.
        let _ = fs::write("/proc/self/clear_refs", "5");
        let (nanos, before) = (cpu(), memory("VmRSS:"));
        let done = work();
        let memory = memory("VmHWM:").saturating_sub(before);
        (done, Self { bytes, nanos: cpu().saturating_sub(nanos), memory })
    }

    /// Nanoseconds for a byte; short inputs, which show nothing, count as if they were longer.
    pub fn per_byte(&self) -> u64 {
        self.nanos / self.bytes.max(16 << 10)
    }

    /// What is too much about it.
    pub fn excess(&self) -> Option<String> {
        let is_slow = self.nanos > BASE_NANOS + NANOS_PER_BYTE * self.bytes;
        let is_large = self.memory > BASE_MEMORY + MEMORY_PER_BYTE * self.bytes;
        (is_slow || is_large).then(|| format!("costs too much: {self}"))
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bytes, nanos, memory } = self;
        write!(f, "{bytes} bytes, {} ms, {} MB", nanos / 1_000_000, memory >> 20)
    }
}

/// Processor time of all threads so far.
pub fn of_process() -> Duration {
    let threads = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let all = threads.map(|thread| used(&thread.path().join("schedstat")));
    Duration::from_nanos(all.sum())
}

fn cpu() -> u64 {
    used(Path::new("/proc/thread-self/schedstat"))
}

/// The first of the numbers in a file of this kind: nanoseconds on a processor.
fn used(path: &Path) -> u64 {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0)
}

fn memory(name: &str) -> u64 {
    let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|l| l.strip_prefix(name)).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) << 10
}
