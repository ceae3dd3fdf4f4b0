//! Names below one domain, each with its own addresses: flux by labels, and what looks like it.

use super::flux::{machines, pick};
use super::{Build, HOUR, MINUTE, World};

/// The samples about names below a domain.
pub const SAMPLES: &[(&str, Build)] = &[
    ("flux-many-names", many_names),
    ("quiet-senders-names", senders),
    ("quiet-mail-hosts", mail_hosts),
    ("quiet-boxes-at-home", boxes),
    ("quiet-video-edges", video),
    ("quiet-reputation-answers", |w| {
        for i in 0..300 {
            let label = w.hex(24);
            let answer = [(format!("203.0.113.{}", 10 + i % 3), 60)];
            w.lookup(
                10.0 * f64::from(i),
                "10.20.0.12",
                &format!("{label}.repute.vendor.com"),
                &answer,
            );
        }
    }),
];

/// Each question has a label of its own, so no name is asked for twice.
fn many_names(w: &mut World) {
    w.office(2.0);
    let pool = machines(w, 500);
    let mut at = 60.0;
    while at < 3.0 * HOUR {
        let answers = pick(w, &pool, 2, 90);
        let label = w.hex(6);
        w.lookup(at, "10.20.0.12", &format!("{label}.jobmail.site"), &answers);
        at += w.about(4.0 * MINUTE);
    }
}

/// A mail gateway looks whether the names of senders' machines lead back to them.
fn senders(w: &mut World) {
    for i in 0..60 {
        let address = w.household();
        let name = format!("cpe-{}.dyn.bigprovider.net", address.replace('.', "-"));
        w.lookup(40.0 * f64::from(i), "10.20.0.25", &name, &[(address, 300)]);
    }
}

/// A mail server delivers to many firms, whose mail one provider takes in.
fn mail_hosts(w: &mut World) {
    let networks = ["104.47", "40.107", "52.101", "52.100"];
    for i in 0..80 {
        let name = format!("{}-com.mail.protectedmail.com", w.word(3));
        let net = networks.get(w.below(4)).copied().unwrap_or("104.47");
        let (a, b) = (w.below(60), w.below(250));
        let answers = [(format!("{net}.{a}.{b}"), 10), (format!("{net}.{a}.{}", b + 1), 10)];
        w.lookup(30.0 * f64::from(i), "10.20.0.25", &name, &answers);
    }
}

/// A dozen people's boxes at home, named below their maker's domain; an app looks after each.
fn boxes(w: &mut World) {
    let homes: Vec<(String, String)> =
        (0..14).map(|_| (format!("{}.mybox.maker.com", w.hex(8)), w.household())).collect();
    for round in 0..8 {
        for (i, (name, address)) in homes.iter().enumerate() {
            let at = 600.0 * f64::from(round) + 9.0 * i as f64;
            w.lookup(at, "10.20.0.13", name, &[(address.clone(), 60)]);
        }
    }
}

/// A video's parts come from caches in many providers' networks, each with a name of its own.
fn video(w: &mut World) {
    w.office(1.0);
    for i in 0..25 {
        let name = format!("r{}---sn-{}.videoparts.com", 1 + i % 9, w.hex(8));
        let address = w.household();
        w.lookup(120.0 * f64::from(i), "10.20.0.14", &name, &[(address, 1800)]);
    }
}
