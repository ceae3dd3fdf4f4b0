//! Patterns in packets and in streams.

use super::*;

#[test]
fn patterns_are_found_in_packets_and_across_segments() {
    let said: [(u32, &[u8]); 3] = [(0, b"my pass"), (11, b"s\0w\0"), (7, b"Word")];
    let mut file = File::new();
    talk(4000, &said, 15).iter().for_each(|p| {
        file.put(p);
    });
    let mut session = case(200, &[&file.bytes]);
    let pattern = Pattern::text("password").unwrap();
    let scope = chosen(&mut session, "");
    let take = Search::new(pattern.clone(), 1 << 20);
    let (mut search, _) = pursue(&session, &[(NodeId(0), &file.bytes)], scope, take);
    let hits = search.take_hits();
    let place = Place::Stream { connection: 0, is_orig: true, offset: 3 };
    assert_eq!(hits.iter().map(|h| h.place).collect::<Vec<_>>(), [place]);
    // Found once the missing segment came.
    assert_eq!((hits[0].at.item, hits[0].len), (6, 8));

    let everywhere = Scope::Captures(Vec::new());
    let take = Search::new(pattern, 1 << 20);
    let files = [(NodeId(0), &file.bytes[..])];
    assert_eq!(pursue(&session, &files, everywhere.clone(), take).0.n_hits, 0);
    let take = Search::new(Pattern::text("PASS").unwrap(), 1 << 20);
    let (mut search, n_read) = pursue(&session, &files, everywhere, take);
    let hits = search.take_hits();
    assert_eq!((hits[0].at.item, hits[0].place), (4, Place::Packet { offset: 43 }));
    assert_eq!((hits.len(), n_read), (1, file.bytes.len() as u64 - 24));
}

#[test]
fn hits_are_bounded_and_all_are_counted() {
    let mut file = File::new();
    let payload = vec![b'a'; 1001];
    (0..11).for_each(|n| {
        file.put(&ip(17, (n, 2), 0, &udp((1, 2), &payload)));
    });
    let session = case(4 << 20, &[&file.bytes]);
    let take = Search::new(Pattern::hex("6161").unwrap(), 0);
    let everywhere = Scope::Captures(Vec::new());
    let (mut search, _) = pursue(&session, &[(NodeId(0), &file.bytes)], everywhere, take);
    assert_eq!((search.take_hits().len(), search.n_hits), (MAX_HITS, 11_000));
}
