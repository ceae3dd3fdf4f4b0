//! Rows as Zeek's JSON: numbers as numbers, times as seconds with every digit they have.

use super::Out;
use crate::records::view::{Seconds, View};
use std::io::Write;

/// One object and a line end; fields that the source did not have are left out.
pub(super) fn row<'a>(cells: impl Iterator<Item = (&'a Out, View<'a>)>, to: &mut Vec<u8>) {
    let mut sign = '{';
    for (out, cell) in cells.filter(|(_, cell)| !cell.is_unset()) {
        let _ = write!(to, "{sign}");
        string(out.name, to);
        to.push(b':');
        value(out, &cell, to);
        sign = ',';
    }
    to.extend_from_slice(if sign == '{' { b"{}\n" } else { b"}\n" });
}

fn value(out: &Out, cell: &View<'_>, to: &mut Vec<u8>) {
    let _ = match cell {
        View::Unset => Ok(()),
        View::Bool(v) => write!(to, "{v}"),
        View::Int(v) if out.is_seconds => write!(to, "{v}.0"),
        View::Count(_) | View::Int(_) | View::Port(_) => write!(to, "{cell}"),
        View::Time(v) => write!(to, "{}", Seconds(v.0)),
        View::Interval(v) => write!(to, "{}", Seconds(v.0)),
        View::Text(v) => {
            string(v, to);
            Ok(())
        }
        View::Addr(v) => write!(to, "\"{v}\""),
        View::Texts(v) => {
            list(v.iter(), to, string);
            Ok(())
        }
        View::Intervals(v) => {
            list(v.iter(), to, |span, to| {
                let _ = write!(to, "{}", Seconds(span.0));
            });
            Ok(())
        }
    };
}

fn list<T>(members: impl Iterator<Item = T>, to: &mut Vec<u8>, each: fn(T, &mut Vec<u8>)) {
    to.push(b'[');
    for (i, member) in members.enumerate() {
        if i > 0 {
            to.push(b',');
        }
        each(member, to);
    }
    to.push(b']');
}

fn string(text: &str, to: &mut Vec<u8>) {
    // Writing text into memory cannot fail.
    let _ = serde_json::to_writer(to, text);
}
