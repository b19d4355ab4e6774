ALTER TABLE prescriptions ADD COLUMN reminder_at time;
