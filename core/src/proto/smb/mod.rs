//! SMB over TCP (MS-SMB2, MS-CIFS): whose sessions are set up, and whether DCE/RPC is called inside.
//! Its other commands are not read.

mod setup;

use super::framing::{self, Front, Places};
use super::logons::{self, Logons};
use super::{Analyzer, Cx, Dir, Over, Probe, Protocol, Step, Then, dce_rpc};
use crate::event::Kind;
use setup::Setup;

/// SMB, all versions.
pub static PROTOCOL: Protocol = Protocol {
    name: "smb",
    emits: &[Kind::Kerberos, Kind::Ntlm],
    over: Over::Stream,
    ports: &[139, 445],
    probe: |_, data| match data {
        [0, 0, _, _, 0xfc..=0xff, b'S', b'M', b'B', ..] => Probe::Yes,
        // A session of NetBIOS begins with the names of both ends, RFC 1002 section 4.3.2.
        [0x81, 0, 0, 0x44, 0x20, ..] => Probe::Yes,
        _ if data.len() < 8 => match data {
            [0x81, 0, 0, 0x44] | [0x81, 0, 0] | [0x81, 0] | [0x81 | 0] | [0, 0] | [] => {
                Probe::NeedMore
            }
            [0, 0, _, _, rest @ ..] | [0, 0, _, rest @ ..]
                if matches!(rest, [] | [0xfc..=0xff, ..] | [_]) =>
            {
                Probe::NeedMore
            }
            _ => Probe::No,
        },
        _ => Probe::No,
    },
    open: || Box::<Session>::default(),
};

/// Bytes that are read of a message that sets up a session: the ticket of an account in many groups
/// is longer, but its names stand in front.
const MAX_SETUP: usize = 16 << 10;
/// Bytes that are looked at of any other message: what tells stands near its front.
const MAX_MESSAGE: usize = 1024;
/// Messages that may carry a call that are looked at for one.
const MAX_CALLS: u32 = 256;
/// Bytes of a message, with the frame's four, up to its command's end in version 2.
const HEAD: usize = 4 + 14;

fn front(data: &[u8]) -> Front {
    let [0 | 0x81..=0x85, a, b, c, message @ ..] = data else {
        return if matches!(data, [0 | 0x81..=0x85, ..] | []) { Front::More } else { Front::Bad };
    };
    let len = 4 + u32::from_be_bytes([0, *a, *b, *c]) as usize;
    if len >= HEAD && data.len() < HEAD {
        return Front::More;
    }
    let kept = if command(message) == Some(Command::Setup) { MAX_SETUP } else { MAX_MESSAGE };
    Front::Start { len, kept }
}

/// What a message is for, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Command {
    /// It tells what may prove accounts.
    Negotiate,
    /// It sets up a session.
    Setup,
    /// It may carry a call.
    Call,
    Other,
}

/// The command of either version (MS-SMB2 2.2.1, MS-CIFS 2.2.2.1); `None` where it is no message.
fn command(message: &[u8]) -> Option<Command> {
    Some(match message {
        [0xfe, b'S', b'M', b'B', ..] => match message.get(12..14) {
            Some([0, 0]) => Command::Negotiate,
            Some([1, 0]) => Command::Setup,
            // Write, read, ioctl.
            Some([8 | 9 | 11, 0]) => Command::Call,
            _ => Command::Other,
        },
        [0xff, b'S', b'M', b'B', 0x72, ..] => Command::Negotiate,
        [0xff, b'S', b'M', b'B', 0x73, ..] => Command::Setup,
        // Transactions, write.
        [0xff, b'S', b'M', b'B', 0x25 | 0x2e | 0x2f, ..] => Command::Call,
        [0xfc..=0xff, b'S', b'M', b'B', ..] => Command::Other,
        _ => return None,
    })
}

#[derive(Debug, Default)]
struct Session {
    places: Places,
    n_calls: u32,
    logons: Logons,
}

impl Analyzer for Session {
    fn data(&mut self, dir: Dir, data: &[u8], cx: &mut Cx<'_>) -> Step {
        let mut place = *self.places.of(dir);
        let step = framing::each(&mut place, data, MAX_SETUP, front, &mut |message| {
            self.message(message.get(4..).unwrap_or_default(), cx);
            Then::GoOn
        });
        *self.places.of(dir) = place;
        if step == Step::Quit {
            self.finish(cx);
        }
        step
    }

    fn gap(&mut self, dir: Dir, len: u64, _: &mut Cx<'_>) -> Step {
        self.places.of(dir).gap(len);
        Step::Done
    }

    fn finish(&mut self, cx: &mut Cx<'_>) {
        self.logons.finish(cx);
    }
}

impl Session {
    fn message(&mut self, message: &[u8], cx: &mut Cx<'_>) {
        let Some(command) = command(message) else { return };
        cx.service.insert("smb");
        match command {
            Command::Negotiate => logons::note(message, cx),
            Command::Setup => {
                logons::note(message, cx);
                self.setup(message, cx);
            }
            Command::Call if self.n_calls < MAX_CALLS => {
                self.n_calls += 1;
                if dce_rpc::is_bind_in(message) {
                    cx.service.insert("dce_rpc");
                    self.n_calls = MAX_CALLS;
                }
            }
            Command::Call | Command::Other => {}
        }
    }

    fn setup(&mut self, message: &[u8], cx: &mut Cx<'_>) {
        let is_old = message.starts_with(&[0xff]);
        let setup = if is_old { Setup::parse_old(message) } else { Setup::parse(message) };
        let Some(setup) = setup else { return };
        if setup.is_answer {
            match setup.verdict() {
                Some(verdict) => self.logons.decide(setup.number, verdict, cx),
                None => self.logons.challenge(setup.session, setup.body, cx),
            }
        } else if let Some((user, domain)) = setup.old_account().filter(|_| is_old) {
            self.logons.plain(setup.number, user, domain, cx);
        } else {
            self.logons.request(setup.session, setup.number, setup.body, cx);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Flow, Kind};
    use crate::proto::drive::{Feed, corpus, events, rows};

    fn services(pieces: &[&[u8]]) -> Vec<String> {
        let mut feed = Feed::new(&PROTOCOL, Flow::default());
        pieces.iter().for_each(|p| feed.data(Dir::Orig, p));
        feed.service.iter().map(str::to_owned).collect()
    }

    fn message(command: u8, body: &[u8]) -> Vec<u8> {
        let mut m = b"\0\0\0\0\xfeSMB\x40\0\0\0\0\0\0\0".to_vec();
        m.extend([command, 0]);
        m.resize(4 + 64, 0);
        m.extend(body);
        let len = (m.len() as u32 - 4).to_be_bytes();
        m[1..4].copy_from_slice(&len[1..]);
        m
    }

    #[test]
    fn proofs_and_calls_are_noted_in_any_cut() {
        let setup = message(1, &[logons::SPNEGO, b"NTLMSSP\0"].concat());
        let call = message(9, b"\x05\0\x0b\x03\x10\0\0\0\x48\0");
        let all = [setup, call].concat();
        let want = ["dce_rpc", "gssapi", "ntlm", "smb"];
        assert_eq!(services(&[&all]), want);
        let bytes: Vec<&[u8]> = all.chunks(1).collect();
        assert_eq!(services(&bytes), want);
        assert_eq!(services(&[&message(3, logons::SPNEGO)]), ["smb"]);
    }

    #[test]
    fn only_its_marks_are_sure() {
        let probe = |bytes: &[u8]| (PROTOCOL.probe)(Dir::Orig, bytes);
        assert_eq!(probe(&message(0, b"")), Probe::Yes);
        assert_eq!(probe(&message(0, b"")[..5]), Probe::NeedMore);
        assert_eq!(probe(b"\0\0\0\x10abcd"), Probe::No);
        assert_eq!(probe(b"\x81\0\0\x44\x20CK"), Probe::Yes);
    }

    #[test]
    fn logins_of_a_capture_are_those_of_its_scenario() {
        let path = "detect-accounts/lab_accounts_smb_spray.pcap";
        let Some(events) = events(path) else { return };
        let logins = rows(&events, Kind::Ntlm);
        let of = |success: &str| {
            let is = |r: &&crate::proto::drive::Row| r.get("success").is_some_and(|s| s == success);
            logins.iter().filter(is).count()
        };
        // Thirteen accounts by two passwords; then three logins.
        assert_eq!((of("F"), of("T"), logins.len()), (26, 3, 29));
        let first = &logins[0];
        assert_eq!(first["username"], "administrator");
        assert_eq!(first["domainname"], "LABWG");
        assert_eq!(first["hostname"], "VM");
        assert_eq!(first["status"], "STATUS_LOGON_FAILURE");
        assert_eq!(first["server_nb_computer_name"], "FS-DEV");
    }

    #[test]
    fn services_of_a_capture_are_those_of_zeek() {
        let path = "smb/lab_smb311_files.pcap";
        if corpus(path).is_none() {
            return;
        }
        let conns = rows(&events(path).unwrap(), Kind::Conn);
        assert!(
            conns.iter().any(|c| c.get("service").is_some_and(|s| s.contains("gssapi,ntlm,smb"))),
            "{conns:?}"
        );
    }
}
