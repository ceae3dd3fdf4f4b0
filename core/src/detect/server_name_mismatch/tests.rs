//! Cases of `server-name-mismatch`: each tier, and the many ways in which names may differ.

use super::RULE;
use crate::detect::kit::dsl::{events, judge, lines};
use crate::settings::Settings;

fn run(text: &str) -> String {
    lines(&judge(|| (RULE.new)(&Settings::default()), &events(text)))
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
fn certificates_and_addresses() {
    let cert = "@0 ssl 10.0.0.9:1 > 192.0.2.1:443 sni=a.test names=b.example.com";
    assert_eq!(
        run(cert),
        "Medium/Low Server-name mismatch: a.test asked for, certificate for b.example.com\n"
    );
    let dns = "@0 dns 10.0.0.9:* > 10.0.0.53:53 q=a.test a=11.0.0.1";
    assert!(run(&format!("{cert}\n{dns}")).starts_with("Medium/Medium Server-name mismatch: a.test asked for, certificate for b.example.com, at another address"));
    let hidden = "@0 ssl 10.0.0.9:1 > 192.0.2.1:443 sni=a.test";
    assert_eq!(
        run(&format!("{hidden}\n{dns}")),
        "Info/Low Server-name mismatch: a.test at 192.0.2.1, which DNS did not give\n"
    );
    // Near what DNS gave.
    assert_eq!(run(&format!("{hidden}\n{}", dns.replace("11.0.0.1", "192.0.77.7"))), "");
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
        // An appliance inside, a wildcard, one owner's other name.
        "@0 ssl 10.0.0.9:1 > 10.0.0.1:443 sni=nas.home.com names=default.vendor.com".to_owned(),
        "@0 ssl 10.0.0.9:1 > 192.0.2.1:443 sni=a.shop.com names=*.shop.com".to_owned(),
        "@0 ssl 10.0.0.9:1 > 192.0.2.1:443 sni=a.b.shop.com names=*.shop.com".to_owned(),
        // TLS inspection: one issuer behind everything.
        "@0 ssl 10.0.0.9:1 > 192.0.2.{1..3}:443 sni=a{1..12}.com names=proxy.corp.org issuer=CN=Corp".to_owned(),
    ] {
        assert_eq!(run(&text), "", "{text}");
    }
    // Nine names are too few to call the issuer an inspecting one.
    assert_ne!(
        run(
            "@0 ssl 10.0.0.9:1 > 192.0.2.1:443 sni=a{1..9}.com names=proxy.corp.org issuer=CN=Corp"
        ),
        ""
    );
}

#[test]
fn caps_of_eight_give_the_same_for_any_order() {
    let tight = || {
        let mut s = Settings::default();
        s.caps.keys = 8;
        (RULE.new)(&s)
    };
    judge(tight, &events("@0 ssl 10.0.0.9:* > 192.0.2.1:443 uid=C{1..40} sni=a.com names=b.org"));
}
