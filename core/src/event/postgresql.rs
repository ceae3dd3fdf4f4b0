//! `postgresql`: one exchange, as Zeek's postgresql.log.

use crate::event::record;
use crate::text::Text;

record! {
    /// One PostgreSQL request with its answers; the first are the turn to TLS and the login.
    Postgresql "postgresql" {
        /// The account.
        user: Option<Text> = "user",
        /// The database.
        database: Option<Text> = "database",
        /// The client's software, as it says.
        application_name: Option<Text> = "application_name",
        /// What was asked: `ssl_request`, `startup`, `simple_query`, `terminate`.
        frontend: Option<Text> = "frontend",
        /// Its argument: the statement.
        frontend_arg: Option<Text> = "frontend_arg",
        /// The server did it.
        success: Option<bool> = "success",
        /// The server's answers: `ssl_reply`, `auth_request`, `auth_ok`, `error`.
        backend: Option<Text> = "backend",
        /// More of the answers: how to prove the account, what is wrong.
        backend_arg: Option<Text> = "backend_arg",
        /// Rows that the server gave.
        rows: Option<u64> = "rows",
    }
}
