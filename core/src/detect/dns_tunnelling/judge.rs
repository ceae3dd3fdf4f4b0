//! Whether the names under one domain carry data: how many, how long, how random, what came back.

use super::Asked;
use crate::text::Text;
use std::collections::BTreeMap;

/// Different names under one domain. A long list of a site's own hosts stays below.
pub(super) const MIN_NAMES: usize = 100;
/// The same where answers are long and always new as well: each name then shows the channel from
/// both sides, so that half as many show it as often.
pub(super) const MIN_NAMES_FETCH: usize = MIN_NAMES / 2;
/// Mean length of the part before the registered domain: longer than host names of people.
pub(super) const MIN_LENGTH: f64 = 30.0;
/// Mean entropy of that part in bits a character: text of hosts has 2 to 3, hex has up to 4. A name
/// counts by its length, since a tunnel asks in short names whether there is something to fetch.
pub(super) const MIN_ENTROPY: f64 = 3.3;
/// Share of answers that are of types made for data, from which on data comes back as well.
pub(super) const MIN_DATA: f64 = 0.5;
/// Share of digits and dots beyond which the names are addresses: block lists turn them around.
const MAX_DIGITS: f64 = 0.8;
/// Share of answers within 127/8: the way in which reputation services say yes or no.
const MAX_VERDICTS: f64 = 0.5;
/// Share of different answers among all, from which on they carry something: a verdict, a counter's
/// pixel and a wildcard are always the same few.
pub(super) const MIN_VARIED: f64 = 0.5;
/// The least share of answers, the commonest of them apart, that came once. A tunnel that has nothing
/// to say repeats one answer, and all others are new; a service that grades what it is asked for has
/// some tens of grades, each of which comes back.
pub(super) const MIN_ONCE: f64 = 0.5;
/// Mean length that fills a name as far as DNS lets it: whoever wants room and not a key, however
/// slowly.
pub(super) const FULL_LENGTH: f64 = 80.0;
/// Bytes in names from which on the amount by itself is telling.
pub(super) const MANY_BYTES: u64 = 50_000;
/// Mean length that is enough where answers of types made for data are long and always new: a
/// channel that fetches has little to ask. Longer than host names with a number.
pub(super) const MIN_LENGTH_FETCH: f64 = 15.0;
/// Mean length of such answers in bytes: longer than policies and checks of ownership.
pub(super) const MIN_REPLY: f64 = 80.0;
/// Share of answers that are senders' keys (DKIM, RFC 6376): long, random, new for each, and asked
/// for by every mail server.
const MAX_KEYS: f64 = 0.5;

/// Names under one domain that meet the rule, and what was measured of them.
pub(super) struct Judged<'a> {
    pub(super) members: &'a [(&'a Text, &'a Asked)],
    /// Bytes in names.
    pub(super) bytes: u64,
    /// Mean length in bytes.
    pub(super) length: f64,
    /// Mean entropy in bits a byte.
    pub(super) bits: f64,
    /// Share of answers that are a verdict.
    pub(super) verdicts: f64,
    /// Share of answers that carry data.
    pub(super) data: f64,
    /// Share of answers that differ.
    pub(super) varied: f64,
    /// Of the answers but the commonest, the share that came once.
    pub(super) once: f64,
    /// Mean length of answers that carry data, in bytes.
    pub(super) reply: f64,
}

impl Judged<'_> {
    /// True when answers say something new each time.
    pub(super) fn is_varied(&self) -> bool {
        self.varied >= MIN_VARIED && self.once >= MIN_ONCE
    }

    /// True when data comes back as well.
    pub(super) fn has_replies(&self) -> bool {
        self.data >= MIN_DATA && self.is_varied()
    }

    /// True when the amount by itself is telling.
    pub(super) fn is_much(&self) -> bool {
        self.length >= FULL_LENGTH || (self.bytes >= MANY_BYTES && self.is_varied())
    }

    /// True when answers are long and always new: a channel that fetches.
    pub(super) fn fetches(&self) -> bool {
        self.has_replies() && self.reply >= MIN_REPLY
    }

    /// The number of names that is asked.
    pub(super) fn min_names(&self) -> usize {
        if self.fetches() { MIN_NAMES_FETCH } else { MIN_NAMES }
    }

    /// The mean length of names that is asked.
    pub(super) fn min_length(&self) -> f64 {
        if self.fetches() { MIN_LENGTH_FETCH } else { MIN_LENGTH }
    }
}

/// Judges the names under one domain.
pub(super) fn judge<'a>(members: &'a [(&'a Text, &'a Asked)]) -> Option<Judged<'a>> {
    let n = members.len();
    let share = |of: usize| of as f64 / n.max(1) as f64;
    let bytes: u64 = members.iter().map(|m| octets(m.0)).sum();
    let length = bytes as f64 / n as f64;
    let bits = members.iter().map(|m| entropy(m.0) * octets(m.0) as f64).sum::<f64>()
        / bytes.max(1) as f64;
    let is_digit = |b: &u8| b.is_ascii_digit() || *b == b'.';
    let digits = members.iter().map(|m| m.0.bytes().filter(|b| is_digit(b)).count()).sum::<usize>()
        as f64
        / bytes.max(1) as f64;
    let verdicts = share(members.iter().filter(|m| m.1.is_verdict).count());
    let data = share(members.iter().filter(|m| m.1.has_data).count());
    let keys = share(members.iter().filter(|m| m.1.is_key).count());
    let mut answers: BTreeMap<u64, usize> = BTreeMap::new();
    for answer in members.iter().filter_map(|m| m.1.answer) {
        *answers.entry(answer).or_default() += 1;
    }
    let varied = share(answers.len());
    let once = once(answers.into_values());
    let (with, sum) = members
        .iter()
        .filter(|m| m.1.has_data)
        .fold((0u32, 0u64), |(n, all), m| (n + 1, all + u64::from(m.1.reply)));
    let reply = sum as f64 / f64::from(with.max(1));
    let j = Judged { members, bytes, length, bits, verdicts, data, varied, once, reply };
    let is_met = n >= j.min_names() && length >= j.min_length() && bits >= MIN_ENTROPY;
    let is_service = digits > MAX_DIGITS || verdicts > MAX_VERDICTS || keys > MAX_KEYS;
    (is_met && !is_service).then_some(j)
}

/// Of the answers but the commonest, the share that came once; of how often each came.
fn once(counts: impl Iterator<Item = usize>) -> f64 {
    let (mut all, mut most, mut single) = (0, 0, 0);
    for n in counts {
        (all, most) = (all + n, most.max(n));
        single += usize::from(n == 1);
    }
    // Where none came twice, the commonest is one of these.
    single.min(all - most) as f64 / (all - most).max(1) as f64
}

/// Bytes of a part of a name, in which those that are no text are written `\xff`.
pub(super) fn octets(part: &str) -> u64 {
    (part.len() - 3 * part.matches("\\x").count().min(part.len() / 4)) as u64
}

/// Shannon entropy of the characters, in bits a character.
pub(super) fn entropy(text: &str) -> f64 {
    let mut counts: BTreeMap<u8, u32> = BTreeMap::new();
    text.bytes().for_each(|b| *counts.entry(b).or_default() += 1);
    let n = text.len().max(1) as f64;
    counts.values().map(|c| f64::from(*c) / n).map(|p| -p * p.log2()).sum()
}
