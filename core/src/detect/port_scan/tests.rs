//! Cases of `port-scan`: three kinds of scan from packets and flow records, and their look-alikes.

use super::RULE;
use crate::detect::kit::dsl::{events, fact, found, found_within, lines};
use crate::report::{Basis, Finding};

fn run(text: &str) -> Vec<Finding> {
    found(&RULE, &events(text))
}

/// The article's sample as the pairing stage gives it: the exporter shows both directions.
const SAMPLE: &str = "
    @0 conn 123.150.207.231:38553 > 98.252.16.36:3306 unanswered opkts=1 obytes=44
    @0.408 conn 123.150.207.231:38553 > 98.252.16.36:587 unanswered opkts=1 obytes=44
    @0.817 conn 123.150.207.231:38553 > 98.252.16.36:53 unanswered opkts=1 obytes=44
    @1.228 conn 123.150.207.231:38553 > 98.252.16.36:443 answered opkts=2 obytes=84 rpkts=1 rbytes=44
    @1.628 conn 123.150.207.231:38553 > 98.252.16.36:5900 answered opkts=2 obytes=84 rpkts=1 rbytes=44
    @2.031 conn 123.150.207.231:38553 > 98.252.16.36:1720 unanswered opkts=1 obytes=44
    @2.441 conn 123.150.207.231:38553 > 98.252.16.36:1723 unanswered opkts=1 obytes=44
    @2.843 conn 123.150.207.231:38553 > 98.252.16.36:993 unanswered opkts=1 obytes=44
    @3.244 conn 123.150.207.231:38553 > 98.252.16.36:8080 unanswered opkts=1 obytes=44
    @3.646 conn 123.150.207.231:38553 > 98.252.16.36:445 unanswered opkts=1 obytes=44
    @4.047 conn 123.150.207.231:38553 > 98.252.16.36:1025 unanswered opkts=1 obytes=44
    @4.452 conn 123.150.207.231:38553 > 98.252.16.36:3389 answered rpkts=1 rbytes=44";

#[test]
fn the_articles_sample() {
    let found = run(SAMPLE);
    assert_eq!(
        lines(&found),
        "Medium/High Port scan: 123.150.207.231 asked 11 ports of 98.252.16.36\n"
    );
    let f = &found[0];
    assert_eq!(fact(f, "time from first to last"), "4.047 s");
    assert_eq!(fact(f, "source port"), "38553, for all");
    assert_eq!(fact(f, "targets that gave nothing"), "9");
    let open: Vec<(String, Basis, String)> = f
        .facts
        .iter()
        .filter(|x| x.name == "answered, consistent with open")
        .map(|x| (x.value.clone(), x.basis, x.note.clone().unwrap()))
        .collect();
    assert_eq!(open.len(), 3);
    assert!(open.iter().all(|o| o.1 == Basis::Inferred));
    assert!(
        open[0].0.ends_with(":443/tcp")
            && open[0].2.starts_with("84 bytes in 2 packets one way and an answer of 44 bytes")
    );
    assert!(open[1].0.ends_with(":3389/tcp") && open[1].2.contains("no request was recorded"));
    assert!(f.missing.iter().any(|m| m.contains("TCP flags")));
    assert_eq!(f.evidence.rows.len(), 12);
}

#[test]
fn each_kind_of_scan_is_named() {
    for (text, want) in [
        (
            "@0+1 conn 192.0.2.9:* > 10.0.0.1:{1..30} refused history=Sr",
            "Low/High Port scan: 192.0.2.9 asked 30 ports of 10.0.0.1\n",
        ),
        (
            "@0+1 conn 192.0.2.9:* > 10.0.0.{1..6}:445 unanswered history=S",
            "Low/Medium Port scan: 192.0.2.9 asked port 445/tcp of 6 hosts\n",
        ),
        (
            "@0+1 conn 192.0.2.9:* > 10.0.0.{1..4}:{22,23} unanswered history=S",
            "Low/Medium Port scan: 192.0.2.9 asked 2 ports on 4 hosts\n",
        ),
        (
            "@0+1 conn 10.0.0.9:* > 10.0.1.{1..60}:445 unanswered history=S",
            "Medium/High Port scan: 10.0.0.9 asked port 445/tcp of 60 hosts\n",
        ),
        (
            "@0+1 conn 10.0.0.9:8 > 10.0.1.{1..60}:0 icmp unanswered",
            "Medium/High Host sweep: 10.0.0.9 pinged 60 hosts\n",
        ),
        (
            "@0+1 conn 10.0.0.9:* > 10.0.0.1:{1..60} udp unanswered icmp_error=port-unreachable",
            "Medium/High Port scan: 10.0.0.9 asked 60 ports of 10.0.0.1\n",
        ),
        (
            "@0+1 conn 10.0.0.9:* > 10.0.0.1:{1..60} unanswered history=F",
            "Medium/High Port scan: 10.0.0.9 asked 60 ports of 10.0.0.1\n",
        ),
        // Untimed.
        (
            "conn 192.0.2.9:* > 10.0.0.1:{1..30} unanswered",
            "Low/Low Port scan: 192.0.2.9 asked 30 ports of 10.0.0.1\n",
        ),
    ] {
        assert_eq!(lines(&run(text)), want, "{text}");
    }
}

#[test]
fn both_sides_of_each_floor() {
    let outside = |n| format!("@0+1 conn 192.0.2.9:* > 10.0.0.1:{{1..{n}}} unanswered history=S");
    assert_eq!((run(&outside(4)).len(), run(&outside(5)).len()), (0, 1));
    let burst =
        |n, gap| format!("@0+{gap} conn 10.0.0.9:* > 10.0.0.1:{{1..{n}}} unanswered history=S");
    assert_eq!((run(&burst(9, 1)).len(), run(&burst(10, 1)).len()), (0, 1));
    assert_eq!((run(&burst(19, 30)).len(), run(&burst(20, 30)).len()), (0, 1));
    let sweep = |n| format!("@0+1 conn 10.0.0.9:* > 10.0.1.{{1..{n}}}:445 unanswered history=S");
    assert_eq!((run(&sweep(24)).len(), run(&sweep(25)).len()), (0, 1));
    // Beyond the window three times as many are needed.
    let slow = |n| format!("@0+3000 conn 192.0.2.9:* > 10.0.0.1:{{1..{n}}} unanswered history=S");
    assert_eq!((run(&slow(14)).len(), run(&slow(15)).len()), (0, 1));
    // Failed share: six of ten, five and a bit of ten.
    let share = |used| {
        format!(
            "{}\n@100+1 conn 192.0.2.9:* > 10.0.0.1:{{101..{}}} answered odata=1 rdata=1",
            outside(6),
            100 + used
        )
    };
    assert_eq!((run(&share(4)).len(), run(&share(5)).len()), (1, 0));
    // Rounds: five contacts a target are retries, six are polling.
    let rounds = |n| {
        (0..n)
            .map(|i| outside(6).replace("@0", &format!("@{}", i * 60)))
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!((run(&rounds(5)).len(), run(&rounds(6)).len()), (1, 0));
}

#[test]
fn peers_that_went_away_are_strangers_to_each_other() {
    // Hosts in networks of their own; most are gone, some talk.
    let peers = |used: usize, net: &str| {
        let row = |i: usize| {
            let word = if i < used { "answered odata=9 rdata=9" } else { "unanswered history=S" };
            let at = i * 97 % 100;
            format!("@{at} conn 10.0.0.9:* > {net}:8333 {word}\n").replace("$I", &i.to_string())
        };
        lines(&run(&(0..100).map(row).collect::<String>()))
    };
    assert_eq!(peers(11, "11.$I.2.3"), "");
    assert!(peers(10, "11.$I.2.3").contains("asked port 8333/tcp of 100 hosts"));
    // Of one network, which is worked through.
    assert!(peers(11, "11.1.2.$I").contains("asked port 8333/tcp of 100 hosts"));
}

#[test]
fn look_alikes_stay_quiet() {
    for text in [
        // A dead server, asked again and again.
        "@0+5 conn 10.0.0.9:* > 10.0.0.1:{443,443,443,443,443,443,443,443,443,443} unanswered history=S",
        // A browser: many servers, few dead.
        "@0+1 conn 10.0.0.9:* > 198.51.100.{1..90}:443 answered odata=9 rdata=9\n@0+3 conn 10.0.0.9:* > 203.0.113.{1..30}:443 unanswered history=S",
        // Backscatter: answers to requests that others sent in this name.
        "@0+1 conn 192.0.2.9:80 > 10.0.0.{1..60}:* unanswered history=H",
        "@0+1 conn 192.0.2.9:80 > 10.0.0.{1..60}:* unanswered oflags=AS opkts=1",
        // One-way capture: requests go on, so they were answered.
        "@0+1 conn 10.0.0.9:* > 198.51.100.{1..60}:443 unanswered history=SAD odata=500",
        // One-way export: nobody knows whether anything was answered.
        "@0+1 conn 10.0.0.9:* > 198.51.100.{1..60}:443 opkts=9 obytes=900",
        // Replies of a resolver whose questions were not recorded.
        "@0+1 conn 10.0.0.53:53 > 10.0.0.9:{30000..30060} udp unanswered",
        // Peers of a file-sharing net: one port each.
        "@0+1 conn 10.0.0.9:* > 198.51.100.{1..90}:* unanswered history=S",
        // Discovery by multicast, and path tracing.
        "@0+1 conn 10.0.0.9:* > 239.255.255.{1..60}:1900 udp unanswered",
        "@0+1 conn 10.0.0.9:* > 198.51.100.7:{33434..33500} udp unanswered",
        // A load balancer's health checks: connect and drop, few targets.
        "@0+1 conn 10.0.0.9:* > 10.0.0.{1..9}:{80,443} answered history=ShAFfa odata=0 rdata=0",
        // Monitoring of dead machines, each polled every minute.
        "@0+60 conn 10.0.0.9:* > 10.0.0.{1..30}:22 unanswered history=S\n@1+60 conn 10.0.0.9:* > 10.0.0.{1..30}:22 unanswered history=S\n@2+60 conn 10.0.0.9:* > 10.0.0.{1..30}:22 unanswered history=S\n@3+60 conn 10.0.0.9:* > 10.0.0.{1..30}:22 unanswered history=S\n@4+60 conn 10.0.0.9:* > 10.0.0.{1..30}:22 unanswered history=S\n@5+60 conn 10.0.0.9:* > 10.0.0.{1..30}:22 unanswered history=S",
    ] {
        assert_eq!(lines(&run(text)), "", "{text}");
    }
}

#[test]
fn a_capture_with_its_own_log_counts_once() {
    let scan = "@0+1 conn 192.0.2.9:* > 10.0.0.1:{1..30} refused history=Sr";
    let one = run(scan);
    let both: Vec<_> = {
        let mut all = events(scan);
        let mut log = events(&scan.replace("@0", "#2 @0.5"));
        // Same ports as in the capture.
        log.iter_mut().zip(&all).for_each(|(l, c)| l.flow.orig = c.flow.orig);
        all.extend(log);
        all
    };
    let both = found(&RULE, &both);
    assert_eq!(lines(&one), lines(&both));
    assert_eq!(one[0].evidence.total, both[0].evidence.total);
}

#[test]
fn two_sites_private_hosts_are_two() {
    let ports = |range: &str, site: &str| {
        format!("@0+1 conn 10.0.0.9:* > 10.0.0.1:{{{range}}} unanswered opkts=1 site={site}\n")
    };
    let one = ports("1..30", "Bern") + &ports("31..60", "Bern");
    let two = ports("1..30", "Basel") + &ports("31..60", "Bern");
    let found = |text: &str| found(&RULE, &events(text));
    assert!(lines(&found(&one)).contains("10.0.0.9 (Bern) asked 60 ports of 10.0.0.1 (Bern)"));
    assert!(lines(&found(&two)).contains("10.0.0.9 (Basel) asked 30 ports of 10.0.0.1 (Basel)"));
}

#[test]
fn caps_of_eight_give_the_same_for_any_order() {
    let text = "@0+1 conn 192.0.2.9:* > 10.0.0.1:{1..200} unanswered history=S\n@0+1 conn 10.0.0.{1..9}:* > 198.51.100.1:443 answered odata=5 rdata=5";
    let found = found_within(&RULE, 8, &events(text));
    assert_eq!(found.len(), 1);
    assert!(found[0].missing.iter().any(|m| m.contains("lower bounds")));
}
