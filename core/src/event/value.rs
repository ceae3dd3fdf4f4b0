//! How a field of a record becomes a cell of a table, and the macro that writes records down once.

use super::Raw;
use crate::text::Text;
use crate::time::{Interval, Time};
use std::net::IpAddr;

/// The type of a column, in Zeek's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// `T` or `F`.
    Bool,
    /// A number without sign.
    Count,
    /// A number with sign.
    Int,
    /// A point in time.
    Time,
    /// A span of time.
    Interval,
    /// Text.
    String,
    /// An IP address.
    Addr,
    /// A transport port.
    Port,
    /// An ordered list of texts, Zeek's `vector[string]`.
    Strings,
    /// An unordered list of texts, Zeek's `set[string]`.
    StringSet,
    /// An ordered list of spans, Zeek's `vector[interval]`.
    Intervals,
}

impl Type {
    /// Zeek's name of the type, as in `#types`.
    pub const fn zeek_name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Count => "count",
            Self::Int => "int",
            Self::Time => "time",
            Self::Interval => "interval",
            Self::String => "string",
            Self::Addr => "addr",
            Self::Port => "port",
            Self::Strings => "vector[string]",
            Self::StringSet => "set[string]",
            Self::Intervals => "vector[interval]",
        }
    }
}

/// One value of one row, borrowed from its record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// The source did not have this field: unknown, never "no".
    Unset,
    /// See [`Type::Bool`].
    Bool(bool),
    /// See [`Type::Count`].
    Count(u64),
    /// See [`Type::Int`].
    Int(i64),
    /// See [`Type::Time`].
    Time(Time),
    /// See [`Type::Interval`].
    Interval(Interval),
    /// See [`Type::String`].
    String(&'a str),
    /// See [`Type::Addr`].
    Addr(IpAddr),
    /// See [`Type::Port`].
    Port(u16),
    /// See [`Type::Strings`].
    Strings(&'a [Text]),
    /// See [`Type::Intervals`].
    Intervals(&'a [Interval]),
}

/// One column of a kind: its field name in Zeek's words, type, and what fills it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Zeek's field name, such as `id.orig_h`.
    pub name: &'static str,
    /// Its type.
    pub ty: Type,
    /// What the field means and what fills it.
    pub doc: &'static str,
}

/// A type that can stand in a record.
pub trait Value {
    /// The column type.
    const TYPE: Type;
    /// The value as a cell.
    fn cell(&self) -> Cell<'_>;
    /// The value from what a log writes; `None` when it is not of this type, or is of a type that
    /// logs cannot fill.
    fn read(raw: &Raw<'_>) -> Option<Self>
    where
        Self: Sized,
    {
        let _ = raw;
        None
    }
}

/// One documented record of the event line.
pub trait Record {
    /// The kind's name: Zeek's log path, such as `conn`.
    const PATH: &'static str;
    /// What one row is.
    const DOC: &'static str;
    /// The record's own columns, without `ts`, `uid` and the connection's `id.*`.
    const FIELDS: &'static [Field];
    /// Calls `out` once a field, in the order of [`Record::FIELDS`].
    fn cells<'a>(&'a self, out: &mut dyn FnMut(Cell<'a>));
    /// Sets field number `field` from what a log writes. False when the value is not of the
    /// field's type: the field then stays as it is.
    fn put(&mut self, field: usize, raw: &Raw<'_>) -> bool;
}

macro_rules! value {
    ($ty:ty, $kind:ident, |$v:ident| $cell:expr $(, |$raw:ident| $read:expr)?) => {
        impl Value for $ty {
            const TYPE: Type = Type::$kind;
            fn cell(&self) -> Cell<'_> {
                let $v = self;
                $cell
            }
            $( fn read($raw: &Raw<'_>) -> Option<Self> { $read } )?
        }
    };
}

value!(bool, Bool, |v| Cell::Bool(*v), |raw| raw.bool());
value!(u64, Count, |v| Cell::Count(*v), |raw| raw.count());
value!(u32, Count, |v| Cell::Count(u64::from(*v)), |raw| raw.count()?.try_into().ok());
value!(u16, Count, |v| Cell::Count(u64::from(*v)), |raw| raw.count()?.try_into().ok());
value!(u8, Count, |v| Cell::Count(u64::from(*v)), |raw| raw.count()?.try_into().ok());
value!(i64, Int, |v| Cell::Int(*v), |raw| read_int(raw));
value!(Time, Time, |v| Cell::Time(*v), |raw| raw.time());
value!(Interval, Interval, |v| Cell::Interval(*v), |raw| raw.interval());
value!(Text, String, |v| Cell::String(v), |raw| raw.text());
value!(&'static str, String, |v| Cell::String(v));
value!(IpAddr, Addr, |v| Cell::Addr(*v), |raw| raw.addr());
value!(Port, Port, |v| Cell::Port(v.0), |raw| raw.port().map(Port));
value!(Vec<Text>, Strings, |v| if v.is_empty() { Cell::Unset } else { Cell::Strings(v) }, |raw| {
    raw.items().iter().map(Raw::text).collect()
});
value!(
    StringSet,
    StringSet,
    |v| if v.0.is_empty() { Cell::Unset } else { Cell::Strings(&v.0) },
    |raw| read_set(raw)
);
value!(
    Vec<Interval>,
    Intervals,
    |v| if v.is_empty() { Cell::Unset } else { Cell::Intervals(v) },
    |raw| raw.items().iter().map(Raw::interval).collect()
);

/// A whole number; a point in time counts as its seconds since the epoch.
fn read_int(raw: &Raw<'_>) -> Option<i64> {
    let whole = raw.text().and_then(|t| t.parse().ok());
    whole.or_else(|| Some(raw.time()?.0.div_euclid(crate::time::NANOS)))
}

/// A set; one text may hold several members between commas, as Zeek's `service` does.
fn read_set(raw: &Raw<'_>) -> Option<StringSet> {
    let mut set = StringSet::default();
    for item in raw.items() {
        item.text()?.split(',').filter(|t| !t.is_empty()).for_each(|t| set.insert(t));
    }
    Some(set)
}

impl<T: Value> Value for Option<T> {
    const TYPE: Type = T::TYPE;
    fn cell(&self) -> Cell<'_> {
        self.as_ref().map_or(Cell::Unset, Value::cell)
    }
    fn read(raw: &Raw<'_>) -> Option<Self> {
        if raw.is_unset() { Some(None) } else { T::read(raw).map(Some) }
    }
}

/// A transport port as a field of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port(pub u16);

/// Texts without order or repetition; kept sorted so that equal sets are equal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct StringSet(Vec<Text>);

impl StringSet {
    /// Adds a text; a repeated one changes nothing.
    pub fn insert(&mut self, text: &str) {
        if let Err(at) = self.0.binary_search_by(|have| (**have).cmp(text)) {
            self.0.insert(at, text.into());
        }
    }

    /// The texts, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|t| &**t)
    }

    /// True when it holds `text`.
    pub fn contains(&self, text: &str) -> bool {
        self.0.binary_search_by(|have| (**have).cmp(text)).is_ok()
    }

    /// True when it holds nothing.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<S: AsRef<str>> FromIterator<S> for StringSet {
    fn from_iter<I: IntoIterator<Item = S>>(texts: I) -> Self {
        let mut set = Self::default();
        texts.into_iter().for_each(|t| set.insert(t.as_ref()));
        set
    }
}

/// Writes a record down once: the struct, its columns and their documentation.
///
/// ```text
/// record! {
///     /// What one row is.
///     Conn "conn" {
///         /// What the field means and what fills it.
///         duration: Option<Interval> = "duration",
///     }
/// }
/// ```
macro_rules! record {
    ($(#[doc = $doc:literal])* $name:ident $path:literal {
        $( $(#[doc = $fdoc:literal])* $field:ident : $ty:ty = $fname:literal, )*
    }) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct $name { $( $(#[doc = $fdoc])* pub $field: $ty, )* }

        impl $crate::event::Record for $name {
            const PATH: &'static str = $path;
            const DOC: &'static str = concat!($($doc),*);
            const FIELDS: &'static [$crate::event::Field] = &[ $( $crate::event::Field {
                name: $fname,
                ty: <$ty as $crate::event::Value>::TYPE,
                doc: concat!($($fdoc),*),
            }, )* ];
            fn cells<'a>(&'a self, out: &mut dyn FnMut($crate::event::Cell<'a>)) {
                $( out($crate::event::Value::cell(&self.$field)); )*
            }
            fn put(&mut self, field: usize, raw: &$crate::event::Raw<'_>) -> bool {
                type Put = fn(&mut $name, &$crate::event::Raw<'_>) -> bool;
                const PUTS: &[Put] = &[ $( |record, raw| {
                    let value = <$ty as $crate::event::Value>::read(raw);
                    let ok = value.is_some();
                    if let Some(value) = value { record.$field = value; }
                    ok
                }, )* ];
                PUTS.get(field).is_some_and(|put| put(self, raw))
            }
        }
    };
}
pub(crate) use record;
