//! The filter language, one for page and command: which rows to show.
//!
//! ```text
//! id.orig_h == 10.0.0.0/8 and query == "*.evil.org" and ts >= 2023-10-23
//! status_code in (404, 403) or not (user_agent contains curl)
//! duration > 3min and resp_bytes is set
//! hawkeye                     a word is looked for in every column
//! addr == 192.0.2.7           either end of the connection, or any other address of the row
//! text mentions evil.org      in any text of the row, but not inside notevil.org or c2.evil.org
//! ```
//!
//! Fields have Zeek's names. Signs are `== != < <= > >= ~` and `contains`,
//! `mentions`, `in`, `is set`, `is unset`; terms are joined by `and`, `or`, `not` and parentheses; terms beside each other are
//! joined by `and`. In `==` a `*` stands for anything, in `~` also case does not matter; `\*` is a
//! star. A comparison with a field that the source did not have is false, `!=` too; `not` turns
//! it. A list passes when one of its members does. A field that a kind does not have is unset there.

mod lex;
mod literal;
mod mention;
mod parse;
mod test;

use super::columns::columns;
use super::table::{RowRef, Table};
use super::view::View;
use crate::event::{Field, KINDS, Kind, Type};
use crate::order::Order;
use literal::{Net, time};
use parse::{Expr, Literal, Op, parse};
use std::fmt;
use test::{Atom, Test};

/// Any address of a row.
const ANY_ADDR: &str = "addr";
/// Any port of a row.
const ANY_PORT: &str = "port";
/// Any text of a row.
const ANY_TEXT: &str = "text";
/// The row's kind, by Zeek's own name for it in streams of mixed logs.
const PATH: &str = "_path";
/// The number of the source that the row came from.
const NODE: &str = "_source";
/// The row's line or packet number.
const ITEM: &str = "_item";

/// Names that are no column of any kind: what they hold, and what they mean.
pub const PSEUDO_FIELDS: [Field; 6] = [
    Field { name: ITEM, ty: Type::Count, doc: "Line or packet number in its source." },
    Field { name: PATH, ty: Type::String, doc: "The row's kind, such as `conn`." },
    Field { name: NODE, ty: Type::Count, doc: "Number of the source, as in the report." },
    Field { name: ANY_ADDR, ty: Type::Addr, doc: "Any address of the row." },
    Field { name: ANY_PORT, ty: Type::Port, doc: "Any port of the row." },
    Field { name: ANY_TEXT, ty: Type::String, doc: "Any text of the row." },
];

/// Why a filter cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FilterError {
    /// Byte of the text where the trouble is.
    pub at: usize,
    /// How many bytes it takes; 0 at the end.
    pub len: usize,
    /// What was expected, in a person's words.
    pub message: String,
}

impl FilterError {
    fn new(at: usize, len: usize, message: impl Into<String>) -> Self {
        Self { at, len, message: message.into() }
    }

    /// A line that points at the place, to stand below the filter's text.
    pub fn pointer(&self, text: &str) -> String {
        let before = text.get(..self.at).unwrap_or(text).chars().count();
        let n = text.get(self.at..self.at + self.len).unwrap_or_default().chars().count();
        format!("{}{}", " ".repeat(before), "^".repeat(n.max(1)))
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "filter, at byte {}: {}", self.at, self.message)
    }
}

/// A filter that can be applied to any kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    expr: Expr,
}

impl Filter {
    /// Reads a filter; its fields must exist in some kind, and its values fit them.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let expr = parse(text)?;
        check(&expr)?;
        Ok(Self { expr })
    }

    /// The filter for the columns of `kind`.
    pub(super) fn bind(&self, kind: Kind) -> Bound {
        Bound(Term::new(&self.expr, kind))
    }
}

/// A filter that passes the rows whose `field` has (or, for a list, holds) this value.
pub fn equals(field: &str, value: &str) -> String {
    format!("{field} == {}", quote(value))
}

/// A value as the filter language writes it.
pub fn quote(value: &str) -> String {
    let escaped = value.replace('\\', r"\\").replace('*', r"\*").replace('"', "\\\"");
    format!("\"{escaped}\"")
}

/// Types that the field has in any kind.
fn types_of(name: &str) -> Vec<Type> {
    let all = KINDS.iter().flat_map(|k| columns(*k)).chain(&PSEUDO_FIELDS);
    let mut types: Vec<Type> = all.filter(|f| f.name == name).map(|f| f.ty).collect();
    types.order();
    types.dedup();
    types
}

/// Refuses fields that no kind has, and values that no kind's field of that name can have.
fn check(expr: &Expr) -> Result<(), FilterError> {
    match expr {
        Expr::All(terms) | Expr::Any(terms) => terms.iter().try_for_each(check),
        Expr::Not(inner) => check(inner),
        Expr::Anywhere(_) => Ok(()),
        Expr::Test { field, op, values } => {
            let mut first_error = Err(unknown_field(field));
            for (i, ty) in types_of(&field.text).into_iter().enumerate() {
                match Test::new(ty, *op, values) {
                    Ok(_) => return Ok(()),
                    Err((nth, expected)) if i == 0 => {
                        let (at, len) = values.get(nth).map_or((0, 0), |v| (v.start, v.len));
                        let message = format!("{} needs {expected}", field.text);
                        first_error = Err(FilterError::new(at, len, message));
                    }
                    Err(_) => {}
                }
            }
            first_error
        }
    }
}

fn unknown_field(field: &Literal) -> FilterError {
    let last = field.text.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    let all = KINDS.iter().flat_map(|k| columns(*k)).chain(&PSEUDO_FIELDS);
    let is_near = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.contains(&last) || (last.len() > 3 && last.contains(name.as_str()))
    };
    let mut near: Vec<&str> = all.map(|f| f.name).filter(|n| is_near(n)).collect();
    near.order();
    near.dedup();
    near.truncate(5);
    let mut message = format!("no kind has a field {}", field.text);
    if !near.is_empty() {
        message += &format!("; near it: {}", near.join(", "));
    }
    FilterError::new(field.start, field.len, message)
}

/// A filter bound to the columns of one kind.
#[derive(Debug)]
pub(super) struct Bound(Term);

impl Bound {
    /// True when the row passes.
    pub(super) fn passes(&self, table: &Table, row: RowRef) -> bool {
        self.0.passes(table, row)
    }
}

/// A part of a bound filter.
#[derive(Debug)]
enum Term {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    /// The test holds for one of these columns.
    Columns(Vec<usize>, Test),
    Node(Test),
    Item(Test),
    /// One of these holds for a column.
    Anywhere(Vec<Atom>, usize),
    Always(bool),
}

impl Term {
    fn new(expr: &Expr, kind: Kind) -> Self {
        let all = |terms: &[Expr]| terms.iter().map(|t| Self::new(t, kind)).collect();
        match expr {
            Expr::All(terms) => Self::All(all(terms)),
            Expr::Any(terms) => Self::Any(all(terms)),
            Expr::Not(inner) => Self::Not(Box::new(Self::new(inner, kind))),
            Expr::Anywhere(word) => Self::Anywhere(anywhere(&word.text), columns(kind).count()),
            Expr::Test { field, op, values } => Self::test(&field.text, *op, values, kind),
        }
    }

    fn test(name: &str, op: Op, values: &[Literal], kind: Kind) -> Self {
        let of_type = |types: &'static [Type]| {
            let all = (0..).zip(columns(kind));
            all.filter(move |(_, f)| types.contains(&f.ty)).map(|(i, _)| i).collect()
        };
        let (ty, at): (Type, Vec<usize>) = match name {
            ANY_ADDR => (Type::Addr, of_type(&[Type::Addr])),
            ANY_PORT => (Type::Port, of_type(&[Type::Port])),
            ANY_TEXT => (Type::String, of_type(&[Type::String, Type::Strings, Type::StringSet])),
            NODE | ITEM => (Type::Count, Vec::new()),
            PATH => (Type::String, Vec::new()),
            _ => match (0..).zip(columns(kind)).find(|(_, f)| f.name == name) {
                Some((i, field)) => (field.ty, vec![i]),
                None => return Self::Always(op == Op::IsUnset),
            },
        };
        match (Test::new(ty, op, values), name) {
            (Err(_), _) => Self::Always(false),
            (Ok(test), PATH) => Self::Always(test.passes(&View::Text(kind.path()))),
            (Ok(test), NODE) => Self::Node(test),
            (Ok(test), ITEM) => Self::Item(test),
            (Ok(test), _) => Self::Columns(at, test),
        }
    }

    fn passes(&self, table: &Table, row: RowRef) -> bool {
        match self {
            Self::All(terms) => terms.iter().all(|t| t.passes(table, row)),
            Self::Any(terms) => terms.iter().any(|t| t.passes(table, row)),
            Self::Not(inner) => !inner.passes(table, row),
            Self::Columns(at, test) => at.iter().any(|i| test.passes(&table.view(*i, row))),
            Self::Node(test) => test.passes(&View::Count(u64::from(table.origin(row).node.0))),
            Self::Item(test) => test.passes(&View::Count(table.origin(row).item)),
            Self::Anywhere(atoms, n) => (0..*n).any(|i| {
                let cell = table.view(i, row);
                !cell.is_unset() && atoms.iter().any(|atom| atom.suits(&cell) && atom.holds(&cell))
            }),
            Self::Always(passes) => *passes,
        }
    }
}

/// What a word can mean when it is looked for everywhere: text, and what else it looks like.
fn anywhere(word: &str) -> Vec<Atom> {
    let mut atoms = vec![Atom::contains(word)];
    atoms.extend(Net::parse(word).map(Atom::Net));
    atoms.extend(word.parse().ok().map(|n| Atom::Number(Op::Equal, n)));
    if word.contains('-') {
        atoms.extend(time(word).map(|(from, until)| Atom::Time(Op::Equal, from, until)));
    }
    atoms
}

#[cfg(test)]
mod tests;
