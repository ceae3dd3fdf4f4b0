//! Cases of `fast-flux`: hits, near misses on each side of each threshold, look-alikes.

use super::RULE;
use crate::detect::kit::dsl::{events, fact, found, found_within, lines};
use crate::event::Event;
use crate::report::Finding;

fn run(text: &str) -> Vec<Finding> {
    found(&RULE, &events(text))
}

/// The article's sample: no times, no ports.
const SAMPLE: &str = "
    dns 192.168.75.28 > 91.11.62.6 q=c2.evil.org a=101.202.75.18 ttl=58
    dns 192.168.75.28 > 91.11.62.6 q=c2.evil.org a=75.19.51.1 ttl=41
    dns 192.168.75.28 > 91.11.62.6 q=c2.evil.org a=203.61.173.56 ttl=18";

#[test]
fn the_articles_sample_is_found_without_a_claim_about_time() {
    let found = run(SAMPLE);
    assert_eq!(
        lines(&found),
        "Medium/Low 80 Fast flux pattern: c2.evil.org, 3 addresses in 3 unrelated networks\n"
    );
    assert_eq!(fact(&found[0], "longest caching time"), "58 s");
    assert_eq!(fact(&found[0], "time within which it changed"), "not shown");
    assert!(found[0].missing.iter().any(|m| m.contains("no rate of change")));
    assert_eq!((found[0].when, found[0].evidence.rows.len()), (None, 3));
}

#[test]
fn hits() {
    // One address an answer, another each time: what counting within one answer misses.
    let one = "@0+240 dns 10.0.0.1:* > 10.0.0.53:53 q=a.test a={11..30}.1.2.3 ttl=120";
    assert_eq!(
        lines(&run(one)),
        "Medium/Medium 85 Fast flux pattern: a.test, 16 addresses in 16 unrelated networks\n"
    );
    // Rarely asked, by its many addresses in a day.
    let rare = "@0+3000 dns 10.0.0.1:* > 10.0.0.53:53 q=a.test a={11..22}.1.2.3 ttl=120";
    assert_eq!(run(rare).len(), 1);
    // Double: the name servers' addresses change as well.
    let double = "@0+240 dns 10.0.0.1:* > 10.0.0.53:53 q=a.test a={11..30}.1.2.3 ttl=120 auth=ns1.a.test addl={a}.9.9.9";
    let text: String = (11..31)
        .map(|n| {
            double
                .replace("{11..30}", &n.to_string())
                .replace("{a}", &(n + 40).to_string())
                .replace("@0+240", &format!("@{}", n * 200))
                + "\n"
        })
        .collect();
    assert_eq!(fact(&run(&text)[0], "name servers change too"), "20 addresses, evenness 1.00");
    assert!(lines(&run(&text)).contains("networks, name servers change too"));
    // As a resolver sees it: who answers, and then their addresses. Four servers are ordinary.
    let asked = |n: usize| {
        format!(
            "{one}\n@5 dns 10.0.0.53:* > 9.9.9.9:53 q=a.test type=NS a=ns1.a.test\n@6+60 dns 10.0.0.53:* > 9.9.9.9:53 q=ns1.a.test a={{51..{n}}}.1.2.3 ttl=60"
        )
    };
    assert!(
        lines(&run(&asked(55)))
            .contains("a.test, 16 addresses in 16 unrelated networks, name servers change too")
    );
    assert!(!lines(&run(&asked(54))).contains("name servers change too"));
    // IPv6.
    let v6 = "@0+60 dns 10.0.0.1:* > 10.0.0.53:53 q=a.test a=2a0{1..9}:1::5 ttl=60";
    assert_eq!(run(v6).len(), 1);
    // Two resolvers, one cause.
    let two = format!("{SAMPLE}\n{}", SAMPLE.replace("91.11.62.6", "9.9.9.9"));
    let found = run(&two);
    assert_eq!((found.len(), found[0].includes.len()), (1, 1));
}

#[test]
fn near_misses() {
    let quiet = [
        // Two addresses only.
        "@0+60 dns 10.0.0.1:* > 10.0.0.53:53 q=a.test a={11,12,11,12}.1.2.3 ttl=60",
        // Two answers only, though of three addresses.
        "@0 dns 10.0.0.1:* > 10.0.0.53:53 q=a.test a=11.1.2.3 ttl=60\n@9 dns 10.0.0.1:* > 10.0.0.53:53 q=a.test a=12.1.2.3,13.1.2.3 ttl=60",
        // Cached for one second too long.
        "@0+60 dns 10.0.0.1:* > 10.0.0.53:53 q=a.test a={11..20}.1.2.3 ttl=301",
        // Nine addresses in a day, and never three in one hour.
        "@0+3601 dns 10.0.0.1:* > 10.0.0.53:53 q=a.test a={11..19}.1.2.3 ttl=60",
        // Neighbours: two networks for six addresses.
        "@0+60 dns 10.0.0.1:* > 10.0.0.53:53 q=a.test a={11,12}.1.2.{1..3} ttl=60",
        // No TTL and only nine addresses.
        "@0+60 dns 10.0.0.1:* > 10.0.0.53:53 q=a.test a={11..19}.1.2.3",
        // New addresses in fewer than every other answer.
        "@0+60 dns 10.0.0.1:* > 10.0.0.53:53 q=a.test a={11.1.2.3,12.1.2.3,13.1.2.3}\n",
    ];
    for text in quiet {
        assert_eq!(lines(&run(text)), "", "{text}");
    }
    // The other side of each.
    for text in [
        "@0+60 dns 10.0.0.1:* > 10.0.0.53:53 q=a.test a={11,12,13}.1.2.3 ttl=60",
        "@0+60 dns 10.0.0.1:* > 10.0.0.53:53 q=a.test a={11..20}.1.2.3 ttl=300",
        "@0+1800 dns 10.0.0.1:* > 10.0.0.53:53 q=a.test a={11..13}.1.2.3 ttl=60",
        "@0+60 dns 10.0.0.1:* > 10.0.0.53:53 q=a.test a={11..20}.1.2.3",
    ] {
        assert_eq!(run(text).len(), 1, "{text}");
    }
}

#[test]
fn look_alikes_stay_quiet() {
    let quiet = [
        // Content network: many addresses, each answer from one place, two operators.
        "@0+20 dns 10.0.0.1:* > 10.0.0.53:53 q=cdn.test a=23.5.{1..9}.1,23.5.{1..9}.2 ttl=20",
        // The same from different places: answers lie together, places apart.
        "@0+20 dns 10.0.0.1:* > 10.0.0.53:53 q=cdn.test a={13,18,52,54,99}.2.3.4,{13,18,52,54,99}.2.3.5 ttl=60",
        // Load balancer in a cloud: eight addresses of eight networks, turned and never new.
        "@0+60 dns 10.0.0.1:* > 10.0.0.53:53 q=elb.test a=3.1.1.1,18.1.1.1,34.1.1.1,35.1.1.1,52.1.1.1,54.1.1.1 ttl=60\n@900+60 dns 10.0.0.1:* > 10.0.0.53:53 q=elb.test a={3,18,34,35,52,54}.1.1.1 ttl=60",
        // Dynamic DNS of a roaming host: three networks a day.
        "@0+28800 dns 10.0.0.1:* > 10.0.0.53:53 q=home.test a={80,91,176}.1.1.1 ttl=60",
        // Inside names.
        "@0+60 dns 10.0.0.1:* > 10.0.0.53:53 q=svc.corp.test a=10.{1..20}.0.1 ttl=30",
        // A client asks for both families.
        "@0 dns 10.0.0.1:* > 10.0.0.53:53 q=w.test a=11.1.1.1,12.1.1.1 ttl=60\n@1 dns 10.0.0.1:* > 10.0.0.53:53 q=w.test a=2a01:1::1,2a02:1::1 ttl=60\n@90 dns 10.0.0.1:* > 10.0.0.53:53 q=w.test a=12.1.1.1 ttl=60",
        // Anycast.
        "@0+60 dns 10.0.0.1:* > 10.0.0.53:53 q=any.test a=2a01:1::1,2a02:1::1 ttl=60",
    ];
    for text in quiet {
        assert_eq!(lines(&run(text)), "", "{text}");
    }
}

#[test]
fn volunteer_pools_are_information_at_most() {
    // Wide but closed: the second half of answers holds nothing new.
    let turn: String = (0..60)
        .map(|i| {
            let a: Vec<String> =
                (0..4).map(|j| format!("{}.7.7.7", 20 + (i * 7 + j * 13) % 40)).collect();
            format!(
                "@{} dns 10.0.0.1:* > 10.0.0.53:53 q=pool.test a={} ttl=150\n",
                i * 200,
                a.join(",")
            )
        })
        .collect();
    assert_eq!(lines(&run(&turn)), "Info/Medium 45 Rotating pool of addresses: pool.test\n");
    // One address at a time, and the same ones again: three of ten came back, or two.
    let turn = |n: usize| {
        let back: String = (0..n)
            .map(|i| {
                format!(
                    "@{} dns 10.0.0.1:* > 10.0.0.53:53 q=irc.test a={}.7.7.7 ttl=60\n",
                    2000 + i * 100,
                    20 + i
                )
            })
            .collect();
        run(&format!(
            "@0+150 dns 10.0.0.1:* > 10.0.0.53:53 q=irc.test a={{20..29}}.7.7.7 ttl=60\n{back}"
        ))
    };
    assert!(lines(&turn(3)).starts_with("Info/"), "{}", lines(&turn(3)));
    assert!(lines(&turn(2)).starts_with("Medium/"));
    // A choice of three sites, one at a time: the first comes back after the others, or none does.
    let site = |at: usize, a: u8| {
        format!("@{at} dns 10.0.0.1:* > 10.0.0.53:53 q=gslb.test a={a}.7.7.7 ttl=60\n")
    };
    let turn = [(0, 20), (30, 30), (60, 40)].map(|(at, a)| site(at, a)).concat();
    assert!(lines(&run(&turn)).starts_with("Medium/"));
    // Twice the caching time is no longer than caches may hold it.
    assert!(lines(&run(&format!("{turn}{}", site(120, 20)))).starts_with("Medium/"));
    assert!(lines(&run(&format!("{turn}{}", site(121, 20)))).starts_with("Info/"));
    // One of four is less than half of those before the newest, two are more.
    let four = format!("{turn}{}{}", site(90, 50), site(200, 20));
    assert!(lines(&run(&four)).starts_with("Medium/"));
    assert!(lines(&run(&format!("{four}{}", site(300, 30)))).starts_with("Info/"));
    // Ever new, but clients ask for the time only.
    let ntp = "@0+240 dns 10.0.0.1:* > 10.0.0.53:53 q=a.test a={11..30}.1.2.3 ttl=120\n@1+240 conn 10.0.0.1:123 > {11..30}.1.2.3:123 udp";
    assert!(lines(&run(ntp)).starts_with("Info/"), "{}", lines(&run(ntp)));
    // One web contact among them, and it is no pool of clocks.
    assert!(
        lines(&run(&format!("{ntp}\n@9 conn 10.0.0.1:* > 12.1.2.3:443"))).starts_with("Medium/")
    );
    // Peer discovery: long lists.
    let seeds: String = (0..6)
        .map(|i| {
            let a: Vec<String> =
                (0..20).map(|j| format!("{}.{}.7.7", 20 + i * 20 + j, i)).collect();
            format!(
                "@{} dns 10.0.0.1:* > 10.0.0.53:53 q=seed.test a={} ttl=60\n",
                i * 60,
                a.join(",")
            )
        })
        .collect();
    assert!(lines(&run(&seeds)).starts_with("Info/"), "{}", lines(&run(&seeds)));
}

#[test]
fn addresses_that_come_back_tell_how_few_there_are() {
    // Each letter is an address in a network of its own, each word an answer.
    let found = |words: &str| {
        let row = |(i, word): (usize, &str)| {
            let a = word.bytes().map(|b| format!("{b}.7.7.7")).collect::<Vec<_>>().join(",");
            let at = i * 600;
            format!("@{at} dns 10.0.0.1:* > 10.0.0.53:53 q=few.test a={a} ttl=150\n")
        };
        lines(&run(&words.split(' ').enumerate().map(row).collect::<String>()))
    };
    // 96 pairs of draws, four of one address: some 24 machines. Three may be chance.
    assert!(found("ABCD EFGH ABIJ EFKL").starts_with("Info/"), "{}", found("ABCD EFGH ABIJ EFKL"));
    assert!(found("ABCD EFGH ABIJ EMKL").starts_with("Medium/"));
    // 160 pairs: some forty machines; with six of one address 26.
    assert!(found("ABCD EFGH ABIJ EFKL NOPQ").starts_with("Medium/"));
    assert!(found("ABCD EFGH ABIJ EFKL CDPQ").starts_with("Info/"));
    // Half of each answer stays for the next.
    assert!(found("ABCD CDEF EFGH GHIJ IJKL").starts_with("Medium/"));
}

#[test]
fn a_few_sites_that_are_given_one_at_a_time_are_low() {
    // Each letter is an address in a network of its own, each word an answer.
    let found = |words: &str, gap: usize| {
        let row = |(i, word): (usize, &str)| {
            let a = word.bytes().map(|b| format!("{b}.7.7.7")).collect::<Vec<_>>().join(",");
            let at = i * gap;
            format!("@{at} dns 10.0.0.1:* > 10.0.0.53:53 q=few.test a={a} ttl=60\n")
        };
        lines(&run(&words.split(' ').enumerate().map(row).collect::<String>()))
    };
    // Three sites may well be all that three questions show; four take luck.
    assert!(found("A B C", 1200).starts_with("Low/Low"), "{}", found("A B C", 1200));
    assert!(found("A B C D", 900).starts_with("Medium/"));
    // Within ten minutes it is quick whatever is behind it.
    assert!(found("A B C", 300).starts_with("Medium/"));
    assert!(found("A B C", 301).starts_with("Low/"));
    // Two of three or of four at a time, and of six of which none came back.
    assert!(!found("AB BC CA", 900).starts_with("Medium/"));
    assert!(found("AB BC AD", 900).starts_with("Low/"));
    assert!(found("AB CD EF", 900).starts_with("Medium/"));
    // One of five machines is exchanged each time: what stays is not drawn again.
    assert!(found("ABCDE BCDEF CDEFG DEFGH", 900).starts_with("Medium/"));
    // Without times nothing tells how long it took.
    assert!(run(SAMPLE)[0].missing.iter().any(|m| m.contains("no rate of change")));
    let few = found("A B C", 1200);
    assert!(few.contains("few.test, 3 addresses in 3 unrelated networks"), "{few}");
}

#[test]
fn a_server_that_answers_names_unlike_all_others_is_what_is_odd() {
    // Names that 9.9.9.9 answers with ever other addresses, and the office's server with one each.
    let all = |n: usize, steady: &str, late: usize| -> String {
        let row = |i: usize| {
            let a = (1..6).map(|k| format!("{}.{}.7.7", 30 + 7 * k, i)).collect::<Vec<_>>();
            let odd = format!(
                "@{i}+400 dns 10.0.0.53:* > 9.9.9.9:53 q=w.n{i}.test a={{{}}} ttl=60\n",
                a.join(",")
            );
            let own = format!("dns 10.0.0.1:* > 10.0.0.53:53 q=w.n{i}.test a={steady} ttl=60\n")
                .replace('N', &i.to_string());
            format!("{odd}@{i} {own}@{} {own}", i + late)
        };
        lines(&run(&(0..n).map(row).collect::<String>()))
    };
    assert_eq!(
        all(3, "11.N.1.1", 121),
        "Info/Medium Changing answers of 1 DNS server for 3 names that others answer steadily\n"
    );
    assert_eq!(all(2, "11.N.1.1", 121).matches("Medium/").count(), 2);
    // Caches may have held it.
    assert_eq!(all(3, "11.N.1.1", 120).matches("Medium/").count(), 3);
    // A filter's one address for all that it blocks; and an address that the first gave as well.
    assert_eq!(all(3, "11.1.1.1", 121).matches("Medium/").count(), 3);
    assert_eq!(all(3, "37.N.7.7", 121).matches("Medium/").count(), 3);
}

#[test]
fn numbered_names_that_rotate_alike_are_a_choice_of_servers() {
    // `n` names with four addresses in each answer, none of which comes back; the last may differ.
    let pool = |n: usize, last: &str| -> String {
        let row = |i: usize| {
            let far = |k: usize| format!("{}.{}.7.7", 20 + i, 4 * (i % 60) + k);
            let a = [far(0), far(1), far(2), far(3)].join(",") + if i == 59 { last } else { "" };
            format!(
                "@{} dns 10.0.0.1:* > 10.0.0.53:53 q={}.pool.test a={a} ttl=150\n",
                i * 60,
                i % n
            )
        };
        lines(&run(&(0..60).map(row).collect::<String>()))
    };
    assert_eq!(pool(3, "").matches("Info/").count(), 3, "{}", pool(3, ""));
    assert!(pool(2, "").starts_with("Medium/"));
    assert!(pool(3, ",99.9.9.9").starts_with("Medium/"));
}

#[test]
fn caps_of_eight_give_the_same_for_any_order_and_say_so() {
    let mut all = events("@0+240 dns 10.0.0.1:* > 10.0.0.53:53 q=a.test a={11..90}.1.2.3 ttl=120");
    all.extend::<Vec<Event>>(events(
        "@0+2 dns 10.0.0.1:* > 10.0.0.53:53 q=w{1..5}.test a=192.0.2.1 ttl=60",
    ));
    let found = found_within(&RULE, 8, &all);
    assert_eq!(found.len(), 1);
    assert!(found[0].missing.iter().any(|m| m.contains("lower bounds")));
}

#[test]
fn names_below_a_domain_that_are_asked_once_each() {
    // Each label with an address in a network of its own.
    let wild = |n: usize| -> String {
        let row = |i: usize| {
            let at = i * 240;
            format!(
                "@{at} dns 10.0.0.1:* > 10.0.0.53:53 q=x{i}.a.test a={}.{}.2.3 ttl=120\n",
                11 + i,
                9 * i
            )
        };
        (0..n).map(row).collect()
    };
    assert_eq!(run(&wild(9)).len(), 0);
    let found = run(&wild(10));
    assert_eq!(
        lines(&found),
        "Medium/Medium 85 Fast flux pattern: names below a.test, 10 addresses in 10 unrelated networks\n"
    );
    let filter = found[0].evidence.filter.as_ref().unwrap();
    assert!(format!("{filter:?}").contains(r#"*.a.test"#), "{filter:?}");
    // Two of eleven names are asked again: people's own machines.
    let again = |n: usize| {
        let back = (0..n).map(|i| {
            let (a, b) = (11 + i, 9 * i);
            format!(
                "@{} dns 10.0.0.1:* > 10.0.0.53:53 q=x{i}.a.test a={a}.{b}.2.3 ttl=120\n",
                3000 + i
            )
        });
        wild(11) + &back.collect::<String>()
    };
    assert_eq!((run(&again(1)).len(), run(&again(2)).len()), (1, 0));
    // A provider's names of its customers' machines, forwards and in hex.
    let row = |i: usize, label: &str| {
        format!(
            "@{} dns 10.0.0.1:* > 10.0.0.53:53 q={label}.a.test a={}.7.2.{i} ttl=120\n",
            i * 200,
            20 + i
        )
    };
    let dashed = (0..14).map(|i| row(i, &format!("cpe-{}-7-2-{i}", 20 + i)));
    assert_eq!(run(&dashed.collect::<String>()).len(), 0);
    let hex = (0..14).map(|i| row(i, &format!("h{:02x}0702{i:02x}", 20 + i)));
    assert_eq!(run(&hex.collect::<String>()).len(), 0);
}
