//! Tests of the EVE reader: each shape of an event, and what is told of what is not read.

use crate::event::Body;
use crate::source::row::MAX_NAMES;
use crate::source::testing::{read, read_by};
use crate::source::{Head, recognise};

const HEAD: &str = r#""timestamp":"2022-07-10T23:50:05.500000+0000","flow_id":7,"src_ip":"10.0.0.1","src_port":5000,"dest_ip":"10.0.0.53","dest_port":53,"proto":"UDP""#;

fn event(kind: &str, rest: &str) -> String {
    format!("{{{HEAD},\"event_type\":\"{kind}\",{rest}}}\n")
}

fn lines(text: &str) -> Vec<String> {
    for step in [1, 100] {
        assert_eq!(read_by(text.as_bytes(), step).lines(), read(text.as_bytes()).lines());
    }
    let sunk = read(text.as_bytes());
    assert_eq!(sunk.format(), Some("eve-json"));
    sunk.lines()
        .iter()
        .map(|line| {
            line.replace("2022-07-10T23:50:05.500Z ", "@ ")
                .replace("10.0.0.1:5000 > 10.0.0.53:53 udp", "1>53")
        })
        .collect()
}

#[test]
fn look_ups_of_all_three_versions_are_the_same_row() {
    let query = event("dns", r#""dns":{"type":"query","id":9,"rrname":"A.test","rrtype":"A"}"#);
    let later = |text: String| text.replace("05.500000", "05.750000");
    let parts = ["CNAME\",\"ttl\":60,\"rdata\":\"b.test", "A\",\"ttl\":5,\"rdata\":\"192.0.2.1"];
    let first: String = parts
        .iter()
        .map(|part| {
            later(event(
                "dns",
                &format!(
                    r#""dns":{{"type":"answer","id":9,"rcode":"NOERROR","rrname":"x.test","rrtype":"{part}"}}"#
                ),
            ))
        })
        .collect();
    let answers = r#""answers":[{"rrname":"a.test","rrtype":"CNAME","ttl":60,"rdata":"b.test"},{"rrname":"b.test","rrtype":"A","ttl":5,"rdata":"192.0.2.1"}],"grouped":{"A":["192.0.2.1"]}"#;
    let second = later(event(
        "dns",
        &format!(
            r#""dns":{{"version":2,"type":"answer","id":9,"flags":"8180","rrname":"a.test","rrtype":"A","rcode":"NOERROR",{answers}}}"#
        ),
    ));
    let third = later(event(
        "dns",
        &format!(
            r#""dns":{{"version":3,"type":"response","id":9,"flags":"8180","queries":[{{"rrname":"a.test","rrtype":"A"}}],"rcode":"NOERROR",{answers}}}"#
        ),
    ));
    let row = |flags: &str| {
        format!(
            "1 @ dns 1>53 trans_id=9 rtt=250 ms query=a.test qtype=1 qtype_name=A rcode=0 rcode_name=NOERROR{flags} answers=b.test,192.0.2.1 TTLs=1 min,5 s answered=true"
        )
    };
    let flags = " AA=false TC=false RD=true RA=true Z=0";
    assert_eq!(lines(&format!("{query}{first}")), [row("")]);
    assert_eq!(lines(&format!("{query}{second}")), [row(flags)]);
    assert_eq!(lines(&format!("{query}{third}")), [row(flags)]);
}

#[test]
fn queries_and_answers_stand_alone_where_the_other_is_missing() {
    let query = event("dns", r#""dns":{"type":"query","id":9,"rrname":"a.test","rrtype":"A"}"#);
    assert_eq!(lines(&query), ["1 @ dns 1>53 trans_id=9 query=a.test qtype=1 qtype_name=A"]);
    let answer = event(
        "dns",
        r#""dns":{"version":2,"type":"answer","id":9,"rrname":"a.test","rrtype":"A","rcode":"NXDOMAIN","grouped":{"A":[]}}"#,
    );
    // Older versions wrote it from the server's side.
    let turned = answer
        .replace(r#""src_ip":"10.0.0.1","src_port":5000"#, r#""src_ip":"10.0.0.53","src_port":53"#)
        .replace(
            r#""dest_ip":"10.0.0.53","dest_port":53"#,
            r#""dest_ip":"10.0.0.1","dest_port":5000"#,
        );
    let row = "1 @ dns 1>53 trans_id=9 query=a.test qtype=1 qtype_name=A rcode=3 rcode_name=NXDOMAIN answered=true";
    assert_eq!(lines(&answer), [row]);
    assert_eq!(lines(&turned), [row]);
}

#[test]
fn handshakes_give_their_certificate_too() {
    let tls = event(
        "tls",
        r#""tls":{"subject":"C=US, O=A, Inc., CN=www.example.org","issuerdn":"C=US, CN=CA","serial":"0F:D0","fingerprint":"7B:B6","sni":"www.example.org","version":"TLS 1.2","notbefore":"2018-11-28T00:00:00","notafter":"2020-12-02T12:00:00","subjectaltname":["www.example.org","example.org"],"ja3":{"hash":"ab","string":"1,2"}}"#,
    );
    assert_eq!(
        lines(&tls),
        [
            "1 @ x509 1>53 sha1=7bb6 certificate.serial=0FD0 certificate.subject=CN=www.example.org,O=A\\, Inc.,C=US certificate.issuer=CN=CA,C=US certificate.not_valid_before=1543363200 certificate.not_valid_after=1606910400 san.dns=www.example.org,example.org host_cert=true client_cert=false self_signed=false",
            "1 @ ssl 1>53 version=TLSv12 server_name=www.example.org subject=CN=www.example.org,O=A\\, Inc.,C=US issuer=CN=CA,C=US ja3=ab cert_names=www.example.org,example.org",
        ]
    );
}

#[test]
fn flows_tell_whether_they_were_answered() {
    let flow = |to_client: u32, ts: &str, tc: &str| {
        let text = event(
            "flow",
            &format!(
                r#""app_proto":"tls","vlan":[5],"flow":{{"pkts_toserver":3,"pkts_toclient":{to_client},"bytes_toserver":9,"start":"2022-07-10T23:50:01.500000+0000","end":"2022-07-10T23:50:03.500000+0000","state":"closed"}},"tcp":{{"tcp_flags_ts":"{ts}","tcp_flags_tc":"{tc}"}}"#
            ),
        );
        let line = lines(&text.replace("UDP", "TCP")).remove(0);
        assert!(
            line.contains("23:50:01.500Z")
                && line.contains("duration=2 s")
                && line.contains("vlan=5"),
            "{line}"
        );
        let state =
            line.split("conn_state=").nth(1).and_then(|s| s.split(' ').next()).unwrap_or("-");
        let is = |name: &str| line.contains(&format!("{name}=true"));
        (state.to_owned(), is("answered"), is("refused"))
    };
    assert_eq!(flow(0, "02", "00"), ("S0".into(), false, false));
    assert_eq!(flow(1, "02", "14"), ("REJ".into(), true, true));
    assert_eq!(flow(2, "1b", "1b"), ("SF".into(), true, false));
    assert_eq!(flow(2, "1a", "1a"), ("-".into(), true, false));
}

#[test]
fn requests_mail_shells_and_alerts() {
    let http = event(
        "http",
        r#""tx_id":1,"http":{"hostname":"h.test","url":"/a","http_user_agent":"u","http_method":"GET","protocol":"HTTP/1.1","status":404,"length":9,"redirect":"/b"}"#,
    );
    let ssh = event(
        "ssh",
        r#""ssh":{"client":{"proto_version":"2.0","software_version":"OpenSSH_9","hassh":{"hash":"ab","string":"x"}},"server":{"proto_version":"2.0","software_version":"x"}}"#,
    );
    let smtp = event(
        "smtp",
        r#""tx_id":0,"smtp":{"helo":"h","mail_from":"<a@b>","rcpt_to":["<c@d>"]},"email":{"from":"a","to":["c"]}"#,
    );
    let alert = event(
        "alert",
        r#""alert":{"signature":"ET X","category":"Bad","severity":1,"metadata":{"a":["b"]}}"#,
    );
    assert_eq!(
        lines(&[http, ssh, smtp, alert].concat()),
        [
            "1 @ http 1>53 trans_depth=2 method=GET host=h.test uri=/a version=1.1 user_agent=u response_body_len=9 status_code=404",
            "2 @ ssh 1>53 version=2 client=SSH-2.0-OpenSSH_9 server=SSH-2.0-x hassh=ab",
            "3 @ smtp 1>53 trans_depth=1 helo=h mailfrom=a@b rcptto=c@d from=a to=c",
            "4 @ weird 1>53 name=ET X addl=Bad source=Suricata alert",
        ]
    );
}

#[test]
fn leases_desktops_calls_devices_and_one_way_flows() {
    let lease = |kind: &str, rest: &str| {
        event(
            "dhcp",
            &format!(
                r#""dhcp":{{"type":"x","id":1,"client_mac":"02:00:00:00:00:01","dhcp_type":"{kind}"{rest}}}"#
            ),
        )
    };
    let text = [
        lease("request", r#","hostname":"pc","requested_ip":"10.0.0.7","client_ip":"0.0.0.0""#),
        lease("ack", r#","assigned_ip":"10.0.0.7","lease_time":60"#),
        event(
            "rdp",
            r#""rdp":{"tx_id":1,"event_type":"connect_request","client":{"client_name":"PC","color_depth":32,"desktop_width":800}}"#,
        ),
        event("rdp", r#""rdp":{"tx_id":0,"event_type":"initial_response","protocol":"hybrid_ex"}"#),
        event(
            "sip",
            r#""sip":{"method":"INVITE","uri":"sip:a@b","code":"404","reason":"Not Found"}"#,
        ),
        event("snmp", r#""snmp":{"version":2,"pdu_type":"get_request","community":"s3cret"}"#),
        event("snmp", r#""snmp":{"version":1,"community":"public"}"#),
        event("quic", r#""quic":{"version":"1","sni":"q.test","ja3":{"hash":"ab","string":"1"}}"#),
        event(
            "netflow",
            r#""netflow":{"pkts":2,"bytes":90,"start":"2022-07-10T23:50:01.500000+0000","end":"2022-07-10T23:50:03.500000+0000"},"tcp":{"tcp_flags":"1b"}"#,
        ),
    ];
    let got = lines(&text.concat());
    let want = [
        "1 @ dhcp 1>53 mac=02:00:00:00:00:01 host_name=pc requested_addr=10.0.0.7 msg_types=REQUEST",
        "2 @ dhcp 10.0.0.53:53 > 10.0.0.1:5000 udp client_addr=10.0.0.7 server_addr=10.0.0.1 mac=02:00:00:00:00:01 assigned_addr=10.0.0.7 lease_time=1 min msg_types=ACK",
        "3 @ rdp 1>53 client_name=PC desktop_width=800 requested_color_depth=32bit",
        "4 @ rdp 1>53 security_protocol=HYBRID_EX",
        "5 @ sip 1>53 method=INVITE uri=sip:a@b status_code=404 status_msg=Not Found",
        "6 @ snmp 1>53 version=2c community=<hidden>",
        "7 @ snmp 1>53 version=1 community=public",
        "8 @ ssl 1>53 server_name=q.test ja3=ab",
        "9 2022-07-10T23:50:01.500Z netflow 1>53 duration=2 s pkts=2 bytes=90 tcp_flags=APSF",
    ];
    assert_eq!(got, want);
}

#[test]
fn logons_are_told_from_other_commands_and_from_the_wish_for_a_proof() {
    let krb = |rest: &str| event("krb5", &format!(r#""krb5":{{{rest}}}"#));
    let smb = |rest: &str| event("smb", &format!(r#""smb":{{"id":1,{rest}}}"#));
    let text = [
        krb(
            r#""msg_type":"KRB_ERROR","failed_request":"KRB_AS_REQ","error_code":"KDC_ERR_PREAUTH_REQUIRED","cname":"eva","realm":"FIRM""#,
        ),
        krb(
            r#""msg_type":"KRB_ERROR","failed_request":"KRB_AS_REQ","error_code":"KDC_ERR_PREAUTH_FAILED","cname":"<empty>","realm":"FIRM""#,
        ),
        krb(r#""msg_type":"KRB_TGS_REP","cname":"eva","realm":"FIRM","sname":"cifs/a"}"#
            .trim_end_matches('}')),
        smb(r#""command":"SMB2_COMMAND_READ","status":"STATUS_SUCCESS""#),
        smb(
            r#""command":"SMB2_COMMAND_SESSION_SETUP","status":"STATUS_LOGON_FAILURE","ntlmssp":{"user":"eva","domain":"FIRM","host":"PC"}"#,
        ),
        smb(
            r#""command":"SMB2_COMMAND_SESSION_SETUP","status":"STATUS_MORE_PROCESSING_REQUIRED","ntlmssp":{"user":"eva"}"#,
        ),
    ];
    let sunk = read(text.concat().as_bytes());
    let got: Vec<_> = sunk
        .lines()
        .iter()
        .map(|l| l.split_once("udp ").map_or(String::new(), |(_, rest)| rest.to_owned()))
        .collect();
    assert_eq!(
        got,
        [
            "request_type=AS success=false error_msg=KDC_ERR_PREAUTH_FAILED",
            "request_type=TGS client=eva/FIRM service=cifs/a success=true username=eva",
            "username=eva hostname=PC domainname=FIRM success=false status=STATUS_LOGON_FAILURE",
            "username=eva status=STATUS_MORE_PROCESSING_REQUIRED",
        ]
    );
    let counters = &sunk.nodes[&0].counters;
    assert_eq!(counters["rows not read: event smb, without a logon"], 1);
    assert_eq!(counters["rows not read: event krb5, without a logon"], 1);
}

#[test]
fn binds_are_logons_and_their_credentials_go_nowhere() {
    let ldap = |request: &str, answer: &str| {
        let responses = format!(r#""responses":[{{{answer}}}]"#);
        event("ldap", &format!(r#""ldap":{{"request":{{"message_id":1,{request}}},{responses}}}"#))
    };
    let bind = |name: &str, sasl: &str| {
        format!(
            r#""operation":"bind_request","bind_request":{{"version":3,"name":"{name}"{sasl}}}"#
        )
    };
    let result = |code: &str, said: &str| {
        format!(
            r#""operation":"bind_response","bind_response":{{"result_code":"{code}","message":"{said}"}}"#
        )
    };
    let plain = r#","sasl":{"mechanism":"PLAIN","credentials":"68756e74657232"}"#;
    let text = [
        ldap(&bind("cn=joe", ""), &result("success", "")),
        ldap(&bind("cn=joe", ""), &result("invalidCredentials", "no such pair")),
        ldap(&bind("cn=eva", plain), &result("sasl_bind_in_progress", "")),
        ldap(&bind("", ""), &result("success", "")),
        ldap(r#""operation":"unbind_request""#, ""),
    ];
    let sunk = read(text.concat().as_bytes());
    let got = lines(&text.concat());
    assert_eq!(
        got,
        [
            "1 @ login 1>53 service=ldap username=cn=joe mechanism=simple action=bind success=true reply=success",
            "2 @ login 1>53 service=ldap username=cn=joe mechanism=simple action=bind success=false reply=no such pair",
            "3 @ login 1>53 service=ldap username=cn=eva mechanism=PLAIN action=bind reply=sasl_bind_in_progress",
        ]
    );
    assert_eq!(sunk.nodes[&0].counters["rows not read: event ldap, without a logon"], 2);
}

#[test]
fn a_user_is_remembered_and_a_password_is_not() {
    let command = |command: &str, data: &str, code: &str| {
        event(
            "ftp",
            &format!(
                r#""ftp":{{"command":"{command}","command_data":"{data}","reply":["ok"],"completion_code":["{code}"],"reply_received":"yes"}}"#
            ),
        )
    };
    let text = [
        command("USER", "joe", "331"),
        command("PASS", "hunter2", "230"),
        command("RETR", "f", "226"),
    ];
    assert_eq!(
        lines(&text.concat()),
        [
            "1 @ ftp 1>53 user=joe command=USER arg=joe reply_code=331 reply_msg=ok",
            "2 @ ftp 1>53 user=joe password=<hidden> command=PASS reply_code=230 reply_msg=ok",
            "3 @ ftp 1>53 user=joe command=RETR arg=f reply_code=226 reply_msg=ok",
        ]
    );
}

#[test]
fn what_is_not_read_is_counted_by_name_and_told() {
    let text = [
        event("http", r#""http":{"url":"/a","redirect":"/b"}"#),
        event("fileinfo", r#""fileinfo":{"size":1}"#),
        event("fileinfo", r#""fileinfo":{"size":1}"#),
        "{\"timestamp\":\"2022\n".to_owned(),
        event("http", r#""http":{"url":"/c","status":"none"}"#),
        "{\"a\":1}\n".to_owned(),
    ];
    let sunk = read(text.concat().as_bytes());
    assert_eq!(sunk.lines().len(), 2);
    let counters = &sunk.nodes[&0].counters;
    assert_eq!(counters["fields not read: http.redirect"], 1);
    assert_eq!(counters["rows not read: event fileinfo"], 2);
    let notes = sunk.notes();
    assert_eq!(notes[0], "log-kind-unread 2: an event that is not read: fileinfo");
    assert!(notes.iter().any(|n| n.contains("http.status")), "{notes:?}");
    assert!(notes.iter().any(|n| n.contains("no event_type")), "{notes:?}");
}

#[test]
fn names_and_open_look_ups_are_bounded() {
    let many: String = (0..MAX_NAMES + 5).map(|n| event(&format!("x{n}"), "\"a\":1")).collect();
    let sunk = read(many.as_bytes());
    assert_eq!(sunk.nodes[&0].counters["rows not read: event others"], 5);
    assert_eq!(sunk.notes.len(), MAX_NAMES);
    let queries: String = (0..20_000)
        .map(|n| {
            event("dns", r#""dns":{"type":"query","id":9,"rrname":"a.test","rrtype":"A"}"#)
                .replace("\"flow_id\":7", &format!("\"flow_id\":{n}"))
        })
        .collect();
    assert_eq!(read(queries.as_bytes()).lines().len(), 20_000);
}

#[test]
fn a_first_line_longer_than_the_head_costs_only_itself() {
    let long = |n: usize| format!("{{\"event_type\":\"dns\",\"x\":\"{}\"}}\n", "a".repeat(n));
    let row = event("dns", r#""dns":{"type":"query","id":9,"rrname":"a.test","rrtype":"A"}"#);
    let sunk = read_by(format!("{}{row}", long(2 << 20)).as_bytes(), 1 << 20);
    assert_eq!((sunk.format(), sunk.events.len()), (Some("eve-json"), 1));
    assert_eq!(sunk.notes.iter().map(|n| n.kind.code).collect::<Vec<_>>(), ["line-too-long"]);
    // A whole object without a time or a connection is none of Suricata's.
    let short = long(9);
    assert!(recognise(&Head { bytes: short.as_bytes(), is_whole: true }).is_err());
}

#[test]
fn parts_of_one_answer_are_joined_in_their_order_and_up_to_a_limit() {
    let part = |i: usize| {
        let rest = format!(
            r#""dns":{{"type":"answer","id":9,"rrname":"a.test","rrtype":"A","rdata":"192.0.{}.{}","ttl":{i}}}"#,
            i >> 8,
            i & 255
        );
        event("dns", &rest)
    };
    for (n, rows) in [(3, 1), (4097, 1), (4098, 2)] {
        let sunk = read_by((0..n).map(part).collect::<String>().as_bytes(), 1 << 20);
        assert_eq!(sunk.events.len(), rows, "{n}");
        let Body::Dns(dns) = &sunk.events[0].body else { panic!("no look-up") };
        assert_eq!((&*dns.answers[0], &*dns.answers[2]), ("192.0.0.0", "192.0.0.2"));
        assert_eq!(dns.answers.len(), dns.ttls.len());
    }
}
