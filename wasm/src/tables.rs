//! Tables for JavaScript: pages of rows as typed arrays and one heap of text, counts, exports.
use js_sys::{Array, BigInt64Array, BigUint64Array, Object, Reflect, Uint8Array, Uint32Array};
use offwire_core::event::{KINDS, Kind, NodeId, Origin};
use offwire_core::records::{
    Cells, ColumnCells, Entity, Export, ExportFormat, FilterError, RowQuery, Rows,
};
use offwire_core::time::{Interval, Time};
use serde::Deserialize;
use wasm_bindgen::prelude::*;

use crate::{Case, from_js, to_js};

/// Which rows; the shape that JavaScript sends.
#[derive(Deserialize)]
struct Query {
    kind: String,
    #[serde(default)]
    filter: String,
    sort: Option<SortBy>,
    #[serde(default)]
    from: usize,
    #[serde(default)]
    count: usize,
}

#[derive(Deserialize)]
struct SortBy {
    column: String,
    is_descending: bool,
}

/// A place in the evidence, as the report gave it out.
#[derive(Deserialize)]
pub(crate) struct At {
    node: u32,
    item: u64,
    offset: u64,
    len: u32,
}

impl From<At> for Origin {
    fn from(at: At) -> Self {
        Self { node: NodeId(at.node), item: at.item, offset: at.offset, len: at.len }
    }
}

impl Query {
    fn into_core(self) -> Result<RowQuery, JsError> {
        Ok(RowQuery {
            kind: kind(&self.kind)?,
            filter: self.filter,
            sort: self.sort.map(|s| (s.column, s.is_descending)),
            offset: self.from,
            limit: self.count,
            columns: None,
        })
    }
}

pub(crate) fn kind(path: &str) -> Result<Kind, JsError> {
    Kind::from_path(path).ok_or_else(|| JsError::new("no such kind of records"))
}

#[wasm_bindgen]
impl Case {
    /// A page of rows: `{ ok: { columns, heap, at, total } }` with typed arrays, or
    /// `{ wrong: { at, len, message } }` when the filter cannot be read.
    ///
    /// # Errors
    /// If the query does not have its shape, or names no kind.
    pub fn rows(&mut self, query: JsValue) -> Result<JsValue, JsError> {
        let query = from_js::<Query>(query)?.into_core()?;
        match self.session.rows(&query) {
            Ok(rows) => ok(&rows_to_js(&rows)?.into()),
            Err(error) => wrong(&error),
        }
    }

    /// The commonest values of a column among the rows that pass; or what is wrong with the filter.
    ///
    /// # Errors
    /// If there is no such kind.
    pub fn values(
        &self,
        path: &str,
        filter: &str,
        column: &str,
        count: usize,
    ) -> Result<JsValue, JsError> {
        match self.session.records().top(kind(path)?, filter, column, count) {
            Ok(values) => ok(&to_js(&values)?),
            Err(error) => wrong(&error),
        }
    }

    /// What happened when: `{ width, kinds, starts, counts }`, the counts of each bucket one kind
    /// after the other. Times are nanoseconds since 1970; at most about `n` buckets.
    ///
    /// # Errors
    /// Never in practice: objects of our own take members.
    pub fn timeline(&self, first: i64, end: i64, n: usize) -> Result<JsValue, JsError> {
        let (Interval(width), buckets) =
            self.session.records().timeline().buckets(Time(first), Time(end), n);
        let starts: Vec<i64> = buckets.iter().map(|b| b.start.0).collect();
        let counts: Vec<u64> = buckets.iter().flat_map(|b| b.counts).collect();
        let kinds: Array = KINDS.iter().map(|k| JsValue::from_str(k.path())).collect();
        object(&[
            ("width", width.into()),
            ("kinds", kinds.into()),
            ("starts", BigInt64Array::from(starts.as_slice()).into()),
            ("counts", BigUint64Array::from(counts.as_slice()).into()),
        ])
        .map(Into::into)
    }

    /// Begins to write rows as a file; ask [`Case::write_on`] for its blocks.
    ///
    /// # Errors
    /// If the query does not have its shape, names no kind or format, or its filter cannot be read.
    #[wasm_bindgen(js_name = writeRows)]
    pub fn write_rows(&self, query: JsValue, format: &str) -> Result<Writing, JsError> {
        let query = from_js::<Query>(query)?.into_core()?;
        let format =
            ExportFormat::from_name(format).ok_or_else(|| JsError::new("no such format"))?;
        let export = self.session.records().export(&query, format);
        export.map(Writing).map_err(|e| JsError::new(&e.to_string()))
    }

    /// The next block of the file; `undefined` after the last.
    ///
    /// # Errors
    /// If events came in since it was begun.
    #[wasm_bindgen(js_name = writeOn)]
    pub fn write_on(&self, writing: &mut Writing) -> Result<Option<Uint8Array>, JsError> {
        if writing.0.is_stale(self.session.records()) {
            return Err(JsError::new(
                "more evidence came in while the file was written: save it again",
            ));
        }
        Ok(writing.0.next_block(self.session.records()).map(|b| Uint8Array::from(b.as_slice())))
    }
}

/// A file of rows that is being written.
#[wasm_bindgen]
pub struct Writing(Export);

pub(crate) fn ok(value: &JsValue) -> Result<JsValue, JsError> {
    object(&[("ok", value.clone())]).map(Into::into)
}

pub(crate) fn wrong(error: &FilterError) -> Result<JsValue, JsError> {
    object(&[("wrong", to_js(error)?)]).map(Into::into)
}

fn rows_to_js(rows: &Rows) -> Result<Object, JsError> {
    let columns: Array = rows
        .columns
        .iter()
        .map(|c| column_to_js(c).map(JsValue::from))
        .collect::<Result<_, _>>()?;
    object(&[
        ("columns", columns.into()),
        ("heap", Uint8Array::from(rows.heap.as_bytes()).into()),
        ("at", to_js(&rows.at)?),
        ("total", to_js(&rows.matching)?),
    ])
}

/// A column with its cells; `a` and `b` are what [`Cells`] says of their shape.
fn column_to_js(column: &ColumnCells) -> Result<Object, JsError> {
    let none = JsValue::UNDEFINED;
    let words = |v: &Vec<u32>| JsValue::from(Uint32Array::from(v.as_slice()));
    let (shape, a, b) = match &column.cells {
        Cells::Bools(v) => ("bools", Uint8Array::from(v.as_slice()).into(), none),
        Cells::Counts(v) => ("counts", BigUint64Array::from(v.as_slice()).into(), none),
        Cells::Ints(v) => ("ints", BigInt64Array::from(v.as_slice()).into(), none),
        Cells::Texts(bounds) => ("texts", words(bounds), none),
        Cells::TextLists { rows, bounds } => ("text-lists", words(rows), words(bounds)),
        Cells::IntLists { rows, members } => {
            ("int-lists", words(rows), BigInt64Array::from(members.as_slice()).into())
        }
    };
    object(&[
        ("name", column.field.name.into()),
        ("type", column.field.ty.zeek_name().into()),
        ("doc", column.field.doc.trim().into()),
        ("entity", to_js(&Entity::of_field(&column.field))?),
        ("isSet", Uint8Array::from(column.is_set.as_slice()).into()),
        ("shape", shape.into()),
        ("a", a),
        ("b", b),
    ])
}

pub(crate) fn object(members: &[(&str, JsValue)]) -> Result<Object, JsError> {
    let object = Object::new();
    for (name, value) in members {
        set(&object, name, value)?;
    }
    Ok(object)
}

pub(crate) fn set(object: &JsValue, name: &str, value: &JsValue) -> Result<(), JsError> {
    Reflect::set(object, &JsValue::from_str(name), value)
        .map(|_| ())
        .map_err(|_| JsError::new("an object takes no member"))
}
