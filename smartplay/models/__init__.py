"""Where the replies of language models come from."""
