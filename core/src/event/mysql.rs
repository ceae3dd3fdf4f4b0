//! `mysql`: one command, as Zeek's mysql.log.

use crate::event::record;
use crate::text::Text;

record! {
    /// One MySQL command with its answer; the first is the login.
    Mysql "mysql" {
        /// The command: `login`, `query`, `quit`.
        cmd: Option<Text> = "cmd",
        /// Its argument: the account, the statement.
        arg: Option<Text> = "arg",
        /// The server did it.
        success: Option<bool> = "success",
        /// Rows changed; 0 for a query.
        rows: Option<u64> = "rows",
        /// What the server says of an error.
        response: Option<Text> = "response",
    }
}
