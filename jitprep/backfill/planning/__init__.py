"""Planning of a job: its originals, as they are listed, and what each of them needs."""
