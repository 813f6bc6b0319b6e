"""What a cost is computed from: prices, measurements, and the user's plan."""
