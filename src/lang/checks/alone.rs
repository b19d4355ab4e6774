//! What a playbook may not run beside, and when it may begin: its locks and its window.

use super::site::{Site, near};
use crate::diag::Diagnostic;
use crate::lang::yaml::Seg;
use crate::model::{LockBusy, Playbook, System};

/// The longest name of a lock, in characters: it becomes the name of a file.
const LONGEST: usize = 60;

/// Everything that can be wrong with them.
pub fn check(playbook: &Playbook, system: Option<&System>, site: &mut Site<'_>) {
    locks(playbook, site);
    let (Some(name), Some(system)) = (&playbook.window, system) else { return };
    if !system.windows.contains_key(name) {
        let title = crate::t!(
            "there is no window `{name}` in system.yaml",
            "system.yaml に時間帯 `{name}` はありません"
        );
        let mut d = Diagnostic::error("unknown-window", site.doc.value(&[Seg::name("window")]), title);
        d.help = near(name, system.windows.keys().map(String::as_str)).or_else(|| {
            Some(crate::t!(
                "add it there: windows: {{ {name}: {{ cron: \"0 3 * * *\", for: 2h }} }}",
                "そこに追加してください: windows: {{ {name}: {{ cron: \"0 3 * * *\", for: 2h }} }}"
            ))
        });
        site.doc.note(d);
    }
}

fn locks(playbook: &Playbook, site: &mut Site<'_>) {
    for (i, lock) in playbook.locks.iter().enumerate() {
        let path = [Seg::name("locks"), Seg::Index(i)];
        let name = &lock.name;
        if !is_name(name) {
            let title =
                crate::t!("`{name}` cannot be the name of a lock", "`{name}` はロックの名前にできません");
            let help = crate::t!(
                "a name is a letter or digit, then letters, digits, `-`, `_` and `.`, at most {LONGEST}; it is the same in every run",
                "名前は文字か数字で始まり、文字・数字・`-`・`_`・`.` だけの {LONGEST} 文字以内です。どの実行でも同じ名前にします"
            );
            site.doc.note(Diagnostic::error("bad-lock", site.doc.value(&path), title).help(help));
        } else if playbook.locks[..i].iter().any(|before| before.name == *name) {
            let title =
                crate::t!("the lock `{name}` is named twice", "ロック `{name}` が 2 回書かれています");
            let help = crate::t!("remove one of them", "どちらかを削除してください");
            site.doc.note(Diagnostic::error("duplicate-lock", site.doc.value(&path), title).help(help));
        }
        if lock.limit.is_some() && lock.busy != LockBusy::Wait {
            let at = site.doc.key(&[&path[..], &[Seg::name("limit")]].concat());
            let title = crate::t!(
                "`limit` says how long to wait, but `busy` says not to",
                "`limit` は待つ時間ですが、`busy` は待たない指定です"
            );
            let help = crate::t!("remove one of them", "どちらかを削除してください");
            site.doc.note(Diagnostic::error("limit-without-wait", at, title).help(help));
        }
    }
}

/// Whether it can be the name of a file that means nothing else, and of no other lock.
fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    name.starts_with(char::is_alphanumeric) && name.chars().all(fits) && name.chars().count() <= LONGEST
}
