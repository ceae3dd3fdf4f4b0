//! TShark's commands and replies of FTP, paired in the order of each connection.

use super::{lines, row};
use crate::zeek_log::Row;
use std::collections::BTreeMap;
use std::path::Path;

/// Commands with the reply to each. The table has no addresses.
pub(crate) fn expected(table: &Path) -> Vec<(&'static str, Row)> {
    let mut rows: Vec<Row> = Vec::new();
    let mut last: BTreeMap<String, usize> = BTreeMap::new();
    for line in lines(table) {
        let stream = line.get("tcp.stream").unwrap_or_default().to_owned();
        let text = |name: &str| line.get(name).map(str::to_owned);
        if let Some(command) = text("ftp.request.command") {
            last.insert(stream, rows.len());
            rows.push(row([("command", Some(command)), ("arg", text("ftp.request.arg"))]));
        } else if let Some(code) = line.all("ftp.response.code").first()
            // 1yz announces the reply, RFC 959 section 4.2.
            && !code.starts_with('1')
            && let Some(row) = last.remove(&stream).and_then(|at| rows.get_mut(at))
        {
            row.insert("reply_code".into(), Some((*code).to_owned()));
        }
    }
    rows.into_iter().map(|row| ("ftp", row)).collect()
}
