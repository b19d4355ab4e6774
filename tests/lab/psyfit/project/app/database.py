"""PsyFit's database: where it is, its migrations, and the columns that are encrypted."""
import hashlib
import hmac
import os
import pathlib
import secrets
import time

import psycopg

NAME = os.environ["POSTGRES_DB"]
FOLDER = pathlib.Path("/app/db/migrate")


def connect():
    return psycopg.connect(
        host=os.environ["POSTGRES_HOST"], user=os.environ["POSTGRES_USER"], password=os.environ["POSTGRES_PASSWORD"],
        dbname=NAME, connect_timeout=2, autocommit=False)


def one(sql, *values):
    with connect() as connection:
        return connection.execute(sql, values).fetchone()


def migrations():
    for path in sorted(FOLDER.glob("*.sql")):
        number, _, name = path.stem.partition("_")
        yield number, name.replace("_", " ").capitalize(), path


def applied():
    with connect() as connection:
        if not connection.execute("SELECT to_regclass('schema_migrations')").fetchone()[0]:
            return set()
        return {row[0] for row in connection.execute("SELECT version FROM schema_migrations")}


def migrate():
    for attempt in range(50):  # the database may have been started a moment ago
        try:
            connect().close()
            break
        except psycopg.OperationalError:
            if attempt == 49:
                raise
            time.sleep(0.2)
    with connect() as connection:
        # As in Rails: of two that migrate at once one waits and then finds it done.
        connection.execute("SELECT pg_advisory_xact_lock(815)")
        connection.execute("CREATE TABLE IF NOT EXISTS schema_migrations (version text PRIMARY KEY)")
        done = {row[0] for row in connection.execute("SELECT version FROM schema_migrations")}
        for number, name, path in migrations():
            if number not in done:
                print(f"== {number} {name}: migrating", flush=True)
                connection.execute(path.read_text())
                connection.execute("INSERT INTO schema_migrations VALUES (%s)", (number,))


# Columns are encrypted and authenticated with a key that the database never sees. HMAC-SHA-256 in counter mode with
# encrypt-then-MAC, since that needs nothing but the standard library; a wrong key is found by the tag.
def _key(purpose):
    return hmac.digest(os.environ["ATTR_ENCRYPTED_KEY"].encode(), purpose, "sha256")


def _stream(nonce, length):
    blocks = (hmac.digest(_key(b"encrypt"), nonce + count.to_bytes(4, "big"), "sha256") for count in range(-(-length // 32)))
    return b"".join(blocks)[:length]


def _xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def encrypt(text):
    plain, nonce = text.encode(), secrets.token_bytes(16)
    sealed = nonce + _xor(plain, _stream(nonce, len(plain)))
    return sealed + hmac.digest(_key(b"authenticate"), sealed, "sha256")


def decrypt(data):
    sealed, tag = bytes(data[:-32]), bytes(data[-32:])
    if not hmac.compare_digest(tag, hmac.digest(_key(b"authenticate"), sealed, "sha256")):
        raise ValueError("this record was encrypted with another key")
    return _xor(sealed[16:], _stream(sealed[:16], len(sealed) - 16)).decode()


def blind_index(text):
    return hmac.new(os.environ["BLIND_INDEX_KEY"].encode(), text.encode(), hashlib.sha256).digest()
