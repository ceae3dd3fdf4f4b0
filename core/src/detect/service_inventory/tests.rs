//! Cases of `service-inventory`: what is a service, what weighs more, and what is told as one.

use super::RULE;
use crate::detect::kit::dsl::{events, found, found_within, lines};
use crate::report::{Basis, Finding};

fn run(text: &str) -> Vec<Finding> {
    found(&RULE, &events(text))
}

#[test]
fn the_articles_sample() {
    let found = run("@0 known_services > 192.168.20.1:53 udp service=DNS
        @1 known_services > 192.168.20.1:67 udp service=DHCP
        @2 known_services > 192.168.20.1:443 service=SSL
        @3 known_services > 192.168.47.189:80 service=HTTP");
    assert_eq!(
        lines(&found),
        "Info/Medium Service inventory: 4 services on 2 hosts, reported by a log\n"
    );
    let facts: Vec<&str> = found[0].facts.iter().map(|f| f.value.as_str()).collect();
    assert!(
        facts.contains(&"192.168.20.1 53/udp dns") && facts.contains(&"192.168.47.189 80/tcp http")
    );
    assert!(found[0].facts.iter().all(|f| f.basis == Basis::Reported));
}

#[test]
fn what_is_a_service_and_what_is_not() {
    let n = |text: &str| run(text).first().map_or(0, |f| f.facts.len());
    assert_eq!(n("@0 conn 10.0.0.9:* > 10.0.0.1:22 answered odata=1 rdata=1"), 1);
    // A high port takes a protocol or two clients.
    assert_eq!(n("@0 conn 10.0.0.9:* > 10.0.0.1:8443 answered odata=1 rdata=1"), 0);
    assert_eq!(n("@0 conn 10.0.0.9:* > 10.0.0.1:8443 answered odata=1 rdata=1 service=ssl"), 1);
    assert_eq!(n("@0 conn 10.0.0.{8,9}:* > 10.0.0.1:8443 answered odata=1 rdata=1"), 1);
    for no in [
        "@0 conn 10.0.0.9:* > 10.0.0.1:22 unanswered",
        "@0 conn 10.0.0.9:* > 10.0.0.1:22 refused",
        "@0 conn 10.0.0.9:* > 10.0.0.1:22 answered history=Fr",
        "@0 conn 10.0.0.9:* > 198.51.100.1:443 answered odata=1 rdata=1",
        "@0 conn 10.0.0.9:20 > 10.0.0.1:50000 answered odata=1 rdata=1 service=ftp-data",
        "@0 conn 10.0.0.9:* > 10.0.0.1:22 opkts=4",
    ] {
        assert_eq!(n(no), 0, "{no}");
    }
}

#[test]
fn connections_under_way_tell_services_by_their_ports() {
    let n = |ends: &str, history: &str| {
        run(&format!("@0 conn {ends} answered state=OTH history={history} odata=1 rdata=1")).len()
    };
    assert_eq!(n("10.0.0.9:50000 > 10.0.0.1:443", "^dD"), 1);
    // Without data of the server, between two high ports, and the wrong way round.
    assert_eq!(n("10.0.0.9:50000 > 10.0.0.1:443", "Aa"), 0);
    assert_eq!(n("10.0.0.9:50000 > 10.0.0.1:1024", "^dD"), 0);
    assert_eq!(n("10.0.0.1:443 > 10.0.0.9:50000", "^dD"), 0);
}

#[test]
fn outside_use_of_a_sensitive_service_is_more_than_information() {
    assert!(
        lines(&run("@0 conn 192.0.2.9:* > 10.0.0.1:3389 answered odata=9 rdata=9"))
            .starts_with("Low/")
    );
    assert!(
        lines(&run("@0 conn 10.0.0.9:* > 10.0.0.1:3389 answered odata=9 rdata=9"))
            .starts_with("Info/")
    );
    assert!(
        lines(&run("@0 conn 192.0.2.9:* > 10.0.0.1:443 answered odata=9 rdata=9"))
            .starts_with("Info/")
    );
}

#[test]
fn a_host_that_answers_on_every_port_is_told_as_one() {
    let n = |to: usize| {
        run(&format!("@0 conn 10.0.0.9:* > 10.0.0.1:{{1..{to}}} answered odata=0 rdata=0"))[0]
            .facts
            .len()
    };
    assert_eq!((n(99), n(100)), (99, 1));
    let trap = "@0 conn 10.0.0.9:* > 10.0.0.1:{1..300} answered odata=0 rdata=0";
    let found = run(trap);
    assert_eq!(lines(&found), "Info/Medium Service inventory: 1 host that answers on every port\n");
    assert_eq!(found[0].facts[0].value, "10.0.0.1: 256 ports or more");
    let beside = run(&format!("{trap}\n@0 conn 10.0.0.9:* > 10.0.0.2:22 answered odata=1 rdata=1"));
    assert!(lines(&beside).contains("1 service on 1 host, reported by a log, 1 host that answers"));
}

#[test]
fn two_sites_private_servers_are_two() {
    let at = |site: &str| format!("known_services * > 10.0.0.1:22 service=ssh site={site}\n");
    let found = found(&RULE, &events(&(at("Basel") + &at("Bern"))));
    assert!(lines(&found).contains("2 services on 2 hosts"), "{}", lines(&found));
}

#[test]
fn caps_of_eight_give_the_same_for_any_order() {
    found_within(
        &RULE,
        8,
        &events("@0 conn 10.0.0.9:* > 10.0.0.{1..9}:{22,80,443} answered odata=1 rdata=1"),
    );
}
