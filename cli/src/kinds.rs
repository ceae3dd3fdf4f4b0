//! Prints the kinds of records and what each field means.

use offwire_core::event::{Field, KINDS};
use offwire_core::records::COMMON;
use offwire_core::records::filter::PSEUDO_FIELDS;
use std::io::{self, Write};

/// Every kind with its fields: name, type, meaning.
pub fn print(out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "every kind has")?;
    fields(out, &COMMON)?;
    writeln!(out, "\nin filters there are also")?;
    fields(out, &PSEUDO_FIELDS)?;
    for kind in KINDS {
        writeln!(out, "\n{}: {}", kind.path(), kind.doc().trim())?;
        fields(out, kind.fields())?;
    }
    Ok(())
}

fn fields(out: &mut impl Write, fields: &[Field]) -> io::Result<()> {
    for field in fields {
        let (name, ty, doc) = (field.name, field.ty.zeek_name(), field.doc.trim());
        writeln!(out, "  {name:<30} {ty:<16} {doc}")?;
    }
    Ok(())
}
