CREATE TABLE patients (
  id bigserial PRIMARY KEY, name_ciphertext bytea NOT NULL, name_index bytea NOT NULL, born_on date NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX patients_name_index ON patients (name_index);
