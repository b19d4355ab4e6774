# Celery results as they pile up: ten that ended three weeks ago and never expire, five that ended three weeks ago and
# still have time to live, five of today.
stamp() { date -u -d "$1" +%Y-%m-%dT%H:%M:%S.000000+00:00; }
put() { # name, when it ended, seconds to live (empty: for ever)
  redis-cli SET "celery-task-meta-$1" "{\"status\": \"SUCCESS\", \"result\": \"collected\", \"task_id\": \"$1\", \"date_done\": \"$(stamp "$2")\"}" ${3:+EX "$3"}
}
for n in 1 2 3 4 5 6 7 8 9 10; do put "seed-old-forever-$n" '21 days ago'; done
for n in 1 2 3 4 5; do put "seed-old-$n" '21 days ago' 86400; done
for n in 1 2 3 4 5; do put "seed-fresh-$n" '1 hour ago' 86400; done
