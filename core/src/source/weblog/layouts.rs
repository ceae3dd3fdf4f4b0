//! The columns of W3C extended logs that have no `#Fields` line, told by what stands in them.

use crate::stamp;
use std::net::IpAddr;

/// The default columns of the servers, as their documentation lists them; the widest first, since
/// a log with fewer columns fits no wider one.
const KNOWN: &[&str] = &[
    // IIS 7 and later, HTTP.
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken",
    // IIS 7, before it logged the referrer.
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status time-taken",
    // IIS 6, HTTP.
    "date time s-sitename s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status",
    // IIS 7 and later, FTP.
    "date time c-ip cs-username s-ip s-port cs-method cs-uri-stem sc-status sc-win32-status sc-substatus x-session x-fullpath",
    // IIS 6, FTP.
    "date time c-ip cs-username s-ip s-port cs-method cs-uri-stem sc-status sc-win32-status",
];

/// Layouts kept of one file, for showing its rows: servers write a new header at each start.
pub const MAX_LAYOUTS: usize = 64;

/// The known layout that every column of the row fits.
pub fn guess(words: &[&[u8]]) -> Option<&'static str> {
    KNOWN.iter().copied().find(|layout| {
        layout.split(' ').count() == words.len()
            && layout.split(' ').zip(words).all(|(field, word)| fits(field, word))
    })
}

/// True when a word can stand in the column `field`.
fn fits(field: &str, word: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(word) else { return true };
    let is_number = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    match field {
        "date" => stamp::ymd(text).is_some(),
        "time" => stamp::hms(text).is_some(),
        "c-ip" | "s-ip" => text.parse::<IpAddr>().is_ok(),
        "s-port" | "sc-win32-status" | "sc-substatus" | "time-taken" => is_number(text),
        "sc-status" => is_number(text) && text.len() <= 3,
        "cs-method" => {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_')
        }
        "x-session" => text == "-" || text.len() == 36,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(row: &str) -> Vec<&[u8]> {
        row.split(' ').map(str::as_bytes).collect()
    }

    #[test]
    fn the_articles_row_is_iis_ftp_and_others_are_their_own() {
        let ftp = "2023-01-16 19:27:25 178.11.91.64 FTP01\\hawkeye 172.16.10.12 21 RETR archive.7z 550 4294967295 0 212cb731-09d9-458a-a545-ddac00b492fc /users/hawkeye/archive.7z";
        assert!(guess(&words(ftp)).unwrap().ends_with("x-fullpath"));
        let http = "2024-01-01 00:00:00 10.0.0.1 GET /a - 80 - 10.0.0.2 Mozilla/5.0 - 200 0 0 15";
        assert!(guess(&words(http)).unwrap().contains("cs(Referer)"));
    }

    #[test]
    fn one_column_that_does_not_fit_is_enough_to_refuse() {
        let bad = "2023-01-16 19:27:25 178.11.91.64 u 172.16.10.12 x RETR a 550 0 0 - /a";
        assert_eq!(guess(&words(bad)), None);
        assert_eq!(guess(&words("2023-01-16 19:27:25")), None);
    }
}
