//! Cases of `account-several-addresses`.

use super::RULE;
use crate::detect::kit::dsl::{events, fact, found, found_within, lines};
use crate::report::Finding;

fn run(text: &str) -> Vec<Finding> {
    found(&RULE, &events(text))
}

/// The article's sample.
const SAMPLE: &str = r"
    @45 ftp 178.11.91.64 > 172.16.10.12:21 user=FTP01\hawkeye cmd=RETR arg=archive.7z code=550 session=212cb731 path=/users/hawkeye/archive.7z
    @686 ftp 22.126.94.145 > 172.16.10.12:21 user=FTP01\hawkeye cmd=PASV code=227 session=725c269b
    @757 ftp 22.126.94.145 > 172.16.10.12:21 user=FTP01\hawkeye cmd=RETR arg=archive.7z code=226 session=725c269b path=/Users/hawkeye/archive.7z";

#[test]
fn the_articles_sample() {
    let found = run(SAMPLE);
    assert_eq!(
        lines(&found),
        "High/Medium Account FTP01\\hawkeye from 2 addresses: RETR archive.7z refused, then done from another\n"
    );
    assert_eq!(fact(&found[0], "time between the sessions"), "10 min 41 s");
    assert_eq!(fact(&found[0], "from first to last"), "11 min 52 s");
    assert!(
        found[0]
            .evidence
            .rows
            .iter()
            .any(|r| r.why == "success" && r.text.to_string().contains("226"))
    );
}

fn two(a: &str, b: &str, at: i64) -> String {
    format!(
        "@0 ftp {a} > 10.0.0.1:21 user=eva cmd=PASS code=230 session=s1\n@{at} ftp {b} > 10.0.0.1:21 user=eva cmd=PASS code=230 session=s2"
    )
}

#[test]
fn both_sides_of_the_hour_and_of_the_network() {
    assert_eq!(
        lines(&run(&two("192.0.2.1", "198.51.100.1", 3600))),
        "Low/Low Account eva from 192.0.2.1 and 198.51.100.1\n"
    );
    assert_eq!(run(&two("192.0.2.1", "198.51.100.1", 3601)).len(), 0);
    // A session that is still open overlaps.
    let open = format!(
        "{}\n@9000 ftp 192.0.2.1 > 10.0.0.1:21 user=eva cmd=QUIT code=221 session=s1",
        two("192.0.2.1", "198.51.100.1", 6000)
    );
    assert_eq!(fact(&run(&open)[0], "time between the sessions"), "0 µs");
    // Neighbours in one /24 are a pool, in another are not.
    assert_eq!(run(&two("192.0.2.1", "192.0.2.200", 9)).len(), 0);
    assert_eq!(run(&two("192.0.2.1", "192.0.3.1", 9)).len(), 1);
    // Three networks are more than a person has at once.
    let three = format!(
        "{}\n@99 ftp 203.0.113.1 > 10.0.0.1:21 user=eva cmd=PASS code=230 session=s3",
        two("192.0.2.1", "198.51.100.1", 60)
    );
    assert!(lines(&run(&three)).starts_with("Medium/Medium"));
    // A carrier's neighbours are three networks and no three operators.
    let phone = three.replace("198.51.100.1", "192.0.100.1").replace("203.0.113.1", "192.0.113.1");
    assert!(lines(&run(&phone)).starts_with("Low/Low"));
    // Refused and done a day apart, and longer.
    let retry = |at: i64| {
        format!(
            "@0 ftp 192.0.2.1 > 10.0.0.1:21 user=eva cmd=RETR arg=a code=550 session=x\n@{at} ftp 198.51.100.1 > 10.0.0.1:21 user=eva cmd=RETR arg=a code=226 session=y"
        )
    };
    assert_eq!((run(&retry(86_400)).len(), run(&retry(86_401)).len()), (1, 0));
}

#[test]
fn look_alikes_stay_quiet_or_low() {
    for text in [
        // Anonymous and shared accounts.
        two("192.0.2.1", "198.51.100.1", 9).replace("eva", "anonymous"),
        two("192.0.2.1", "198.51.100.1", 9).replace("eva", r"FTP01\guest"),
        // Both families of one host.
        two("192.0.2.1", "2001:db8::1", 9),
        // Guesses from everywhere: the account was never in use.
        "@0 ftp 192.0.{1..60}.1 > 10.0.0.1:21 user=administrator cmd=PASS code=530".to_owned(),
        // The same, and each says goodbye, which a server answers to anybody.
        "@0 ftp 192.0.{1..60}.1 > 10.0.0.1:21 user=administrator cmd=PASS code=530 session=s\n@1 ftp 192.0.{1..60}.1 > 10.0.0.1:21 user=administrator cmd={QUIT,SYST} code=221 session=s".to_owned(),
        // The same name on two servers.
        two("192.0.2.1", "198.51.100.1", 9).replace("198.51.100.1 > 10.0.0.1", "198.51.100.1 > 10.0.0.2"),
        // Refused and done from one address.
        "@0 ftp 192.0.2.1 > 10.0.0.1:21 user=eva cmd=RETR arg=a code=550\n@9 ftp 192.0.2.1 > 10.0.0.1:21 user=eva cmd=RETR arg=a code=226".to_owned(),
    ] {
        assert_eq!(lines(&run(&text)), "", "{text}");
    }
    // Desk and meeting room.
    assert!(lines(&run(&two("10.1.0.1", "10.2.0.1", 9))).starts_with("Info/"));
}

#[test]
fn without_times_nothing_is_said_about_them() {
    let text = two("192.0.2.1", "198.51.100.1", 9).replace("@0 ", "").replace("@9 ", "");
    let found = run(&text);
    assert!(lines(&found).starts_with("Low/Low"));
    assert_eq!(fact(&found[0], "time between the sessions"), "not shown");
}

#[test]
fn the_evidence_has_a_filter_for_all_its_rows() {
    let filter = |text: &str| run(text)[0].evidence.filter.clone().unwrap();
    assert_eq!(
        filter(SAMPLE),
        ("ftp".into(), r#"user ~ "ftp01\\hawkeye" and id.resp_h == 172.16.10.12"#.into())
    );
    let web = "@0+9 http {192.0.2,198.51.100}.1 user=eva status=200 uri=/";
    assert_eq!(filter(web), ("http".into(), r#"username ~ "eva""#.into()));
    let mail = "@0+9 login {192.0.2,198.51.100}.1 > 10.0.0.1:143 user=eva success service=imap";
    assert_eq!(filter(mail).0, "login");
}

#[test]
fn two_sites_private_addresses_are_two_hosts() {
    let at = |a: &str, b: &str| {
        format!(
            "@0 http 10.1.0.5 user=eva status=200 uri=/ site={a}\n@9 http 10.1.0.5 user=eva status=200 uri=/ site={b}"
        )
    };
    assert_eq!(run(&at("Bern", "Bern")).len(), 0);
    assert_eq!(
        lines(&run(&at("Basel", "Bern"))),
        "Info/Low Account eva from 10.1.0.5 (Basel) and 10.1.0.5 (Bern)\n"
    );
}

#[test]
fn caps_of_eight_give_the_same_for_any_order() {
    found_within(
        &RULE,
        8,
        &events(
            "@0+5 ftp 192.0.{1..60}.1 > 10.0.0.1:21 user=eva{1..3} cmd=PASS code=230 session=s",
        ),
    );
}

#[test]
fn accounts_of_computers_are_no_persons() {
    let two = |user: &str| {
        format!("@0+60 ntlm {{192.0.2.1,198.51.100.1}} > 10.0.0.1:445 user={user} success=T")
    };
    assert_eq!(lines(&run(&two("eva"))), "Low/Low Account eva from 192.0.2.1 and 198.51.100.1\n");
    assert_eq!(run(&two("PC7$")).len(), 0);
    assert_eq!(run(&two("eva").replace("success=T", "success=F")).len(), 0);
}
