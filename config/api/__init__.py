"""What the API of every app is made of. It knows no app: what it needs of one is named by settings."""
