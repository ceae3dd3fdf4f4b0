//! What must hold for any input: no panic, no hang, bounded memory, and the same in any pieces.

use crate::cost::Cost;
use crate::mutate::one_in;
use offwire_core::event::{KINDS, NodeId, Origin};
use offwire_core::evidence::{
    Carve, Follow, List, MAX_BYTES, Pattern, Pursuit, Scope, Search, Take, connections,
};
use offwire_core::records::{ExportFormat, RowQuery};
use offwire_core::report;
use offwire_core::second_pass::Place;
use offwire_core::session::{Session, zip};
use offwire_core::settings::{Caps, Settings};
use offwire_core::text::is_deceptive;
use offwire_tests::lcg::Lcg;
use offwire_tests::read::{How, Input, read};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Rows of a kind that are shown again from their places.
const SHOWN: usize = 8;

/// What became of an input.
pub struct Held {
    /// Each promise that it broke.
    pub broken: Vec<String>,
    /// What reading it whole cost.
    pub cost: Cost,
}

thread_local! {
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Takes what a panic says.
pub fn remember(panic: String) {
    PANIC.with(|last| *last.borrow_mut() = panic);
}

fn guarded<T>(broken: &mut Vec<String>, what: &str, work: impl FnOnce() -> T) -> Option<T> {
    let done = catch_unwind(AssertUnwindSafe(work)).ok();
    if done.is_none() {
        broken.push(format!("{what}: {}", PANIC.with(|last| last.take())));
    }
    done
}

/// Holds an input against every promise.
pub fn hold(inputs: &[Input], lcg: &mut Lcg) -> Held {
    let mut broken = Vec::new();
    let bytes = inputs.iter().map(|i| i.bytes.len() as u64).sum();
    let settings = settings(lcg);
    let how = |chunk, ragged| How { chunk, ragged, settings: settings.clone(), reversed: false };
    let whole = |broken: &mut Vec<String>| {
        guarded(broken, "read whole", || {
            let session = read(inputs, &how(usize::MAX, None));
            let report = session.report();
            (session, report)
        })
    };
    let (read_whole, cost) = Cost::of(bytes, || whole(&mut broken));
    broken.extend(cost.excess());
    let Some((mut session, _)) = read_whole else { return Held { broken, cost } };
    let Some(want) = guarded(&mut broken, "told", || told(&session)) else {
        return Held { broken, cost };
    };
    if report::text(&session.report()).chars().any(|c| c != '\n' && is_deceptive(c)) {
        broken.push("a report holds characters that deceive".to_owned());
    }
    for most in [1 + lcg.below(16), 1 + lcg.below(2000), 1 + lcg.below(100_000)] {
        let ragged = one_in(2, lcg).then(|| lcg.below(1 << 30) as u64);
        let what = format!("in pieces of {most}, {ragged:?}");
        let got = guarded(&mut broken, &what, || told(&read(inputs, &how(most, ragged))));
        broken.extend(got.and_then(|got| difference(&want, &got)).map(|d| format!("{what}: {d}")));
    }
    guarded(&mut broken, "second passes", || second_passes(&mut session, inputs));
    Held { broken, cost }
}

/// Mostly the usual caps; small ones, to come to their ends.
fn settings(lcg: &mut Lcg) -> Settings {
    let n = match lcg.below(8) {
        0 => 8,
        1 => 1 << 10,
        2 => 64 << 10,
        _ => return Settings { block_len: 4 << 10, ..Settings::default() },
    };
    let caps = Caps {
        flows: n,
        streams: n,
        records: n,
        keys: n >> 3,
        checkpoints: 2,
        networks: n,
        secrets: n,
        notes: 4,
    };
    Settings { caps, checkpoint_len: 1 << 10, block_len: 4 << 10, ..Settings::default() }
}

/// The report, and every row.
fn told(session: &Session) -> String {
    let report = session.report();
    let mut text = report::text(&report);
    text += &serde_json::to_string_pretty(&report).unwrap_or_default();
    for kind in KINDS.iter().filter(|k| session.records().kept(**k) > 0) {
        let format = ExportFormat::ZeekJson;
        let Ok(mut export) = session.records().export(&RowQuery::all(*kind), format) else {
            continue;
        };
        while let Some(block) = export.next_block(session.records()) {
            text += &String::from_utf8_lossy(&block);
        }
    }
    text
}

/// The first line in which two texts differ.
fn difference(want: &str, got: &str) -> Option<String> {
    let (mut a, mut b) = (want.lines(), got.lines());
    loop {
        match (a.next(), b.next()) {
            (None, None) => return None,
            (a, b) if a == b => {}
            (a, b) => return Some(format!("differs\n  whole  {a:?}\n  pieces {b:?}")),
        }
    }
}

/// Everything that a click may ask for.
fn second_passes(session: &mut Session, inputs: &[Input]) {
    for kind in
        KINDS.iter().filter(|k| session.records().kept(**k) > 0).copied().collect::<Vec<_>>()
    {
        let query = RowQuery { limit: SHOWN, ..RowQuery::all(kind) };
        let places = session.rows(&query).map(|rows| rows.at).unwrap_or_default();
        for at in places {
            if let [input] = inputs {
                show(session, at, &input.bytes);
            }
        }
    }
    let _ = session.story("", 0, SHOWN);
    let _ = session.related("", SHOWN);
    // Which file is which is only plain where there is one, and no archive.
    let [input] = inputs else { return };
    let part = |offset: u64, len: u64| slice(&input.bytes, offset, len).to_vec();
    let size = input.bytes.len() as u64;
    if zip::list(&input.name, size, &mut |offset, len| part(offset, len)).is_some() {
        return;
    }
    let Ok(all) = connections(session, "") else { return };
    let n = all.len();
    pass(session, Scope::Captures(Vec::new()), List::default(), &input.bytes);
    pass(session, Scope::Connections(all.clone()), Carve::default(), &input.bytes);
    pass(
        session,
        Scope::Connections(all.clone()),
        Follow::new(n, MAX_BYTES, 1 << 20),
        &input.bytes,
    );
    if let Ok(pattern) = Pattern::text("GET") {
        let search = Search::new(pattern, 1 << 20);
        pass(session, Scope::Connections(all), search, &input.bytes);
    }
}

fn show(session: &Session, at: Origin, bytes: &[u8]) {
    let found = match session.locate(at) {
        Place::Slice { file: NodeId(0), offset, len } => slice(bytes, offset, len.into()).to_vec(),
        Place::Slice { .. } => return,
        Place::Stream { file: _, offset } => {
            let mut seeker = session.seek(at);
            let mut rest = slice(bytes, offset, u64::MAX);
            while !rest.is_empty() && !seeker.is_done() {
                rest = rest.get(seeker.feed(rest)..).unwrap_or_default();
            }
            seeker.finish();
            seeker.into_bytes()
        }
    };
    session.show(at, &found);
}

fn pass<T: Take + 'static>(session: &Session, scope: Scope, take: T, bytes: &[u8]) {
    let mut pursuit = Pursuit::new(session, scope, take);
    while let Some(range) = pursuit.next_range() {
        pursuit.feed(slice(bytes, range.offset, range.len));
    }
}

fn slice(bytes: &[u8], offset: u64, len: u64) -> &[u8] {
    let from = bytes.get(usize::try_from(offset).unwrap_or(usize::MAX)..).unwrap_or_default();
    from.get(..usize::try_from(len).unwrap_or(usize::MAX)).unwrap_or(from)
}
