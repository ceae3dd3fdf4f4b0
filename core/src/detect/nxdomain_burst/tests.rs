//! Cases of `nxdomain-burst`: both sides of each floor, and clients that ask for others.

use super::RULE;
use crate::detect::kit::dsl::{events, found, found_within, lines};

fn run(text: &str) -> String {
    lines(&found(&RULE, &events(text)))
}

fn burst(n: usize, gap: usize) -> String {
    format!("@0+{gap} dns 10.0.0.9:* > 10.0.0.53:53 q=x{{1..{n}}}q.test rcode=NXDOMAIN")
}

#[test]
fn both_sides_of_the_floors() {
    assert_eq!(run(&burst(29, 1)), "");
    assert_eq!(
        run(&burst(30, 1)),
        "Medium/Medium Burst of names that do not exist: 10.0.0.9 asked for 30 domains\n"
    );
    assert_ne!(run(&burst(60, 124)), "");
    assert_eq!(run(&burst(60, 125)), "");
    let there = |n| {
        format!(
            "{}\n@0 dns 10.0.0.9:* > 10.0.0.53:53 q=y{{1..{n}}}.test rcode=NOERROR a=192.0.2.1",
            burst(30, 1)
        )
    };
    assert_ne!(run(&there(30)), "");
    assert_eq!(run(&there(31)), "");
}

#[test]
fn hosts_below_missing_domains_are_low() {
    let mixed = |bare: usize, below: usize, host: &str| {
        run(&format!(
            "@0+1 dns 10.0.0.9:* > 10.0.0.53:53 q=x{{1..{bare}}}q.test rcode=NXDOMAIN\n@0+1 dns 10.0.0.9:* > 10.0.0.53:53 q={host}.y{{1..{below}}}q.test rcode=NXDOMAIN"
        ))
    };
    assert!(mixed(20, 20, "ads").starts_with("Medium/"));
    assert!(mixed(20, 21, "ads").starts_with("Low/"));
    assert!(mixed(20, 21, "www").starts_with("Medium/"));
    assert_eq!(mixed(14, 15, "ads"), "");
    // Asked for both ways, a domain counts once and as itself.
    let both = "@0+1 dns 10.0.0.9:* > 10.0.0.53:53 q={,ads.}x{1..30}q.test rcode=NXDOMAIN";
    assert!(run(both).starts_with("Medium/Medium") && run(both).contains("30 domains"));
}

#[test]
fn look_alikes_stay_quiet() {
    for text in [
        // Search suffixes, block lists, reputation: one domain each.
        "@0 dns 10.0.0.9:* > 10.0.0.53:53 q=host{1..90}.corp.example.test rcode=NXDOMAIN",
        "@0 dns 10.0.0.9:* > 10.0.0.53:53 q={1..90}.2.0.192.zen.spamhaus.test rcode=NXDOMAIN",
        // Probes with bare labels, reverse names.
        "@0 dns 10.0.0.9:* > 10.0.0.53:53 q=qwert{1..90} rcode=NXDOMAIN",
        "@0 dns 10.0.0.9:* > 10.0.0.53:53 q={1..90}.2.0.192.in-addr.arpa rcode=NXDOMAIN",
        // A mail gateway checks who sends: names of services, and types of its own.
        "@0 dns 10.0.0.9:* > 10.0.0.53:53 q=_dmarc.x{1..90}q.test rcode=NXDOMAIN",
        "@0 dns 10.0.0.9:* > 10.0.0.53:53 q=x{1..90}q.test type={MX,TXT} rcode=NXDOMAIN",
        // It asks for the senders' addresses as well.
        "@0 dns 10.0.0.9:* > 10.0.0.53:53 q=x{1..90}q.test type={A,AAAA,MX} rcode=NXDOMAIN",
        "@0 dns 10.0.0.9:* > 10.0.0.53:53 q={,_dmarc.}x{1..90}q.test rcode=NXDOMAIN",
        // Names that only exist inside, and were left behind there.
        "@0 dns 10.0.0.9:* > 10.0.0.53:53 q=x{1..90}q.{local,lan,home} rcode=NXDOMAIN",
        // A proxy is looked for in every suffix, by many clients.
        "@0 dns 10.0.0.{1..90}:* > 10.0.0.53:53 q=wpad.{a,b,c}.corp.test rcode=NXDOMAIN",
        // A resolver asks for its clients.
        "@0 dns 10.0.0.1:* > 10.0.0.9:53 q=a.test rcode=NOERROR a=192.0.2.1\n@0 dns 10.0.0.9:* > 9.9.9.9:53 q=x{1..90}q.test rcode=NXDOMAIN",
    ] {
        assert_eq!(run(text), "", "{text}");
    }
}

#[test]
fn types_that_clients_ask_for_count() {
    assert_ne!(run(&(burst(30, 1) + " type=A")), "");
    assert_ne!(run(&(burst(30, 1) + " type=AAAA")), "");
    assert_eq!(run(&(burst(30, 1) + " type=NS")), "");
    let sites = format!("{}\n{} site=b", burst(20, 1), burst(20, 1).replace("q=x", "q=y"));
    assert_eq!(run(&sites), "");
}

#[test]
fn caps_of_eight_give_the_same_for_any_order() {
    found_within(&RULE, 8, &events(&burst(90, 1)));
}
