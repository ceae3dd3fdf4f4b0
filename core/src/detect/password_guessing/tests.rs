//! Cases of `password-guessing`: both sides of each floor, what then succeeds, many servers.

use super::RULE;
use crate::detect::kit::dsl::{events, found, found_within, lines};

fn run(text: &str) -> String {
    lines(&found(&RULE, &events(text)))
}

fn guesses(n: usize, gap: usize) -> String {
    format!("@0+{gap} ftp 192.0.2.9:{{1..{n}}} > 10.0.0.1:21 user=eva cmd=PASS code=530 password")
}

#[test]
fn both_sides_of_the_floors() {
    assert_eq!(run(&guesses(9, 5)), "");
    assert_eq!(
        run(&guesses(10, 5)),
        "Medium/Medium Password guessing: 10 failed logins of 192.0.2.9 for eva\n"
    );
    // Ten in a quarter of an hour, and nine.
    assert_ne!(run(&guesses(40, 100)), "");
    assert_eq!(run(&guesses(40, 101)), "");
    let spray =
        |n| format!("@0+9 ftp 192.0.2.9:* > 10.0.0.1:21 user=u{{1..{n}}} cmd=PASS code=530");
    assert_eq!(run(&spray(4)), "");
    assert!(
        run(&spray(5)).starts_with(
            "Medium/High Password guessing: 5 failed logins of 192.0.2.9 for 5 accounts"
        )
    );
    let mixed = |ok| {
        format!(
            "{}\n@0 ftp 192.0.2.9:{{101..{}}} > 10.0.0.1:21 user=tom cmd=PASS code=230",
            guesses(10, 5),
            100 + ok
        )
    };
    assert_ne!(run(&mixed(10)), "");
    assert_eq!(run(&mixed(11)), "");
}

#[test]
fn tries_of_one_session_are_spread_over_its_time() {
    let session = |n: usize, gap| {
        format!("@0+{gap} ftp 192.0.2.9:7 > 10.0.0.1:21 user=eva cmd=PASS arg={{1..{n}}} code=530")
    };
    for n in [60, 100, 1000] {
        assert!(run(&session(n, 80)).contains(&format!("{n} failed logins")), "{n}");
        assert_eq!(run(&session(n, 120)), "", "{n}");
    }
}

#[test]
fn a_success_after_failures_is_high_and_one_before_them_is_not() {
    let win = |at: i64| {
        format!(
            "{}\n@{at} ftp 192.0.2.9:999 > 10.0.0.1:21 user=eva cmd=PASS code=230",
            guesses(12, 5)
        )
    };
    assert!(run(&win(100)).starts_with("High/") && run(&win(100)).contains("then success"));
    let before = win(5).replace("@0+5", "@10+5");
    assert!(run(&before).starts_with("Medium/"), "{}", run(&before));
}

#[test]
fn the_account_is_found_through_the_session_that_named_it() {
    let row = |n: u32| {
        format!(
            "@{n} ftp 192.0.2.9 > 10.0.0.1:21 cmd=USER arg=admin code=331 session=s{n}\n@{n} ftp 192.0.2.9 > 10.0.0.1:21 cmd=PASS code=530 session=s{n}\n"
        )
    };
    let text: String = (0..12).map(row).collect();
    assert!(run(&text).contains("for admin"), "{}", run(&text));
}

#[test]
fn asking_as_nobody_is_no_guess() {
    assert_ne!(run(&guesses(12, 5)), "");
    assert_eq!(run(&guesses(12, 5).replace("eva", "anonymous")), "");
    // Among other names it is one of a list.
    let list = "@0+9 ftp 192.0.2.9:* > 10.0.0.1:21 user={ftp,u1,u2,u3,u4} cmd=PASS code=530";
    assert!(run(list).contains("for 5 accounts"));
}

#[test]
fn http_and_untimed() {
    let web = "@0+1 http 10.0.0.9:{1..12} > 10.0.0.1:80 user=eva status=401 uri=/x";
    assert!(run(web).starts_with("Low/Medium"));
    let untimed = web.replace("@0+1 ", "");
    assert!(run(&untimed).starts_with("Low/Low"));
    // Thirty in a quarter of an hour are more than a stored old password tried each minute. Every
    // fourth comes late, or a timer would be behind them.
    let inside = |gap: usize| -> String {
        let row = |i: usize| {
            let at = gap * i + if i % 4 == 3 { gap / 2 } else { 0 };
            format!("@{at} http 10.0.0.9:{} > 10.0.0.1:80 user=eva status=401 uri=/x\n", 100 + i)
        };
        (0..120).map(row).collect()
    };
    assert!(run(&inside(32)).starts_with("Low/"), "{}", run(&inside(32)));
    assert!(run(&inside(29)).starts_with("Medium/"), "{}", run(&inside(29)));
    // A missing page says nothing about a password.
    assert_eq!(run(&web.replace("401", "404")), "");
}

#[test]
fn ssh_counts_what_one_connection_tried() {
    let ssh =
        |n: usize, words: &str| format!("@0+9 ssh 192.0.2.9:* > 10.0.0.{{1..{n}}}:22 {words}");
    // Six tries in each of two connections, to one server.
    let two = |words: &str| ssh(2, words).replace("10.0.0.{1..2}", "10.0.0.{1,1}");
    assert_eq!(
        run(&two("attempts=6 success=F")),
        "Medium/Medium Password guessing: 12 failed logins of 192.0.2.9 for accounts that the evidence does not name\n"
    );
    assert_eq!(run(&two("attempts=4 success=F")), "");
    assert!(run(&two("attempts=7 success")).starts_with("High/"));
    // An agent with five keys, of which none fits.
    assert_eq!(run(&two("attempts=6 success")), "");
    assert_eq!(run(&ssh(20, "attempts=6 success")), "");
    // A person who mistypes once, and a connection whose end does not tell.
    assert_eq!(run(&two("attempts=2 success")), "");
    assert_eq!(run(&two("attempts=6")), "");
}

#[test]
fn few_tries_at_many_servers() {
    let many = |n: usize, gap: usize| {
        format!("@0+{gap} ssh 10.0.9.9:* > 10.0.0.{{1..{n}}}:22 attempts=1 success=F")
    };
    assert_eq!(run(&many(4, 10)), "");
    assert_eq!(
        run(&many(5, 10)),
        "Medium/Medium Password guessing: 5 failed logins of 10.0.9.9 at 5 servers for accounts that the evidence does not name\n"
    );
    assert_ne!(run(&many(5, 225)), "");
    assert_eq!(run(&many(5, 226)), "");
    // As many that let it in: it knows its passwords.
    let known = |n: usize| {
        format!("{}\n@0 ssh 10.0.9.9:* > 10.0.1.{{1..{n}}}:22 attempts=1 success", many(5, 10))
    };
    assert_ne!(run(&known(5)), "");
    assert_eq!(run(&known(6)), "");
    // Many tries at each: one cause, one finding.
    let each = "@0+1 ftp 192.0.2.9:* > 10.0.0.{1..6}:21 user=root cmd=PASS code=530 password\n";
    let found = found(&RULE, &events(&each.repeat(12)));
    assert_eq!((found.len(), found[0].includes.len()), (1, 6));
}

#[test]
fn a_timer_inside_is_a_program_with_an_old_password() {
    let tries = |from: &str, rounds: usize, each: usize, late: usize| -> String {
        let mut text = String::new();
        for i in 0..rounds {
            let at = 20 * i + if i < late { 9 * (i % 2) } else { 0 };
            for k in 0..each {
                let port = 1000 + i * 10 + k;
                text +=
                    &format!("@{} ntlm {from}:{port} > 10.0.0.1:445 user=svc success=F\n", at + k);
            }
        }
        text
    };
    let inside = |rounds, each, late| run(&tries("10.0.0.9", rounds, each, late));
    assert!(inside(40, 1, 0).starts_with("Low/"), "{}", inside(40, 1, 0));
    assert!(inside(40, 4, 0).starts_with("Low/"));
    // More at once, an uneven pace, more accounts, from outside: no timer's excuse.
    assert!(inside(40, 5, 0).starts_with("Medium/"));
    assert!(inside(40, 1, 12).starts_with("Medium/"));
    assert!(run(&tries("192.0.2.9", 40, 1, 0)).starts_with("Medium/"));
    let two = tries("10.0.0.9", 40, 1, 0).replacen("user=svc", "user=eva", 20);
    assert!(run(&two).starts_with("Medium/"));
    // Nine rounds have eight waits; ten tries are needed at least.
    assert!(inside(9, 4, 0).starts_with("Low/"));
    assert!(inside(8, 4, 0).starts_with("Medium/"), "{}", inside(8, 4, 0));
}

#[test]
fn logins_of_windows_are_seen() {
    let spray = |n: usize, words: &str| {
        format!("@0+1 ntlm 10.0.0.9:* > 10.0.0.1:445 user=u{{1..{n}}} {words}")
    };
    assert_eq!(run(&spray(4, "success=F")), "");
    assert!(run(&spray(5, "success=F")).contains("10.0.0.9 for 5 accounts"));
    // Another error, or no answer, says nothing of the accounts.
    assert_eq!(run(&spray(9, "")), "");
    let asked = |n: usize, words: &str| {
        format!("@0+1 kerberos 10.0.0.9:* > 10.0.0.1:88 request=AS user=u{{1..{n}}} {words}")
    };
    assert!(run(&asked(5, "error=KDC_ERR_PREAUTH_FAILED")).contains("for 5 accounts"));
    assert!(run(&asked(5, "error=KDC_ERR_C_PRINCIPAL_UNKNOWN")).contains("for 5 accounts"));
    assert_eq!(run(&asked(20, "error=KRB_AP_ERR_SKEW")), "");
    let one = "@0+1 kerberos 10.0.0.9:{1..12} > 10.0.0.1:88 request=AS user=eva error=KDC_ERR_PREAUTH_FAILED\n@60 kerberos 10.0.0.9:99 > 10.0.0.1:88 request=AS user=eva success=T proved=";
    assert!(run(&format!("{one}T")).contains("then success"));
    // A ticket that was given without a proof is no login.
    assert!(!run(&format!("{one}F")).contains("then success"));
    // Tickets to services that are not there are no logins.
    let services = "@0+1 kerberos 10.0.0.9:* > 10.0.0.1:88 request=TGS user=eva service=s{1..30} error=KDC_ERR_C_PRINCIPAL_UNKNOWN";
    assert_eq!(run(services), "");
}

#[test]
fn two_sites_private_addresses_are_two_sources() {
    let at = |site: &str, n: usize| {
        format!("@0+5 ftp 10.0.0.9:{{1..{n}}} > 10.0.0.1:21 user=eva cmd=PASS code=530 site={site}")
    };
    assert_eq!(run(&format!("{}\n{}", at("Basel", 5), at("Bern", 5))), "");
    assert!(run(&at("Bern", 10)).contains("failed logins of 10.0.0.9 (Bern) for eva"));
}

#[test]
fn caps_of_eight_give_the_same_for_any_order() {
    found_within(
        &RULE,
        8,
        &events("@0+2 ftp 192.0.2.9:* > 10.0.0.1:21 user=u{1..60} cmd=PASS code=530"),
    );
}

/// Posts to a form, each second, of changing sizes; `n` of them.
fn posts(n: usize, words: &str) -> String {
    let row = |i: usize| {
        let sent = 40 + i * 7 % 13;
        format!(
            "@{i} http 192.0.2.9:{} > 10.0.0.1:80 method=POST uri=/in?r={i} host=w.test sent={sent} {words}\n",
            1000 + i
        )
    };
    (0..n).map(row).collect()
}

#[test]
fn a_form_that_refuses_again_and_again() {
    let refused = |n: usize| run(&posts(n, "status=401 len=30"));
    assert_eq!(refused(9), "");
    assert_eq!(
        refused(10),
        "Medium/Medium Password guessing: 10 posts of 192.0.2.9 to w.test/in, refused\n"
    );
    // A login in a header is told with its account, once.
    assert_eq!(run(&posts(10, "status=401 user=eva")).lines().count(), 1);
    // Then in; a success before the first refusal is none after it.
    let win = |at: usize| {
        let win = format!(
            "@{at} http 192.0.2.9:9 > 10.0.0.1:80 method=POST uri=/in host=w.test sent=44 status=200 len=90"
        );
        run(&(posts(12, "status=401 len=30").replace("@0 ", "@1 ") + &win))
    };
    assert!(win(30).starts_with("High/") && win(30).contains("refused, then success"));
    assert!(win(0).starts_with("Medium/"), "{}", win(0));
    // Two of three are refused in each handshake of NTLM; eight of ten are guesses.
    let mixed = |n: usize| {
        run(&(posts(40, "status=401 len=30")
            + &posts(n, "status=200 len=900").replace(":80", ":81")))
    };
    assert_ne!(mixed(10), "");
    assert_eq!(mixed(11), "");
    // Ten in a quarter of an hour, and nine.
    let slow = |gap: usize| {
        let row = |i: usize| {
            format!(
                "@{} http 192.0.2.9:{i} > 10.0.0.1:80 method=POST uri=/in sent={} status=403\n",
                i * gap,
                40 + i % 5
            )
        };
        run(&(1..40).map(row).collect::<String>())
    };
    assert_ne!(slow(100), "");
    assert_eq!(slow(101), "");
}

#[test]
fn what_is_posted_tells_a_login_from_a_program() {
    let sent = |sizes: &[usize], words: &str| {
        let row = |i: usize| {
            let sent = sizes[i % sizes.len()];
            format!(
                "@{i} http 192.0.2.9:{} > 10.0.0.1:80 method=POST uri=/in sent={sent} {words}\n",
                1000 + i
            )
        };
        run(&(0..30).map(row).collect::<String>())
    };
    // A program with an old key repeats itself.
    assert!(sent(&[40, 41], "status=401").starts_with("Low/"));
    assert!(sent(&[40, 41, 42], "status=401").starts_with("Medium/"));
    // Also when its key is renewed at last.
    let old = |i: usize| {
        format!("@{i} http 192.0.2.9:{i} > 10.0.0.1:80 method=POST uri=/in sent=40 status=401\n")
    };
    let renewed = (1..30).map(old).collect::<String>() + &old(99).replace("401", "200");
    assert!(run(&renewed).starts_with("Low/"), "{}", run(&renewed));
    assert_eq!(sent(&[40, 41], "status=200 len=900"), "");
    assert!(sent(&[40, 41, 42], "status=200 len=900").starts_with("Medium/Low"));
    // Bodies that differ by more than names and passwords, or are longer.
    assert_ne!(sent(&[40, 60, 104], "status=401"), "");
    assert_eq!(sent(&[40, 60, 105], "status=401"), "");
    assert_ne!(sent(&[1000, 1010, 1024], "status=401"), "");
    assert_eq!(sent(&[1000, 1010, 1025], "status=401"), "");
}

#[test]
fn a_form_that_shows_one_page_again_and_again() {
    let page = |n: usize, words: &str| run(&posts(n, words));
    assert_eq!(page(19, "status=200 len=4100"), "");
    assert_eq!(
        page(20, "status=200 len=4100"),
        "Medium/Low Password guessing: 20 posts of 192.0.2.9 to w.test/in, answered alike\n"
    );
    // What a script is told is shorter than a page; a way to another page has no length.
    assert_eq!(page(40, "status=200 len=255"), "");
    assert_ne!(page(40, "status=200 len=256"), "");
    assert_ne!(page(40, "status=302 len=0"), "");
    assert_eq!(page(40, "status=204 len=0"), "");
    assert_eq!(page(40, "status=200 len=900 got=application/ocsp-response"), "");
    for text in ["text/html", "application/javascript", "application/soap+xml"] {
        assert_ne!(page(40, &format!("status=200 len=900 got={text}")), "", "{text}");
    }
    // Pages that differ by more than what they repeat: 32 bytes, or one in fifty.
    let two = |a: usize, b: usize| {
        run(&(posts(30, &format!("status=200 len={a}"))
            + &posts(20, &format!("status=200 len={b}")).replace(":80", ":81")))
    };
    assert!(two(900, 932).contains("50 posts"));
    assert_eq!(two(900, 933), "");
    assert!(two(5000, 5100).contains("50 posts"));
    assert_eq!(two(5000, 5101), "");
    // A browser loads a page with all its parts; a tool fetches the form and follows.
    let pages = |n: usize| {
        let get = format!(
            "@0+0.1 http 192.0.2.9:{{1..{n}}} > 10.0.0.1:80 method=GET host=w.test uri=/x status=200"
        );
        run(&(posts(20, "status=200 len=4100") + &get))
    };
    assert_ne!(pages(60), "");
    assert_eq!(pages(61), "");
    // The way to another page after all: let in. Another length is another answer.
    let then = |words: &str| {
        run(&format!(
            "{}@99 http 192.0.2.9:9 > 10.0.0.1:80 method=POST uri=/in host=w.test sent=44 {words}",
            posts(30, "status=200 len=4100")
        ))
    };
    assert!(then("status=302 len=0").starts_with("High/Low"), "{}", then("status=302 len=0"));
    assert!(then("status=200 len=9000").contains("answered alike, then answered otherwise"));
}

#[test]
fn a_page_that_posts_by_a_timer_is_no_guess() {
    let paced = |late: usize| -> String {
        let row = |i: usize| {
            let at = 20 * i + if i < late { 9 * (i % 2) } else { 0 };
            format!(
                "@{at} http 10.0.0.9:{} > 192.0.2.1:80 method=POST uri=/poll sent={} status=200 len=700\n",
                1000 + i,
                40 + i % 7
            )
        };
        run(&(0..60).map(row).collect::<String>())
    };
    assert_eq!(paced(0), "");
    assert_ne!(paced(30), "");
    // Each five seconds may be a tool's patience; each six are a page's timer.
    let even = |gap: usize| {
        let row = |i: usize| {
            format!(
                "@{} http 192.0.2.9:{i} > 10.0.0.1:80 method=POST uri=/in sent={} status=200 len=700\n",
                gap * i,
                40 + i % 7
            )
        };
        run(&(0..60).map(row).collect::<String>())
    };
    assert_ne!(even(5), "");
    assert_eq!(even(6), "");
    // A server's log tells neither connections nor sizes of bodies.
    let log = "@0+2 http 192.0.2.9 method=POST uri=/in.php status=200 len=4100 log\n";
    let rows: String = (0..40).map(|i| log.replace("@0+2", &format!("@{}", 2 * i))).collect();
    let found = found(&RULE, &events(&rows));
    assert_eq!(
        lines(&found),
        "Medium/Low Password guessing: 40 posts of 192.0.2.9 to /in.php, answered alike\n"
    );
    assert!(found[0].missing.iter().any(|m| m.contains("How much was posted")));
    found_within(&RULE, 8, &events(&rows));
}
