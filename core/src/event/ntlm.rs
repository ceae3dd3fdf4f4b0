//! `ntlm`: one login by NTLM, as Zeek's ntlm.log.

use crate::event::record;
use crate::text::Text;

record! {
    /// One NTLM login inside SMB or DCE/RPC, or a challenge that nobody answered.
    Ntlm "ntlm" {
        /// The account, without its domain; unset for nobody's.
        username: Option<Text> = "username",
        /// The client's name of itself.
        hostname: Option<Text> = "hostname",
        /// The account's domain, as the client says it.
        domainname: Option<Text> = "domainname",
        /// The server's NetBIOS name.
        server_nb_computer_name: Option<Text> = "server_nb_computer_name",
        /// The server's name in DNS.
        server_dns_computer_name: Option<Text> = "server_dns_computer_name",
        /// The name of the server's forest in DNS.
        server_tree_name: Option<Text> = "server_tree_name",
        /// The server let the account in, as its own and not as a guest; unset when its answer does not tell.
        success: Option<bool> = "success",
        /// The server's answer: `STATUS_LOGON_FAILURE`, `GUEST`, or the number of another status.
        status: Option<Text> = "status",
    }
}
