//! What is listed and carved with a connection: all that it is made of, and what speaks of it.

use super::*;
use std::io::Write;

fn carve(session: &mut Session, file: &[u8], filter: &str) -> (Vec<u8>, u64) {
    let scope = chosen(session, filter);
    let (mut carve, _) = pursue(session, &[(NodeId(0), file)], scope, Carve::default());
    (carve.take_bytes(), carve.packets)
}

#[test]
fn carving_everything_gives_the_same_connections() {
    let file = mixed();
    for block_len in [1, 300, 4 << 20] {
        let mut session = case(block_len, &[&file.bytes]);
        let (bytes, n) = carve(&mut session, &file.bytes, "");
        assert_eq!(n, u64::from(file.n) - 3_600_000, "blocks of {block_len}");
        let mut again = case(block_len, &[&bytes]);
        assert_eq!(conns(&mut again), conns(&mut session));
        // What was carved can be carved again, and is then the same file.
        assert_eq!(carve(&mut again, &bytes, "").0, bytes);
    }
}

#[test]
fn fragments_and_carriers_are_carved_with_what_they_carry() {
    let file = mixed();
    let mut session = case(300, &[&file.bytes]);
    for (filter, want) in [
        ("id.resp_p == 6000", 2),
        ("id.resp_p == 2222", 1),
        ("id.orig_p == 4000", 16),
        ("id.resp_p == 8000", 30),
    ] {
        let (bytes, n) = carve(&mut session, &file.bytes, filter);
        assert_eq!(n, want, "{filter}");
        let mut again = case(4 << 20, &[&bytes]);
        let want = chosen(&mut session, filter);
        let (Scope::Connections(want), Scope::Connections(got)) = (want, chosen(&mut again, ""))
        else {
            panic!()
        };
        let ends = |c: &Connection| (c.orig, c.resp, c.packets);
        assert!(got.iter().map(ends).eq(want.iter().map(ends)), "{filter}");
    }
    // Of two connections with the same ports each is found alone.
    let Scope::Connections(both) = chosen(&mut session, "id.orig_p == 4000") else { panic!() };
    assert_eq!(both.len(), 2);
    for (connection, word) in both.iter().zip([&b"hello"[..], b"again"]) {
        let scope = Scope::Connections(vec![connection.clone()]);
        let take = Follow::new(1, MAX_BYTES, 1 << 20);
        let (follow, _) = pursue(&session, &[(NodeId(0), &file.bytes)], scope, take);
        assert_eq!(follow.followed[0].orig, word);
    }
}

#[test]
fn captures_in_a_container_and_in_a_series_are_read_again_too() {
    let file = mixed();
    let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    zip.write_all(&file.bytes).unwrap();
    let zip = zip.finish().unwrap();
    let mut plain = case(300, &[&file.bytes]);
    let (want, _) = carve(&mut plain, &file.bytes, "id.orig_p == 4000");
    let mut session = case(300, &[&zip]);
    assert_eq!(carve(&mut session, &zip, "id.orig_p == 4000").0, want);

    // One connection and one datagram over two files.
    let header = 24;
    let record = 16 + 44;
    let second = [&file.bytes[..header], &file.bytes[header + record..]].concat();
    let first = &file.bytes[..header + record];
    let mut session = case(300, &[first, &second]);
    let scope = chosen(&mut session, "id.resp_p == 6000 or id.orig_p == 4000");
    let files = [(NodeId(0), first), (NodeId(1), &second[..])];
    let (mut carve, _) = pursue(&session, &files, scope, Carve::default());
    assert_eq!(carve.packets, 18);
    let mut again = case(300, &[&carve.take_bytes()]);
    assert_eq!(connections(&mut again, "").unwrap().len(), 3);
}

/// An ICMP error of host 3 to host 1, quoting the datagram of these ports that host 1 sent to 2.
fn unreachable(ports: (u16, u16)) -> Vec<u8> {
    let quoted = ip(17, (1, 2), 0, &udp(ports, b"?"));
    ip(1, (3, 1), 0, &[&[3, 3, 0, 0, 0, 0, 0, 0][..], &quoted].concat())
}

#[test]
fn icmp_errors_are_listed_and_carved_with_the_connection_they_speak_of() {
    let mut file = File::new();
    file.put(&ip(17, (1, 2), 0, &udp((5000, 6000), b"?")));
    file.put(&ip(17, (1, 2), 0, &udp((5001, 6000), b"??")));
    (0..9).for_each(|n| {
        file.put(&ip(17, (20 + n, 30), 0, &udp((7000, 8000), &[n as u8; 100])));
    });
    file.put(&unreachable((5000, 6000)));
    // Of a connection that is long over, as another host may send it.
    file.n += 61_000;
    file.put(&unreachable((5000, 6000)));
    let mut session = case(100, &[&file.bytes]);
    let list = |session: &mut Session, filter: &str| {
        let scope = chosen(session, filter);
        pursue(session, &[(NodeId(0), &file.bytes)], scope, List::default()).0
    };
    let got = list(&mut session, "id.orig_p == 5000");
    let items: Vec<_> = got.packets.iter().map(|p| (p.at.item, p.is_orig)).collect();
    assert_eq!(items, [(1, true), (12, false)]);
    assert!(got.packets[1].info.ends_with("port-unreachable, about this connection"));
    assert_eq!(list(&mut session, "id.orig_p == 5001").packets.len(), 1);
    let (bytes, n) = carve(&mut session, &file.bytes, "id.orig_p == 5000");
    assert_eq!(n, 2);
    let mut again = case(100, &[&bytes]);
    let filter = "id.orig_p == 5000 and icmp_errors == \"port-unreachable\"";
    assert_eq!(connections(&mut again, filter).unwrap().len(), 1);
    // With all connections it is a packet of its own one, and is not written twice.
    assert_eq!(carve(&mut session, &file.bytes, "").1, 13);
    // It is no part of what the connection said.
    let scope = chosen(&mut session, "id.orig_p == 5000");
    let take = Follow::new(1, MAX_BYTES, 1 << 20);
    let (follow, _) = pursue(&session, &[(NodeId(0), &file.bytes)], scope, take);
    assert_eq!((&*follow.followed[0].orig, &*follow.followed[0].resp), (&b"?"[..], &b""[..]));
}
