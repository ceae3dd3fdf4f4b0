//! Second passes for JavaScript: the packets of connections listed, followed, carved, searched; and
//! which connections a row or a packet belongs to.
use js_sys::{Array, Uint8Array};
use offwire_core::event::{NodeId, Origin};
use offwire_core::evidence::{
    Carve, Connection, Follow, Followed, List, MAX_BYTES, Part, Pattern, Pursuit, Reach, Scope,
    Search, Take, connections, reach_of_item, reach_of_rows,
};
use wasm_bindgen::prelude::*;

use crate::second_pass::read;
use crate::tables::{At, kind, object, ok, wrong};
use crate::{Case, from_js, to_js};

/// A second pass, moved on piece by piece by `passOn` so that the worker can breathe and stop.
#[wasm_bindgen]
pub struct Pass {
    task: Task,
    chosen: Vec<Connection>,
}

enum Task {
    List(Pursuit<List>),
    Follow(Pursuit<Follow>),
    Carve(Pursuit<Carve>),
    Search(Pursuit<Search>),
}

#[wasm_bindgen]
impl Case {
    /// Begins a second pass over the connections whose `conn` records pass a filter: `list`,
    /// `follow` or `carve`.
    ///
    /// # Errors
    /// If the filter cannot be read, or there is no such task.
    pub fn pass(&mut self, task: &str, filter: &str) -> Result<Pass, JsError> {
        let chosen = self.chosen(filter)?;
        let scope = Scope::Connections(chosen.clone());
        let session = &self.session;
        let waiting = self.settings.caps.streams;
        let task = match task {
            "list" => Task::List(Pursuit::new(session, scope, List::default())),
            "follow" => {
                let take = Follow::new(chosen.len(), MAX_BYTES, waiting);
                Task::Follow(Pursuit::new(session, scope, take))
            }
            "carve" => Task::Carve(Pursuit::new(session, scope, Carve::default())),
            _ => return Err(JsError::new("no such task")),
        };
        Ok(Pass { task, chosen })
    }

    /// Begins a search for a text, or with `is_hex` for bytes: in the streams of the connections
    /// that pass the filter, or without one in every packet of these captures (none: of all).
    ///
    /// # Errors
    /// If the pattern or the filter cannot be read.
    pub fn search(
        &mut self,
        pattern: &str,
        is_hex: bool,
        filter: Option<String>,
        captures: Vec<u32>,
    ) -> Result<Pass, JsError> {
        let pattern = if is_hex { Pattern::hex(pattern) } else { Pattern::text(pattern) }?;
        let chosen = filter.as_deref().map(|filter| self.chosen(filter)).transpose()?;
        let scope = match chosen.clone() {
            Some(chosen) => Scope::Connections(chosen),
            None => Scope::Captures(captures.into_iter().map(NodeId).collect()),
        };
        let take = Search::new(pattern, self.settings.caps.streams);
        let task = Task::Search(Pursuit::new(&self.session, scope, take));
        Ok(Pass { task, chosen: chosen.unwrap_or_default() })
    }

    /// The connections of captures that the rows of a kind belong to, of those that pass a filter,
    /// as `{ ok: { filter, n_connections, left_out, ends } }`; `ok` is undefined when there are none.
    ///
    /// # Errors
    /// If there is no such kind.
    #[wasm_bindgen(js_name = reachOfRows)]
    pub fn reach_of_rows(&mut self, path: &str, filter: &str) -> Result<JsValue, JsError> {
        match reach_of_rows(&mut self.session, kind(path)?, filter) {
            Ok(reach) => ok(&reach_to_js(reach.as_ref())?),
            Err(error) => wrong(&error),
        }
    }

    /// The connection of captures that one line or packet belongs to; undefined when there is none.
    ///
    /// # Errors
    /// If the place is none of this case, or its file can no longer be read.
    #[wasm_bindgen(js_name = reachOfItem)]
    pub fn reach_of_item(&mut self, at: JsValue) -> Result<JsValue, JsError> {
        let at: Origin = from_js::<At>(at)?.into();
        let bytes = self.item_bytes(at)?;
        reach_to_js(reach_of_item(&mut self.session, at, &bytes).as_ref())
    }

    /// Reads the next piece of a pass; false when there is nothing more to read.
    ///
    /// # Errors
    /// If a file can no longer be read.
    #[wasm_bindgen(js_name = passOn)]
    pub fn pass_on(&self, pass: &mut Pass) -> Result<bool, JsError> {
        match &mut pass.task {
            Task::List(pursuit) => self.step(pursuit),
            Task::Follow(pursuit) => self.step(pursuit),
            Task::Carve(pursuit) => self.step(pursuit),
            Task::Search(pursuit) => self.step(pursuit),
        }
    }
}

impl Case {
    fn chosen(&mut self, filter: &str) -> Result<Vec<Connection>, JsError> {
        connections(&mut self.session, filter).map_err(|e| JsError::new(&e.to_string()))
    }

    fn step<T: Take + 'static>(&self, pursuit: &mut Pursuit<T>) -> Result<bool, JsError> {
        let Some(range) = pursuit.next_range() else { return Ok(false) };
        let bytes = read(self.file(range.file.0)?, range.offset, range.len)?.to_vec();
        pursuit.feed(&bytes);
        Ok(true)
    }
}

fn reach_to_js(reach: Option<&Reach>) -> Result<JsValue, JsError> {
    reach.map_or(Ok(JsValue::UNDEFINED), to_js)
}

#[wasm_bindgen]
impl Pass {
    /// How many connections it is about.
    #[wasm_bindgen(js_name = connectionCount)]
    pub fn connection_count(&self) -> usize {
        self.chosen.len()
    }

    /// One of them, as packets and hits number them: `{ uid, proto, orig, resp, packets }`.
    ///
    /// # Errors
    /// Never in practice: objects of our own take members.
    pub fn connection(&self, index: usize) -> Result<JsValue, JsError> {
        let Some(c) = self.chosen.get(index) else { return Ok(JsValue::UNDEFINED) };
        object(&[
            ("uid", JsValue::from_str(&c.uid)),
            ("proto", JsValue::from_str(&c.proto)),
            ("orig", JsValue::from_str(&c.orig.to_string())),
            ("resp", JsValue::from_str(&c.resp.to_string())),
            ("packets", to_js(&c.packets)?),
        ])
        .map(Into::into)
    }

    /// What was found since the last call: the packets of a list, the next bytes of a carved
    /// capture, hits; of followed streams all, so it is for the end of the pass.
    ///
    /// # Errors
    /// Never in practice: all of it is plain data.
    pub fn take(&mut self) -> Result<JsValue, JsError> {
        match &mut self.task {
            Task::List(pursuit) => to_js(&pursuit.with(|list| std::mem::take(&mut list.packets))),
            Task::Carve(pursuit) => {
                let bytes = pursuit.with(Carve::take_bytes);
                Ok(Uint8Array::from(bytes.as_slice()).into())
            }
            Task::Search(pursuit) => to_js(&pursuit.with(Search::take_hits)),
            Task::Follow(pursuit) => {
                let all = pursuit.with(|follow| std::mem::take(&mut follow.followed));
                let all = all.iter().zip(&self.chosen).map(|(f, c)| followed(f, c));
                Ok(all.collect::<Result<Array, _>>()?.into())
            }
        }
    }

    /// How many packets or hits there are in all, taken or not; of followed streams the bytes that
    /// were left out.
    pub fn total(&mut self) -> u64 {
        match &mut self.task {
            Task::List(pursuit) => pursuit.with(|l| l.n_found),
            Task::Carve(pursuit) => pursuit.with(|c| c.packets),
            Task::Search(pursuit) => pursuit.with(|s| s.n_hits),
            Task::Follow(pursuit) => pursuit.with(|f| f.left_out()),
        }
    }

    /// Packets of the connections that were not found again, once the pass is over.
    pub fn missing(&self) -> u64 {
        match &self.task {
            Task::List(pursuit) => pursuit.n_missing(),
            Task::Follow(pursuit) => pursuit.n_missing(),
            Task::Carve(pursuit) => pursuit.n_missing(),
            Task::Search(pursuit) => pursuit.n_missing(),
        }
    }
}

/// A followed connection: its ends, both streams, and the parts that they came in.
fn followed(followed: &Followed, c: &Connection) -> Result<JsValue, JsError> {
    let parts = followed.parts.iter().map(part).collect::<Result<Array, _>>()?;
    let bytes = |bytes: &[u8]| JsValue::from(Uint8Array::from(bytes));
    let members = [
        ("uid", JsValue::from_str(&c.uid)),
        ("origEnd", JsValue::from_str(&c.orig.to_string())),
        ("respEnd", JsValue::from_str(&c.resp.to_string())),
        ("orig", bytes(&followed.orig)),
        ("resp", bytes(&followed.resp)),
        ("parts", parts.into()),
    ];
    object(&members).map(Into::into)
}

fn part(part: &Part) -> Result<JsValue, JsError> {
    let members = match part {
        Part::Gap { is_orig, len } => {
            vec![("isOrig", JsValue::from_bool(*is_orig)), ("gap", to_js(len)?)]
        }
        Part::Data { is_orig, start, len, at, ts } => vec![
            ("isOrig", JsValue::from_bool(*is_orig)),
            ("start", to_js(start)?),
            ("len", to_js(len)?),
            ("at", to_js(at)?),
            ("ts", to_js(ts)?),
        ],
    };
    object(&members).map(Into::into)
}
