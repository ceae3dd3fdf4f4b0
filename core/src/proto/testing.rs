//! Drives one analyzer by hand, for the tests of protocols: what was said in, rows as text out.

use super::{Carried, Cx, Dir, Protocol, Shared, Step};
use crate::event::{Body, Cell, Event, Flow, NodeId, Origin, StringSet};
use crate::note::Note;
use crate::source::{Node, Sink};
use crate::time::Time;
use std::fmt::Write;

/// Something one side said, or that the capture lacks of it.
#[derive(Clone, Copy)]
pub enum Said<'a> {
    /// Bytes of a stream, or one datagram.
    Data(Dir, &'a [u8]),
    /// Missing bytes.
    Gap(Dir, u64),
}

#[derive(Default)]
struct Rows(Vec<String>, Node);

impl Sink for Rows {
    fn event(&mut self, event: Event) {
        self.0.push(row(&event.body));
    }
    fn note(&mut self, note: Note) {
        self.0.push(format!("note {} {}", note.kind.code, note.detail));
    }
    fn child(&mut self, parent: NodeId, _: &str) -> NodeId {
        parent
    }
    fn node(&mut self, _: NodeId) -> &mut Node {
        &mut self.1
    }
}

/// The record as `path field=value …`, unset fields left out.
pub fn row(body: &Body) -> String {
    let mut out = body.kind().path().to_owned();
    let mut fields = body.kind().fields().iter();
    body.cells(&mut |cell| {
        let name = fields.next().map_or("?", |f| f.name);
        let _ = match cell {
            Cell::Unset => Ok(()),
            Cell::Bool(v) => write!(out, " {name}={}", if v { "T" } else { "F" }),
            Cell::Count(v) => write!(out, " {name}={v}"),
            Cell::Int(v) => write!(out, " {name}={v}"),
            Cell::Time(v) => write!(out, " {name}={v}"),
            Cell::Interval(v) => write!(out, " {name}={v}"),
            Cell::String(v) => write!(out, " {name}={v}"),
            Cell::Addr(v) => write!(out, " {name}={v}"),
            Cell::Port(v) => write!(out, " {name}={v}"),
            Cell::Strings(v) => write!(out, " {name}={}", v.join(",")),
            Cell::Intervals(v) => {
                let secs: Vec<_> = v.iter().map(|i| i.secs_f64().to_string()).collect();
                write!(out, " {name}={}", secs.join(","))
            }
        };
    });
    out
}

/// Lets the analyzer hear `said` in pieces of at most `step` bytes and finish. Streams only: what
/// it leaves unused comes again with the next piece. A change of protocol is the last row.
pub fn talk(protocol: &Protocol, said: &[Said<'_>], step: usize) -> Vec<String> {
    let (flow, mut service, mut out) = (Flow::default(), StringSet::default(), Rows::default());
    let mut shared = Shared::default();
    let mut carried = Carried::default();
    let mut analyzer = (protocol.open)();
    let mut held: [Vec<u8>; 2] = [Vec::new(), Vec::new()];
    macro_rules! cx {
        () => {
            &mut Cx {
                flow: &flow,
                ts: Time(0),
                at: Origin::default(),
                service: &mut service,
                shared: &mut shared,
                carried: &mut carried,
                out: &mut out,
            }
        };
    }
    for part in said {
        match part {
            Said::Gap(dir, len) => {
                let _ = analyzer.gap(*dir, *len, cx!());
                held[*dir as usize].clear();
            }
            Said::Data(dir, data) => {
                for piece in data.chunks(step.min(data.len()).max(1)) {
                    let held = &mut held[*dir as usize];
                    held.extend_from_slice(piece);
                    match analyzer.data(*dir, held, cx!()) {
                        Step::Done => held.clear(),
                        Step::More { used, need } => {
                            assert!(need > held.len() - used, "asks for what it has");
                            held.drain(..used);
                        }
                        Step::Become { protocol, .. } => {
                            analyzer.finish(cx!());
                            out.0.push(format!("become {protocol:?}"));
                            return out.0;
                        }
                        Step::Quit => {
                            analyzer.finish(cx!());
                            out.0.push("quit".to_owned());
                            return out.0;
                        }
                    }
                }
            }
        }
    }
    analyzer.finish(cx!());
    shared.finish(&mut out);
    out.0
}
