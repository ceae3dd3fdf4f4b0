//! Guessing through a web form: one client posts small, nearly alike bodies to one path again and
//! again, and is answered alike each time.

use super::RULE;
use super::judge::{Attempt, MANY_FAILURES, MIN_FAILURES, TOGETHER, WINDOW, most_within, timer};
use super::session::{self, Session};
use crate::detect::kit::addr::is_internal;
use crate::detect::kit::{
    Course, Few, Host, Observed, Sighting, Tally, Terms, actor, caveat, evidence, finding, object,
    quoted, span, target, web_server,
};
use crate::event::{Body, Outcome};
use crate::order::{Collect, Order};
use crate::report::{Basis, Confidence, Finding, Severity};
use crate::settings::Settings;
use crate::text::{Text, visible};
use std::collections::BTreeSet;

/// Posts that the same page answered within the window: that it refuses is only inferred, so more are
/// needed than of plain refusals. Zeek's script for FTP takes 20, too.
const MIN_POSTS: u64 = 20;
/// Share of posts that must be answered alike. A handshake of NTLM is refused twice of three times.
const MIN_ALIKE: f64 = 0.8;
/// Statuses by which a server refuses what was sent: token services say 400, limits of rate 429.
const REFUSED: &[u64] = &[400, 401, 403, 422, 429];
/// Statuses that lead from a form to another page, or back to it.
const REDIRECTS: std::ops::Range<u64> = 301..308;
/// Shortest reply that can show the form again or say why not: the refusal of XML-RPC in blogs has 403
/// bytes; what a page's script gets for "taken" has some tens.
const MIN_PAGE: u64 = 256;
/// How far lengths of one page differ: it may show the name again, and is compressed anew.
const PAGE_SLACK: u64 = 32;
/// The same as a share of a long page: one in fifty.
const PAGE_SHARE: u64 = 50;
/// Longest body of a login: two fields and some tokens.
const MAX_BODY: u64 = 1024;
/// How far the bodies differ: by the lengths of a name and a password.
const BODY_SLACK: u64 = 64;
/// Different sizes of bodies: what a program repeats has one or two.
const MIN_SIZES: usize = 3;
/// Pages fetched for each post: a tool fetches the form and follows the reply, a person's browser
/// loads a page with all its parts.
const MAX_PAGES: u64 = 3;
/// Posts kept of one client to one path.
const MAX_POSTS: usize = 4096;
/// Longest path kept and shown.
const MAX_PATH: usize = 80;
/// Addresses kept of one name's servers.
const MAX_TARGETS: usize = 4;

/// Who posts, to which server as far as requests name it, to which path.
type Form = (Host, Text, Text);

/// One post: its second and connection, the status, the bytes of the reply and of what was sent. The
/// second keeps posts of a server's log apart, which names no connection. Posts that are no login are
/// not kept apart.
type Post = (Option<i64>, Option<Session>, u64, Option<u64>, Option<u64>);

#[derive(Debug)]
pub(super) struct Forms {
    posts: Tally<Form, Post, Posted>,
    /// Pages that a client was given by a server.
    pages: Tally<(Host, Text), (), Sighting>,
}

#[derive(Debug, Default)]
struct Posted {
    seen: Course,
    targets: Few<Host>,
    /// The reply was no text: no page, and no word about a login.
    is_binary: bool,
}

/// A post to one form, judged.
#[derive(Clone, Copy)]
struct Tried<'a> {
    post: &'a Post,
    posted: &'a Posted,
}

/// What all that was posted to one form adds up to.
struct Run<'a> {
    tries: Vec<Tried<'a>>,
    /// Replies that were unlike these and came later.
    others: Vec<Tried<'a>>,
    is_refused: bool,
    n: u64,
    n_all: u64,
}

impl Forms {
    pub(super) const fn new(settings: &Settings) -> Self {
        Self { posts: Tally::new(settings, MAX_POSTS), pages: Tally::new(settings, 1) }
    }

    pub(super) fn observe(&mut self, e: &Observed<'_>, from: &Host) {
        let Body::Http(h) = &e.body else { return };
        let (Some(method), Some(uri)) = (h.method.as_deref(), h.uri.as_deref()) else { return };
        let Some(status) = h.status_code else { return };
        let server = web_server(e, h);
        if method != "POST" {
            if matches!(status, 200..400)
                && let Some(seen) = self.pages.offer((from.clone(), server), ())
            {
                seen.see(e);
            }
            return;
        }
        // A login that stands in a header is judged with its account.
        if h.username.is_some() {
            return;
        }
        let path = uri.split(['?', '#']).next().unwrap_or(uri);
        let path = path.get(..path.floor_char_boundary(MAX_PATH)).unwrap_or_default();
        let second = e.ts.map(|t| t.0.div_euclid(crate::time::NANOS));
        let session = session::of(e, from);
        let (reply_len, body_len) = (h.response_body_len, h.request_body_len);
        let post = match could_be_login(status, reply_len, body_len) {
            true => (second, session, status, reply_len, body_len),
            // Only how many there were counts: services are posted to all day.
            false => (None, None, status, reply_len, body_len),
        };
        // What is rare and tells of a success stays longest.
        let rank = u8::from(!REDIRECTS.contains(&status));
        let form = (from.clone(), server, Text::from(path));
        if let Some(posted) = self.posts.offer_ranked(rank, form, post) {
            posted.seen.see(e);
            posted.targets.extend(Host::resp(e), MAX_TARGETS);
            let is_text = |m: &Text| {
                let words = ["json", "xml", "html", "javascript"];
                m.starts_with("text/") || words.iter().any(|w| m.contains(w))
            };
            posted.is_binary |=
                !h.resp_mime_types.is_empty() && !h.resp_mime_types.iter().any(is_text);
        }
    }

    pub(super) fn report(&self, out: &mut Vec<Finding>) {
        for (form, group) in self.posts.iter() {
            let all = group.members().into_iter().map(|(post, posted)| Tried { post, posted });
            let all: Vec<Tried<'_>> = all.collect();
            let pages = self.pages.get(&(form.0.clone(), form.1.clone()));
            let pages = pages.and_then(|g| Some(g.members().first()?.1.count())).unwrap_or(0);
            let Some(run) = refused(&all).or_else(|| same_page(&all, pages)) else { continue };
            if let Some(mut f) = describe(form, &run) {
                f.missing.extend(self.posts.loss());
                out.push(f);
            }
        }
    }
}

impl Tried<'_> {
    fn n(&self) -> u64 {
        self.posted.seen.count()
    }

    const fn status(&self) -> u64 {
        self.post.2
    }

    const fn reply_len(&self) -> Option<u64> {
        self.post.3
    }
}

/// False for a post that is no try at a login, whatever else is posted there: its body is too large, or
/// its answer neither refuses nor shows a page.
fn could_be_login(status: u64, reply_len: Option<u64>, body_len: Option<u64>) -> bool {
    let is_answer = match status {
        200 => reply_len.is_none_or(|len| len >= MIN_PAGE),
        other => REFUSED.contains(&other) || REDIRECTS.contains(&other),
    };
    is_answer && body_len.is_none_or(|len| len <= MAX_BODY)
}

/// Splits posts into tries and what was answered otherwise after the first of them.
fn run<'a>(all: &[Tried<'a>], is_refused: bool, is_try: impl Fn(&Tried<'a>) -> bool) -> Run<'a> {
    let (tries, mut others): (Vec<_>, Vec<_>) = all.iter().copied().partition(|t| is_try(t));
    let place = |t: &Tried<'_>| t.posted.seen.first().map(|r| (r.ts, r.at));
    let first = tries.iter().filter_map(place).min();
    others.retain(|t| t.posted.seen.last().map(|r| (r.ts, r.at)) > first);
    let sum = |of: &[Tried<'_>]| of.iter().map(Tried::n).sum();
    Run { n: sum(&tries), n_all: sum(all), tries, others, is_refused }
}

/// Posts that were refused by a status that says so.
fn refused<'a>(all: &[Tried<'a>]) -> Option<Run<'a>> {
    let run = run(all, true, |t| REFUSED.contains(&t.status()));
    (run.n >= MIN_FAILURES && run.is_alike()).then_some(run)
}

/// Posts that were answered by one page again and again, or led to one.
fn same_page<'a>(all: &[Tried<'a>], pages: u64) -> Option<Run<'a>> {
    let n_of = |status: u64| all.iter().filter(|t| t.status() == status).map(Tried::n).sum::<u64>();
    let statuses: BTreeSet<u64> = all.iter().map(Tried::status).into_set();
    let status = statuses.into_iter().max_by_key(|s| n_of(*s))?;
    let is_redirect = REDIRECTS.contains(&status);
    let mut lens: Vec<u64> =
        all.iter().filter(|t| t.status() == status).filter_map(|t| t.reply_len()).collect();
    lens.order();
    let middle = lens.get(lens.len() / 2).copied();
    if !is_redirect && (status != 200 || middle.is_none_or(|len| len < MIN_PAGE)) {
        return None;
    }
    let slack = PAGE_SLACK.max(middle.unwrap_or(0) / PAGE_SHARE);
    let run = run(all, false, |t| {
        let is_near = |(a, b): (u64, u64)| a.abs_diff(b) <= slack;
        t.status() == status && t.reply_len().zip(middle).is_none_or(is_near)
    });
    let is_program = run.sizes().is_some_and(|sizes| sizes.len() < MIN_SIZES)
        || run.tries.iter().any(|t| t.posted.is_binary)
        || run.is_by_timer()
        || pages > MAX_PAGES * run.n;
    (run.n >= MIN_POSTS && run.is_alike() && !is_program).then_some(run)
}

impl<'a> Run<'a> {
    fn is_alike(&self) -> bool {
        self.n as f64 >= MIN_ALIKE * self.n_all as f64
    }

    /// The different sizes of what was posted; `None` when the evidence does not tell.
    fn sizes(&self) -> Option<BTreeSet<u64>> {
        let sizes: BTreeSet<u64> = self.tries.iter().filter_map(|t| t.post.4).into_set();
        (!sizes.is_empty()).then_some(sizes)
    }

    /// False when bodies are larger or differ more than those of a login.
    fn is_small(&self) -> bool {
        let sizes = self.sizes();
        let ends = sizes.as_ref().and_then(|s| Some((*s.first()?, *s.last()?)));
        ends.is_none_or(|(least, most)| most <= MAX_BODY && most - least <= BODY_SLACK)
    }

    fn attempts(&self) -> Vec<Attempt<'a>> {
        let attempt = |t: &Tried<'a>| Attempt {
            server: None,
            account: None,
            outcome: Outcome::Failure,
            n: t.n(),
            seen: &t.posted.seen,
        };
        self.tries.iter().map(attempt).collect()
    }

    /// True when posts come one by one at an even pace. Several within some seconds are a tool's, which
    /// may wait as evenly.
    fn is_by_timer(&self) -> bool {
        let attempts = self.attempts();
        let span = span(attempts.iter().map(|a| &**a.seen));
        let n = i64::try_from(self.n).unwrap_or(i64::MAX);
        let is_slow = span.is_some_and(|s| s.last.since(s.first).0 / n > TOGETHER.0);
        is_slow && timer(&attempts).is_some()
    }

    /// Replies that let in: after refusals any good one, after a page the way to another.
    fn won(&self) -> Vec<Tried<'a>> {
        let status = self.tries.first().map_or(0, Tried::status);
        let is_won = |t: &&Tried<'_>| match self.is_refused {
            true => matches!(t.status(), 200..400),
            false => status == 200 && REDIRECTS.contains(&t.status()),
        };
        self.others.iter().filter(is_won).copied().collect()
    }
}

fn describe((from, server, path): &Form, run: &Run<'_>) -> Option<Finding> {
    let attempts = run.attempts();
    let is_timed = attempts.iter().any(|a| a.seen.ts().is_some());
    let quick = most_within(&attempts);
    let floor = if run.is_refused { MIN_FAILURES } else { MIN_POSTS };
    if is_timed && quick < floor || !run.is_small() {
        return None;
    }
    let (won, sizes) = (run.won(), run.sizes());
    let is_repeated = sizes.as_ref().is_some_and(|s| s.len() < MIN_SIZES);
    let is_by_timer = is_internal(from.addr) && run.is_by_timer();
    let how = if run.is_refused { "refused" } else { "answered alike" };
    let then = match () {
        () if !won.is_empty() => ", then success",
        () if !run.is_refused && !run.others.is_empty() => ", then answered otherwise",
        () => "",
    };
    let (n, at) = (run.n, format!("{}{}", visible(server), visible(path)));
    let mut f = finding(RULE.id, format!("{from} at {at}"));
    f.title = format!("Password guessing: {n} posts of {from} to {at}, {how}{then}");
    f.summary = format!(
        "{from} posted {n} small bodies to {at}, {quick} within {WINDOW}, and was {how}{then}."
    );
    f.severity = match () {
        // A key that is renewed at last is let in, too.
        () if is_repeated => Severity::Low,
        () if !won.is_empty() => Severity::High,
        () if is_by_timer => Severity::Low,
        () if !is_internal(from.addr) || quick >= MANY_FAILURES => Severity::Medium,
        () => Severity::Low,
    };
    f.confidence = match run.is_refused && is_timed && sizes.is_some() {
        true => Confidence::Medium,
        false => Confidence::Low,
    };
    f.facts = terms(run, (quick, floor, is_timed), &won).0;
    f.missing.push("Whose account: what a form says is not kept, nor is a password.".to_owned());
    if sizes.is_none() {
        f.missing.push("How much was posted: a server's log does not tell.".to_owned());
    }
    if !run.is_refused {
        f.missing.push("That the page refuses: it was only the same each time.".to_owned());
    }
    f.subjects.push(actor("address", from.addr));
    show(&mut f, run, (from, path), &won);
    f.caveats.push(caveat(
        "A page or program that posts by itself: polling, telemetry, a chat, or a program with an old key.",
        "Look whether a page of the site posts to this path by itself, and what one of the replies says.",
    ));
    f.attack = vec!["T1110.001"];
    Some(f)
}

/// When it was, whom it was sent to, and the rows that show it.
fn show(f: &mut Finding, run: &Run<'_>, (from, path): (&Host, &Text), won: &[Tried<'_>]) {
    f.when = span(run.tries.iter().chain(&run.others).map(|t| &*t.posted.seen));
    let targets: BTreeSet<&Host> =
        run.tries.iter().flat_map(|t| t.posted.targets.iter()).into_set();
    f.subjects.extend(targets.iter().take(MAX_TARGETS).map(|s| target("address", s.addr)));
    f.subjects.push(object("path", visible(path)));
    let shown = won.iter().map(|t| (t, "success"));
    let shown = shown.chain(run.others.iter().map(|t| (t, "answered otherwise")));
    let shown = shown.chain(run.tries.iter().map(|t| (t, "answered alike")));
    let rows = shown.filter_map(|(t, why)| Some(t.posted.seen.last()?.because(why)));
    let total = run.tries.iter().chain(&run.others).map(Tried::n).sum();
    let filter = format!("id.orig_h == {} and method == \"POST\" and uri == {}", from.addr, {
        let path = quoted(path);
        format!("{}*\"", path.strip_suffix('"').unwrap_or(&path))
    });
    f.evidence = evidence(rows, total, Some(("http", filter)));
}

/// The terms of a run, with its most posts in a window, the floor and whether there are times.
fn terms(run: &Run<'_>, (quick, floor, is_timed): (u64, u64, bool), won: &[Tried<'_>]) -> Terms {
    let mut t = Terms::default();
    let name = if run.is_refused { "refused posts to one path" } else { "posts to one path" };
    t.judge(name, run.n, format!("at least {floor}"), true, 0);
    let least = format!("at least {floor} in {WINDOW}");
    match is_timed {
        true => t.judge("of these within the window", quick, least, true, 0),
        false => t.unknown("of these within the window", least, "the rows carry no times"),
    }
    let share = format!("{:.2}", run.n as f64 / run.n_all.max(1) as f64);
    t.judge("share answered alike", share, format!("at least {MIN_ALIKE}"), true, 0);
    let most = format!("at most {MAX_BODY} bytes, {BODY_SLACK} apart, {MIN_SIZES} sizes");
    let sizes = run.sizes();
    match sizes.as_ref().and_then(|s| Some((s.first()?, s.last()?, s.len()))) {
        Some((least, longest, n)) => {
            let shown = format!("{least} to {longest} bytes, {n} sizes");
            t.judge("what was posted", shown, most, n >= MIN_SIZES, 0);
        }
        None => t.unknown("what was posted", most, "the rows do not tell"),
    }
    t.say("successes after these", won.len(), Basis::Inferred);
    t
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::kit::dsl::events;
    use crate::report::Lines;

    #[test]
    fn posts_that_are_no_login_take_one_place() {
        let kept = |words: &str| {
            let mut forms = Forms::new(&Settings::default());
            let row =
                |i| format!("@{i} http 10.0.0.9:{i} > 10.0.0.1:80 method=POST uri=/in {words}\n");
            for e in events(&(1..=9).map(row).collect::<String>()) {
                forms.observe(&Observed::new(&e, &Lines::default()), &Host::orig(&e).unwrap());
            }
            forms.posts.iter().map(|(_, group)| group.members().len()).sum::<usize>()
        };
        assert_eq!(kept("sent=1024 status=401 len=9"), 9);
        assert_eq!(kept("sent=1025 status=401 len=9"), 1);
        assert_eq!(kept("sent=40 status=200 len=256"), 9);
        assert_eq!(kept("sent=40 status=200 len=255"), 1);
        assert_eq!(kept("sent=40 status=302 len=0"), 9);
        assert_eq!(kept("sent=40 status=404 len=999"), 1);
        assert_eq!(kept("status=403"), 9);
    }
}
