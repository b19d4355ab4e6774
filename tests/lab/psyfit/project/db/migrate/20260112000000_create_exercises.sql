CREATE TABLE exercises (id bigserial PRIMARY KEY, name text NOT NULL UNIQUE, body_part text NOT NULL);
CREATE TABLE prescriptions (
  id bigserial PRIMARY KEY, patient_id bigint NOT NULL REFERENCES patients, exercise_id bigint NOT NULL REFERENCES exercises,
  sets int NOT NULL, repetitions int NOT NULL);
CREATE TABLE exercise_records (
  id bigserial PRIMARY KEY, patient_id bigint NOT NULL REFERENCES patients, exercise_id bigint NOT NULL REFERENCES exercises,
  done_on date NOT NULL, pain int NOT NULL CHECK (pain BETWEEN 0 AND 10), note text);
