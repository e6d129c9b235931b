"""What the app is compared with: small programs, each run in a process of its own."""
