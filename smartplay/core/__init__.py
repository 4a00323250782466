"""What everything else rests on: errors, files, text, loading."""
