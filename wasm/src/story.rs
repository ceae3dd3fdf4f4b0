//! The story of one entity for JavaScript: its rows of all kinds by time, and what comes with it.
use offwire_core::records::Entity;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::tables::{ok, wrong};
use crate::{Case, from_js, to_js};

/// What a value stands for, by the name of its field or else by its look; undefined for nothing.
///
/// # Errors
/// Never in practice: a kind of entity is a word.
#[wasm_bindgen(js_name = entityOf)]
pub fn entity_of(field: &str, value: &str) -> Result<JsValue, JsError> {
    to_js(&Entity::of_value(field, value))
}

/// A filter for an entity's rows, and the site whose host it is where that matters.
#[derive(Serialize)]
struct EntityFilter {
    filter: String,
    site: Option<String>,
}

#[wasm_bindgen]
impl Case {
    /// The filter for the rows that speak of an entity: a `host` (of a site), `name`, `account`,
    /// `certificate` or `fingerprint`: `{ filter, site }`.
    ///
    /// # Errors
    /// If there is no such kind of entity.
    #[wasm_bindgen(js_name = entityFilter)]
    pub fn entity_filter(
        &self,
        entity: JsValue,
        value: &str,
        site: Option<String>,
    ) -> Result<JsValue, JsError> {
        let (filter, site) =
            self.session.entity_filter(from_js::<Entity>(entity)?, value, site.as_deref());
        to_js(&EntityFilter { filter, site })
    }

    /// Rows `from` to `from + count` of those that pass a filter, of all kinds by time:
    /// `{ ok: { rows, total, kinds, span, untimed } }`, or what is wrong with the filter.
    ///
    /// # Errors
    /// Never in practice: a story is plain data.
    pub fn story(&mut self, filter: &str, from: usize, count: usize) -> Result<JsValue, JsError> {
        match self.session.story(filter, from, count) {
            Ok(story) => ok(&to_js(&story)?),
            Err(error) => wrong(&error),
        }
    }

    /// The entities among these rows, the `limit` most frequent of each kind:
    /// `{ ok: { top, n_distinct, n_looked_at } }`, or what is wrong with the filter.
    ///
    /// # Errors
    /// Never in practice: they are plain data.
    pub fn related(&mut self, filter: &str, limit: usize) -> Result<JsValue, JsError> {
        match self.session.related(filter, limit) {
            Ok(related) => ok(&to_js(&related)?),
            Err(error) => wrong(&error),
        }
    }
}
