//! The page of a plan, and that of a run, in a real browser: what a reviewer opens on a desk, on a phone, in the dark and on paper.

mod browser;
mod report;

use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use browser::Browser;
use serde_json::json;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

const HOSTILE: &str = r#"
title: "</title></style><script>document.title='owned'</script> \"quoted\" 'single' & \u202egnp.exe"
inputs:
  who: { type: string, default: "\"><img src=x onerror=alert(1)>" }
  missing: { type: string }
steps:
  - id: one
    title: "</summary><script>document.title='owned'</script>\u202eevil\u202c"
    shell: "echo '</code></pre><script>x</script>' {{ inputs.missing }} ````"
    effect: read
  - id: long
    title: a-very-long-word-without-any-place-to-break-it-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    shell: "ls /srv/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  - id: gone
    title: 古いものを消す
    shell: rm -r /srv/old
    effect: destroy
    confirm: "<b>sure?</b>"
  - id: held
    steps:
      - { id: deep, shell: "echo {{ steps.one.stdout }}", effect: read }
      - id: deeper
        steps: [{ id: deepest, shell: echo a }]
checklist:
  - { item: "<i>done</i>", from: gone }
"#;

/// What a look finds out: one file is there, another is not, and the name of a third is only known to a run.
const PROBED: &str = "title: 確認済みの計画
steps:
  - { id: there, file: { read: { path: probed.yaml } } }
  - { id: gone, needs: [], file: { read: { path: 'missing <b>.txt' } } }
  - { id: make, needs: [], shell: 'echo a' }
  - { id: open, file: { read: { path: '{{ steps.make.stdout }}' } } }
";

/// What `toban` prints.
fn toban(arguments: &[&str], folder: &Path) -> String {
    ended(arguments, folder, 0)
}

/// The same where it ends with this code.
fn ended(arguments: &[&str], folder: &Path, code: i32) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_toban"))
        .args(arguments)
        .current_dir(folder)
        .env("LC_ALL", "C.UTF-8")
        .env_remove("COLUMNS")
        .output()
        .expect("toban runs");
    assert_eq!(
        output.status.code(),
        Some(code),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("text")
}

/// Sixty steps in groups of which some run side by side.
fn big() -> String {
    let mut text = String::from("title: 大規模メンテナンス\nsteps:\n");
    for group in 0..10 {
        text.push_str(&format!("  - id: stage_{group}\n    title: 段階 {group}\n    steps:\n"));
        for step in 0..6 {
            let needs = if step % 2 == 0 { "needs: [], " } else { "" };
            text.push_str(&format!(
                "      - {{ id: s{group}_{step}, {needs}title: 作業 {group}-{step} を行い結果を記録する, shell: echo {step} }}\n"
            ));
        }
    }
    text
}

struct Pages {
    folder: tempfile::TempDir,
}

impl Pages {
    fn made() -> Pages {
        let pages = Pages { folder: tempfile::tempdir().expect("a folder") };
        std::fs::write(pages.path("hostile.yaml"), HOSTILE).expect("written");
        std::fs::write(pages.path("big.yaml"), big()).expect("written");
        for (name, playbook) in [("quickstart", "quickstart/daily"), ("recovery", "refnet/disaster-recovery")]
        {
            pages.page(name, playbook, Path::new(ROOT));
        }
        for name in ["hostile", "big"] {
            let file = pages.path(&format!("{name}.yaml"));
            pages.page(name, &file.display().to_string(), pages.folder.path());
        }
        std::fs::write(pages.path("probed.yaml"), PROBED).expect("written");
        let probe = ["plan", "./probed.yaml", "--probe", "--format", "html", "--lang", "ja"];
        let html = ended(&probe, pages.folder.path(), 1);
        std::fs::write(pages.path("probed.html"), html).expect("written");
        pages
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn page(&self, name: &str, playbook: &str, folder: &Path) {
        let html = toban(&["plan", playbook, "--format", "html", "--lang", "ja"], folder);
        std::fs::write(self.path(&format!("{name}.html")), html).expect("written");
    }

    fn url(&self, name: &str) -> String {
        format!("file://{}", self.path(&format!("{name}.html")).display())
    }
}

const NAMES: [&str; 5] = ["quickstart", "recovery", "hostile", "big", "probed"];

/// Every text whose contrast with what is behind it is under 4.5.
const PALE: &str = r"(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = c => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = c; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = e => {
    for (; e; e = e.parentElement) {
      const box = e.tagName === 'g' ? e.querySelector('rect.box') : null;
      if (box) return rgba(getComputedStyle(box).fill);
      const c = rgba(getComputedStyle(e).backgroundColor);
      if (c[3] === 255) return c;
    }
    return [255, 255, 255, 255];
  };
  const pale = [];
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
    if (['title', 'STYLE'].includes(e.tagName) || !e.checkVisibility()) continue;
    const style = getComputedStyle(e);
    const [a, b] = [light(rgba(e.ownerSVGElement ? style.fill : style.color)), light(behind(e))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) pale.push(`${e.tagName}.${e.getAttribute('class')} ${contrast.toFixed(2)}: ${e.textContent.slice(0, 40)}`);
  }
  return pale;
})()";

#[test]
fn a_page_fits_a_desk_and_a_phone_asks_nothing_of_the_network_and_can_be_read_in_light_and_dark() {
    let pages = Pages::made();
    let mut browser = Browser::start();
    for name in NAMES {
        let url = pages.url(name);
        for (width, scheme) in [(1280, "light"), (360, "light"), (360, "dark"), (1280, "dark")] {
            browser.open(&url, width, scheme);
            let scroll = browser.value("document.documentElement.scrollWidth");
            assert!(scroll.as_u64() <= Some(u64::from(width)), "{name} at {width}: {scroll} wide");
            // Once more with everything unfolded.
            browser.value("document.querySelectorAll('details').forEach(d => d.open = true)");
            let scroll = browser.value("document.documentElement.scrollWidth");
            assert!(scroll.as_u64() <= Some(u64::from(width)), "{name} unfolded at {width}: {scroll} wide");
            assert_eq!(browser.value(PALE), json!([]), "{name} {width} {scheme}");
            assert_eq!(
                browser.value("getComputedStyle(document.querySelector('.steps')).listStyleType"),
                "none",
                "styled"
            );
            let methods = |what: &str| {
                let found = browser.events.iter().filter(|e| e["method"] == what);
                found.cloned().collect::<Vec<_>>()
            };
            let requests = methods("Network.requestWillBeSent");
            assert!(
                requests.iter().all(|e| e["params"]["request"]["url"] == url.as_str()),
                "{name}: {requests:?}"
            );
            for what in ["Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled"] {
                assert_eq!(methods(what), Vec::<serde_json::Value>::new(), "{name}: {what}");
            }
            keep(&mut browser, &format!("{name}-{width}-{scheme}"));
        }
    }
}

#[test]
fn on_paper_every_step_is_unfolded() {
    let pages = Pages::made();
    let mut browser = Browser::start();
    for name in ["quickstart", "recovery"] {
        browser.open(&pages.url(name), 1280, "dark");
        let folded = printed(&mut browser, &format!("{name}.pdf"));
        browser.value("document.querySelectorAll('details').forEach(d => d.open = true)");
        let unfolded = printed(&mut browser, &format!("{name}-unfolded.pdf"));
        assert_eq!(folded, unfolded, "{name}: sheets of paper");
        // Folded, fewer sheets would do.
        let fold = "document.querySelectorAll('details').forEach(d => { d.open = false; d.querySelector('.body').remove(); })";
        browser.value(fold);
        assert!(printed(&mut browser, &format!("{name}-without.pdf")) < folded, "{name}");
    }
}

/// Prints the page and counts the sheets.
fn printed(browser: &mut Browser, name: &str) -> usize {
    let pdf = browser.call("Page.printToPDF", json!({"preferCSSPageSize": true}));
    let pdf = base64::engine::general_purpose::STANDARD.decode(pdf["data"].as_str().expect("data"));
    let pdf = pdf.expect("base64");
    save(name, &pdf);
    let sheets = String::from_utf8_lossy(&pdf).matches("/Type /Page\n").count();
    assert!(sheets > 0, "{name} has sheets");
    sheets
}

#[test]
fn hostile_text_is_shown_and_never_becomes_part_of_the_page() {
    let pages = Pages::made();
    let mut browser = Browser::start();
    browser.open(&pages.url("hostile"), 1280, "light");
    let title = browser.value("document.title");
    assert!(title.as_str().is_some_and(|t| t.contains("</title></style><script>")), "{title}");
    assert_eq!(
        browser.value("document.querySelectorAll('script, img, iframe, b:not(.counts b), i').length"),
        0
    );
    assert_eq!(browser.value("document.querySelectorAll('[style], [onerror], [onload]').length"), 0);
    let text = browser.value("document.body.innerText");
    let text = text.as_str().expect("text");
    assert!(text.contains("</title></style><script>document.title='owned'</script>"), "{text}");
    assert!(text.contains("\\u{202e}") && !text.contains('\u{202e}'), "{text}");
    assert!(text.contains("\"><img src=x onerror=alert(1)>"), "{text}");
    assert_eq!(browser.value("document.querySelector('mark.unknown').textContent"), "⟨inputs.missing⟩");
}

#[test]
fn what_a_look_found_stands_with_each_step_and_counted() {
    let pages = Pages::made();
    let mut browser = Browser::start();
    browser.open(&pages.url("probed"), 1280, "light");
    let tags = "[...document.querySelectorAll('.step')].map(s => s.querySelector('.tag.yes, .tag.no, .tag.open').textContent)";
    assert_eq!(
        browser.value(tags),
        json!(["事前確認: はい", "事前確認: いいえ", "事前確認: はい", "事前確認: 不明"])
    );
    let counts = "[...document.querySelectorAll('.counts')].at(-1).textContent.replace(/\\s+/g, ' ')";
    assert_eq!(browser.value(counts), "2 はい1 いいえ1 不明");
    // What could not start is open to the eye, though it only reads.
    let open = "[...document.querySelectorAll('.step details')].map(d => d.open)";
    assert_eq!(browser.value(open), json!([false, true, true, false]));
    let found = browser.value("document.querySelector('#step-2 dd').textContent");
    assert!(found.as_str().is_some_and(|t| t.contains("いいえ") && t.contains("missing <b>.txt")), "{found}");
    let ticket = ["plan", "./probed.yaml", "--probe", "--format", "markdown", "--lang", "en"];
    let ticket = ended(&ticket, pages.folder.path(), 1);
    assert!(ticket.contains("\n**probe: 2 yes, 1 no, 1 cannot know (2 were run"), "{ticket}");
    assert!(ticket.contains("\n- Probe: no, ran — ") && ticket.contains("missing &lt;b\\>.txt"), "{ticket}");
}

#[test]
fn a_page_can_be_walked_by_keyboard_and_read_aloud() {
    let pages = Pages::made();
    let mut browser = Browser::start();
    for name in NAMES {
        browser.open(&pages.url(name), 1280, "light");
        assert_eq!(browser.value("document.documentElement.lang"), "ja");
        assert_eq!(browser.value("['header', 'main', 'footer', 'h1'].map(t => document.querySelectorAll(`body > ${t}, header > ${t}`).length)"), json!([1, 1, 1, 1]));
        let ids = "[...document.querySelectorAll('[id]')].map(e => e.id)";
        assert_eq!(browser.value(&format!("{ids}.length - new Set({ids}).size")), 0, "{name}: ids");
        let dead = "[...document.querySelectorAll('a')].filter(a => !document.querySelector(a.getAttribute('href'))).length";
        assert_eq!(browser.value(dead), 0, "{name}: links");
        let levels =
            browser.value("[...document.querySelectorAll('h1, h2, h3, h4')].map(h => Number(h.tagName[1]))");
        let levels: Vec<u64> = serde_json::from_value(levels).expect("numbers");
        assert!(levels.windows(2).all(|p| p[1] <= p[0] + 1), "{name}: {levels:?}");
        let cut = "[...document.querySelectorAll('pre, .wide, .picture')].filter(e => e.scrollWidth > e.clientWidth && e.tabIndex < 0).length";
        assert_eq!(browser.value(cut), 0, "{name}: what scrolls can be reached");
    }
}

#[test]
fn an_svg_is_a_file_of_its_own_in_which_no_text_leaves_its_box() {
    let pages = Pages::made();
    let mut browser = Browser::start();
    for (name, playbook) in [("quickstart", "quickstart/daily"), ("recovery", "refnet/disaster-recovery")] {
        let file = pages.path(&format!("{name}.svg"));
        toban(&["graph", playbook, "--format", "svg", "-o", &file.display().to_string()], Path::new(ROOT));
        browser.open(&format!("file://{}", file.display()), 1280, "light");
        let outside = "[...document.querySelectorAll('g')].filter(g => g.querySelector('.box')).flatMap(g => { \
            const box = g.querySelector('.box').getBBox(); \
            return [...g.querySelectorAll('text')].filter(t => { const b = t.getBBox(); \
                return b.x < box.x || b.x + b.width > box.x + box.width || b.y < box.y || b.y + b.height > box.y + box.height; }) \
                .map(t => t.textContent); })";
        assert_eq!(browser.value(outside), json!([]), "{name}");
        assert!(browser.value("document.querySelectorAll('.box').length").as_u64() > Some(2), "{name}");
    }
}

/// Keeps a picture of the page for the eye, in `target/plan_page`.
fn keep(browser: &mut Browser, name: &str) {
    let shot =
        browser.call("Page.captureScreenshot", json!({"captureBeyondViewport": true, "format": "png"}));
    let shot = base64::engine::general_purpose::STANDARD
        .decode(shot["data"].as_str().expect("data"))
        .expect("base64");
    save(&format!("{name}.png"), &shot);
}

fn save(name: &str, bytes: &[u8]) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("plan_page");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join(name), bytes).expect("written");
}
