//! Tiers A and D: what one connection says of its server in the open, to a proxy, and inside.

use super::describe::Case;
use super::memory::{Leaf, Memory, Said, Shown};
use super::tiers::{Tier, View};
use super::{Found, Hidden};
use crate::detect::kit::names;
use crate::text::Text;

/// A name and where it was said.
type Name<'a> = (&'a Text, &'a Shown);

/// Tier A: two names on one connection. D: only one of them, inside.
pub(super) fn find<'a>(
    memory: &'a Memory,
    view: &View<'a>,
    found: &mut Found<'a>,
    hidden: &mut Vec<Hidden<'a>>,
) {
    for (_, group) in memory.connections.iter() {
        let members = group.members();
        let hosts = said(&members, |m| if let Said::Host(n) = m { Some(n) } else { None });
        let proxies = said(&members, |m| if let Said::Connect(n) = m { Some(n) } else { None });
        let hellos = members.iter().filter_map(|(m, shown)| match m {
            Said::Sni(sni, leaf, is_ech) => Some((sni.as_ref(), *leaf, *is_ech, *shown)),
            _ => None,
        });
        for (sni, leaf, is_ech, shown) in hellos {
            for (host, inside) in &hosts {
                match sni {
                    Some(sni) if is_mismatch(sni, host) && is_ech => {
                        hidden.push((sni, Some(host), Case::shown(inside)));
                    }
                    Some(sni) => add(view, found, (sni, leaf), (host, inside)),
                    None => nameless(view, found, leaf, (host, inside)),
                }
            }
            for (proxy, outside) in proxies.iter().filter(|_| !is_ech) {
                if let Some(sni) = sni.filter(|s| is_mismatch(proxy, s)) {
                    let mut case = Case::shown(outside);
                    case.is_done |= shown.is_done;
                    let key = (vec![Tier::A], sni.clone(), (*proxy).clone());
                    found.entry(key).or_default().push(case);
                }
            }
        }
    }
    for (open, group) in memory.proxied.iter() {
        for (inner, shown) in group.members() {
            add(view, found, (open, 0), (inner, shown));
        }
    }
}

/// Two names of different owners on one connection. It may carry every name that its
/// certificate covers (RFC 9113, section 9.1.1).
fn add<'a>(
    view: &View<'a>,
    found: &mut Found<'a>,
    (open, leaf): (&Text, Leaf),
    (inner, shown): Name<'a>,
) {
    let is_shared = view.shown(leaf).iter().any(|c| names::covers(c, inner));
    if is_mismatch(open, inner) && !is_shared {
        let key = (vec![Tier::A], inner.clone(), open.clone());
        found.entry(key).or_default().push(Case::shown(shown));
    }
}

/// A hello without a name, and a name inside that its certificate does not cover.
fn nameless<'a>(view: &View<'a>, found: &mut Found<'a>, leaf: Leaf, (host, shown): Name<'a>) {
    let covered = view.shown(leaf);
    if names::registrable(host).is_some() && !covered.iter().any(|c| names::covers(c, host)) {
        let is_seen = !covered.is_empty();
        let tiers = if is_seen { vec![Tier::B, Tier::D] } else { vec![Tier::D] };
        let key = (tiers, host.clone(), Text::default());
        found.entry(key).or_default().push(Case::shown(shown));
    }
}

fn said<'a>(members: &[(&'a Said, &'a Shown)], of: fn(&Said) -> Option<&Text>) -> Vec<Name<'a>> {
    members.iter().filter_map(|(m, s)| Some((of(m)?, *s))).collect()
}

/// Two names of different owners. An address in place of a name says nothing.
fn is_mismatch(a: &str, b: &str) -> bool {
    let is_name = |n: &str| names::registrable(n).is_some();
    a != b && is_name(a) && is_name(b) && !names::is_same_owner(a, b)
}
