//! What is a sweep, what is not, and where each threshold stands.

use super::judge::{MANY_TARGETS, MIN_TARGETS, MIN_TARGETS_UNHEARD};
use super::*;
use crate::detect::kit::dsl::{events, fact, found, found_within, lines};

fn run(text: &str) -> Vec<Finding> {
    found(&RULE, &events(text))
}

const ONE_ANSWERS: &str = "@0 arp 10.0.0.1 > 10.0.9.9 operation=reply";

#[test]
fn many_neighbouring_addresses_within_a_minute_are_a_sweep() {
    let sweep = |n: usize| {
        let asks = format!("@0+0.1 arp 10.0.9.9 > 10.0.0.{{1..{n}}} operation=request mac=02:00");
        lines(&run(&format!("{asks}\n{ONE_ANSWERS}")))
    };
    assert_eq!(sweep(MIN_TARGETS), "Low/Medium ARP sweep: 10.0.9.9 asked for 30 addresses\n");
    assert_eq!(sweep(MIN_TARGETS - 1), "");
    assert!(sweep(MANY_TARGETS).starts_with("Low/High"));
    assert!(sweep(MANY_TARGETS - 1).starts_with("Low/Medium"));
}

#[test]
fn without_an_answer_twice_as_many_are_needed() {
    let sweep = |n| run(&format!("@0+0.1 arp 10.0.9.9 > 10.0.0.{{1..{n}}} operation=request"));
    let found = sweep(MIN_TARGETS_UNHEARD);
    assert_eq!(lines(&found), "Low/Low ARP sweep: 10.0.9.9 asked for 60 addresses\n");
    assert_eq!(fact(&found[0], "share that did not answer"), "not shown");
    assert!(sweep(MIN_TARGETS_UNHEARD - 1).is_empty());
}

#[test]
fn what_takes_its_time_is_none() {
    let every = |secs| {
        let asks = format!("@0+{secs} arp 10.0.9.9 > 10.0.0.{{1..31}} operation=request");
        run(&format!("{asks}\n{ONE_ANSWERS}")).len()
    };
    assert_eq!((every(2.0), every(2.1)), (1, 0));
}

#[test]
fn neighbours_that_answer_are_known_ones() {
    let answered = |n| {
        run(&format!(
            "@0 arp 10.0.9.9 > 10.0.0.{{1..40}} operation=request\n@1 arp 10.0.0.{{1..{n}}} > 10.0.9.9 operation=reply"
        ))
        .len()
    };
    assert_eq!((answered(20), answered(21)), (1, 0));
}

#[test]
fn strewn_addresses_are_what_a_busy_host_talks_to() {
    // Beside 80 in a row, 20 that stand alone are the most that leave a share of 0.8.
    let alone = |n| {
        let more: Vec<_> = (0..n).map(|i| (100 + 2 * i).to_string()).collect();
        run(&format!(
            "@0 arp 10.0.9.9 > 10.0.0.{{1..80}} operation=request\n@0 arp 10.0.9.9 > 10.0.0.{{{}}} operation=request",
            more.join(",")
        ))
        .len()
    };
    assert_eq!((alone(20), alone(21)), (1, 0));
}

#[test]
fn who_takes_an_address_sweeps_nothing() {
    assert!(run("@0 arp 0.0.0.0 > 10.0.0.{1..99} operation=request").is_empty());
    assert!(run("@0 arp 10.0.0.9 > 10.0.0.9 operation=request").is_empty());
}

#[test]
fn caps_of_eight_give_the_same_for_any_order() {
    let asks = "@0 arp 10.0.0.{1,2} > 10.0.0.{1..99} operation=request";
    assert!(found_within(&RULE, 8, &events(asks)).is_empty());
}
