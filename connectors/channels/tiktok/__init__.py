"""TikTok Shop: a marketplace that settles every shop once a day, UTC."""
