"""What Haechi serves over HTTP to its operator: health. No rule lives here."""
