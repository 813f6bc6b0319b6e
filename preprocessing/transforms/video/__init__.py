"""Which frames of a video are taken: chosen before any is decoded."""
