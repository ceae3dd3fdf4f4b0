//! The command line: what is asked for, checked before anything is read.

use lexopt::prelude::{Long, Short, Value, ValueExt};
use offwire_core::event::{KINDS, Kind};
use offwire_core::records::{ExportFormat, Filter, RowQuery};
use offwire_core::settings::Settings;
use std::ffi::OsString;

/// What `--help` prints.
pub const HELP: &str = "\
Reads network evidence (captures, flow records, logs) and says what it shows.
Nothing is sent anywhere, and nothing is written but what is printed.

usage: offwire report FILE...        findings, actors, coverage, notes
       offwire records KIND FILE...  the events of one kind, a row each
       offwire kinds                 the kinds and their fields

A FILE is recognised by its content, not by its name; a folder is read with all
that is in it; - is standard input. The order of files does not matter.

  --format FORMAT   report: text (the default) or json
                    records: zeek-json (the default), zeek-tsv or csv
  --filter EXPR     records: only rows that pass, such as
                    'id.resp_h == 10.0.0.0/8 and query == \"*.example.org\"'
  --sensor NAME     which sensor recorded the files that follow
  --site NAME       whose private addresses the files that follow speak of
  --records-mb N    memory for rows, in megabytes (384); when it is full the
                    earliest rows are kept
  -h, --help        this text
  -V, --version     the version

exit code: 0 done; 1 a file could not be read, the others were; 2 the command
line makes no sense. What could not be understood inside a file is a note in
the report, not an error.
";

/// What is asked for.
#[derive(Debug)]
pub enum Command {
    /// The help text.
    Help,
    /// The version.
    Version,
    /// The kinds and their fields.
    Kinds,
    /// The report of some files.
    Report {
        /// As text or JSON.
        format: ReportFormat,
        /// The files, and how to read them.
        options: Options,
    },
    /// The rows of one kind.
    Records {
        /// Which rows.
        query: RowQuery,
        /// In which format.
        format: ExportFormat,
        /// The files, and how to read them.
        options: Options,
    },
}

/// How a report is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportFormat {
    /// For a person.
    Text,
    /// For a program.
    Json,
}

/// The files, and how to read them.
#[derive(Debug, Default)]
pub struct Options {
    /// Files and folders, as given.
    pub inputs: Vec<Input>,
    /// The case's settings.
    pub settings: Settings,
}

/// A file or folder as given, with what was said of it.
#[derive(Debug, Clone)]
pub struct Input {
    /// Its path; `-` for standard input.
    pub path: OsString,
    /// Which sensor recorded it.
    pub sensor: String,
    /// Which site's private addresses it speaks of.
    pub site: String,
}

/// Everything on the command line, not yet put together.
#[derive(Default)]
struct Given {
    words: Vec<Input>,
    format: Option<String>,
    filter: Option<String>,
    settings: Settings,
}

/// Reads the command line.
pub fn parse(mut parser: lexopt::Parser) -> Result<Command, lexopt::Error> {
    let mut given = Given::default();
    let (mut sensor, mut site) = (String::new(), String::new());
    while let Some(arg) = parser.next()? {
        match arg {
            Short('h') | Long("help") => return Ok(Command::Help),
            Short('V') | Long("version") => return Ok(Command::Version),
            Long("format") => given.format = Some(parser.value()?.string()?),
            Long("filter") => given.filter = Some(parser.value()?.string()?),
            Long("sensor") => sensor = parser.value()?.string()?,
            Long("site") => site = parser.value()?.string()?,
            Long("records-mb") => {
                let megabytes: usize = parser.value()?.parse()?;
                given.settings.caps.records = megabytes.saturating_mul(1 << 20);
            }
            Value(path) => {
                given.words.push(Input { path, sensor: sensor.clone(), site: site.clone() });
            }
            other => return Err(other.unexpected()),
        }
    }
    given.command()
}

impl Given {
    fn command(mut self) -> Result<Command, lexopt::Error> {
        if self.words.is_empty() {
            return Err("a command is missing: report, records or kinds".into());
        }
        let command = self.words.remove(0).path.string()?;
        if command != "records" && self.filter.is_some() {
            return Err("--filter is for `offwire records`".into());
        }
        match command.as_str() {
            "kinds" => Ok(Command::Kinds),
            "report" => {
                Ok(Command::Report { format: self.report_format()?, options: self.options()? })
            }
            "records" => self.records(),
            other => Err(format!("no command {other}; there are report, records and kinds").into()),
        }
    }

    fn records(mut self) -> Result<Command, lexopt::Error> {
        if self.words.is_empty() {
            return Err(format!("a kind is missing: {}", kinds()).into());
        }
        let word = self.words.remove(0).path.string()?;
        let kind = Kind::from_path(&word)
            .ok_or_else(|| format!("no kind {word}; there are {}", kinds()))?;
        let filter = self.filter.take().unwrap_or_default();
        Filter::parse(&filter).map_err(|e| format!("{e}\n  {filter}\n  {}", e.pointer(&filter)))?;
        let format = match self.format.as_deref() {
            None => ExportFormat::ZeekJson,
            Some(name) => ExportFormat::from_name(name).ok_or_else(|| {
                format!(
                    "no format {name}; records have {}",
                    ExportFormat::ALL.map(ExportFormat::name).join(", ")
                )
            })?,
        };
        let query = RowQuery { filter, ..RowQuery::all(kind) };
        Ok(Command::Records { query, format, options: self.options()? })
    }

    fn report_format(&self) -> Result<ReportFormat, String> {
        match self.format.as_deref() {
            None | Some("text") => Ok(ReportFormat::Text),
            Some("json") => Ok(ReportFormat::Json),
            Some(name) => Err(format!("no format {name}; a report is text or json")),
        }
    }

    fn options(self) -> Result<Options, String> {
        if self.words.is_empty() {
            return Err("a file is missing".to_owned());
        }
        Ok(Options { inputs: self.words, settings: self.settings })
    }
}

fn kinds() -> String {
    KINDS.iter().map(|k| k.path()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(line: &str) -> Result<Command, String> {
        let words = line.split_whitespace().map(|w| w.replace('_', " "));
        parse(lexopt::Parser::from_args(words)).map_err(|e| e.to_string())
    }

    #[test]
    fn options_may_stand_anywhere_and_sensors_hold_for_what_follows() {
        let line = "report a --sensor s1 b --format json --records-mb 16";
        let Ok(Command::Report { format, options }) = parse_words(line) else { panic!() };
        assert_eq!((format, options.settings.caps.records), (ReportFormat::Json, 16 << 20));
        let sensors: Vec<_> = options.inputs.iter().map(|i| i.sensor.as_str()).collect();
        assert_eq!(sensors, ["", "s1"]);
    }

    #[test]
    fn records_take_a_kind_a_format_and_a_filter() {
        let line = "records dns f --format csv --filter rtt_>_5s";
        let Ok(Command::Records { query, format, .. }) = parse_words(line) else { panic!() };
        assert_eq!((query.kind, query.filter.as_str()), (Kind::Dns, "rtt > 5s"));
        assert_eq!(format, ExportFormat::Csv);
    }

    #[test]
    fn what_makes_no_sense_is_said_before_anything_is_read() {
        for (line, says) in [
            ("", "a command is missing"),
            ("raport f", "no command raport"),
            ("report", "a file is missing"),
            ("records", "a kind is missing"),
            ("records dms f", "no kind dms"),
            ("records dns f --format json", "no format json"),
            ("report f --format csv", "no format csv"),
            ("report f --filter x", "--filter is for"),
            ("records dns f --filter rtt_>_x", "rtt > x\n        ^"),
            ("report --nope f", "--nope"),
        ] {
            let error = parse_words(line).unwrap_err();
            assert!(error.contains(says), "{line}: {error}");
        }
    }
}
