"""Patients of an orthopaedic clinic, the exercises they do at home, and what they reported of them."""
from app import database

FAMILY = ["佐藤", "鈴木", "高橋", "田中", "伊藤", "渡辺", "山本", "中村"]
GIVEN = ["陽子", "健一", "美咲", "大輔", "千代"]
EXERCISES = [
    ("大腿四頭筋セッティング", "膝"), ("膝の屈伸", "膝"), ("ヒールスライド", "膝"), ("スクワット（浅め）", "膝"),
    ("肩甲骨寄せ", "肩"), ("振り子運動", "肩"), ("壁を使った挙上", "肩"), ("ブリッジ", "腰"),
    ("腹横筋の引き込み", "腰"), ("骨盤の傾斜", "腰"), ("足首の底背屈", "足首"), ("タオルギャザー", "足首"),
]
RECORDS = """
    INSERT INTO exercise_records (patient_id, exercise_id, done_on, pain, note)
    SELECT n % 40 + 1, n % 12 + 1, date '2026-01-05' + (n / 100)::int, n % 11,
           'セット完了 ' || md5('psyfit' || n)
    FROM generate_series(1, 4000) AS n"""


def seed():
    with database.connect() as connection:
        connection.execute("SELECT pg_advisory_xact_lock(816)")
        if connection.execute("SELECT count(*) FROM patients").fetchone()[0]:
            return
        for number in range(40):
            name = f"{FAMILY[number % 8]} {GIVEN[number % 5]}"
            connection.execute(
                "INSERT INTO patients (name_ciphertext, name_index, born_on) VALUES (%s, %s, date '1940-04-01' + %s)",
                (database.encrypt(name), database.blind_index(name), number * 500))
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO exercises (name, body_part) VALUES (%s, %s)", EXERCISES)
        connection.execute(
            "INSERT INTO prescriptions (patient_id, exercise_id, sets, repetitions) "
            "SELECT p, (p + e * 3) % 12 + 1, 3, 10 FROM generate_series(1, 40) AS p, generate_series(1, 3) AS e")
        connection.execute(RECORDS)
