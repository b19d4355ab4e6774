//! What style-ai-generator shows to the outside: the certificate that it serves, and the ports that are open.

use super::harness::Lab;
use super::styleai_host::{fresh, holds, host, run};

const DOOR: &str = "style-ai.lab:443";

/// The certificate that nginx serves, as openssl prints a part of it.
fn served(lab: &Lab, what: &str) -> String {
    let script = format!(
        "openssl s_client -connect {DOOR} -servername style-ai.lab </dev/null 2>/dev/null | openssl x509 -noout {what}"
    );
    lab.enter(&["bash", "-c", &script]).trim().to_owned()
}

/// Whether a client that knows only the lab's authority takes the certificate that is served.
fn is_trusted(lab: &Lab) -> bool {
    let script = "curl -sk https://127.0.0.1:8125/roots/0 >target/lab/styleai/acme/root.pem
                  openssl s_client -connect \"$1\" -servername style-ai.lab -verify_hostname style-ai.lab -verify_return_error \
                    -CAfile target/lab/styleai/acme/root.pem </dev/null >/dev/null 2>&1 && echo yes || echo no";
    lab.enter(&["bash", "-c", script, "bash", DOOR]).trim() == "yes"
}

#[test]
fn a_certificate_near_its_end_is_replaced_by_the_authoritys_and_stays_where_that_refuses() {
    let Some(lab) = Lab::of("styleai") else { return };
    fresh(&lab);
    // Nothing is near its end: nobody is asked for anything.
    let old = served(&lab, "-fingerprint");
    run(&lab, "issue-certificate", &[]).exits(0);
    assert_eq!(served(&lab, "-fingerprint"), old);

    lab.breaks("style-certificate");
    let near = served(&lab, "-fingerprint");
    assert_ne!(near, old);
    let issue = ["-i", "mail=kanri@style-ai.lab", "--confirm", "issue"];
    let ran = run(&lab, "issue-certificate", &issue[2..]).exits(1);
    assert!(format!("{ran}").contains("Give the mail address"), "{ran}");
    run(&lab, "issue-certificate", &issue[..2]).exits(3);
    // The twin: the authority refuses the name. What was served is served still, by the configuration that was there.
    let live = "sha256sum /etc/nginx/sites-available/style-ai-generator";
    let configuration = host(&lab, live);
    lab.breaks("style-acme");
    run(&lab, "issue-certificate", &issue).exits(1);
    lab.script("mend", &["style-acme"]);
    assert_eq!((served(&lab, "-fingerprint"), host(&lab, live)), (near.clone(), configuration));
    assert!(!is_trusted(&lab), "the look tells a certificate that nobody signed");

    run(&lab, "issue-certificate", &issue).exits(0);
    let new = served(&lab, "-fingerprint");
    assert_ne!(new, near);
    assert!(is_trusted(&lab), "it is of the authority, and of this name: {}", served(&lab, "-text"));
    assert!(served(&lab, "-checkend $((60 * 86400))").contains("will not expire"));
    assert!(holds(&lab, "systemctl is-active certbot.timer"), "it is renewed by itself");
    let site = "curl -s -o /dev/null -w '%{http_code} %{redirect_url}' http://style-ai.lab/api/v1/health/";
    assert_eq!(lab.enter(&["bash", "-c", site]), "301 https://style-ai.lab/api/v1/health/");
    // Once is enough.
    run(&lab, "issue-certificate", &issue).exits(0);
    assert_eq!(served(&lab, "-fingerprint"), new);
    lab.script("mend", &["style-certificate"]);
    assert_eq!(served(&lab, "-fingerprint"), old, "the lab has its own again");
}

/// Whether somebody outside the host gets a connection.
fn open(lab: &Lab, port: u16) -> bool {
    let script = format!("exec 3<>/dev/tcp/style-ai.lab/{port}");
    let tried = lab.enter(&["bash", "-c", "timeout 3 bash -c \"$1\" 2>/dev/null; echo $?", "bash", &script]);
    tried.trim() == "0"
}

fn doors(lab: &Lab) -> [bool; 4] {
    [22, 80, 443, 9000].map(|port| open(lab, port))
}

#[test]
fn the_firewall_closes_what_was_open_lets_us_in_and_is_off_again_where_nobody_would_get_in() {
    let Some(lab) = Lab::of("styleai") else { return };
    fresh(&lab);
    lab.breaks("style-open");
    let wall = ["--confirm", "enable=lab"];
    run(&lab, "firewall", &[]).exits(3);
    assert_eq!(doors(&lab), [true; 4], "nobody typed the target");
    // The twin: a door that has to be open is not, so that it is switched off again.
    host(&lab, "systemctl stop nginx");
    let ran = run(&lab, "firewall", &wall).exits(1);
    host(&lab, "systemctl start nginx");
    assert!(format!("{ran}").contains("80 cannot be reached"), "{ran}");
    assert_eq!(doors(&lab), [true; 4], "it is off again");

    run(&lab, "firewall", &wall).exits(0);
    assert_eq!(doors(&lab), [true, true, true, false]);
    assert!(!holds(&lab, "systemctl is-active style-ai-ufw-undo.timer"), "and stays on");
    let rules = "iptables-save | grep -v -e '^#' -e '^:' | sort | sha256sum";
    let before = host(&lab, rules);
    run(&lab, "firewall", &[]).exits(0);
    assert_eq!(host(&lab, rules), before, "done again it changes nothing");
    lab.script("mend", &["style-open"]);
    assert!(holds(&lab, "ufw status | grep -q inactive"), "the lab is as it was");
}
