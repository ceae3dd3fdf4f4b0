//! Cases of `web-recon`: lists from server logs and captures, and visitors who look like them.

use super::RULE;
use crate::detect::kit::dsl::{events, fact, found, found_within, lines};
use crate::report::{Finding, Severity};

fn run(text: &str) -> Vec<Finding> {
    found(&RULE, &events(text))
}

/// The article's sample: 16 set-up paths in 44 seconds.
fn sample() -> String {
    let rows = [
        (58, "2.2.3"),
        (71, "2.6.0-rc1"),
        (72, "2.6.0-rc2"),
        (72, "2.6.0-rc3"),
        (73, "2.6.0"),
        (74, "2.6.0-pl1"),
        (96, "2.8.0-rc1"),
        (97, "2.8.0-rc2"),
        (98, "2.8.0"),
        (98, "2.8.0.1"),
        (99, "2.8.0.2"),
        (100, "2.8.0.3"),
        (100, "2.8.0.4"),
        (101, "2.8.1-rc1"),
        (102, "2.8.1"),
        (102, "2.8.2"),
    ];
    let row = |(at, v): &(u32, &str)| {
        let len = 305 + v.len();
        format!(
            "@{at} http 123.150.207.231 method=GET uri=//phpMyAdmin-{v}/scripts/setup.php status=404 len={len} log\n"
        )
    };
    rows.iter().map(row).collect()
}

#[test]
fn the_articles_sample() {
    let found = run(&sample());
    assert_eq!(
        lines(&found),
        "Medium/Medium Web reconnaissance: 123.150.207.231 asked for 16 missing paths, versions enumerated\n"
    );
    let f = &found[0];
    assert_eq!(fact(f, "versions of one path asked for"), "16 of //phpMyAdmin-#/scripts/setup.php");
    assert_eq!(fact(f, "paths with a doubled slash"), "16");
    assert_eq!(fact(f, "referrer and agent"), "none in any of these rows");
    assert_eq!(fact(f, "size of error pages"), "path length + 274 bytes");
    assert!(f.missing.iter().any(|m| m.contains("Which server")));
    assert_eq!(f.evidence.rows.len(), 16);
    // Another client of the same log has an agent: now its absence tells.
    let other = format!("{}@5 http 192.0.2.1 uri=/ status=200 agent=x log\n", sample());
    assert_eq!(fact(&run(&other)[0], "requests without referrer and agent"), "16 requests");
}

#[test]
fn both_sides_of_each_threshold() {
    // Eleven paths at once overflow, ten do not.
    let at_once = |n| format!("@0 http 192.0.2.9 uri=//a{{1..{n}}}/x status=404 agent=x");
    assert_eq!((run(&at_once(10)).len(), run(&at_once(11)).len()), (0, 1));
    // One every ten seconds leaks away.
    let slow = |gap| format!("@0+{gap} http 192.0.2.9 uri=//a{{1..40}}/x status=404 agent=x");
    assert_eq!((run(&slow(10)).len(), run(&slow(5)).len()), (0, 1));
    // Share of misses: 16 of 20, 16 of 21.
    let share =
        |n| format!("{}\n@9 http 192.0.2.9 uri=/page{{1..{n}}} status=200 agent=x", at_once(16));
    assert_eq!((run(&share(4)).len(), run(&share(5)).len()), (1, 0));
    // Without another sign, a list must be long; longer for who asked for the crawlers' rules.
    let long = |n| format!("@0 http 192.0.2.9 uri=/a{{1..{n}}}/x status=404 agent=x referrer=y");
    assert_eq!((run(&long(49)).len(), run(&long(50)).len()), (0, 1));
    let crawler = |n| format!("@0 http 192.0.2.9 uri=/robots.txt status=200 agent=x\n{}", long(n));
    assert_eq!((run(&crawler(499)).len(), run(&crawler(500)).len()), (0, 1));
    // Versions: three of them, two of them, and eight other paths.
    let versions = |n| {
        format!(
            "@0 http 192.0.2.9 uri=/b{{1..9}} status=404 agent=x\n@0 http 192.0.2.9 uri=/p-1.{{1..{n}}}/x status=404 agent=x"
        )
    };
    assert_eq!((run(&versions(2)).len(), run(&versions(3)).len()), (0, 1));
    // Syntax needs no misses.
    let syntax =
        |n| format!("@0+60 http 192.0.2.9 uri=/x?id={{1..{n}}}~union~select status=200 agent=x");
    assert_eq!((run(&syntax(2)).len(), run(&syntax(3)).len()), (0, 1));
    assert_eq!(run(&syntax(49))[0].severity, Severity::Low);
    assert_eq!(run(&syntax(50))[0].severity, Severity::Medium);
    // Files that no page links to: five of them, four of them.
    let files = ["/.env", "/.git/HEAD", "/wp-login.php", "/dump.sql", "/phpmyadmin/"];
    let guesses = |n: usize| -> String {
        let row = |f: &&str| format!("@0 http 192.0.2.9 uri={f} status=404 agent=x referrer=y\n");
        files.iter().take(n).map(row).collect()
    };
    assert_eq!(run(&guesses(4)), []);
    assert_eq!(
        lines(&run(&guesses(5))),
        "Low/Medium Web reconnaissance: 192.0.2.9 asked for 5 missing paths, hidden files and consoles among them\n"
    );
    // Replies that were not captured take nothing away from the requests.
    let one_way = |n| syntax(n).replace(" status=200", "");
    assert_eq!(run(&one_way(2)), []);
    let found = run(&one_way(3));
    assert_eq!(found[0].severity, Severity::Low);
    assert_eq!(fact(&found[0], "different requests by status"), "no reply seen: 3");
    assert_eq!(run(&at_once(16).replace(" status=404", "")), []);
}

#[test]
fn a_hit_among_misses_is_shown_first() {
    let text = "@0 http 192.0.2.9:5000 > 198.51.100.1:80 uri=/a{1..60}/x status=404 agent=x\n@1 http 192.0.2.9:5000 > 198.51.100.1:80 uri=/backup.zip status=200 agent=x";
    let found = run(text);
    assert!(lines(&found).starts_with("Medium/High"), "{}", lines(&found));
    assert_eq!(fact(&found[0], "answered among misses"), "/backup.zip");
    assert!(found[0].evidence.rows.iter().any(|r| r.why == "answered"));
    // A type that the site serves to nobody else.
    let foreign = "@0 http 192.0.2.1 uri=/index.html status=200 agent=x\n@0 http 192.0.2.9 uri=/a{1..12}.php status=404 agent=x";
    assert_eq!(fact(&run(foreign)[0], "missing paths of a type not served to others"), "12");
}

#[test]
fn look_alikes_stay_quiet() {
    for text in [
        // A search bot: rules first, slowly, with many hits.
        "@0 http 192.0.2.9 uri=/robots.txt status=200 agent=bot\n@1+15 http 192.0.2.9 uri=/old/{1..60} status=404 agent=bot\n@1+15 http 192.0.2.9 uri=/new/{1..60} status=200 agent=bot",
        // A broken page: its pictures and styles are gone.
        "@0 http 192.0.2.9 uri=/img/{1..60}.png status=404 agent=x referrer=/page",
        // A mistyped link in a mailing: many clients, one path.
        "@0 http 192.0.2.{1..99} uri=/sale~now status=404 agent=x",
        // Uptime check.
        "@0+10 http 192.0.2.9 uri={/h,/h,/h,/h,/h,/h,/h,/h,/h,/h,/h,/h,/h,/h} status=404",
        // What browsers and authorities ask for by themselves.
        "@0 http 192.0.2.9 uri=/apple-touch-icon-{1..30}.png status=404\n@0 http 192.0.2.9 uri=/.well-known/{1..30} status=404",
        // An office behind one address.
        "@0 http 192.0.2.9 uri=/a{1..30} status=404 agent=x referrer=y\n@0 http 192.0.2.9 uri=/p{1..90} status=200 agent=x referrer=y",
        // A proxy's log: many servers, a few misses each.
        "@0 http 10.0.0.9:* > 10.0.0.1:3128 host=h{1..30}.test uri=//x{1..3} status=404 agent=x",
    ] {
        assert_eq!(lines(&run(text)), "", "{text}");
    }
}

#[test]
fn a_capture_and_the_servers_log_of_it_count_once() {
    let capture =
        "@0 http 192.0.2.9:5000 > 198.51.100.1:80 host=a.test uri=//a{1..16}/x status=404 agent=x";
    let log = "#2 @0 http 192.0.2.9 uri=//a{1..16}/x status=404 agent=x log";
    let found = run(&format!("{capture}\n{log}"));
    assert_eq!(lines(&found), lines(&run(capture)));
    assert_eq!(found[0].evidence.total, run(capture)[0].evidence.total);
}

#[test]
fn two_sites_private_clients_are_two() {
    let asks = |range: &str, site: &str| {
        format!(
            "@0 http 10.0.0.9 > 10.0.0.1:80 uri=//a{{{range}}}/x status=404 agent=x site={site}\n"
        )
    };
    let found = |text: &str| found(&RULE, &events(text)).len();
    assert_eq!(found(&(asks("1..6", "Bern") + &asks("7..12", "Bern"))), 1);
    assert_eq!(found(&(asks("1..6", "Basel") + &asks("7..12", "Bern"))), 0);
}

#[test]
fn caps_of_eight_give_the_same_for_any_order() {
    let text = "@0 http 192.0.2.9 uri=/x?id={1..40}~union~select status=404 agent=x\n@0 http 192.0.2.{20..30} uri=/p status=200 agent=x";
    found_within(&RULE, 8, &events(text));
}
