//! The offwire command: reads evidence from files and prints what it shows.

mod args;
mod case;
mod evidence;
mod files;
mod kinds;

use args::{Command, Options, ReportFormat};
use case::Case;
use offwire_core::records::{ExportFormat, RowQuery};
use offwire_core::report;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

/// What the command tells its caller by its exit code.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    /// Everything was read.
    Done = 0,
    /// Some file could not be opened or read to its end; the rest was used.
    Incomplete = 1,
    /// The command line makes no sense; nothing was read.
    Usage = 2,
}

fn main() -> ExitCode {
    let command = match args::parse(lexopt::Parser::from_env()) {
        Ok(command) => command,
        Err(error) => {
            complain(&format!("{error}\nTry `offwire --help`."));
            return ExitCode::from(Status::Usage as u8);
        }
    };
    let mut out = io::BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let result = run(command, &mut out).and_then(|status| out.flush().map(|()| status));
    ExitCode::from(match result {
        Ok(status) => status as u8,
        // Whoever reads our output has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Status::Done as u8,
        Err(error) => {
            complain(&format!("cannot write: {error}"));
            Status::Incomplete as u8
        }
    })
}

fn run(command: Command, out: &mut impl Write) -> io::Result<Status> {
    match command {
        Command::Help => out.write_all(args::HELP.as_bytes()).map(|()| Status::Done),
        Command::Version => {
            writeln!(out, "offwire {}", env!("CARGO_PKG_VERSION")).map(|()| Status::Done)
        }
        Command::Kinds => kinds::print(out).map(|()| Status::Done),
        Command::Carve { filter, to, options } => evidence::carve(&filter, &to, &options, out),
        Command::Follow { uid, options } => evidence::follow(&uid, &options, out),
        Command::Search { pattern, filter, options } => {
            evidence::search(pattern, filter.as_deref(), &options, out)
        }
        Command::Report { format, options } => print_report(format, &options, out),
        Command::Records { query, format, options } => print_records(&query, format, &options, out),
    }
}

fn print_report(
    format: ReportFormat,
    options: &Options,
    out: &mut impl Write,
) -> io::Result<Status> {
    let case = Case::read(options);
    let report = case.session.report();
    match format {
        ReportFormat::Text => report::text_in_pieces(&report, |p| out.write_all(p.as_bytes()))?,
        ReportFormat::Json => {
            serde_json::to_writer_pretty(&mut *out, &report)?;
            out.write_all(b"\n")?;
        }
    }
    Ok(case.status())
}

fn print_records(
    query: &RowQuery,
    format: ExportFormat,
    options: &Options,
    out: &mut impl Write,
) -> io::Result<Status> {
    let case = Case::read(options);
    let records = case.session.records();
    let (kept, seen) = (records.kept(query.kind), records.seen(query.kind));
    if kept < seen {
        complain(&format!("{kept} of {seen} rows, the earliest: raise --records-mb for more"));
    }
    // The filter was read with the command line.
    let Ok(mut export) = records.export(query, format) else { return Ok(Status::Usage) };
    while let Some(block) = export.next_block(records) {
        out.write_all(&block)?;
    }
    Ok(case.status())
}

/// Tells the person at the terminal; a closed one is no reason to stop.
fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "offwire: {text}");
}
