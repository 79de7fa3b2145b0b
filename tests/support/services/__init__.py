"""Programs and services of others, and stand-ins for them."""
