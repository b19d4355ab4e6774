CREATE EXTENSION pg_stat_statements;

CREATE TABLE authors (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE papers (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    author_id  bigint NOT NULL REFERENCES authors,
    title      text NOT NULL,
    abstract   text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX papers_author_id ON papers (author_id);
CREATE INDEX papers_created_at ON papers (created_at);
CREATE TABLE job_logs (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job        text NOT NULL,
    message    text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

INSERT INTO authors (name) SELECT '著者 ' || n FROM generate_series(1, 40) AS n;
-- 400 papers over the last 100 days, with abstracts long enough that a dump is larger than a pipe holds.
INSERT INTO papers (author_id, title, abstract, created_at, updated_at)
SELECT n % 40 + 1, '論文 ' || n, repeat(md5(n::text), 40), now() - n * interval '6 hours', now() - n * interval '3 hours'
FROM generate_series(1, 400) AS n;
-- One job log a day for 90 days: 60 of them are older than 30 days.
INSERT INTO job_logs (job, message, created_at)
SELECT 'collect', 'run ' || n, now() - n * interval '1 day' + interval '1 hour' FROM generate_series(1, 90) AS n;
