//! README's first command: the quickstart runs in any fresh folder, with no server and no question.

use std::path::Path;
use std::process::{Command, Stdio};

/// A clone's `playbooks/quickstart` in an empty folder.
fn clone() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let to = folder.path().join("playbooks/quickstart");
    std::fs::create_dir_all(&to).expect("a folder for the playbooks");
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("playbooks/quickstart");
    for name in ["system.yaml", "daily.yaml"] {
        std::fs::copy(from.join(name), to.join(name)).expect("the playbooks");
    }
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> i32 {
    let output = Command::new(env!("CARGO_BIN_EXE_toban"))
        .args(["run", "quickstart/daily", "--progress", "plain", "--lang", "en"])
        .args(arguments)
        .current_dir(folder)
        .env("TOBAN_STATE_DIR", folder.join("state"))
        .env("TOBAN_LOCK_DIR", folder.join("locks"))
        .stdin(Stdio::null())
        .output()
        .expect("toban starts");
    let code = output.status.code().unwrap_or(-1);
    if code != 0 {
        panic!(
            "exit {code}\n{}\n{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    code
}

fn backups(folder: &Path) -> Vec<std::path::PathBuf> {
    let found = folder.join("target/quickstart/backups");
    let mut found: Vec<_> =
        std::fs::read_dir(found).expect("the backups").map(|entry| entry.expect("an entry").path()).collect();
    found.sort();
    found
}

fn orders(database: &Path) -> u32 {
    let database = rusqlite::Connection::open(database).expect("a database");
    database.query_row("SELECT count(*) FROM orders", [], |row| row.get(0)).expect("the orders")
}

#[test]
fn the_quickstart_makes_a_shop_and_a_backup_that_holds_its_orders() {
    let folder = clone();
    run(folder.path(), &[]);
    let shop = orders(&folder.path().join("target/quickstart/shop.sqlite3"));
    assert_eq!(shop, 200);
    let made = backups(folder.path());
    assert_eq!(made.len(), 1, "{made:?}");
    let restored = folder.path().join("restored.sqlite3");
    let mut packed = flate2::read::GzDecoder::new(std::fs::File::open(&made[0]).expect("the backup"));
    std::io::copy(&mut packed, &mut std::fs::File::create(&restored).expect("a file")).expect("unpacking");
    assert_eq!(orders(&restored), shop);
}

#[test]
fn the_quickstart_again_keeps_the_shop_and_lets_old_backups_go_down_to_the_minimum() {
    let folder = clone();
    run(folder.path(), &[]);
    let first = backups(folder.path()).remove(0);
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(40 * 86_400);
    for n in 1..=3 {
        let copy = first.with_file_name(format!("shop_old{n}.sqlite3.gz"));
        std::fs::copy(&first, &copy).expect("a copy");
        std::fs::File::options()
            .write(true)
            .open(&copy)
            .and_then(|file| file.set_modified(old))
            .expect("its time");
    }
    std::thread::sleep(std::time::Duration::from_millis(1100));
    run(folder.path(), &["-i", "keep_at_least=3"]);
    let left = backups(folder.path());
    assert_eq!(left.len(), 3, "two new ones and one old one: {left:?}");
    assert_eq!(orders(&folder.path().join("target/quickstart/shop.sqlite3")), 200);
}
