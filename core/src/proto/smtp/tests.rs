//! SMTP sessions made by hand, and their rows.

use super::*;
use crate::proto::testing::{Said, talk};

const MAX: usize = usize::MAX;

/// A login and a mail, pipelined (RFC 2920).
const MAIL: &[Said<'static>] = &[
    Said::Data(Dir::Resp, b"220-mx.test ESMTP\r\n220 ready\r\n"),
    Said::Data(Dir::Orig, b"EHLO pc.test\r\n"),
    Said::Data(Dir::Resp, b"250-mx.test\r\n250 AUTH LOGIN\r\n"),
    Said::Data(Dir::Orig, b"AUTH LOGIN\r\n"),
    Said::Data(Dir::Resp, b"334 VXNlcm5hbWU6\r\n"),
    Said::Data(Dir::Orig, b"dGlt\r\n"),
    Said::Data(Dir::Resp, b"334 UGFzc3dvcmQ6\r\n"),
    Said::Data(Dir::Orig, b"c2VjcmV0\r\n"),
    Said::Data(Dir::Resp, b"235 ok\r\n"),
    Said::Data(Dir::Orig, b"MAIL FROM:<a@b.test> SIZE=9\r\nRCPT TO:<c@d.test>\r\nDATA\r\n"),
    Said::Data(Dir::Resp, b"250 ok\r\n250 ok\r\n354 go\r\n"),
    Said::Data(Dir::Orig, b"Subject: a\r\n b\r\nTo: <c@d.test>\r\n\r\nFrom: body\r\n..\r\n.\r\n"),
    Said::Data(Dir::Resp, b"250 queued\r\n"),
    Said::Data(Dir::Orig, b"QUIT\r\n"),
    Said::Data(Dir::Resp, b"221 bye\r\n"),
];

#[test]
fn a_login_and_a_mail_in_any_cut() {
    let whole = talk(&PROTOCOL, MAIL, MAX);
    assert_eq!(whole.len(), 2, "{whole:#?}");
    assert_eq!(
        whole[0],
        "login service=smtp username=tim password=<hidden> mechanism=LOGIN action=AUTH success=T \
         reply=235 ok software=mx.test ESMTP"
    );
    assert_eq!(
        whole[1],
        "smtp trans_depth=1 helo=pc.test mailfrom=a@b.test rcptto=c@d.test to=<c@d.test> \
         subject=a b last_reply=250 queued tls=F"
    );
    for step in 1..20 {
        assert_eq!(talk(&PROTOCOL, MAIL, step), whole, "step {step}");
    }
}

#[test]
fn a_refused_login_is_a_failure_and_one_without_answer_unknown() {
    let said = [
        Said::Data(Dir::Orig, b"AUTH PLAIN AHRpbQBzZWNyZXQ=\r\n"),
        Said::Data(Dir::Resp, b"535 no\r\n"),
        Said::Data(Dir::Orig, b"AUTH CRAM-MD5\r\n"),
    ];
    let got = talk(&PROTOCOL, &said, MAX);
    assert!(got[0].contains("username=tim") && got[0].contains("success=F"), "{got:?}");
    assert!(got[1].contains("mechanism=CRAM-MD5") && !got[1].contains("success"), "{got:?}");
}

#[test]
fn start_tls_hands_the_connection_over() {
    let said = [
        Said::Data(Dir::Orig, b"EHLO x\r\nSTARTTLS\r\n"),
        Said::Data(Dir::Resp, b"250 hi\r\n220 go ahead\r\n"),
    ];
    let got = talk(&PROTOCOL, &said, MAX);
    assert!(got[0].contains("last_reply=220 go ahead tls=T"), "{got:?}");
    assert_eq!(got[1], "become \"ssl\"");
}

#[test]
fn chunks_end_by_their_length_in_any_cut() {
    let said = [
        Said::Data(
            Dir::Orig,
            b"MAIL FROM:<>\r\nBDAT 14\r\nSubject: one\r\nBDAT 6 LAST\r\n\r\n.\r\nxQUIT\r\n",
        ),
        Said::Data(Dir::Resp, b"250 ok\r\n250 ok\r\n250 done\r\n221 bye\r\n"),
    ];
    let whole = talk(&PROTOCOL, &said, MAX);
    assert_eq!(whole, ["smtp trans_depth=1 mailfrom=<> subject=one last_reply=250 done tls=F"]);
    for step in 1..20 {
        assert_eq!(talk(&PROTOCOL, &said, step), whole, "step {step}");
    }
}

#[test]
fn a_chunk_of_wrong_words_is_none() {
    let said = [
        Said::Data(Dir::Orig, b"BDAT 5 X\r\nMAIL FROM:<a@t>\r\nDATA\r\n"),
        Said::Data(Dir::Resp, b"501 no\r\n250 ok\r\n354 go\r\n"),
        Said::Data(Dir::Orig, b"Subject: s\r\n\r\n.\r\n"),
        Said::Data(Dir::Resp, b"250 done\r\n"),
    ];
    let got = talk(&PROTOCOL, &said, MAX);
    assert!(got[0].contains("mailfrom=a@t") && got[0].contains("subject=s"), "{got:?}");
}

#[test]
fn an_unanswered_mail_gives_way_to_the_next() {
    let said = b"MAIL FROM:<a@t>\r\nMAIL FROM:<b@t>\r\n";
    let got = talk(&PROTOCOL, &[Said::Data(Dir::Orig, said)], MAX);
    assert!(got[0].contains("trans_depth=1 mailfrom=a@t"), "{got:?}");
    assert!(got[1].contains("trans_depth=2 mailfrom=b@t"), "{got:?}");
}

#[test]
fn recipients_lines_and_odd_lines_are_bounded() {
    let rcpt = |n: usize| {
        let all: String = (0..n).map(|i| format!("RCPT TO:<a{i}@t>\r\n")).collect();
        talk(&PROTOCOL, &[Said::Data(Dir::Orig, all.as_bytes())], MAX)[0].matches('@').count()
    };
    assert_eq!((rcpt(MAX_ADDRESSES), rcpt(MAX_ADDRESSES + 1)), (MAX_ADDRESSES, MAX_ADDRESSES));
    for (extra, n_weirds) in [(0, 0), (1, 1)] {
        let line = format!("NOOP {}\n", "x".repeat(MAX_LINE - 5 + extra));
        let got = talk(&PROTOCOL, &[Said::Data(Dir::Orig, line.as_bytes())], 999);
        assert_eq!(got.iter().filter(|r| r.contains("smtp_line_too_long")).count(), n_weirds);
    }
    for (n, is_left) in [(MAX_ODD_LINES, false), (MAX_ODD_LINES + 1, true)] {
        let junk = b"\x01\n".repeat(n as usize);
        let got = talk(&PROTOCOL, &[Said::Data(Dir::Orig, &junk)], MAX);
        assert_eq!(got.last().is_some_and(|r| r == "quit"), is_left);
    }
}
