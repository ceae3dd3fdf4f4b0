//! The command line: what is asked for, checked before anything is read.

use lexopt::prelude::{Long, Short, Value, ValueExt};
use offwire_core::event::{KINDS, Kind};
use offwire_core::evidence::Pattern;
use offwire_core::records::{ExportFormat, Filter, RowQuery};
use offwire_core::settings::Settings;
use std::ffi::OsString;

/// What `--help` prints.
pub const HELP: &str = "\
Reads network evidence (captures, flow records, logs) and says what it shows.
Nothing is sent anywhere, and nothing is written but what is printed and carved.

usage: offwire report FILE...        findings, actors, coverage, notes
       offwire records KIND FILE...  the events of one kind, a row each
       offwire carve FILE...         packets of some connections, as a new capture
       offwire follow FILE...        what the two sides of a connection said
       offwire search FILE...        where a text or bytes are in captures
       offwire kinds                 the kinds and their fields

A FILE is recognised by its content, not by its name; a folder or a zip archive
is read with all that is in it; - is standard input. The order of files does not
matter.

  --format FORMAT   report: text (the default) or json
                    records: zeek-json (the default), zeek-tsv or csv
  --filter EXPR     records: only rows that pass, such as
                    'id.resp_h == 10.0.0.0/8 and query == \"*.example.org\"'
                    carve: the connections; all without one
                    search: in the streams of these connections; without one
                    in all packets
  -o OUT            carve: the new file, pcapng; one that exists is kept
  --uid UID         follow: the connection, by the uid of its record
  --text TEXT       search: in UTF-8 and UTF-16, ASCII letters in either case
  --hex HEX         search: bytes, such as '4d 5a 90'
  --series NAME     the captures that follow are one series, whatever their times
  --split           each of the captures that follow stands alone
  --by-time         back to the default: those whose times adjoin may go on
                    with each other; the report says which do, and why
  --sensor NAME     which sensor recorded the files that follow
  --site NAME       whose private addresses the files that follow speak of
  --records-mb N    memory for rows, in megabytes (384); when it is full the
                    earliest rows are kept
  --tap-ms N        how far the clocks of taps may be apart, in milliseconds (100):
                    a packet that two captures have within it counts once; 0: twice
  -h, --help        this text
  -V, --version     the version

exit code: 0 done; 1 a file could not be read, the others were; 2 the command
line makes no sense. What could not be understood inside a file is a note in
the report, not an error.
";

const COMMANDS: &str = "report, records, carve, follow, search and kinds";

/// What is asked for.
#[derive(Debug)]
pub enum Command {
    /// The help text.
    Help,
    /// The version.
    Version,
    /// The kinds and their fields.
    Kinds,
    /// A new capture of some connections.
    Carve {
        /// Which connections.
        filter: String,
        /// The new file.
        to: OsString,
        /// The files, and how to read them.
        options: Options,
    },
    /// The streams of a connection.
    Follow {
        /// Its uid.
        uid: String,
        /// The files, and how to read them.
        options: Options,
    },
    /// Where a pattern is.
    Search {
        /// What is searched for.
        pattern: Pattern,
        /// Which connections; `None` for all packets.
        filter: Option<String>,
        /// The files, and how to read them.
        options: Options,
    },
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
    /// Which captures it goes on with.
    pub grouping: Grouping,
}

/// Which captures a capture goes on with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Grouping {
    /// One whose time adjoins.
    #[default]
    ByTime,
    /// Those of the same name, and no other.
    Series(String),
    /// None.
    Alone,
}

/// Everything on the command line, not yet put together.
#[derive(Default)]
struct Given {
    words: Vec<Input>,
    format: Option<String>,
    filter: Option<String>,
    to: Option<OsString>,
    uid: Option<String>,
    text: Option<String>,
    hex: Option<String>,
    settings: Settings,
}

/// Reads the command line.
pub fn parse(mut parser: lexopt::Parser) -> Result<Command, lexopt::Error> {
    let mut given = Given::default();
    let (mut sensor, mut site) = (String::new(), String::new());
    let mut grouping = Grouping::default();
    while let Some(arg) = parser.next()? {
        match arg {
            Short('h') | Long("help") => return Ok(Command::Help),
            Short('V') | Long("version") => return Ok(Command::Version),
            Long("format") => given.format = Some(parser.value()?.string()?),
            Long("filter") => given.filter = Some(parser.value()?.string()?),
            Short('o') => given.to = Some(parser.value()?),
            Long("uid") => given.uid = Some(parser.value()?.string()?),
            Long("text") => given.text = Some(parser.value()?.string()?),
            Long("hex") => given.hex = Some(parser.value()?.string()?),
            Long("series") => grouping = Grouping::Series(parser.value()?.string()?),
            Long("split") => grouping = Grouping::Alone,
            Long("by-time") => grouping = Grouping::ByTime,
            Long("sensor") => sensor = parser.value()?.string()?,
            Long("site") => site = parser.value()?.string()?,
            Long("records-mb") => {
                let megabytes: usize = parser.value()?.parse()?;
                given.settings.caps.records = megabytes.saturating_mul(1 << 20);
            }
            Long("tap-ms") => {
                let millis: u32 = parser.value()?.parse()?;
                given.settings.tap_window_nanos = i64::from(millis) * 1_000_000;
            }
            Value(path) => {
                let (sensor, site) = (sensor.clone(), site.clone());
                given.words.push(Input { path, sensor, site, grouping: grouping.clone() });
            }
            other => return Err(other.unexpected()),
        }
    }
    given.command()
}

impl Given {
    fn command(mut self) -> Result<Command, lexopt::Error> {
        if self.words.is_empty() {
            return Err(format!("a command is missing: {COMMANDS}").into());
        }
        let command = self.words.remove(0).path.string()?;
        self.refuse_what_is_not_for(&command)?;
        match command.as_str() {
            "kinds" => Ok(Command::Kinds),
            "report" => {
                Ok(Command::Report { format: self.report_format()?, options: self.options()? })
            }
            "records" => self.records(),
            "carve" => {
                let to = self.to.take().ok_or("-o is missing: where the new capture goes")?;
                let filter = self.checked_filter()?.unwrap_or_default();
                Ok(Command::Carve { filter, to, options: self.options()? })
            }
            "follow" => {
                let uid = self.uid.take().ok_or("--uid is missing: which connection")?;
                if !uid.bytes().all(|b| b.is_ascii_alphanumeric()) {
                    return Err(format!("{uid} is no uid").into());
                }
                Ok(Command::Follow { uid, options: self.options()? })
            }
            "search" => {
                let pattern = self.pattern()?;
                let filter = self.checked_filter()?;
                Ok(Command::Search { pattern, filter, options: self.options()? })
            }
            other => Err(format!("no command {other}; there are {COMMANDS}").into()),
        }
    }

    /// Options that the command does not have are a mistake, never ignored.
    fn refuse_what_is_not_for(&self, command: &str) -> Result<(), String> {
        let is_search = self.text.is_some() || self.hex.is_some();
        let options: [(&str, bool, &[&str]); 5] = [
            ("--filter", self.filter.is_some(), &["carve", "records", "search"]),
            ("--format", self.format.is_some(), &["records", "report"]),
            ("-o", self.to.is_some(), &["carve"]),
            ("--uid", self.uid.is_some(), &["follow"]),
            ("--text and --hex", is_search, &["search"]),
        ];
        match options.iter().find(|(_, is_given, of)| *is_given && !of.contains(&command)) {
            Some((option, _, of)) => Err(format!("{option} is for offwire {}", of.join(", "))),
            None => Ok(()),
        }
    }

    fn checked_filter(&mut self) -> Result<Option<String>, String> {
        if let Some(filter) = &self.filter {
            Filter::parse(filter)
                .map_err(|e| format!("{e}\n  {filter}\n  {}", e.pointer(filter)))?;
        }
        Ok(self.filter.take())
    }

    fn pattern(&self) -> Result<Pattern, String> {
        let pattern = match (&self.text, &self.hex) {
            (Some(text), None) => Pattern::text(text),
            (None, Some(hex)) => Pattern::hex(hex),
            _ => return Err("one of --text and --hex says what to search for".to_owned()),
        };
        pattern.map_err(|e| format!("what to search for is {e}"))
    }

    fn records(mut self) -> Result<Command, lexopt::Error> {
        if self.words.is_empty() {
            return Err(format!("a kind is missing: {}", kinds()).into());
        }
        let word = self.words.remove(0).path.string()?;
        let kind = Kind::from_path(&word)
            .ok_or_else(|| format!("no kind {word}; there are {}", kinds()))?;
        let filter = self.checked_filter()?.unwrap_or_default();
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
        let line = "report a --sensor s1 b --format json --records-mb 16 --tap-ms 2500";
        let Ok(Command::Report { format, options }) = parse_words(line) else { panic!() };
        assert_eq!((format, options.settings.caps.records), (ReportFormat::Json, 16 << 20));
        assert_eq!(options.settings.tap_window_nanos, 2_500_000_000);
        let sensors: Vec<_> = options.inputs.iter().map(|i| i.sensor.as_str()).collect();
        assert_eq!(sensors, ["", "s1"]);
    }

    #[test]
    fn a_grouping_holds_for_the_captures_that_follow() {
        let line = "report a --series s b c --split d --by-time e";
        let Ok(Command::Report { options, .. }) = parse_words(line) else { panic!() };
        let got: Vec<_> = options.inputs.into_iter().map(|i| i.grouping).collect();
        let s = || Grouping::Series("s".to_owned());
        assert_eq!(got, [Grouping::ByTime, s(), s(), Grouping::Alone, Grouping::ByTime]);
    }

    #[test]
    fn records_take_a_kind_a_format_and_a_filter() {
        let line = "records dns f --format csv --filter rtt_>_5s";
        let Ok(Command::Records { query, format, .. }) = parse_words(line) else { panic!() };
        assert_eq!((query.kind, query.filter.as_str()), (Kind::Dns, "rtt > 5s"));
        assert_eq!(format, ExportFormat::Csv);
    }

    #[test]
    fn second_passes_say_what_they_look_for() {
        let line = "carve f -o out --filter duration_>_5s";
        let Ok(Command::Carve { filter, to, .. }) = parse_words(line) else { panic!() };
        assert_eq!((filter.as_str(), to.to_str()), ("duration > 5s", Some("out")));
        let Ok(Command::Search { pattern, filter, .. }) = parse_words("search f --hex 4d5a") else {
            panic!()
        };
        assert_eq!((Ok(pattern), filter), (Pattern::hex("4D 5A"), None));
        let Ok(Command::Follow { uid, .. }) = parse_words("follow f --uid Cab1") else { panic!() };
        assert_eq!(uid, "Cab1");
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
            ("records dns f -o x", "-o is for offwire carve"),
            ("carve f", "-o is missing"),
            ("carve f -o x --filter rtt_>_x", "rtt > x"),
            ("follow f", "--uid is missing"),
            ("follow f --uid a'b", "a'b is no uid"),
            ("search f", "one of --text and --hex"),
            ("search f --text a --hex 61", "one of --text and --hex"),
            ("search f --hex 6", "not pairs of hexadecimal digits"),
            ("records dns f --filter rtt_>_x", "rtt > x\n        ^"),
            ("report --nope f", "--nope"),
        ] {
            let error = parse_words(line).unwrap_err();
            assert!(error.contains(says), "{line}: {error}");
        }
    }
}
