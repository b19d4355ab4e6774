//! `toban schedule` through the real binary: what it says, what it hands over, and schedulers that are really killed.

#[path = "../cli/place.rs"]
#[allow(dead_code, reason = "not every test uses all of it")]
mod place;

mod crontab;
mod follow;
mod shown;
mod systemd;

use place::Place;

/// A shop with three schedules in its own zone.
fn shop() -> Place {
    let place = Place::new();
    place.file("playbooks/shop/system.yaml", "title: 店\ntimezone: Asia/Tokyo\n");
    place.file(
        "playbooks/shop/daily.yaml",
        "title: 日次\nlocks: [shop]\nschedule:\n  - { cron: '0 2 * * *', overlap: skip }\nsteps: [{ id: a, shell: 'true' }]\n",
    );
    place.file(
        "playbooks/shop/monthly.yaml",
        "title: 月次 100%\ninputs: { week: { type: string } }\nschedule:\n  - { cron: '0 5 * * SUN#1', missed: skip, inputs: { week: \"it's $1\" } }\n  - { cron: '0 5 L * *', missed: skip, overlap: skip, inputs: { week: last } }\nsteps: [{ id: a, shell: 'true' }]\n",
    );
    place
}
