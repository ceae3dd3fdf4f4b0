//! Cases of `certificate-anomaly`: the record, each sign on both sides, and ordinary certificates.

use super::RULE;
use crate::detect::kit::dsl::{events, fact, found, found_within, lines};
use crate::event::Body;
use crate::report::Finding;
use crate::time::Time;

fn run(text: &str) -> Vec<Finding> {
    found(&RULE, &events(text))
}

/// Findings above information, as lines.
fn alarms(text: &str) -> String {
    let mut found = run(text);
    found.retain(|f| f.key != "record");
    lines(&found)
}

#[test]
fn the_articles_sample_is_a_record_and_no_alarm() {
    // Test days are in 2024; the sample was seen in 2023 and is valid on both.
    let found = run("@0 x509 fp=4558b07b serial=0200038734C06AFA94267D50A6DF6EAC version=3 \
        subject=CN=resource.redcanary.com,O=Cloudflare\\,~Inc.,C=US issuer=CN=Cloudflare~Inc~ECC~CA-3,O=Cloudflare\\,~Inc.,C=US \
        before=2023-04-02 after=2024-04-01 sig=ecdsa-with-SHA256 key=ecdsa bits=256 san=resource.redcanary.com ca=F");
    assert_eq!(lines(&found), "Info/Medium Certificate: resource.redcanary.com\n");
    let f = &found[0];
    assert_eq!(fact(f, "serial number"), "0200038734C06AFA94267D50A6DF6EAC");
    assert_eq!(fact(f, "valid from"), "2023-04-02T00:00:00Z");
    assert_eq!(fact(f, "valid to"), "2024-04-01T23:59:59Z");
    assert_eq!(fact(f, "validity"), "366 d");
    assert!(f.facts.iter().any(|x| x.name == "validity"
        && x.is_met == Some(true)
        && x.threshold.as_deref() == Some("at most 398 d for its day of issue")));
    assert!(fact(f, "remark").contains("content network (Cloudflare)"));
    assert!(f.attack.is_empty());
}

/// A certificate shown by an outside server on 2024-01-01.
fn outside(words: &str) -> String {
    format!(
        "@0 x509 10.0.0.9:* > 192.0.2.1:443 fp=aa serial=0123456789AB subject=CN=a.test issuer=CN=Test~CA {words}"
    )
}

#[test]
fn each_sign_on_both_sides() {
    let good = "before=2023-12-01 after=2024-02-28";
    assert_eq!(alarms(&outside(good)), "");
    for (words, title) in [
        ("before=2023-10-01 after=2023-12-31", "Low/Medium Certificate expired: a.test\n"),
        ("before=2023-10-01 after=2024-01-01", ""),
        ("before=2024-01-02 after=2024-02-28", "Low/Medium Certificate not yet valid: a.test\n"),
        ("before=2024-01-01 after=2024-02-28", ""),
        (
            "before=2024-02-01 after=2023-02-28",
            "Low/Medium Certificate with a validity that ends before it starts: a.test\n",
        ),
    ] {
        assert_eq!(alarms(&outside(words)), title, "{words}");
    }
    for (words, title) in [
        ("key=rsa bits=2047", "Low/Medium Certificate with a weak key: a.test\n"),
        ("key=rsa bits=2048", ""),
        ("key=ecdsa bits=256", ""),
        ("sig=sha1WithRSAEncryption", "Low/Medium Certificate with a weak signature: a.test\n"),
        ("sig=sha256WithRSAEncryption", ""),
        ("self=T", "Low/Medium Certificate signed by itself: a.test\n"),
        ("ca=T", "Low/Medium Certificate of an authority used by a host: a.test\n"),
        (
            "serial=08BB00EE",
            "Medium/Medium Certificate with a published default serial number: a.test\n",
        ),
        ("serial=08BB00EF", ""),
    ] {
        assert_eq!(alarms(&outside(&format!("{good} {words}"))), title, "{words}");
    }
}

#[test]
fn what_was_ordinary_on_its_day_is_no_fault() {
    for (words, n) in [
        ("before=2013-12-31 after=2033-01-01 self=T ca=T key=rsa bits=1024", 0),
        ("before=2014-01-01 after=2033-01-01 self=T ca=T key=rsa bits=1024", 1),
        ("before=2015-12-31 after=2033-01-01 sig=sha1WithRSAEncryption", 0),
        ("before=2016-01-01 after=2033-01-01 sig=sha1WithRSAEncryption", 1),
        ("before=2013-12-31 after=2033-01-01 sig=md5WithRSAEncryption", 1),
    ] {
        assert_eq!(alarms(&outside(words)).lines().count(), n, "{words}");
    }
}

#[test]
fn one_certificate_on_unrelated_networks() {
    let shown = |nets: &str, words: &str| {
        format!(
            "@0 x509 fp=aa serial=0123456789AB subject=CN=a.test issuer=CN=a.test before=2023-12-01 after=2024-02-28 {words}\n@0 ssl 10.0.0.9:* > {nets}.2.3.4:443 fps=AA"
        )
    };
    assert!(
        alarms(&shown("{11,12,13}", "self=T"))
            .starts_with("Medium/High Certificate shown by unrelated networks")
    );
    assert!(alarms(&shown("{11,12}", "self=T")).starts_with("Low/"));
    // A large operator's.
    assert_eq!(alarms(&shown("{11..40}", "")), "");
}

#[test]
fn reused_serials_and_boxes() {
    let two = |words: &str| {
        format!(
            "@0 x509 10.0.0.9:* > 192.0.2.{{1,2}}:443 fp=a{{1,2}} issuer=CN=Test~CA subject=CN=a.test before=2023-12-01 after=2024-02-28 {words}"
        )
    };
    assert!(alarms(&two("serial=0123456789AB")).contains("with a reused serial number"));
    assert_eq!(alarms(&two("serial=01")), "");
    // The same serial from two issuers is ordinary.
    let issuer = |n| {
        format!(
            "@0 x509 10.0.0.9:* > 192.0.2.{n}:443 fp=a{n} issuer=CN=CA{n} serial=0123456789AB subject=CN=a before=2023-12-01 after=2024-02-28\n"
        )
    };
    assert_eq!(alarms(&(issuer(1) + &issuer(2))), "");
}

#[test]
fn a_source_without_sha_256_tells_of_the_same_certificates() {
    let row = |digest: &str, server: u8, after: &str| {
        format!(
            "@0 x509 10.0.0.9:* > 192.0.2.{server}:443 {digest} serial=0123456789AB issuer=CN=Test~CA subject=CN=a.test before=2023-12-01 after={after}\n"
        )
    };
    let (end, other) = ("2024-02-28", "2024-03-28");
    let reused = "with a reused serial number";
    assert!(alarms(&(row("sha1=a1", 1, end) + &row("sha1=a2", 2, end))).contains(reused));
    // What Zeek and Suricata say of one certificate.
    let both = row("fp=aa", 1, end) + &row("sha1=a1", 1, end);
    assert_eq!(alarms(&both), "");
    assert!(lines(&run(&both)).contains("Certificate: a.test"));
    // What only one of them saw is seen: a day after its last one.
    let late = row("sha1=a1", 1, end).replace("@0", "@5184000");
    let both = run(&(row("fp=aa", 1, end) + &late));
    assert!(lines(&both).contains("Certificate expired: a.test"), "{}", lines(&both));
    assert_eq!(both.iter().map(|f| f.evidence.total).collect::<Vec<_>>(), [2, 2]);
    // Nothing that both tell says that these are two, but their validity does not agree.
    let unlike = row("fp=aa", 1, end) + &row("sha1=a1", 1, other);
    assert_eq!(alarms(&unlike), "");
    assert!(lines(&run(&unlike)).contains("Certificates: 2 shown"));
    // Which of the two it is cannot be told.
    let three = row("fp=aa", 1, end) + &row("fp=ab", 2, end) + &row("sha1=a1", 1, end);
    assert!(lines(&run(&three)).contains("Certificates: 3 shown"));
}

#[test]
fn appliances_inside_are_information() {
    let box_ = "@0 x509 10.0.0.9:* > 10.0.0.{1..9}:443 fp=a{1..3} serial=01 version=1 subject=CN=localhost issuer=CN=localhost self=T key=rsa bits=1024 before=2003-12-01 after=2013-02-28";
    assert_eq!(alarms(box_), "");
    assert!(lines(&run(box_)).starts_with("Info/"));
}

#[test]
fn validity_is_held_against_the_limit_of_the_day_of_issue() {
    const DAY: i64 = 86_400;
    // First day of each limit, limit.
    for (from, limit) in [
        (1_519_862_400, 825),
        (1_598_918_400, 398),
        (1_773_532_800, 200),
        (1_805_068_800, 100),
        (1_868_227_200, 47),
    ] {
        for (days, scts, want) in [(limit, 2, ""), (limit + 1, 2, "Low/Medium"), (limit + 1, 0, "")]
        {
            let mut all =
                events(&outside(&format!("before=2024-01-01 after=2024-01-01 scts={scts}")));
            let Body::X509(x) = &mut all[0].body else { panic!("a certificate") };
            x.not_valid_before = Some(from);
            x.not_valid_after = Some(from + days * DAY - 1);
            // Seen on its first day: by the rules of that day it is judged, and not of today.
            all[0].ts = Some(Time::from_secs(from));
            let mut found = found(&RULE, &all);
            found.retain(|f| f.key != "record");
            assert!(lines(&found).starts_with(want), "{from} {days} {}", lines(&found));
            assert_eq!(found.len(), usize::from(!want.is_empty()), "{from} {days} {scts}");
        }
    }
}

#[test]
fn an_authority_that_names_itself_is_bound_by_the_rules() {
    // Issued on 2023-12-01: 398 days are allowed.
    let of = |issuer: &str, after: &str| {
        let text = outside(&format!("before=2023-12-01 after={after}"));
        alarms(&text.replace("issuer=CN=Test~CA", &format!("issuer={issuer}")))
    };
    let long = "Low/Medium Certificate valid for longer than allowed: a.test\n";
    assert_eq!(of("CN=R3,O=Let's~Encrypt,C=US", "2025-01-02"), long);
    assert_eq!(of("CN=R3,O=Let's~Encrypt,C=US", "2025-01-01"), "");
    assert_eq!(of("CN=Issuing~CA,O=Example", "2025-01-02"), "");
}

#[test]
fn nobody_certifies_a_whole_public_suffix() {
    let of =
        |name: &str| alarms(&outside(&format!("before=2023-12-01 after=2024-02-28 san={name}")));
    assert_eq!(of("*.co.uk"), "Low/Medium Certificate for a whole public suffix: a.test\n");
    for name in ["*.example.co.uk", "*.github.io", "*.corp", "co.uk"] {
        assert_eq!(of(name), "", "{name}");
    }
}

#[test]
fn subjects_of_tools_and_of_makers() {
    let own = |subject: &str, words: &str| {
        let text = outside("before=2023-12-01 after=2024-02-28 self=T");
        alarms(&text.replace(
            "subject=CN=a.test issuer=CN=Test~CA",
            &format!("subject={subject} issuer={subject} {words}"),
        ))
    };
    let tool = "Medium/High Certificate with a published default subject: Major Cobalt Strike\n";
    assert_eq!(own("CN=Major~Cobalt~Strike,OU=AdvancedPenTesting,O=cobaltstrike", ""), tool);
    assert!(own("CN=AsyncRAT~Server", "").starts_with("Medium/"));
    assert!(own("CN=AsyncRAT~Servers", "").starts_with("Low/"));
    // A maker's own, an example's; with the timestamps of public logs it is no maker's.
    assert_eq!(own("CN=synology,O=Synology~Inc.,C=TW", ""), "");
    assert!(own("CN=synology,O=Synology~Inc.,C=TW", "scts=2").starts_with("Low/"));
    assert!(own("CN=a,O=Internet~Widgits~Pty~Ltd", "").starts_with("Low/"));
    // In every box the same, on whatever network.
    let boxes = "@0 x509 10.0.0.9:* > {11..19}.2.3.4:443 fp=aa serial=01 self=T subject=CN=FGT,O=Fortinet issuer=CN=support,O=Fortinet before=2023-12-01 after=2038-01-19";
    assert_eq!(alarms(boxes), "");
}

#[test]
fn serials_of_seven_digits_are_a_box_s() {
    let two = |serial: &str| {
        alarms(&format!(
            "@0 x509 10.0.0.9:* > 192.0.2.{{1,2}}:443 fp=a{{1,2}} issuer=CN=Test~CA subject=CN=a.test before=2023-12-01 after=2024-02-28 serial={serial}"
        ))
    };
    assert_eq!(two("001234567"), "");
    assert!(two("0012345678").contains("with a reused serial number"));
}

#[test]
fn issuers_are_ranked_and_an_inspecting_one_mutes() {
    let made = |n: usize, issuer: &str, words: &str| {
        let one = |i| {
            format!(
                "@0 x509 10.0.0.9:* > 192.0.2.1:443 fp={issuer}{i} serial=0123456789AB issuer=CN={issuer} subject=CN=a before=2023-12-01 after=2024-02-28 san={issuer}{i}.com {words}\n"
            )
        };
        (0..n).map(one).collect::<String>()
    };
    // Twelve certificates with one serial number: an authority's fault, an inspecting proxy's habit.
    let found = alarms(&made(4, "Other", ""));
    assert!(found.contains("with a reused serial number"), "{found}");
    let one = made(12, "Corp", "");
    assert_eq!(alarms(&one), "");
    assert_ne!(alarms(&made(12, "Public", "scts=2")), "");
    let found = run(&(one + &made(2, "Rare", "")));
    let record = found.iter().find(|f| f.key == "record").unwrap();
    assert_eq!(fact(record, "issuer, rarest first"), "CN=Rare: 2 certificates");
}

#[test]
fn caps_of_eight_give_the_same_for_any_order() {
    let found = found_within(
        &RULE,
        8,
        &events(
            "@0 x509 10.0.0.9:* > 192.0.2.1:443 fp=a{1..40} serial=0{1..40} subject=CN=a issuer=CN=b",
        ),
    );
    assert!(found.iter().any(|f| f.missing.iter().any(|m| m.contains("lower bounds"))));
}

#[test]
fn a_certificate_keeps_so_many_names_and_no_more() {
    let names = |n: usize| (0..n).map(|i| format!("n{i}.test")).collect::<Vec<_>>().join(",");
    for (n, kept) in [(250, 250), (251, 250)] {
        let found = run(&format!("@0 x509 fp=aa serial=01 subject=CN=a.test san={}", names(n)));
        assert_eq!(fact(&found[0], "names").split(", ").count(), kept);
    }
}
