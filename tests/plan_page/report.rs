//! The page that tells of a run, and its JUnit XML, in a real browser.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::{PALE, keep, toban};

/// Steps that end in every way, some of them side by side.
const PLAY: &str = r#"
title: "RefNet 週次メンテナンス </title><script>document.title='owned'</script>"
steps:
  - { id: dump, title: データベースのバックアップ, shell: sleep 0.8 }
  - { id: beside, needs: [], shell: sleep 0.6 }
  - id: flaky
    needs: []
    shell: "if [ -e was_here ]; then echo fine; else touch was_here; exit 3; fi"
    retry: { attempts: 2, delay: 100ms }
  - id: items
    needs: []
    for_each: { list: [a, b, c, d], max_parallel: 2 }
    shell: "sleep 0.2; [ {{ item }} != c ]"
  - id: warns
    needs: []
    effect: read
    shell: echo 12
    expect: { that: "stdout | int < 10", otherwise: warn, message: "<b>slow</b>: 12 ms" }
  - id: left
    needs: []
    when: "1 == 2"
    steps:
      - { id: inner, shell: echo a }
  - { id: gone, needs: [], title: 古いものを消す, shell: "rm -r ./nothing", effect: destroy }
  - { id: after_gone, needs: [gone], shell: echo x }
  - { id: swap, needs: [], shell: echo swapped, confirm: 入れ替えますか }
  - { id: dashboard, needs: [], manual: { instruction: 赤いパネルが無いことを確認する, evidence: { red: { type: integer } } } }
  - id: fails
    needs: []
    shell: "printf '</code></pre><script>x</script> \\033[31mred\\033[0m %s\\n' aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; exit 4"
checklist:
  - { item: システム全体チェック実行, from: dump }
  - { item: 監視ダッシュボード確認, from: dashboard }
  - { item: エラーログ確認, from: fails }
"#;

fn ran() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("play.yaml"), PLAY).expect("written");
    let run = Command::new(env!("CARGO_BIN_EXE_toban"))
        .args(["run", "play.yaml", "--progress", "quiet", "--operator", "佐藤", "--jobs", "8"])
        .args(["--confirm", "swap", "--answer", "dashboard=red=0", "--state-dir", "state"])
        .current_dir(folder.path())
        .output()
        .expect("toban runs");
    assert_eq!(run.status.code(), Some(1), "{}", String::from_utf8_lossy(&run.stderr));
    folder
}

fn report(folder: &Path, arguments: &[&str]) -> String {
    toban(&[&["report", "last", "--state-dir", "state", "--lang", "ja"], arguments].concat(), folder)
}

#[test]
fn the_page_of_a_run_fits_a_desk_and_a_phone_and_nothing_in_it_becomes_markup() {
    let folder = ran();
    report(folder.path(), &["--format", "html", "-o", "report.html"]);
    let url = format!("file://{}", folder.path().join("report.html").display());
    let mut browser = Browser::start();
    for (width, scheme) in [(1280, "light"), (360, "light"), (360, "dark"), (1280, "dark")] {
        browser.open(&url, width, scheme);
        let scroll = browser.value("document.documentElement.scrollWidth");
        assert!(scroll.as_u64() <= Some(u64::from(width)), "{width}: {scroll} wide");
        assert_eq!(browser.value(PALE), json!([]), "{width} {scheme}");
        let asked = |e: &&Value| {
            e["method"] == "Network.requestWillBeSent" && e["params"]["request"]["url"] != url.as_str()
        };
        assert_eq!(browser.events.iter().filter(asked).count(), 0);
        let noise = ["Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled"];
        assert!(
            !browser.events.iter().any(|e| noise.iter().any(|n| e["method"] == *n)),
            "{:?}",
            browser.events
        );
        keep(&mut browser, &format!("report-{width}-{scheme}"));
    }
    let title = browser.value("document.title");
    assert!(title.as_str().is_some_and(|t| t.contains("</title><script>")), "{title}");
    assert_eq!(browser.value("document.querySelectorAll('script, b, [style], [onload]').length"), 0);
    let text = browser.value("document.body.innerText");
    let text = text.as_str().expect("text");
    for told in [
        "</code></pre><script>x</script> red",
        "<b>slow</b>: 12 ms",
        "実施者: 佐藤",
        "red = 0",
        "2 回目で成功",
    ] {
        assert!(text.contains(told), "{told} in {text}");
    }
}

#[test]
fn the_page_of_a_run_tells_what_went_otherwise_first_ticks_boxes_and_draws_what_ran_side_by_side() {
    let folder = ran();
    let file = folder.path().join("report.html");
    report(folder.path(), &["--format", "html", "-o", "report.html"]);
    let mut browser = Browser::start();
    browser.open(&format!("file://{}", file.display()), 1280, "light");
    let headings = browser.value("[...document.querySelectorAll('main h2')].map(h => h.id)");
    assert_eq!(headings, json!(["deviations", "checklist", "timeline", "steps", "answers"]));
    let told = browser.value(
        "[...document.querySelectorAll('.deviations li')].map(l => l.querySelector('code').textContent)",
    );
    let mut told: Vec<String> = serde_json::from_value(told).expect("names");
    told[..2].sort();
    let all = ["fails", "items[2]", "gone", "after_gone", "warns", "flaky", "left", "dashboard", "swap"];
    assert_eq!(told, all);
    let ticks = browser.value("[...document.querySelectorAll('.ticks li')].map(l => l.className)");
    assert_eq!(ticks, json!(["ticked", "ticked", "open"]));
    // What ran beside each other stands beside each other; two items at a time have two lanes.
    let boxes = "(id => { const row = [...document.querySelectorAll('.timeline tbody tr')].find(r => r.querySelector('code').textContent === id); \
        return [...row.querySelectorAll('rect')].map(r => { const b = r.getBoundingClientRect(); return [b.left, b.right, b.top]; }); })";
    let bars = |browser: &mut Browser, id: &str| -> Vec<[f64; 3]> {
        serde_json::from_value(browser.value(&format!("{boxes}('{id}')"))).expect("boxes")
    };
    let (dump, beside, items) =
        (bars(&mut browser, "dump"), bars(&mut browser, "beside"), bars(&mut browser, "items"));
    assert!(dump[0][0] < beside[0][1] && beside[0][0] < dump[0][1], "{dump:?} {beside:?}");
    assert_eq!((items.len(), bars(&mut browser, "flaky").len()), (4, 2));
    let mut lanes: Vec<i64> = items.iter().map(|b| b[2] as i64).collect();
    lanes.sort_unstable();
    lanes.dedup();
    assert_eq!(lanes.len(), 2, "{items:?}");
    // The logs are one click away.
    let links = browser
        .value("[...document.querySelectorAll('.ran a')].map(a => decodeURI(new URL(a.href).pathname))");
    let links: Vec<String> = serde_json::from_value(links).expect("links");
    assert!(links.len() > 8 && links.iter().all(|link| Path::new(link).is_file()), "{links:?}");
}

#[test]
fn junit_is_xml_in_which_no_step_that_went_wrong_is_green() {
    let folder = ran();
    let xml = report(folder.path(), &["--format", "junit"]);
    let mut browser = Browser::start();
    browser.value(&format!(
        "window.xml = new DOMParser().parseFromString({}, 'application/xml'); null",
        json!(xml)
    ));
    assert_eq!(browser.value("xml.querySelectorAll('parsererror').length"), 0, "{xml}");
    let names = |what: &str| {
        format!(
            "[...xml.querySelectorAll('testcase')].filter(c => c.querySelector('{what}')).map(c => c.getAttribute('name'))"
        )
    };
    assert_eq!(browser.value(&names("failure")), json!(["items", "fails"]));
    assert_eq!(browser.value(&names("error")), json!(["gone"]));
    assert_eq!(browser.value(&names("skipped")), json!(["inner", "after_gone"]));
    let suite = "(s => ['tests', 'failures', 'errors', 'skipped'].map(n => s.getAttribute(n)))(xml.querySelector('testsuite'))";
    assert_eq!(browser.value(suite), json!(["11", "2", "1", "2"]));
    assert!(
        browser.value("xml.querySelector('failure').textContent").as_str().is_some_and(|t| !t.is_empty())
    );
}
