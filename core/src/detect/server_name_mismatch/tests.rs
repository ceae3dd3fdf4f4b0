//! Cases of `server-name-mismatch`: each tier, and the many ways in which names may differ.

use super::RULE;
use crate::detect::kit::dsl::{events, fact, found, found_within, lines};
use crate::event::Uid;

fn run(text: &str) -> String {
    lines(&found(&RULE, &events(text)))
}

#[test]
fn two_names_on_one_connection() {
    let front = "@0 ssl 10.0.0.9:1 > 192.0.2.1:443 uid=C1 sni=news.test\n@1 http 10.0.0.9:1 > 192.0.2.1:443 uid=C1 host=hidden.example.com uri=/ status=200";
    assert_eq!(
        run(front),
        "High/Medium Domain fronting pattern: news.test in the open, hidden.example.com inside\n"
    );
    // Without an answer there is no effect.
    assert!(run(&front.replace(" status=200", "")).starts_with("Medium/"));
    // A proxy was asked for one name, the hello inside names another.
    let connect = "@0 http 10.0.0.9:1 > 10.0.0.1:3128 uid=C1 method=CONNECT uri=www.allowed.com:443 status=200\n@1 ssl 10.0.0.9:1 > 10.0.0.1:3128 uid=C1 sni=c2.other.org";
    assert!(run(connect).contains("www.allowed.com in the open, c2.other.org inside"));
    // The address of a proxied request and its Host header.
    let uri = "@0 http 10.0.0.9:1 > 10.0.0.1:3128 host=hidden.org uri=http://www.allowed.com/b status=200";
    assert!(run(uri).contains("www.allowed.com in the open, hidden.org inside"));
}

#[test]
fn a_capture_s_requests_count_where_they_stood_inside_tls() {
    let captured = |text: &str| {
        let mut all = events(text);
        all.iter_mut().for_each(|e| e.flow.uid = Some(Uid::Ours(7)));
        lines(&found(&RULE, &all))
    };
    let sni = "@0 ssl 10.0.0.9:1 > 192.0.2.1:443 sni=news.test";
    let host = "@1 http 10.0.0.9:1 > 192.0.2.1:443 host=hidden.example.com uri=/ status=200";
    let found = captured(&format!("{sni}\n{host} opened"));
    assert!(found.contains("news.test in the open, hidden.example.com inside"), "{found}");
    assert_eq!(captured(&format!("{sni}\n{host}")), "");
}

#[test]
fn certificates_and_addresses() {
    let cert = "@0 ssl 10.0.0.9:1 > 192.0.2.1:443 sni=a.test names=b.example.com";
    assert_eq!(
        run(cert),
        "Medium/Low Server-name mismatch: a.test asked for, certificate for b.example.com\n"
    );
    let dns = "@0 dns 10.0.0.9:* > 10.0.0.53:53 q=a.test a=11.0.0.1";
    assert!(run(&format!("{cert}\n{dns}")).starts_with("Medium/Medium Server-name mismatch: a.test asked for, certificate for b.example.com, at another address"));
    // DNS gave this server for the name: its owner means it.
    let meant = run(&format!("{cert}\n{}", dns.replace("11.0.0.1", "192.0.77.7")));
    assert!(meant.starts_with("Low/Low Server-name mismatch: a.test asked for"), "{meant}");
    // Names for which one certificate was shown are told together, from three on.
    let names = |n| run(&cert.replace("sni=a.test", &format!("sni=a{{1..{n}}}q.test")));
    assert_eq!(names(2).lines().count(), 2);
    assert_eq!(
        names(3),
        "Medium/Low Server-name mismatch: 3 names asked for, certificate for b.example.com\n"
    );
    // Half of them are given by DNS, or fewer.
    let given = |n: usize| {
        let of = |i| format!("\n@0 dns 10.0.0.9:* > 10.0.0.53:53 q=a{i}q.test a=192.0.2.1");
        run(&(cert.replace("sni=a.test", "sni=a{1..4}q.test")
            + &(1..=n).map(of).collect::<String>()))
    };
    assert!(given(2).starts_with("Low/Low Server-name mismatch: 4 names"), "{}", given(2));
    assert!(given(1).starts_with("Medium/Low Server-name mismatch: 4 names"), "{}", given(1));
    // A client that goes no further means the name; another alert says nothing of the kind.
    let refused = format!("{cert} established=F alert=unknown_ca");
    assert!(run(&refused).starts_with("Info/Low"));
    assert!(run(&refused.replace("unknown_ca", "close_notify")).starts_with("Medium/Low"));
    assert!(run(&format!("{refused}\n{cert} established=T")).starts_with("Medium/Low"));
    let hidden = "@0 ssl 10.0.0.9:1 > 192.0.2.1:443 sni=a.test";
    assert_eq!(
        run(&format!("{hidden}\n{dns}")),
        "Info/Low Server-name mismatch: a.test at 192.0.2.1, which DNS did not give\n"
    );
    // Near what DNS gave.
    assert_eq!(run(&format!("{hidden}\n{}", dns.replace("11.0.0.1", "192.0.77.7"))), "");
}

/// Twelve look-ups of a client from second 0 on: by then it is known to ask.
const ASKS: &str = "@0+9 dns 10.0.0.9:* > 10.0.0.53:53 q=w{1..12}.test a=11.0.0.1";

#[test]
fn no_name_in_the_open() {
    // To an address that three owners share, and to one that two do.
    let shared = |n| {
        format!(
            "@0 ssl 10.0.0.7:1 > 192.0.2.1:443 sni=www.shop{{1..{n}}}.com\n@9 ssl 10.0.0.9:1 > 192.0.2.1:443"
        )
    };
    assert_eq!(run(&shared(2)), "");
    assert_eq!(
        run(&shared(3)),
        "Info/Low Server-name mismatch: no name in the open, to 192.0.2.1\n"
    );
    // No look-up gave the address either: two agree.
    let both = format!("{ASKS}\n{}", shared(3).replace("@9", "@3600"));
    assert!(run(&both).contains("Low/Low Server-name mismatch: no name in the open, to 192.0.2.1"));
    // A request inside that the certificate does not cover.
    let inside = "@0 ssl 10.0.0.9:1 > 192.0.2.1:443 uid=C1 names=www.shop.com\n@1 http 10.0.0.9:1 > 192.0.2.1:443 uid=C1 host=hidden.example.org uri=/ status=200";
    assert_eq!(
        run(inside),
        "Medium/Medium Server-name mismatch: no name in the open, hidden.example.org inside, which the certificate lacks\n"
    );
    assert_eq!(run(&inside.replace("names=www.shop.com", "names=*.example.org")), "");
}

#[test]
fn addresses_that_no_look_up_gave_are_one_finding_for_a_client() {
    let reach = |at| format!("@{at} ssl 10.0.0.9:* > 192.0.2.{{1..3}}:443 sni=a{{1..3}}.com");
    let found = run(&format!("{ASKS}\n{}", reach(3600)));
    assert_eq!(
        found,
        "Info/Low Server-name mismatch: 10.0.0.9 reached 3 addresses that no look-up gave\n"
    );
    // Within the hour it may know from before; so may a client with nine look-ups, or none.
    assert_eq!(run(&format!("{ASKS}\n{}", reach(3599))), "");
    let few = |n: usize| {
        format!("@0 dns 10.0.0.9:* > 10.0.0.53:53 q=w{{1..{n}}}.test a=11.0.0.1\n{}", reach(3600))
    };
    assert_ne!(run(&few(10)), "");
    assert_eq!(run(&few(9)), "");
    assert_eq!(run(&format!("{}\n{}", ASKS.replace("10.0.0.9", "10.0.0.8"), reach(3600))), "");
}

#[test]
fn an_address_looked_up_as_another_name() {
    let text = |names: &str| {
        format!(
            "{ASKS}\n@9 dns 10.0.0.9:* > 10.0.0.53:53 q=www.hidden.org a=edge.cdn.net,192.0.2.1\n@3600 ssl 10.0.0.9:1 > 192.0.2.1:443 sni=www.news.com {names}"
        )
    };
    let f = "Info/Low Server-name mismatch: www.news.com at an address that was looked up as edge.cdn.net\n";
    assert_eq!(run(&text("names=www.news.com")), f);
    // The certificate covers the name that was looked up, or its alias.
    assert_eq!(run(&text("names=www.news.com,*.hidden.org,edge.cdn.net")), "");
    // The name was looked up and led elsewhere, and this address was given for the other only.
    let both = format!(
        "{}\n@8 dns 10.0.0.9:* > 10.0.0.53:53 q=www.news.com a=11.9.9.9",
        text("names=www.other.net")
    );
    assert!(run(&both).starts_with("Medium/Medium Server-name mismatch: www.news.com asked for, certificate for www.other.net, at another address"));
    let both = both.replace("names=www.other.net", "");
    assert_eq!(
        run(&both),
        "Medium/Medium Server-name mismatch: www.news.com at an address that DNS gave for edge.cdn.net only\n"
    );
}

#[test]
fn what_was_looked_up_later_says_nothing_about_an_earlier_hello() {
    let hello = "@60 ssl 10.0.0.9:1 > 192.0.2.1:443 sni=a.test";
    let dns = |at| format!("{hello}\n@{at} dns 10.0.0.9:* > 10.0.0.53:53 q=a.test a=11.0.0.1");
    assert_ne!(run(&dns(60)), "");
    assert_eq!(run(&dns(61)), "");
}

#[test]
fn encrypted_hellos_are_told_once_and_not_judged() {
    let text = "@0 ssl 10.0.0.9:1 > 192.0.2.1:443 uid=C{1,2} sni=cover{1,2}.com ech names=b.org\n@1 http 10.0.0.9:1 > 192.0.2.1:443 uid=C1 host=hidden.org uri=/ status=200";
    let found = found(&RULE, &events(text));
    assert_eq!(
        lines(&found),
        "Info/Low Server-name mismatch not assessable: encrypted hellos under 2 names\n"
    );
    assert_eq!(fact(&found[0], "name inside"), "hidden.org, under cover1.com");
}

#[test]
fn zeek_logs_give_names_through_the_fingerprint() {
    let text = |san: &str| {
        format!(
            "@0 ssl 10.0.0.9:1 > 192.0.2.1:443 sni=a.test fps=AB\n@0 x509 fp=ab issuer=CN=x subject=CN=b.example.com {san}"
        )
    };
    assert!(run(&text("")).contains("a.test asked for, certificate for b.example.com"));
    assert_eq!(run(&text("san=a.test")), "");
}

#[test]
fn inspection_is_told_once_and_mutes_what_follows() {
    let behind = |n: usize, words: &str| {
        let one =
            |i| format!("@0 ssl 10.0.0.9:1 > 192.0.2.1:443 sni=a{i}.com subject=CN={i} {words}\n");
        (1..=n).map(one).collect::<String>()
    };
    let corp = "names=proxy.corp.org issuer=CN=Corp";
    let one = "Info/Medium TLS inspection pattern: CN=Corp stands behind 10 of 10 domains\n";
    assert_eq!(run(&behind(10, corp)), one);
    // Nine names are too few to call the issuer an inspecting one.
    assert_eq!(
        run(&behind(9, corp)),
        "Medium/Low Server-name mismatch: 9 names asked for, certificate for proxy.corp.org\n"
    );
    // Six in ten is most, less is not.
    let others = |n: usize| {
        behind(15, corp) + &behind(n, "names=b.com issuer=CN=Other").replace("sni=a", "sni=b")
    };
    let of = |n| run(&others(n)).contains("TLS inspection");
    assert_eq!((of(10), of(11)), (true, false));
    // A public authority's certificates are in public logs.
    let public = |words: &str| {
        let one = |i| {
            format!(
                "@0 ssl 10.0.0.9:1 > 192.0.2.1:443 sni=a{i}.com fps=f{i}\n@0 x509 fp=f{i} issuer=CN=Public san=a{i}.com {words}\n"
            )
        };
        run(&(1..=12).map(one).collect::<String>())
    };
    assert_eq!(public("scts=2"), "");
    assert!(public("").starts_with("Info/Medium TLS inspection"));
    // So are those of authorities that everybody knows, which a log does not show.
    let known = |issuer: &str| behind(12, "names=*.org issuer=X").replace("issuer=X", issuer);
    assert!(run(&known("issuer=CN=R11,O=Example")).contains("TLS inspection"));
    assert!(!run(&known("issuer=CN=R11,O=DigiCert~Inc")).contains("TLS inspection"));
    // One certificate for all of them is a content network's.
    let shared = "@0 ssl 10.0.0.9:1 > 192.0.2.1:443 sni=a{1..12}.com names=*.net issuer=CN=Cdn";
    assert!(!run(shared).contains("TLS inspection"));
}

#[test]
fn look_alikes_stay_quiet() {
    let on_one = |sni: &str, host: &str, names: &str| {
        format!(
            "@0 ssl 10.0.0.9:1 > 192.0.2.1:443 uid=C1 sni={sni} names={names}\n@1 http 10.0.0.9:1 > 192.0.2.1:443 uid=C1 host={host} uri=/ status=200"
        )
    };
    for text in [
        // One owner, one case, one port, a shared connection under one certificate.
        on_one("www.shop.com", "img.shop.com", "www.shop.com"),
        on_one("www.shop.com", "WWW.shop.com.:443", "www.shop.com"),
        on_one("www.shop.com", "cdn.other.org", "www.shop.com,*.other.org"),
        // An address instead of a name.
        on_one("www.shop.com", "192.0.2.1", "www.shop.com"),
        // Two connections.
        "@0 ssl 10.0.0.9:1 > 192.0.2.1:443 uid=C1 sni=a.com\n@1 http 10.0.0.9:2 > 192.0.2.1:443 uid=C2 host=b.org uri=/".to_owned(),
        // A wildcard, one owner's other name.
        "@0 ssl 10.0.0.9:1 > 192.0.2.1:443 sni=a.shop.com names=*.shop.com".to_owned(),
        "@0 ssl 10.0.0.9:1 > 192.0.2.1:443 sni=a.b.shop.com names=*.shop.com".to_owned(),
    ] {
        assert_eq!(run(&text), "", "{text}");
    }
}

#[test]
fn a_private_server_s_certificate_is_information() {
    let inside = "@0 ssl 10.0.0.9:1 > 10.0.0.1:443 sni=nas.home.com names=default.vendor.com";
    assert!(run(inside).starts_with("Info/Low"));
}

#[test]
fn caps_of_eight_give_the_same_for_any_order() {
    found_within(
        &RULE,
        8,
        &events("@0 ssl 10.0.0.9:* > 192.0.2.1:443 uid=C{1..40} sni=a.com names=b.org"),
    );
}
