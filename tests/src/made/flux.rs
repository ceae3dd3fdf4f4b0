//! Names whose addresses change: machines that come and go, and the many ordinary reasons.

use super::{Build, Ends, HOUR, MINUTE, RESOLVER, World};
use serde_json::json;

/// The samples about fast flux.
pub const SAMPLES: &[(&str, Build)] = &[
    ("flux-single", |w| flux(w, "cdn-login.example.net", &Flux::default())),
    ("flux-one-answer", |w| {
        flux(
            w,
            "gate.pharmadeal.biz",
            &Flux { n: 1, ttl: 60, every: 6.0 * MINUTE, ..Flux::default() },
        );
    }),
    ("flux-zero-ttl", |w| {
        flux(w, "upd.softdist.info", &Flux { ttl: 0, every: 4.0 * MINUTE, ..Flux::default() });
    }),
    ("flux-rare", |w| {
        let rare = Flux { n: 2, every: 40.0 * MINUTE, hours: 16.0, ..Flux::default() };
        flux(w, "track.parcelinfo.top", &rare);
    }),
    ("flux-double", double),
    ("flux-double-seen-by-resolver", double_at_resolver),
    ("flux-cached", cached),
    ("flux-two-resolvers", two_resolvers),
    ("flux-ipv6", ipv6),
    ("flux-behind-alias", alias),
    ("flux-used", used),
    ("flux-small", |w| {
        flux(
            w,
            "pay.cardhost.ru",
            &Flux { n: 1, ttl: 120, every: 5.0 * MINUTE, hours: 2.0, pool: 90 },
        );
    }),
    ("quiet-cdn-two-networks", |w| {
        turning(w, "static.shopcdn.net", &["104.16", "104.17"], 60, 3, 20)
    }),
    ("quiet-cdn-many-edges", edges),
    ("quiet-round-robin", |w| turning(w, "www.newspaper.com", &["151.101"], 4, 4, 300)),
    ("quiet-cloud-balancer", balancer),
    ("quiet-ntp-pool", ntp_pool),
    ("quiet-ntp-pool-unused", |w| closed(w, "2.de.timepool.org", 120, 4, 150, 24.0)),
    ("quiet-few-clocks", |w| closed(w, "2.timepool.org", 18, 4, 150, 2.0)),
    ("quiet-peer-seeds", seeds),
    ("quiet-irc-network", |w| closed(w, "chat.ircnet.org", 14, 1, 60, 8.0)),
    ("quiet-dynamic-dns", roaming),
    ("quiet-anycast", anycast),
    ("quiet-failover", failover),
    ("quiet-ad-exchange", exchange),
    ("quiet-travelling-user", travelling),
    ("quiet-office", |w| w.office(8.0)),
];

/// How a name is served by machines that come and go.
struct Flux {
    /// Addresses in one answer.
    n: usize,
    ttl: u32,
    /// Seconds between two questions.
    every: f64,
    hours: f64,
    /// Machines there are.
    pool: usize,
}

impl Default for Flux {
    fn default() -> Self {
        Self { n: 5, ttl: 180, every: 3.0 * MINUTE, hours: 3.0, pool: 600 }
    }
}

pub(super) fn machines(w: &mut World, n: usize) -> Vec<String> {
    (0..n).map(|_| w.household()).collect()
}

pub(super) fn pick(w: &mut World, pool: &[String], n: usize, ttl: u32) -> Vec<(String, u32)> {
    let mut out: Vec<(String, u32)> = Vec::new();
    for _ in 0..n {
        let i = w.below(pool.len());
        if let Some(a) = pool.get(i).filter(|a| !out.iter().any(|o| o.0 == **a)) {
            out.push((a.clone(), ttl));
        }
    }
    out
}

/// A client that comes back again and again.
fn flux(w: &mut World, name: &str, f: &Flux) {
    w.office(2.0);
    let pool = machines(w, f.pool);
    let mut at = w.about(300.0);
    while at < f.hours * HOUR {
        let answers = pick(w, &pool, f.n, f.ttl);
        w.lookup(at, "10.20.0.14", name, &answers);
        at += w.about(f.every);
    }
}

/// The sensor writes the other sections too: name servers change with their addresses.
fn double(w: &mut World) {
    w.office(2.0);
    let (pool, fronts) = (machines(w, 500), machines(w, 200));
    let mut at = 240.0;
    while at < 4.0 * HOUR {
        let answers = pick(w, &pool, 4, 120);
        let servers = pick(w, &fronts, 2, 120);
        let addl: Vec<&str> = servers.iter().map(|s| s.0.as_str()).collect();
        let more = json!({ "auth": ["ns1.lottowin.cc", "ns2.lottowin.cc"], "addl": addl });
        let ask = ("www.lottowin.cc", "A", "NOERROR");
        w.ask(at, ("10.20.0.12", RESOLVER), ask, &answers, more);
        at += w.about(4.0 * MINUTE);
    }
}

/// The sensor stands outside the resolver, which asks for the name servers by name.
fn double_at_resolver(w: &mut World) {
    let (pool, fronts) = (machines(w, 500), machines(w, 200));
    let mut at = 30.0;
    while at < 3.0 * HOUR {
        let to = ("10.20.0.53", "194.0.28.53");
        let ns = [("ns1.greetcards.cn".to_owned(), 300), ("ns2.greetcards.cn".to_owned(), 300)];
        w.ask(at, to, ("greetcards.cn", "NS", "NOERROR"), &ns, json!({}));
        for server in ["ns1.greetcards.cn", "ns2.greetcards.cn"] {
            let answer = pick(w, &fronts, 1, 180);
            w.ask(at + 0.1, to, (server, "A", "NOERROR"), &answer, json!({}));
        }
        let answers = pick(w, &pool, 5, 150);
        w.ask(at + 0.2, to, ("card.greetcards.cn", "A", "NOERROR"), &answers, json!({}));
        at += w.about(5.0 * MINUTE);
    }
}

/// Behind a caching resolver: the same answer with less time left, until it is asked for again.
fn cached(w: &mut World) {
    w.office(2.0);
    let pool = machines(w, 400);
    let (mut answers, mut since) = (Vec::new(), f64::MIN);
    let mut at = 100.0;
    while at < 4.0 * HOUR {
        if at - since > 240.0 {
            answers = pick(w, &pool, 3, 240);
            since = at;
        }
        let left = 240 - (at - since) as u32;
        let now: Vec<_> = answers.iter().map(|a| (a.0.clone(), left)).collect();
        let client = super::office::CLIENTS.get(w.below(3)).copied().unwrap_or("10.20.0.11");
        w.lookup(at, client, "img.datingnow.club", &now);
        at += w.about(80.0);
    }
}

fn two_resolvers(w: &mut World) {
    w.office(2.0);
    let pool = machines(w, 600);
    let mut at = 60.0;
    while at < 3.0 * HOUR {
        for (client, server) in [("10.20.0.11", RESOLVER), ("10.20.0.15", "9.9.9.9")] {
            let answers = pick(w, &pool, 2, 60);
            let ask = ("shop.replicas.su", "A", "NOERROR");
            w.ask(at, (client, server), ask, &answers, json!({}));
        }
        at += w.about(7.0 * MINUTE);
    }
}

fn ipv6(w: &mut World) {
    w.office(2.0);
    let mut at = 60.0;
    while at < 2.0 * HOUR {
        let one = |w: &mut World| format!("2{}:{}::{}", w.hex(3), w.hex(4), w.hex(4));
        let answers = [(one(w), 120), (one(w), 120)];
        w.lookup(at, "10.20.0.13", "node.sixproxy.xyz", &answers);
        at += w.about(3.0 * MINUTE);
    }
}

/// The name that people click leads to the one that changes.
fn alias(w: &mut World) {
    w.office(2.0);
    let pool = machines(w, 500);
    let mut at = 60.0;
    while at < 3.0 * HOUR {
        let mut answers = vec![("host7.cheapmeds.pw".to_owned(), 300)];
        answers.extend(pick(w, &pool, 4, 100));
        w.lookup(at, "10.20.0.16", "www.best-offer.online", &answers);
        at += w.about(4.0 * MINUTE);
    }
}

/// The client connects to what it was told.
fn used(w: &mut World) {
    w.office(2.0);
    let pool = machines(w, 500);
    let mut at = 60.0;
    while at < 3.0 * HOUR {
        let answers = pick(w, &pool, 2, 90);
        w.lookup(at, "10.20.0.12", "panel.invoicehub.icu", &answers);
        if let Some((server, _)) = answers.first() {
            let ends = Ends { client: "10.20.0.12", server, port: 80 };
            w.conn(at + 0.3, ends, "http", (400, 1_200));
        }
        at += w.about(5.0 * MINUTE);
    }
}

/// A set of addresses in given networks, of which each answer holds some.
fn turning(w: &mut World, name: &str, networks: &[&str], size: usize, n: usize, ttl: u32) {
    w.office(2.0);
    let pool: Vec<String> = (0..size)
        .map(|i| {
            let net = networks.get(i % networks.len().max(1)).copied().unwrap_or("104.16");
            format!("{net}.{}.{}", w.below(256), 1 + w.below(254))
        })
        .collect();
    let mut at = 60.0;
    while at < 4.0 * HOUR {
        let answers = pick(w, &pool, n, ttl);
        w.lookup(at, "10.20.0.11", name, &answers);
        at += w.about(f64::from(ttl).max(60.0));
    }
}

/// A content network: each answer comes from one place, and the place changes with the load.
fn edges(w: &mut World) {
    w.office(2.0);
    const PLACES: [&str; 5] = ["23.5", "95.101", "184.84", "2.16", "104.96"];
    let mut at = 60.0;
    while at < 6.0 * HOUR {
        let place = PLACES.get(w.below(5)).copied().unwrap_or("23.5");
        let block = w.below(20);
        let mut answers = vec![("e7713.dscb.edgehost.net".to_owned(), 3600)];
        answers.extend((0..4).map(|i| (format!("{place}.{block}.{}", 10 + i), 20)));
        w.lookup(at, "10.20.0.13", "www.carmaker.com", &answers);
        at += w.about(150.0);
    }
}

/// Eight machines of one cloud, which has many networks; new ones come when the load grows.
fn balancer(w: &mut World) {
    w.office(2.0);
    const NETWORKS: [&str; 10] = [
        "3.120", "18.185", "35.156", "52.28", "52.59", "54.93", "3.64", "18.157", "3.74", "35.158",
    ];
    let fresh = |w: &mut World, i: usize| {
        let net = NETWORKS.get(i % 10).copied().unwrap_or("3.120");
        format!("{net}.{}.{}", w.below(256), w.below(256))
    };
    let mut pool: Vec<String> = (0..8).map(|i| fresh(w, i)).collect();
    let (mut at, mut n) = (60.0, 8);
    while at < 8.0 * HOUR {
        if w.below(60) == 0 {
            n += 1;
            pool.remove(0);
            let next = fresh(w, n);
            pool.push(next);
        }
        let answers = pick(w, &pool, 8, 60);
        w.lookup(at, "10.20.0.14", "api.workchat.com", &answers);
        at += w.about(120.0);
    }
}

/// A pool that anybody may join: members stay for years, and the same few hundred turn.
fn closed(w: &mut World, name: &str, size: usize, n: usize, ttl: u32, hours: f64) {
    w.office(2.0);
    let pool = machines(w, size);
    let mut at = 60.0;
    while at < hours * HOUR {
        let answers = pick(w, &pool, n, ttl);
        w.lookup(at, "10.20.0.11", name, &answers);
        at += w.about(f64::from(ttl).max(300.0) * 2.0);
    }
}

/// Clocks are asked for the time, and nothing else.
fn ntp_pool(w: &mut World) {
    w.office(2.0);
    let pool = machines(w, 3_000);
    for (i, client) in super::office::CLIENTS.into_iter().enumerate() {
        let mut at = 60.0 + 40.0 * i as f64;
        while at < 6.0 * HOUR {
            let answers = pick(w, &pool, 4, 150);
            w.lookup(at, client, "0.timepool.org", &answers);
            for (server, _) in &answers {
                let ends = Ends { client, server, port: 123 };
                w.conn(at + 0.5, ends, "ntp", (48, 48));
            }
            at += w.about(17.0 * MINUTE);
        }
    }
}

/// How a node of a peer-to-peer network finds its first peers.
fn seeds(w: &mut World) {
    w.office(2.0);
    let peers = machines(w, 5_000);
    let mut at = 60.0;
    while at < 5.0 * HOUR {
        let answers = pick(w, &peers, 24, 60);
        w.lookup(at, "10.20.0.15", "dnsseed.coinpeers.org", &answers);
        at += w.about(20.0 * MINUTE);
    }
}

/// A household's own server: a new address each night, and when the line drops.
fn roaming(w: &mut World) {
    w.office(2.0);
    let homes = machines(w, 4);
    let mut at = 60.0;
    while at < 24.0 * HOUR {
        let home = homes.get((at / (7.0 * HOUR)) as usize).cloned().unwrap_or_default();
        w.lookup(at, "10.20.0.16", "nas-home.dyndns.example", &[(home, 60)]);
        at += w.about(10.0 * MINUTE);
    }
}

fn anycast(w: &mut World) {
    w.office(2.0);
    let mut at = 60.0;
    while at < 3.0 * HOUR {
        let both =
            [("2606:4700::6810:84e5".to_owned(), 300), ("2606:4700::6810:85e5".to_owned(), 300)];
        w.lookup(at, "10.20.0.12", "dns.publicresolver.com", &both);
        at += w.about(5.0 * MINUTE);
    }
}

/// A site moves from one provider to another and back within an hour.
fn failover(w: &mut World) {
    w.office(2.0);
    let mut at = 60.0;
    while at < 2.0 * HOUR {
        let is_away = (1800.0..4200.0).contains(&at);
        let server = if is_away { "34.102.136.180" } else { "185.199.108.153" };
        w.lookup(at, "10.20.0.13", "status.paymentgate.com", &[(server.into(), 60)]);
        at += w.about(2.0 * MINUTE);
    }
}

/// Bidders of advertising: forty machines in one cloud's networks, one at a time.
fn exchange(w: &mut World) {
    w.office(2.0);
    const NETWORKS: [&str; 12] = [
        "3.121", "3.122", "18.184", "18.195", "18.197", "35.157", "35.159", "52.29", "52.57",
        "54.93", "3.66", "3.69",
    ];
    let pool: Vec<String> = (0..40)
        .map(|i| {
            let net = NETWORKS.get(i % 12).copied().unwrap_or("3.121");
            format!("{net}.{}.{}", w.below(256), w.below(256))
        })
        .collect();
    let mut at = 30.0;
    while at < 8.0 * HOUR {
        let answers = pick(w, &pool, 1, 60);
        w.lookup(at, "10.20.0.14", "bid.adexchange.net", &answers);
        at += w.about(100.0);
    }
}

/// A person turns a VPN on and off: the content network answers from where the person seems to be.
fn travelling(w: &mut World) {
    w.office(2.0);
    const PLACES: [&str; 3] = ["23.5.7", "95.101.9", "184.84.3"];
    let mut at = 60.0;
    while at < HOUR {
        let place = PLACES.get((at / 1_300.0) as usize).copied().unwrap_or("23.5.7");
        let answers = [(format!("{place}.10"), 30), (format!("{place}.11"), 30)];
        w.lookup(at, "10.20.0.11", "video.streamsite.com", &answers);
        at += w.about(5.0 * MINUTE);
    }
}
