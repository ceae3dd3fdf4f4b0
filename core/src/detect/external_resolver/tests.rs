//! Cases of `external-resolver`: the few that go around, and questions that are no choice.

use super::RULE;
use crate::detect::kit::dsl::{events, found, found_within, lines};

fn run(text: &str) -> String {
    lines(&found(&RULE, &events(text)))
}

#[test]
fn the_articles_sample_is_information() {
    let text = "dns 192.168.75.28 > 91.11.62.6 q=c2.evil.org a={11,12,13}.1.1.1 ttl=9";
    assert_eq!(
        run(text),
        "Info/Low Resolver outside the network: 192.168.75.28 asked 91.11.62.6\n"
    );
}

#[test]
fn the_few_that_go_around_an_inside_resolver_stand_out() {
    let inside = "@0 dns 10.0.0.{1..9}:* > 10.0.0.53:53 q=a.test a=192.0.2.1";
    let around = |who: &str, n| {
        format!("{inside}\n@0+1 dns {who}:* > 8.8.8.8:53 q=b{{1..{n}}}.test a=192.0.2.1")
    };
    assert!(run(&around("10.0.0.77", 3)).starts_with("Medium/Medium"));
    assert!(run(&around("10.0.0.77", 2)).starts_with("Low/"));
    // Eight of seventeen are the few, nine of eighteen are not.
    assert!(run(&around("10.0.1.{1..8}", 3)).starts_with("Medium/"));
    assert!(run(&around("10.0.1.{1..9}", 3)).starts_with("Info/"));
    // Eleven servers may be a client's choice, twelve are a resolver's way to an answer.
    let many = |n| format!("{inside}\n@0 dns 10.0.0.77:* > 198.51.100.{{1..{n}}}:53 q=a.test");
    assert!(run(&many(11)).starts_with("Medium/"));
    assert_eq!(run(&many(12)), "");
}

#[test]
fn look_alikes_stay_quiet() {
    for text in [
        // The resolver's own recursion, with and without the flag.
        "@0 dns 10.0.0.{1..9}:* > 10.0.0.53:53 q=a.test\n@0 dns 10.0.0.53:* > 198.51.100.{1..40}:53 q=a.test",
        "@0 dns 10.0.0.53:* > 198.51.100.{1..40}:53 q=a.test rd=F",
        // A cloud platform's resolver, multicast, other ports, outside clients.
        "@0 dns 10.0.0.5:* > 168.63.129.16:53 q=a.test",
        "@0 dns 10.0.0.5:5353 > 224.0.0.251:5353 q=a.local",
        "@0 dns 10.0.0.5:* > 192.0.2.1:5355 q=a",
        "@0 dns 192.0.2.5:* > 8.8.8.8:53 q=a.test",
        "@0 dns 127.0.0.1:* > 127.0.0.1:53 q=a.test",
    ] {
        assert_eq!(run(text), "", "{text}");
    }
}

#[test]
fn two_sites_private_addresses_are_two() {
    // What serves one site is a client like others at another.
    let basel = "@0 dns 10.0.0.{1..9}:* > 10.0.0.53:53 q=a.test a=192.0.2.1 site=Basel";
    let bern = "@0+1 dns 10.0.0.53:* > 8.8.8.8:53 q={a,b,c}.test a=192.0.2.1 site=Bern";
    assert!(run(&format!("{basel}\n{bern}")).contains("10.0.0.53 (Bern) asked 8.8.8.8"));
    assert_eq!(run(&format!("{basel}\n{}", bern.replace("Bern", "Basel"))), "");
}

#[test]
fn caps_of_eight_give_the_same_for_any_order() {
    let found =
        found_within(&RULE, 8, &events("@0 dns 10.0.0.{1..40}:* > 8.8.{1,2}.8:53 q=a.test"));
    assert!(found[0].missing.iter().any(|m| m.contains("lower bounds")));
}
