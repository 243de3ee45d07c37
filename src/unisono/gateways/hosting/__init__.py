"""One live connection: admission, bounded outbox, deadlines, close. The only part that touches a transport."""
