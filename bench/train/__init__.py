"""What reading training data costs the trainer's host."""
