//! Cases of `dns-tunnelling`: both sides of each floor, and services that put hashes into names.

use super::RULE;
use super::judge::{entropy, octets};
use crate::detect::kit::dsl::{events, found, found_within, lines};
use crate::detect::kit::stable;

fn run(text: &str) -> String {
    lines(&found(&RULE, &events(text)))
}

/// `n` names of `len` random hex characters.
fn names_of(n: u64, len: usize, words: &str) -> String {
    let row = |i: u64| {
        let words = words.replace("$I", &i.to_string());
        let hex: String = (0..4).map(|k| format!("{:016x}", stable(&(i, k)))).collect();
        format!("@{i} dns 10.0.0.9:* > 10.0.0.53:53 q={}.t.test {words}\n", &hex.repeat(4)[..len])
    };
    (0..n).map(row).collect()
}

#[test]
fn both_sides_of_the_floors() {
    let txt = "type=TXT a=abc$I";
    assert_eq!(run(&names_of(99, 40, txt)), "");
    assert_eq!(
        run(&names_of(100, 40, txt)),
        "Medium/Medium Data in DNS names: 10.0.0.9 asked for 100 names under t.test\n"
    );
    assert_eq!(run(&names_of(100, 29, txt)), "");
    assert_ne!(run(&names_of(100, 30, txt)), "");
    // Answers that say the same each time carry nothing: half of them differ, or one less.
    let half = |n| {
        names_of(n, 40, "type=TXT a=abc$I")
            + &names_of(100, 40, "type=TXT a=abc").replace(".t.test", "x.t.test")
    };
    assert!(run(&half(99)).starts_with("Medium/"));
    assert!(run(&half(97)).starts_with("Low/"), "{}", run(&half(97)));
    // A service's grades come back, however many there are: each twice, or half of them once.
    let graded = |twice: u64, once: u64| {
        let twice = names_of(twice, 40, "type=TXT a=abc$I");
        let again = twice.replace(".t.test", "x.t.test");
        twice + &again + &names_of(once, 40, "type=TXT a=new$I").replace(".t.test", "y.t.test")
    };
    // One of them is the commonest, and left out.
    assert!(run(&graded(33, 64)).starts_with("Medium/"), "{}", run(&graded(33, 64)));
    assert!(run(&graded(33, 63)).starts_with("Low/"), "{}", run(&graded(33, 63)));
    // What comes back in NULL is not shown, and says enough by being there; in A it repeats.
    assert!(run(&names_of(100, 40, "type=NULL a=~")).starts_with("Medium/Medium"));
    assert!(run(&names_of(100, 40, "type=A a=192.0.2.1")).starts_with("Low/Low"));
    // Short names fetch long answers, which are always new; each by one less.
    let fetch = |len, reply: usize| {
        run(&names_of(120, len, &format!("type=TXT a={}$I", "z".repeat(reply))))
    };
    assert!(fetch(29, 90).starts_with("Medium/Medium"), "{}", fetch(29, 90));
    assert_eq!(fetch(14, 90), "");
    assert_eq!(fetch(29, 75), "");
    assert_eq!(run(&names_of(120, 29, &format!("type=TXT a={}", "z".repeat(90)))), "");
    // Half as many of these are enough, and of no others.
    let long = |n| run(&names_of(n, 40, &format!("type=TXT a={}$I", "z".repeat(90))));
    assert!(long(50).starts_with("Medium/Medium"), "{}", long(50));
    assert_eq!((long(49), run(&names_of(99, 40, "type=TXT a=abc$I"))), Default::default());
    // Short names in between, by which a tunnel asks for more, make the long ones no less random.
    let polls = |n: u64| names_of(n, 8, txt).replace(".t.test", "aaa.t.test");
    assert_ne!(run(&(names_of(60, 120, txt).replace(".t.test", "z.t.test") + &polls(150))), "");
    assert_eq!(run(&polls(150)), "");
    assert_eq!(octets(r"a\xffb"), 3);
    // Straight to the server, without any domain; reverse names and bare hosts are not that.
    let bare = names_of(100, 40, txt).replace(".t.test", "0");
    assert!(run(&bare).contains("asked for 100 names under no domain"), "{}", run(&bare));
    assert_eq!(run(&bare.replace("0 type", "0.in-addr.arpa type")), "");
    // One way only, then a lot of it: in answers that differ, or in names that are full.
    assert!(run(&names_of(200, 40, "type=A a=192.0.2.1")).starts_with("Low/Low"));
    assert!(run(&names_of(1000, 50, "type=A a=192.0.2.1")).starts_with("Low/Low"));
    assert!(run(&names_of(1000, 50, "type=A a=192.0.$I.1")).starts_with("Medium/Low"));
    let full = |n: usize| {
        let pad = "0123456789abcdef".repeat(9);
        names_of(1000, 32, "type=A a=192.0.2.1")
            .replace(".t.test", &format!("{}.t.test", &pad[..n - 32]))
    };
    assert!(run(&full(80)).starts_with("Medium/Low"));
    assert!(
        run(&names_of(100, 64, "type=A a=192.0.2.1")
            .replace(".t.test", &format!(".{}.t.test", "0123456789abcde")))
        .starts_with("Medium/Low")
    );
    assert!(run(&full(79)).starts_with("Low/Low"));
}

#[test]
fn look_alikes_stay_quiet() {
    // Reputation service, block list, a site's own long host names.
    assert_eq!(run(&names_of(200, 40, "type=A a=127.0.0.2")), "");
    assert_eq!(
        run(
            "@0 dns 10.0.0.9:* > 10.0.0.53:53 q={1..200}.2.0.192.9.8.7.6.5.4.3.2.1.0.9.8.7.6.list.test type=TXT a=x"
        ),
        ""
    );
    assert_eq!(
        run(
            "@0 dns 10.0.0.9:* > 10.0.0.53:53 q=printer-printer-printer-printer-{1..200}.corp.test type=TXT a=x"
        ),
        ""
    );
    // Keys of many senders at one provider: random, long and all different.
    let keys = |label: &str| {
        let key = "a".repeat(120);
        let text = names_of(200, 40, &format!("type=TXT a=v=DKIM1;~p={key}$I"));
        run(&text.replace(".t.test", &format!(".{label}.t.test")))
    };
    assert_eq!(keys("_domainkey"), "");
    assert!(keys("_other").starts_with("Medium/"));
    // The same names with the company's own domain appended: told once, where they belong.
    let own = names_of(120, 40, "type=TXT a=abc$I");
    let suffixed =
        own.replace(".t.test", ".t.test.corp.example.com").replace("a=abc", "rcode=NXDOMAIN~");
    let suffixed = suffixed.replace("NXDOMAIN~", "NXDOMAIN id=");
    assert_eq!(run(&format!("{own}{suffixed}")).lines().count(), 1);
    assert_eq!(run(&suffixed).lines().count(), 1);
    assert!(entropy("aaaa") < 0.1 && entropy("0123456789abcdef") > 3.9);
}

#[test]
fn caps_of_eight_give_the_same_for_any_order() {
    found_within(&RULE, 8, &events(&names_of(50, 40, "type=TXT a=x")));
}
