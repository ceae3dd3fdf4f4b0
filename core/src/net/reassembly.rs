//! One direction of a TCP connection put in order: what is next goes straight through, what came
//! early waits, what never came becomes a gap.
//!
//! Overlaps: the bytes that arrived first count, wherever they lie. Later bytes for the same place
//! that differ are reported (`rexmit_inconsistency`), never used. Zeek has the same policy.

use super::recent::Recent;
use crate::event::Origin;
use crate::time::Time;

/// Bytes of one direction that may wait for a gap to be filled. Over it the gap is given up.
/// Twice the largest window without scaling (RFC 9293), times eight for scaled ones.
const MAX_WAITING: usize = 1 << 20;
/// Segments that may wait: an insertion moves at most this many. A window of 1 MiB in segments of
/// 1460 bytes, with room.
const MAX_BLOCKS: usize = 1024;
/// Zeek's `tcp_max_above_hole_without_any_acks`: after this much data behind a gap, of which the
/// other side acknowledged nothing, the other direction is not captured and no ACK will tell.
const MAX_UNACKED: u64 = 16_384;

/// The packet that brought bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    pub(crate) ts: Time,
    pub(crate) at: Origin,
}

/// What comes out, in order.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Piece<'a> {
    /// The next bytes.
    Data(&'a [u8], Mark),
    /// Bytes that are missing.
    Gap(u64),
}

/// A segment of payload.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Payload<'a> {
    /// Relative sequence number of its first byte.
    pub(crate) seq: u64,
    /// Captured bytes.
    pub(crate) data: &'a [u8],
    /// True when the packet was cut: more bytes followed on the wire.
    pub(crate) is_cut: bool,
    pub(crate) mark: Mark,
}

#[derive(Debug, Clone)]
struct Block {
    seq: u64,
    len: u64,
    /// Empty when nobody reads this stream.
    data: Box<[u8]>,
    is_cut: bool,
    mark: Mark,
}

impl Block {
    const fn end(&self) -> u64 {
        self.seq + self.len
    }
}

/// Bytes waiting in all streams, and how many may.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    pub(crate) used: usize,
    pub(crate) cap: usize,
}

/// What taking a segment or an acknowledgement showed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Gaps given up.
    pub(crate) gaps: u32,
    /// Their bytes, with those of segments that were cut.
    pub(crate) missed: u64,
    /// Bytes came twice and differ.
    pub(crate) is_conflict: bool,
    /// Data piles up behind a gap and nothing is ever acknowledged.
    pub(crate) is_one_sided: bool,
    /// Waiting data was given up because there was too much of it.
    pub(crate) is_full: bool,
}

/// One direction. Sequence numbers are relative: the first byte after the SYN is 1.
#[derive(Debug)]
pub(crate) struct Stream {
    next: u64,
    /// Up to here the other side acknowledged.
    trimmed: u64,
    /// The furthest byte seen.
    top: u64,
    waiting: usize,
    blocks: Vec<Block>,
    /// Captured bytes just before `next` that were part of a cut segment.
    cut: u64,
    is_one_sided: bool,
    recent: Recent,
}

impl Default for Stream {
    fn default() -> Self {
        Self {
            next: 1,
            trimmed: 1,
            top: 1,
            waiting: 0,
            blocks: Vec::new(),
            cut: 0,
            is_one_sided: false,
            recent: Recent::default(),
        }
    }
}

impl Stream {
    /// Takes a segment. Without `is_read` only its place is kept.
    pub(crate) fn segment(
        &mut self,
        mut p: Payload<'_>,
        is_read: bool,
        budget: &mut Budget,
        out: &mut dyn FnMut(Piece<'_>),
    ) -> Seen {
        let mut seen = Seen::default();
        if is_read {
            seen.is_conflict = self.recent.said_otherwise(p.seq, p.data) | self.conflicts(&p);
        }
        let end = p.seq.saturating_add(p.data.len() as u64);
        self.top = self.top.max(end);
        let is_straight = self.blocks.is_empty() && p.seq <= self.next;
        if is_straight {
            self.take(&p, end, is_read, out);
            return seen;
        }
        while p.seq < end {
            p = from(p, self.next);
            if p.data.is_empty() {
                break;
            }
            p = self.place(p, is_read, budget, out);
            self.drain(budget, out);
        }
        while self.waiting > MAX_WAITING
            || self.blocks.len() > MAX_BLOCKS
            || (budget.used > budget.cap && !self.blocks.is_empty())
        {
            self.skip_gap(budget, out);
            seen.is_full = true;
        }
        seen
    }

    /// The other side acknowledged up to `acked`: what is missing below it will not come.
    /// `is_partial`: the start was not seen, so the first two numbers are made up.
    pub(crate) fn acknowledged(
        &mut self,
        acked: u64,
        is_partial: bool,
        budget: &mut Budget,
        out: &mut dyn FnMut(Piece<'_>),
    ) -> Seen {
        let mut seen = Seen::default();
        if acked <= self.trimmed {
            return seen;
        }
        if acked > self.next && !(acked <= 2 && is_partial) {
            while self.blocks.first().is_some_and(|b| b.seq < acked) {
                let len = self.skip_gap(budget, out);
                self.count(&mut seen, len);
            }
            if acked > self.next {
                let len = acked - self.next;
                out(Piece::Gap(len));
                self.count(&mut seen, len);
                self.next = acked;
            }
        }
        self.trimmed = acked;
        self.drain(budget, out);
        seen
    }

    /// Data behind a gap, of which nothing was ever acknowledged: gives the gaps up.
    pub(crate) fn one_sided(
        &mut self,
        budget: &mut Budget,
        out: &mut dyn FnMut(Piece<'_>),
    ) -> bool {
        if self.blocks.is_empty() || self.top.saturating_sub(self.next) <= MAX_UNACKED {
            return false;
        }
        while !self.blocks.is_empty() {
            self.skip_gap(budget, out);
        }
        !std::mem::replace(&mut self.is_one_sided, true)
    }

    /// Delivered data need not wait for acknowledgements that do not come.
    pub(crate) fn trim_delivered(&mut self) {
        self.trimmed = self.trimmed.max(self.next);
    }

    /// The end: what waits goes out, with gaps.
    pub(crate) fn finish(&mut self, budget: &mut Budget, out: &mut dyn FnMut(Piece<'_>)) {
        while !self.blocks.is_empty() {
            self.skip_gap(budget, out);
        }
    }

    /// True when bytes wait behind a gap.
    pub(crate) const fn is_waiting(&self) -> bool {
        !self.blocks.is_empty()
    }

    /// Nobody reads any more: places stay, bytes go.
    pub(crate) fn forget_data(&mut self, budget: &mut Budget) {
        if self.waiting == 0 {
            return;
        }
        budget.used = budget.used.saturating_sub(self.waiting);
        self.waiting = 0;
        self.blocks.iter_mut().for_each(|b| b.data = Box::default());
    }

    /// True when an acknowledgement up to `acked` says anything new.
    pub(crate) const fn is_news(&self, acked: u64) -> bool {
        acked > self.trimmed
    }

    /// True when data was seen that the other side has not acknowledged.
    pub(crate) const fn is_unacknowledged(&self) -> bool {
        self.top > self.trimmed
    }

    /// True when bytes below `sent` (relative, one past the last) were not delivered.
    pub(crate) fn is_behind(&self, sent: i64) -> bool {
        let next = i64::try_from(self.next).unwrap_or(i64::MAX);
        !self.is_one_sided && sent > next && sent - 1 != next
    }

    /// True unless `sent` lies below what was delivered, as after a reset with a made-up number.
    pub(crate) fn has_reached(&self, sent: i64) -> bool {
        !self.is_one_sided && sent >= i64::try_from(self.next).unwrap_or(i64::MAX)
    }

    fn count(&mut self, seen: &mut Seen, len: u64) {
        if !self.is_one_sided {
            seen.gaps += 1;
            seen.missed += len + self.cut;
        }
        self.cut = 0;
    }

    /// Delivers a segment that begins at or before `next`, with nothing waiting.
    fn take(&mut self, p: &Payload<'_>, end: u64, is_read: bool, out: &mut dyn FnMut(Piece<'_>)) {
        let p = from(*p, self.next);
        if p.data.is_empty() {
            return;
        }
        if is_read {
            self.recent.remember(p.seq, p.data);
        }
        self.next = end;
        self.cut = if p.is_cut { p.data.len() as u64 } else { 0 };
        out(Piece::Data(p.data, p.mark));
    }

    /// Puts the first part of a segment where it belongs; returns the part behind it.
    fn place<'a>(
        &mut self,
        p: Payload<'a>,
        is_read: bool,
        budget: &mut Budget,
        out: &mut dyn FnMut(Piece<'_>),
    ) -> Payload<'a> {
        let at = self.blocks.partition_point(|b| b.end() <= p.seq);
        let room = match self.blocks.get(at) {
            // Taken by what came first.
            Some(b) if b.seq <= p.seq => return from(p, b.end()),
            Some(b) => b.seq - p.seq,
            None => u64::MAX,
        };
        let len = usize::try_from(room).unwrap_or(usize::MAX).min(p.data.len());
        let (part, rest) = p.data.split_at_checked(len).unwrap_or((p.data, &[]));
        let piece = Payload { data: part, is_cut: p.is_cut && rest.is_empty(), ..p };
        let end = p.seq + part.len() as u64;
        if p.seq == self.next {
            self.take(&piece, end, is_read, out);
        } else {
            let data: Box<[u8]> = if is_read { part.into() } else { Box::default() };
            self.waiting += data.len();
            budget.used += data.len();
            let (seq, len) = (p.seq, part.len() as u64);
            self.blocks.insert(at, Block { seq, len, data, is_cut: piece.is_cut, mark: p.mark });
            if !is_read {
                self.merge(at);
            }
        }
        Payload { seq: end, data: rest, ..p }
    }

    /// Joins a block without bytes to its neighbours, so that an unread stream stays small.
    fn merge(&mut self, at: usize) {
        for i in [at + 1, at] {
            let (Some(before), Some(b)) =
                (i.checked_sub(1).and_then(|i| self.blocks.get(i)), self.blocks.get(i))
            else {
                continue;
            };
            if before.end() != b.seq
                || before.is_cut
                || !before.data.is_empty()
                || !b.data.is_empty()
            {
                continue;
            }
            let (len, is_cut) = (b.len, b.is_cut);
            self.blocks.remove(i);
            if let Some(before) = self.blocks.get_mut(i - 1) {
                before.len += len;
                before.is_cut = is_cut;
            }
        }
    }

    /// Delivers waiting blocks that are next.
    fn drain(&mut self, budget: &mut Budget, out: &mut dyn FnMut(Piece<'_>)) {
        let n = self
            .blocks
            .iter()
            .scan(self.next, |next, b| (b.seq <= *next).then(|| *next = b.end().max(*next)));
        let n = n.count();
        if n == 0 {
            return;
        }
        for b in self.blocks.drain(..n) {
            self.waiting -= b.data.len();
            budget.used = budget.used.saturating_sub(b.data.len());
            let old = self.next.saturating_sub(b.seq);
            self.cut = if b.is_cut { b.len } else { 0 };
            self.next = self.next.max(b.end());
            let new = usize::try_from(old).ok().and_then(|old| b.data.get(old..));
            if let Some(new) = new.filter(|new| !new.is_empty()) {
                out(Piece::Data(new, b.mark));
            }
        }
    }

    /// Gives up the gap before the first waiting block; returns its length.
    fn skip_gap(&mut self, budget: &mut Budget, out: &mut dyn FnMut(Piece<'_>)) -> u64 {
        let Some(first) = self.blocks.first() else { return 0 };
        let len = first.seq.saturating_sub(self.next);
        if len > 0 {
            out(Piece::Gap(len));
        }
        self.next = self.next.max(first.seq);
        let cut = self.cut;
        self.drain(budget, out);
        len + cut
    }

    /// True when waiting bytes for the same place differ.
    fn conflicts(&self, p: &Payload<'_>) -> bool {
        let end = p.seq.saturating_add(p.data.len() as u64);
        let from = self.blocks.partition_point(|b| b.end() <= p.seq);
        self.blocks.iter().skip(from).take_while(|b| b.seq < end).any(|b| {
            let start = b.seq.max(p.seq);
            let n = (b.end().min(end) - start) as usize;
            let mine = p.data.get((start - p.seq) as usize..).and_then(|d| d.get(..n));
            let theirs = b.data.get((start - b.seq) as usize..).and_then(|d| d.get(..n));
            matches!((mine, theirs), (Some(a), Some(b)) if a != b)
        })
    }
}

/// A segment without what lies before `seq`.
fn from(p: Payload<'_>, seq: u64) -> Payload<'_> {
    let skip = usize::try_from(seq.saturating_sub(p.seq)).unwrap_or(usize::MAX);
    let data = p.data.get(skip..).unwrap_or_default();
    Payload { seq: p.seq.max(seq), data, ..p }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Run {
        stream: Stream,
        budget: Budget,
        text: String,
        seen: Seen,
    }

    fn run() -> Run {
        let budget = Budget { used: 0, cap: 1 << 20 };
        Run { stream: Stream::default(), budget, text: String::new(), seen: Seen::default() }
    }

    fn write(text: &mut String, piece: Piece<'_>) {
        match piece {
            Piece::Data(d, _) => text.push_str(&String::from_utf8_lossy(d)),
            Piece::Gap(n) => text.push_str(&format!("<{n}>")),
        }
    }

    impl Run {
        fn put(&mut self, seq: u64, data: &str) -> &mut Self {
            self.put_cut(seq, data, false)
        }

        fn put_cut(&mut self, seq: u64, data: &str, is_cut: bool) -> &mut Self {
            let mark = Mark { ts: Time(0), at: Origin::default() };
            let p = Payload { seq, data: data.as_bytes(), is_cut, mark };
            let text = &mut self.text;
            self.seen = self.stream.segment(p, true, &mut self.budget, &mut |x| write(text, x));
            self
        }

        fn ack(&mut self, acked: u64) -> &mut Self {
            let text = &mut self.text;
            self.seen =
                self.stream.acknowledged(acked, false, &mut self.budget, &mut |x| write(text, x));
            self
        }
    }

    #[test]
    fn what_came_early_waits_for_its_turn() {
        let mut r = run();
        r.put(4, "def").put(10, "jk").put(1, "abc").put(7, "ghi");
        assert_eq!(r.text, "abcdefghijk");
        assert_eq!(r.budget.used, 0);
    }

    #[test]
    fn the_first_copy_counts_and_another_is_reported() {
        let mut r = run();
        r.put(4, "DEF").put(1, "abcdefghi");
        assert_eq!(r.text, "abcDEFghi");
        assert!(r.seen.is_conflict);
        r.put(1, "abc");
        assert!(!r.seen.is_conflict);
        let mut r = run();
        r.put(1, "good").put(1, "evil");
        assert!(r.seen.is_conflict && r.text == "good");
    }

    #[test]
    fn an_acknowledgement_tells_what_will_not_come() {
        let mut r = run();
        r.put(1, "ab").put(5, "ef").put(9, "ij").ack(11);
        assert_eq!(r.text, "ab<2>ef<2>ij");
        assert_eq!((r.seen.gaps, r.seen.missed), (2, 4));
        r.put(3, "cd");
        assert_eq!(r.text, "ab<2>ef<2>ij");
    }

    #[test]
    fn a_cut_segment_is_used_and_counts_as_missed_whole() {
        let mut r = run();
        r.put_cut(1, "ab", true).put(11, "kl").ack(13);
        assert_eq!(r.text, "ab<8>kl");
        assert_eq!((r.seen.gaps, r.seen.missed), (1, 10));
    }

    #[test]
    fn too_much_waiting_gives_the_gap_up() {
        let mut r = run();
        r.budget.cap = 10;
        r.put(3, "0123456789");
        assert!(r.text.is_empty() && !r.seen.is_full);
        r.put(20, "x");
        assert!(r.seen.is_full);
        assert_eq!(r.text, "<2>0123456789");
        assert_eq!(r.budget.used, 1);
    }

    #[test]
    fn places_are_kept_when_nobody_reads() {
        let mut r = run();
        let mark = Mark { ts: Time(0), at: Origin::default() };
        for seq in [9, 5, 7, 3] {
            let p = Payload { seq, data: b"xy", is_cut: false, mark };
            r.stream.segment(p, false, &mut r.budget, &mut |_| ());
        }
        assert_eq!((r.stream.blocks.len(), r.budget.used), (1, 0));
        assert_eq!(r.ack(11).seen, Seen { gaps: 1, missed: 2, ..Seen::default() });
    }
}
