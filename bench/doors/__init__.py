"""What a read costs through each door."""
