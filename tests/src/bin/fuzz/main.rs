//! `fuzz [SECONDS [FIRST]]` or `fuzz FILE…`: damaged evidence, read again and again until something
//! gives way.
//!
//! Input number N is the Nth in every run: some of the cases and of the corpus, damaged by numbers
//! that N begins. It is read whole and in pieces, shown again and exported, on a stack as small as
//! that of a browser. What breaks a promise is printed and kept as a file below `target/fuzz/`, which
//! is read again by its name. Ends with status 1 when anything was found.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program whose output is text")]

mod cost;
mod hold;
mod mutate;
mod packets;

use hold::{Held, hold};
use offwire_tests::cases::{evidence_up_to, load};
use offwire_tests::lcg::Lcg;
use offwire_tests::read::Input;
use offwire_tests::repo::root;
use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long it runs when nobody says.
const SECONDS: u64 = 60;
/// Seeds are files up to this size.
const MAX_SEED: u64 = 256 << 10;
/// What the machine's stack is in a browser: that of a thread here.
const STACK: usize = 1 << 20;
/// After so much processor time one input hangs.
const HANGS: Duration = Duration::from_secs(120);
/// The dearest inputs that are told at the end.
const DEAREST: usize = 8;

type Seeds = Vec<(String, Vec<Input>)>;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let numbers: Vec<u64> = args.iter().map_while(|a| a.parse().ok()).collect();
    let run = move || {
        if numbers.len() < args.len() { again(&args) } else { campaign(&numbers) }
            .map_err(|e| e.to_string())
    };
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(run)?;
    let n_found = thread.join().map_err(|_| "the run itself broke down")??;
    std::process::exit(i32::from(n_found > 0))
}

/// Reads files as they are.
fn again(names: &[String]) -> Result<usize, Box<dyn Error>> {
    let inputs: Vec<Input> = names.iter().map(|n| load(Path::new(n))).collect::<Result<_, _>>()?;
    let held = hold(&inputs, &mut Lcg::new(0));
    println!("{}", held.cost);
    held.broken.iter().for_each(|what| println!("{what}"));
    Ok(held.broken.len())
}

fn campaign(numbers: &[u64]) -> Result<usize, Box<dyn Error>> {
    let [seconds, first] =
        [(0, SECONDS), (1, 0)].map(|(i, default)| *numbers.get(i).unwrap_or(&default));
    let seeds = evidence_up_to("fuzz", MAX_SEED)?;
    let now = watch();
    // What is found is told by this program, once.
    std::panic::set_hook(Box::new(|panic| hold::remember(panic.to_string())));
    let (start, mut n, mut n_found) = (Instant::now(), first, 0);
    let mut dearest: Vec<(u64, String)> = Vec::new();
    while start.elapsed() < Duration::from_secs(seconds) {
        now.store(n, Ordering::Relaxed);
        let mut lcg = Lcg::new(n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let (name, inputs) = mutate::input(&seeds, &mut lcg);
        let folder = root().join("target/fuzz").join(n.to_string());
        // Kept before it is read: whoever overflows the stack tells nothing.
        let paths = keep(&folder, &inputs)?;
        let Held { broken, cost } = hold(&inputs, &mut lcg);
        n_found += usize::from(!broken.is_empty());
        for what in &broken {
            println!("input {n}, of {name}: {what}\n  ./x fuzz 1 {n}\n  {}\n", paths.join(" "));
        }
        if broken.is_empty() {
            std::fs::remove_dir_all(&folder)?;
        }
        dearest.push((cost.per_byte(), format!("input {n}, of {name}: {cost}")));
        dearest.sort_by(|a, b| b.cmp(a));
        dearest.truncate(DEAREST);
        n += 1;
    }
    println!("inputs {first} to {n}: {n_found} broke a promise; the dearest:");
    dearest.iter().for_each(|(_, line)| println!("  {line}"));
    Ok(n_found)
}

/// Writes inputs to a folder; gives their paths.
fn keep(folder: &Path, inputs: &[Input]) -> std::io::Result<Vec<String>> {
    std::fs::create_dir_all(folder)?;
    let mut paths = Vec::new();
    for (i, input) in inputs.iter().enumerate() {
        let path: PathBuf = folder.join(format!("{i}-{}", input.name));
        std::fs::write(&path, &input.bytes)?;
        paths.push(path.display().to_string());
    }
    Ok(paths)
}

/// Ends the program when one input takes far too long.
fn watch() -> Arc<AtomicU64> {
    let now = Arc::new(AtomicU64::new(0));
    let of = Arc::clone(&now);
    std::thread::spawn(move || {
        let (mut last, mut since) = (0, Duration::ZERO);
        loop {
            std::thread::sleep(Duration::from_secs(1));
            let n = of.load(Ordering::Relaxed);
            let used = cost::of_process();
            if n != last {
                (last, since) = (n, used);
            } else if used.saturating_sub(since) > HANGS {
                let folder = root().join("target/fuzz").join(n.to_string());
                eprintln!("input {n} hangs: {}", folder.display());
                let _ = std::io::stdout().flush();
                std::process::exit(2);
            }
        }
    });
    now
}
