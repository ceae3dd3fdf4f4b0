//! FoxIO's results: JA4 of each connection's first hello, and HASSH.

use crate::zeek_log::Row;
use serde_json::Value;
use std::path::Path;

/// From a JSON array, or from objects one behind the other.
pub(crate) fn expected(results: &Path) -> Vec<(&'static str, Row)> {
    let text = std::fs::read_to_string(results).unwrap_or_default();
    let values = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
    let values = values.map_while(Result::ok).flat_map(|value| match value {
        Value::Array(all) => all,
        one => vec![one],
    });
    values.flat_map(|value| connection(&value)).collect()
}

fn connection(value: &Value) -> Vec<(&'static str, Row)> {
    let text = |path: &str| Some(value.pointer(path)?.as_str()?.to_owned());
    let row = |fields: &[(&str, Option<String>)]| -> Row {
        let ids = [
            ("id.orig_h", text("/src")),
            ("id.orig_p", text("/srcport")),
            ("id.resp_h", text("/dst")),
            ("id.resp_p", text("/dstport")),
        ];
        let all = ids.iter().chain(fields).filter(|(_, value)| value.is_some());
        all.map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    };
    let mut rows = Vec::new();
    if let Some(ja4) = text("/JA4.1").or_else(|| text("/JA4")) {
        rows.push(("ssl", row(&[("ja4", Some(ja4)), ("server_name", text("/domain"))])));
    }
    if let Some(hassh) = text("/ssh_extras/hassh") {
        let fields = [
            ("hassh", Some(hassh)),
            ("hasshServer", text("/ssh_extras/hassh_server")),
            ("client", text("/ssh_extras/ssh_protocol_client")),
            ("server", text("/ssh_extras/ssh_protocol_server")),
        ];
        rows.push(("ssh", row(&fields)));
    }
    rows
}
