//! Rows as Zeek's tab-separated log: the full header, and Zeek's escapes in the cells.

use super::Out;
use crate::event::Kind;
use crate::records::view::{Seconds, View};
use std::io::Write;

/// What stands for a field that the source did not have.
const UNSET: &str = "-";
/// What stands for an empty list or text.
const EMPTY: &str = "(empty)";

/// The header. `#open` and `#close` are left out: nothing here knows what time it is.
pub(super) fn header(kind: Kind, columns: &[Out], to: &mut Vec<u8>) {
    to.extend_from_slice(b"#separator \\x09\n#set_separator\t,\n");
    let _ = write!(to, "#empty_field\t{EMPTY}\n#unset_field\t{UNSET}\n#path\t{}\n", kind.path());
    to.extend_from_slice(b"#fields");
    columns.iter().for_each(|out| {
        let _ = write!(to, "\t{}", out.name);
    });
    to.extend_from_slice(b"\n#types");
    columns.iter().for_each(|out| {
        let _ = write!(to, "\t{}", type_name(out));
    });
    to.push(b'\n');
}

/// Zeek's `proto` is an enumeration, everything else is named by its type.
fn type_name(out: &Out) -> &'static str {
    match out.name {
        "proto" | "port_proto" => "enum",
        _ => out.ty.zeek_name(),
    }
}

/// One line.
pub(super) fn row<'a>(cells: impl Iterator<Item = (&'a Out, View<'a>)>, to: &mut Vec<u8>) {
    for (i, (out, cell)) in cells.enumerate() {
        if i > 0 {
            to.push(b'\t');
        }
        value(out, &cell, to);
    }
    to.push(b'\n');
}

fn value(out: &Out, cell: &View<'_>, to: &mut Vec<u8>) {
    let _ = match cell {
        View::Unset => write!(to, "{UNSET}"),
        View::Int(v) if out.is_seconds => write!(to, "{v}.000000"),
        View::Bool(_) | View::Count(_) | View::Int(_) | View::Port(_) | View::Addr(_) => {
            write!(to, "{cell}")
        }
        View::Time(v) => write!(to, "{}", Seconds(v.0)),
        View::Interval(v) => write!(to, "{}", Seconds(v.0)),
        View::Text(v) => {
            text(v, false, to);
            Ok(())
        }
        View::Texts(v) => {
            for (i, member) in v.iter().enumerate() {
                if i > 0 {
                    to.push(b',');
                }
                text(member, true, to);
            }
            Ok(())
        }
        View::Intervals(_) => write!(to, "{cell}"),
    };
}

/// Text with what the format needs for itself as `\xNN`: tabs, line ends and other controls, the
/// backslash, in lists the comma; a text that reads like a mark for unset or empty loses its first
/// character to an escape.
fn text(text: &str, is_member: bool, to: &mut Vec<u8>) {
    if text.is_empty() {
        to.extend_from_slice(EMPTY.as_bytes());
        return;
    }
    let is_mark = text == UNSET || text == EMPTY;
    for (i, b) in text.bytes().enumerate() {
        let needs = matches!(b, 0..0x20 | 0x7f)
            || (b == b',' && is_member)
            || (i == 0 && (is_mark || b == b'#'));
        if b == b'\\' {
            to.extend_from_slice(br"\\");
        } else if needs {
            let _ = write!(to, "\\x{b:02x}");
        } else {
            to.push(b);
        }
    }
}
